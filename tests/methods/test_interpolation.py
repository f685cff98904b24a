"""Optimal interpolation against its dense closed form, and the fit of its covariances against known ones."""

import dataclasses

import numpy as np
import pytest
import torch

from benchmark.problem import (
    Archive,
    BenchError,
    CaseNoise,
    Channel,
    Grid,
    LinearOperator,
    Observations,
    PointwiseOperator,
    Problem,
)
from methods.interpolation import Interpolation
from methods.priors.coregionalisation import Coregionalisation, correlation, fit_factors
from methods.priors.pair_statistics import PairStatistics
from methods.priors.station_pairs import StationPairs

CHANNELS = 3
GRID = Grid((-80.0, -40.0, 0.0, 40.0, 80.0), (0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0))
POINTS = 40
SIZE = CHANNELS * POINTS
SHAPE = (CHANNELS, *GRID.shape)


def weights_of(count, seed):
    """Random positive semidefinite matrices, of a rank below that of the channels, shape (count, channel, channel)."""
    F = torch.randn(count, CHANNELS, CHANNELS, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    F[..., -1] = 0
    return F


@pytest.fixture
def covariance():
    std = 0.2 + torch.rand(CHANNELS, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([1500.0, 4000.0], dtype=torch.float64)
    return Coregionalisation(weights_of(3, 0), lengths, std, *axes(GRID))


def axes(grid):
    return torch.tensor(grid.latitude, dtype=torch.float64), torch.tensor(grid.longitude, dtype=torch.float64)


def dense(B):
    """B as a matrix, from great-circle distances by the haversine formula."""
    latitude, longitude = np.meshgrid(np.deg2rad(B.latitude.numpy()), np.deg2rad(B.longitude.numpy()), indexing="ij")
    lat, lon = latitude.ravel(), longitude.ravel()
    half = np.sin(np.subtract.outer(lat, lat) / 2) ** 2
    half += np.outer(np.cos(lat), np.cos(lat)) * np.sin(np.subtract.outer(lon, lon) / 2) ** 2
    chord = 2 * 6371.0 * np.sqrt(half)
    W = B.factors.numpy() @ B.factors.numpy().swapaxes(1, 2)
    total = np.kron(W[0], np.eye(len(lat)))
    for w, length in zip(W[1:], B.lengths.numpy(), strict=True):
        total += np.kron(w, (1 - (chord / length) ** 2 / 3) * np.exp(-((chord / length) ** 2) / 2))
    std = np.repeat(B.std.numpy(), len(B.longitude), axis=1).ravel()
    return torch.from_numpy(std[:, None] * total * std)


def problem_with(counts, k=1, seed=0):
    """Cases with so many observations of k points each, padded to the longest."""
    generator = torch.Generator().manual_seed(seed)
    cases, most = len(counts), max(*counts, 1)
    index = torch.stack([torch.randperm(SIZE, generator=generator)[: most * k] for _ in range(cases)])
    real = torch.arange(most) < torch.tensor(counts)[:, None]
    weight = torch.rand(cases, most, k, generator=generator) * real[..., None]
    operator = LinearOperator(index.view(cases, most, k) * real[..., None], weight, SHAPE)
    fields = torch.randn(2, cases, *SHAPE, generator=generator)
    values = torch.where(real, torch.randn(cases, most, generator=generator), 0.0)
    place = torch.where(real, 0.0, torch.nan)
    observations = Observations(
        values,
        torch.where(real, 0.1 + torch.rand(cases, most, generator=generator), torch.inf),
        operator,
        torch.where(real, 0, -1),
        place,
        place,
        ("",) * cases,
    )
    times = np.datetime64("2008-01-01T12") + np.arange(cases) * np.timedelta64(1, "D")
    channels = (Channel("z", 500), Channel("t", 850), Channel("u", 850))
    return Problem(fields[0], fields[1], observations, GRID, channels, times)


def closed_form(problem, B, x0):
    """x0 + B H^T (H B H^T + R)^-1 (y - H x0) with matrices, case by case."""
    analyses = []
    for i in range(len(problem)):
        obs = problem.observations.select(slice(i, i + 1))
        mask = obs.mask[0]
        H = torch.zeros(len(mask), SIZE, dtype=torch.float64)
        for row, (places, weights) in enumerate(zip(obs.operator.index[0], obs.operator.weight[0], strict=True)):
            H[row].index_add_(0, places, weights.double())
        H, x, y = H[mask], x0[i].double().flatten(), obs.values[0, mask].double()
        S = H @ B @ H.T + torch.diag(obs.error_std[0, mask].double() ** 2)
        analyses.append((x + B @ H.T @ torch.linalg.inv(S) @ (y - H @ x)).view(SHAPE))
    return torch.stack(analyses)


def analyse(problem, parts, **parameters):
    method = Interpolation(**parameters)
    method.load({name: parts[name] for name in method.components})
    return method.analyse(problem, 1, CaseNoise(range(len(problem))))


@pytest.fixture
def parts(covariance):
    other = dataclasses.replace(covariance, factors=weights_of(3, 5), std=covariance.std * 2)
    return {"pair-statistics": PairStatistics({"background": covariance, "climatology": other})}


@pytest.mark.parametrize("k", [1, 4])
def test_covariances_of_values_and_products_are_those_of_the_matrix(covariance, k):
    B = dense(covariance)
    operator = problem_with([7, 7], k).observations.operator
    eye = torch.eye(SIZE, dtype=torch.float64).expand(2, -1, -1).unflatten(2, SHAPE)
    H = operator(eye).mT
    torch.testing.assert_close(covariance.between(operator), H @ B @ H.mT, atol=1e-11, rtol=0)
    x = torch.randn(3, SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(covariance.apply(x), x @ B, atol=1e-11, rtol=0)
    x[:, ::2] = 0
    torch.testing.assert_close(covariance.apply(x), x @ B, atol=1e-11, rtol=0)
    assert covariance.apply(torch.zeros(2, SIZE)).abs().max() == 0


def test_an_isotropic_covariance_is_positive_semidefinite_on_the_sphere(covariance):
    values = torch.linalg.eigvalsh(dense(covariance))
    assert values.min() > -1e-12 * values.max()
    # and not by the nugget's grace alone
    values = torch.linalg.eigvalsh(dense(covariance.without_nugget()))
    assert values.min() > -1e-12 * values.max()


def test_the_correlation_function_has_a_negative_lobe_and_vanishes_far_away():
    length = torch.tensor(500.0, dtype=torch.float64)
    x = torch.tensor([0.0, 1.0, 3**0.5, 2.0, 200.0], dtype=torch.float64)
    expected = [1.0, 2 / 3 * np.exp(-0.5), 0.0, -1 / 3 * np.exp(-2.0), 0.0]
    torch.testing.assert_close(correlation((x * 500) ** 2, length), torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("first_guess", ["background", "climatology"])
@pytest.mark.parametrize("nugget", [True, False])
@pytest.mark.parametrize("k", [1, 4])
def test_interpolation_equals_the_closed_form(parts, first_guess, nugget, k):
    problem = problem_with([1, 6, 10, 3], k)
    found = analyse(problem, parts, first_guess=first_guess, nugget=nugget, b_scale=0.7)
    B = parts["pair-statistics"].covariances[first_guess]
    B = 0.7 * dense(B if nugget else B.without_nugget())
    exact = closed_form(problem, B, getattr(problem, first_guess))
    # the analysis is returned in single precision
    torch.testing.assert_close(found.mean.double(), exact, atol=2e-6, rtol=0)


def test_the_archives_covariance_gives_3dvar_in_one_step(make_toy, gaussian_parts):
    toy = make_toy(12)
    found = analyse(toy.problem, gaussian_parts(toy.covariance), covariance="archive")
    torch.testing.assert_close(found.mean.double(), toy.closed_form(), atol=1e-5, rtol=0)
    from_climatology = analyse(
        toy.problem, gaussian_parts(toy.covariance), covariance="archive", first_guess="climatology"
    )
    swapped = dataclasses.replace(toy.problem, background=toy.problem.climatology)
    exact = dataclasses.replace(toy, problem=swapped).closed_form()
    torch.testing.assert_close(from_climatology.mean.double(), exact, atol=1e-5, rtol=0)


def test_it_asks_for_the_component_that_it_uses():
    assert Interpolation.components == Interpolation().components == ("pair-statistics",)
    assert Interpolation(covariance="archive").components == ("background-error",)
    assert Interpolation.components == ("pair-statistics",)


@pytest.mark.parametrize("parameters", [{"first_guess": "persistence"}, {"covariance": "sample"}])
def test_a_wrong_word_is_named(parameters):
    with pytest.raises(BenchError, match=f"interpolation: {next(iter(parameters))} is '"):
        Interpolation(**parameters)


def test_a_nonlinear_operator_is_refused(parts):
    problem = problem_with([2])
    H = problem.observations.operator
    one = torch.ones(1, 2, 1)
    bent = PointwiseOperator(lambda v: v[..., 0] ** 2, (H,), one, one, one[..., 0])
    observations = dataclasses.replace(problem.observations, operator=bent)
    with pytest.raises(BenchError, match="needs a linear observation operator, not PointwiseOperator"):
        analyse(dataclasses.replace(problem, observations=observations), parts)


def test_a_case_depends_on_no_other_and_on_no_padding(parts):
    problem = problem_with([1, 12, 5, 0])
    together = analyse(problem, parts).members
    for i, count in enumerate([1, 12, 5, 1]):
        alone = problem.select(slice(i, i + 1))
        torch.testing.assert_close(analyse(alone, parts).members[0], together[i], atol=1e-6, rtol=0)
        obs = alone.observations
        cut = dataclasses.replace(
            obs,
            values=obs.values[:, :count],
            error_std=obs.error_std[:, :count],
            operator=dataclasses.replace(
                obs.operator, index=obs.operator.index[:, :count], weight=obs.operator.weight[:, :count]
            ),
        )
        short = analyse(dataclasses.replace(alone, observations=cut), parts).members
        torch.testing.assert_close(short[0], together[i], atol=1e-6, rtol=0)
    assert torch.equal(together[3, 0], problem.background[3])


def archive_of(error, grid):
    """An archive whose backgrounds have these errors; those of its climatology are twice as large, sign reversed."""
    truth = torch.randn(error.shape, generator=torch.Generator().manual_seed(9))
    times = np.datetime64("2000-01-01T12") + np.arange(len(error)) * np.timedelta64(1, "D")
    channels = (Channel("z", 500), Channel("t", 850), Channel("u", 850))
    return Archive(truth, truth + error, truth - 2 * error, times, grid, channels, "")


def test_the_fit_recovers_a_known_covariance_within_the_sampling_error(covariance):
    B = dense(covariance)
    values, vectors = torch.linalg.eigh(B)
    times = 3000
    white = torch.randn(times, SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    error = (white @ (vectors * values.clamp_min(0).sqrt()).T).float().unflatten(1, SHAPE)
    fitted = PairStatistics.fit(archive_of(error, GRID), stations=POINTS, times=times)
    std = B.diagonal().sqrt()
    for first_guess, factor in (("background", 1), ("climatology", 4)):
        missed = (dense(fitted.covariances[first_guess]) / factor - B) / std[:, None] / std
        # the mean product of two normal errors over n times has a std of at most sqrt(2 / n), a fit to many pairs of a
        # bin a smaller one; 5 of them is the largest of some thousands
        assert missed.square().mean().sqrt() < (2 / times) ** 0.5
        assert missed.abs().max() < 5 * (2 / times) ** 0.5
    # the test could tell: without what is shared between channels it would fail
    alone = torch.block_diag(*(block for block in torch.ones(CHANNELS, POINTS, POINTS, dtype=torch.float64)))
    assert ((B * alone - B) / std[:, None] / std).abs().max() > 0.3


def test_the_fit_is_the_same_each_time_and_survives_the_store(covariance):
    error = torch.randn(50, *SHAPE, generator=torch.Generator().manual_seed(4))
    first, again = (PairStatistics.fit(archive_of(error, GRID), stations=20, times=30) for _ in range(2))
    for name, B in first.covariances.items():
        assert torch.equal(B.factors, again.covariances[name].factors)
        assert torch.equal(B.std, again.covariances[name].std)
    tensors, settings = first.state()
    # the store halves the precision of all but vectors
    assert all(v.ndim == 1 and v.dtype == torch.float32 for v in tensors.values())
    read = PairStatistics.from_state(tensors, settings)
    for name, B in first.covariances.items():
        torch.testing.assert_close(dense(read.covariances[name]), dense(B), atol=1e-5, rtol=1e-5)


def test_the_weights_are_positive_semidefinite_and_the_best_of_those():
    generator = torch.Generator().manual_seed(6)
    sampled = torch.randn(12, CHANNELS, CHANNELS, dtype=torch.float64, generator=generator)
    sampled = sampled + sampled.mT  # far from any covariance
    basis = torch.rand(12, 4, dtype=torch.float64, generator=generator)
    counts = 1 + torch.rand(12, dtype=torch.float64, generator=generator)
    F = fit_factors(sampled, basis, counts, sweeps=20000, tolerance=1e-12)
    W = F @ F.mT
    assert torch.linalg.eigvalsh(W).min() > -1e-12
    # the conditions of Karush, Kuhn and Tucker: the gradient G of the misfit is positive semidefinite, and G W = 0
    left = torch.einsum("bk,kij->bij", basis, W) - sampled
    G = torch.einsum("b,bk,bij->kij", counts / counts.sum(), basis, left)
    assert torch.linalg.eigvalsh(G).min() > -1e-6
    assert (G @ W).abs().max() < 1e-6
    assert (torch.linalg.eigvalsh(W).max(1).values > 1e-3).sum() >= 2


def test_pairs_by_hand():
    # three points of one row, at all of which there are stations; two times
    grid = Grid((0.0,), (0.0, 10.0, 20.0))
    error = torch.tensor([[[[1.0, 2.0, 3.0]], [[0.0, 2.0, 0.0]]], [[[1.0, -2.0, 1.0]], [[2.0, 0.0, 0.0]]]])
    pairs = StationPairs.sample(error, torch.zeros_like(error), grid, stations=10, times=10)
    a, b = (20 / 6) ** 0.5, (8 / 6) ** 0.5
    torch.testing.assert_close(pairs.std.flatten(), torch.tensor([a, b], dtype=torch.float64))
    assert pairs.counts.tolist() == [3, 4, 2]  # itself, 10 degrees, 20 degrees
    # channel 0 with itself: 0-1 has (2 - 2) / 2, 1-2 has (6 - 2) / 2, 0-2 has (3 + 1) / 2
    near, far = (0 + 2) / 2 / a**2, 2 / a**2
    torch.testing.assert_close(pairs.products[:, 0, 0], torch.tensor([1.0, near, far], dtype=torch.float64))
    # channel 0 at one and 1 at the other: itself 2 / 2, 4 / 2, 0; 10 degrees 0-1 2 / 2, 1-0 -4 / 2, 1-2 0, 2-1 6 / 2;
    # 20 degrees 0-2 0, 2-0 2 / 2
    cross = torch.tensor([3 / 3, (1 - 2 + 0 + 3) / 4, 1 / 2], dtype=torch.float64) / (a * b)
    torch.testing.assert_close(pairs.products[:, 0, 1], cross)
    torch.testing.assert_close(pairs.products[:, 1, 0], cross)
    chord = 2 * 6371 * np.sin(np.deg2rad(np.array([0.0, 5.0, 10.0])))
    g = (1 - chord**2 / 3e6) * np.exp(-(chord**2) / 2e6)
    basis = pairs.basis(torch.tensor([1000.0], dtype=torch.float64))
    torch.testing.assert_close(basis, torch.from_numpy(np.stack(([1.0, 0, 0], g), axis=1)))
