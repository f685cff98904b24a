"""The ensemble filters against the Kalman filter's algebra."""

import dataclasses

import numpy as np
import pytest
import torch

from benchmark.problem import BenchError, CaseNoise
from methods.ensemble import local
from methods.priors.static_ensemble import StaticEnsemble
from methods.registry import find_method

EVERYWHERE = {"radius": 1e6, "vertical": 1000.0}
FILTERS = ["enkf", "etkf", "letkf", "ensf"]


def run(name, problem, parts=None, seeds=None, **parameters):
    method = find_method(name)(**parameters)
    method.load(parts or {})
    return method.analyse(problem, 3, CaseNoise(seeds if seeds is not None else range(len(problem))))


def matrix(problem, case):
    """H and R of a case, dense."""
    observations = problem.select(slice(case, case + 1)).observations
    real = observations.mask[0]
    size = problem.background[0].numel()
    columns = torch.eye(size, dtype=torch.float64).view(size, *problem.background.shape[1:])
    H = torch.stack([observations.operator(column[None])[0] for column in columns], dim=1)[real]
    return H.double(), torch.diag(observations.error_std[0][real].double() ** 2), real


def kalman(problem, centre, case):
    """Mean and covariance by the Kalman filter with the ensemble's sample covariance."""
    H, R, real = matrix(problem, case)
    E = problem.ensemble[case].flatten(1).double()
    A = E - E.mean(0)
    P = A.T @ A / (len(A) - 1)
    xb = centre[case].flatten().double()
    d = problem.observations.values[case][real].double() - H @ xb
    K = P @ H.T @ torch.linalg.inv(H @ P @ H.T + R)
    return xb + K @ d, P - K @ H @ P


@pytest.mark.parametrize("centre", ["background", "ensemble"])
@pytest.mark.parametrize(("name", "parameters"), [("etkf", {}), ("letkf", EVERYWHERE), ("enkf", {})])
def test_mean_and_covariance_are_the_kalman_filters(make_ensemble_toy, name, parameters, centre):
    toy = make_ensemble_toy(5, 12)
    problem = toy.problem
    start = problem.background if centre == "background" else problem.ensemble.mean(1)
    members = run(name, problem, centre=centre, **parameters).members.flatten(2)
    for case in range(5):
        mean, covariance = kalman(problem, start, case)
        torch.testing.assert_close(members[case].mean(0), mean, atol=1e-5, rtol=0)
        if name != "enkf":  # whose covariance is right in the mean only, see below
            A = members[case] - members[case].mean(0)
            torch.testing.assert_close(A.T @ A / 11, covariance, atol=1e-5, rtol=0)


def test_the_enkfs_covariance_is_right_with_many_members(make_ensemble_toy):
    problem = make_ensemble_toy(2, 600).problem
    members = run("enkf", problem).members.flatten(2)
    for case in range(2):
        _, covariance = kalman(problem, problem.background, case)
        found = members[case].var(0)
        torch.testing.assert_close(found, covariance.diagonal(), atol=0.03, rtol=0.3)


@pytest.mark.parametrize(("name", "sizes", "cases"), [("etkf", (64, 128, 256), 24), ("letkf", (24, 48, 96), 12)])
def test_with_more_members_the_posterior_comes_out_as_one_over_their_root(make_ensemble_toy, name, sizes, cases):
    parameters = EVERYWHERE if name == "letkf" else {}
    misses = []
    for size in sizes:
        toy = make_ensemble_toy(cases, size)
        mean = run(name, toy.problem, **parameters).mean
        misses.append(float((mean - toy.closed_form()).square().mean().sqrt()))
    slope = np.polyfit(np.log(sizes), np.log(misses), 1)[0]
    assert abs(slope + 0.5) < 0.15, misses


def test_far_points_are_left_alone_and_near_ones_are_not(make_ensemble_toy):
    problem = make_ensemble_toy(4, 8, most=1).problem
    latitude = torch.tensor(problem.grid.latitude, dtype=torch.float32)
    longitude = torch.tensor(problem.grid.longitude, dtype=torch.float32)
    place = problem.observations.operator.index[..., 0] % 24
    observations = dataclasses.replace(
        problem.observations,
        latitude=latitude[place // 6],
        longitude=longitude[place % 6],
        channel=problem.observations.operator.index[..., 0] // 24,
    )
    problem = dataclasses.replace(problem, observations=observations)
    analysis = run("letkf", problem, radius=0.5, unit="cells", vertical=1000.0)
    moved = (analysis.mean - problem.background).abs().amax(1).flatten(1)
    rows, columns = torch.meshgrid(torch.arange(4), torch.arange(6), indexing="ij")
    for case in range(4):
        distance = ((rows - place[case] // 6) ** 2 + (columns - place[case] % 6) ** 2).flatten().sqrt()
        assert (moved[case][distance > 0.5 * 3.64] < 1e-12).all()
        assert (moved[case][distance <= 1] > 1e-9).all()
        far = analysis.members[case].flatten(2)[..., distance > 0.5 * 3.64]
        background = problem.ensemble[case] - problem.ensemble[case].mean(0) + problem.background[case]
        torch.testing.assert_close(far, background.flatten(2)[..., distance > 0.5 * 3.64], atol=1e-9, rtol=0)


def test_tiles_do_not_show(make_ensemble_toy, monkeypatch):
    problem = make_ensemble_toy(3, 6).problem
    whole = run("letkf", problem, radius=300.0).members
    monkeypatch.setattr(local, "MATRICES", 200)
    torch.testing.assert_close(run("letkf", problem, radius=300.0).members, whole, atol=1e-9, rtol=0)


def test_cases_observed_at_the_same_places_are_done_together(make_ensemble_toy, monkeypatch):
    problem = make_ensemble_toy(3, 6).problem
    first = problem.observations
    last = {key: getattr(first.operator, key)[-1:].expand(3, -1, -1) for key in ("index", "weight")}
    operator = dataclasses.replace(first.operator, **last)
    same = {key: getattr(first, key)[-1:].expand(3, -1) for key in ("latitude", "longitude", "channel")}
    std = torch.full_like(first.error_std, 0.5)
    observations = dataclasses.replace(first, operator=operator, error_std=std, **same)
    problem = dataclasses.replace(problem, observations=observations)
    assert len(list(local._alike(problem, 6))) == 1
    whole = run("letkf", problem, radius=300.0).members
    values = first.values.shape[1]
    monkeypatch.setattr(local, "MATRICES", 2 * values * 42)
    assert [len(range(3)[cases]) for cases in local._alike(problem, 6)] == [2, 1]
    torch.testing.assert_close(run("letkf", problem, radius=300.0).members, whole, atol=1e-9, rtol=0)
    for case in range(3):
        alone = run("letkf", problem.select(slice(case, case + 1)), seeds=[case], radius=300.0).members
        torch.testing.assert_close(alone, whole[case : case + 1], atol=1e-9, rtol=0)


def test_multiplicative_inflation_and_rotation(make_ensemble_toy):
    problem = make_ensemble_toy(2, 8).problem
    plain, inflated, rotated = (run("etkf", problem, **p).members for p in ({}, {"inflation": 1.5}, {"rotate": True}))
    torch.testing.assert_close(inflated.mean(1), plain.mean(1), atol=1e-9, rtol=0)
    torch.testing.assert_close(inflated.std(1), 1.5 * plain.std(1), atol=1e-9, rtol=0)
    torch.testing.assert_close(rotated.mean(1), plain.mean(1), atol=1e-6, rtol=0)
    torch.testing.assert_close(rotated.var(1), plain.var(1), atol=1e-6, rtol=0)
    assert (rotated - plain).abs().max() > 0.01
    prior = run("etkf", problem, prior_inflation=2.0).mean
    scaled = dataclasses.replace(
        problem, ensemble=problem.background[:, None] + 2 * (problem.ensemble - problem.ensemble.mean(1, keepdim=True))
    )
    torch.testing.assert_close(prior, run("etkf", scaled).mean, atol=1e-9, rtol=0)


@pytest.mark.parametrize("name", [f for f in FILTERS if f != "ensf"])
def test_without_observations_the_background_ensemble_comes_back(make_ensemble_toy, name):
    problem = make_ensemble_toy(2, 8).problem
    blind = dataclasses.replace(
        problem.observations, error_std=torch.full_like(problem.observations.error_std, torch.inf)
    )
    analysis = run(name, dataclasses.replace(problem, observations=blind), centre="ensemble")
    torch.testing.assert_close(analysis.members, problem.ensemble, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", FILTERS)
def test_a_broken_case_is_its_own(make_ensemble_toy, name):
    problem = make_ensemble_toy(4, 8).problem
    whole = run(name, problem)
    ensemble = problem.ensemble.clone()
    ensemble[1] = torch.nan
    broken = run(name, dataclasses.replace(problem, ensemble=ensemble))
    assert [str(word) for word in broken.status] == ["ok", "diverged", "ok", "ok"]
    torch.testing.assert_close(broken.members[2:], whole.members[2:], atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", FILTERS)
def test_one_member_is_no_ensemble(make_ensemble_toy, name):
    problem = make_ensemble_toy(1, 8).problem
    for ensemble in (None, problem.ensemble[:, :1]):
        with pytest.raises(BenchError, match="at least two members"):
            run(name, dataclasses.replace(problem, ensemble=ensemble))


def test_weights_beyond_their_range_are_refused():
    with pytest.raises(BenchError, match="rtps is a weight from 0 to 1"):
        find_method("letkf")(rtps=1.5)
    with pytest.raises(BenchError, match="'km' or 'cells'"):
        find_method("letkf")(unit="miles")


def test_enoi_is_the_gain_of_its_static_errors(make_ensemble_toy):
    toy = make_ensemble_toy(3, 2)
    generator = torch.Generator().manual_seed(5)
    errors = toy.covariance.sqrt(torch.randn(30, toy.B.shape[0], generator=generator)).double()
    errors = errors.view(30, *toy.problem.background.shape[1:])
    parts = {"static-ensemble": StaticEnsemble(errors)}
    mean = run("enoi", toy.problem, parts, alpha=0.8, **EVERYWHERE).mean
    static = 0.8 * (errors - errors.mean(0))
    as_ensemble = dataclasses.replace(toy.problem, ensemble=toy.problem.background[:, None] + static)
    for case in range(3):
        expected, _ = kalman(as_ensemble, toy.problem.background, case)
        torch.testing.assert_close(mean[case].flatten(), expected, atol=1e-6, rtol=0)
    fewer = run("enoi", toy.problem, parts, samples=10, **EVERYWHERE).mean
    again = run("enoi", toy.problem, {"static-ensemble": StaticEnsemble(errors[::3])}, **EVERYWHERE).mean
    torch.testing.assert_close(fewer, again, atol=1e-9, rtol=0)


def test_ensf_fits_accurate_observations_and_moves_nothing_else(make_ensemble_toy):
    problem = make_ensemble_toy(4, 40).problem
    analysis = run("ensf", problem)
    observed = problem.observations.operator.adjoint(problem.observations.mask.double()) > 0
    moved = (analysis.mean - problem.background).abs()
    spread = problem.ensemble.std(1)
    before = problem.observations.innovation(problem.background).square().sum()
    assert problem.observations.innovation(analysis.mean).square().sum() < 0.2 * before
    # of what nobody observed only sampling noise is left: sqrt(eps_beta / members) of the spread
    assert (moved[~observed] < 5 * (0.025 / 40) ** 0.5 * spread[~observed]).all()
    ratio = (analysis.members.std(1) / spread)[~observed]
    assert 0.95 < ratio.mean() < 1.1


def test_ensf_without_observations_samples_around_its_members(make_ensemble_toy):
    # the reverse process is linear then: member j ends at N(z_j, eps_beta), whatever noise it started from
    problem = make_ensemble_toy(12, 40).problem
    blind = dataclasses.replace(
        problem.observations, error_std=torch.full_like(problem.observations.error_std, torch.inf)
    )
    problem = dataclasses.replace(problem, observations=blind)
    analysis = run("ensf", problem, centre="ensemble", steps=400, eps_beta=0.1)
    departure = (analysis.members - problem.ensemble) / problem.ensemble.std(1, keepdim=True)
    assert abs(float(departure.mean())) < 4 * (0.1 / departure.numel()) ** 0.5
    assert float(departure.square().mean()) == pytest.approx(0.1, rel=0.06)


def test_ensf_trusts_the_observations_more_with_a_wider_kernel(make_ensemble_toy):
    problem = make_ensemble_toy(16, 40).problem
    error_std = torch.where(problem.observations.mask, 0.3, torch.inf).to(problem.observations.error_std)
    problem = dataclasses.replace(problem, observations=dataclasses.replace(problem.observations, error_std=error_std))
    before = float(problem.observations.innovation(problem.background).square().sum())
    left = []
    for eps_beta in (0.025, 0.2):
        mean = run("ensf", problem, eps_beta=eps_beta).mean
        left.append(float(problem.observations.innovation(mean).square().sum()) / before)
    assert 0 < left[1] < left[0] < 1
