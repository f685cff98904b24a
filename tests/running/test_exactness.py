"""Where the answer is known, methods that must find it do, and scores are what theory expects of them."""

import math

import numpy as np
import pytest
import torch

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.problem import BenchError, CaseNoise, Need, Status
from benchmark.running.cases import make_problem
from benchmark.running.exact_comparison import compare_with_exact
from benchmark.running.exactness import expected_crps, expected_mae, expected_rmse, fair_crps, measure
from benchmark.running.request import RunRequest
from benchmark.running.skipping import unmet
from benchmark.training.context import Context, SilentReport, open_workspace
from benchmark.training.recipes import prepare
from benchmark.worlds import load_spec, open_world
from methods.registry import find_method


class Silent:
    def start(self, label, steps, done):
        pass

    def step(self, count=1):
        pass


@pytest.fixture(scope="module")
def worlds():
    return {name: open_world(load_spec(name)) for name in ("gaussian", "gaussian-ring")}


@pytest.fixture
def pose(worlds):
    """(world, fraction observed, cases) -> (world, truth, problem)."""

    def make(name, fraction, cases):
        world = worlds[name]
        spec = ObservingSpec.make(obs_frac=fraction)
        system = ObservingSystem(spec, world.grid, world.channels, world.normalisation, world.name)
        return world, *make_problem(world, system, world.times("test")[:cases])

    return make


def analyse(world, problem, name, members=1, **parameters):
    method = find_method(name)(**{**world.spec.methods.get(name, {}), **parameters})
    method.load({key: world.provide(key) for key in method.components})
    with torch.no_grad():
        return method.analyse(problem, members, CaseNoise(range(len(problem))))


def compare(name, fraction, cases, *methods, **fields):
    request = RunRequest(
        world=load_spec(name),
        observing=ObservingSpec.make(obs_frac=fraction),
        methods=methods,
        cases=cases,
        device="cpu",
        **{"chunk": 512, **fields},
    )
    return compare_with_exact(request, Silent())


def dense_posterior(world, problem, case):
    """Mean and covariance by plain matrices."""
    size = problem.background[0].numel()
    identity = torch.eye(size, dtype=torch.float64)
    B = world.covariance.apply(identity)
    one = problem.select(slice(case, case + 1))
    H = one.observations.operator(identity.view(1, size, *problem.background.shape[1:]))[0].T
    R = torch.diag(one.observations.error_std[0].double().square())
    K = B @ H.T @ torch.linalg.inv(H @ B @ H.T + R)
    xb = one.background.double()
    d = one.observations.innovation(xb)[0]
    return xb.flatten() + K @ d, (identity - K @ H) @ B


def distance(found, mean, variance):
    """RMS of the difference in posterior stds."""
    return float(((found.double() - mean).square() / variance).mean().sqrt())


@pytest.mark.parametrize("fraction", [0.01, 0.05, 0.3])
def test_the_exact_posterior_is_that_of_dense_algebra(pose, fraction):
    world, _, problem = pose("gaussian-ring", fraction, 3)
    mean, variance = world.provide("exact-posterior").mean_and_variance(problem)
    for case in range(3):
        wanted, A = dense_posterior(world, problem, case)
        # double precision, and a condition number of 1e4
        torch.testing.assert_close(mean[case].flatten(), wanted, rtol=0, atol=1e-11)
        torch.testing.assert_close(variance[case].flatten(), A.diagonal(), rtol=0, atol=1e-11)


@pytest.mark.parametrize("fraction", [0.01, 0.05, 0.3])
def test_3dvar_is_the_exact_mean_on_the_sphere(pose, fraction):
    world, _, problem = pose("gaussian", fraction, 2)
    mean, variance = world.provide("exact-posterior").mean_and_variance(problem)
    # in observation space: single precision of state and innovations, over a posterior std of some hundredths
    direct = analyse(world, problem, "3dvar")
    assert distance(direct.mean, mean, variance) < 1e-5
    # by CG: |error| <= cond |residual|, and the normal matrix has eigenvalues from 1 to some 1e4
    by_cg = analyse(world, problem, "3dvar", direct=1)
    assert by_cg.cost.iterations > 5
    assert set(by_cg.status) == {Status.OK}
    assert distance(by_cg.mean, mean, variance) < 1e-4
    # what is compared is not the background
    assert distance(problem.background, mean, variance) > 0.5


def test_a_3dvar_whose_b_is_cut_or_scaled_is_not_exact(pose):
    world, _, problem = pose("gaussian", 0.05, 2)
    mean, variance = world.provide("exact-posterior").mean_and_variance(problem)
    assert distance(analyse(world, problem, "3dvar", modes=400).mean, mean, variance) > 0.01
    assert distance(analyse(world, problem, "3dvar", b_scale=0.5).mean, mean, variance) > 0.01


@pytest.mark.parametrize("fraction", [0.01, 0.05, 0.3])
def test_latent_3dvar_is_the_exact_mean_on_the_sphere(pose, fraction):
    world, _, problem = pose("gaussian", fraction, 2)
    mean, variance = world.provide("exact-posterior").mean_and_variance(problem)
    found = analyse(world, problem, "latent-3dvar")
    assert set(found.status) == {Status.OK}
    # single precision throughout
    assert distance(found.mean, mean, variance) < 1e-4


def test_the_members_of_lo_sda_have_the_exact_mean_on_the_sphere(pose):
    world, _, problem = pose("gaussian", 0.05, 1)
    mean, variance = world.provide("exact-posterior").mean_and_variance(problem)
    members = 128
    found = analyse(world, problem, "lo-sda", members, antithetic=False).members.double()
    # the first level starts without a mean, and what it misses shrinks by (1 + sigma^2)^-1 a level, to 3e-4 in all
    standard_error = (found.var(1) / members).sqrt()
    assert float(((found.mean(1) - mean).abs() - 1e-3 * variance.sqrt()).div(standard_error).max()) < 5.5
    # with members in pairs of opposite noise what is linear in the noise is gone
    paired = analyse(world, problem, "lo-sda", 2)
    assert distance(paired.mean, mean, variance) < 1e-3


def test_the_spread_of_lo_sda_is_what_its_recursion_says(pose):
    """Renoising loses what each level leaves uncertain: v <- (v + s^2) / (1 + s^2 (1 + g))^2 for an eigenvalue g of
    the observations' information, with the next v made of delta* alone."""
    world, _, problem = pose("gaussian-ring", 0.05, 3)
    autoencoder = world.provide("autoencoder")
    size = autoencoder.latent_shape[0]
    decoder = autoencoder.decode(torch.eye(size)[:, :, None, None]).double()
    members = 4000
    found = analyse(world, problem, "lo-sda", members, antithetic=False).members.double().var(1)
    _, variance = world.provide("exact-posterior").mean_and_variance(problem)
    sigmas = np.geomspace(10.0, 0.05, 6)
    for case in range(3):
        one = problem.select(slice(case, case + 1))
        G = one.observations.operator(decoder[None])[0].T
        information, directions = torch.linalg.eigh(G.T @ (one.observations.precision[0].double()[:, None] * G))
        v = torch.zeros(size, dtype=torch.float64)
        for sigma in sigmas:
            v = (v + sigma**2) / (1 + sigma**2 * (1 + information.clamp_min(0))) ** 2
        wanted = (v[:, None] * (directions.T @ decoder.flatten(1)).square()).sum(0)
        # a sample variance has a relative standard error of sqrt(2 / members)
        torch.testing.assert_close(found[case].flatten(), wanted, rtol=5.5 * (2 / members) ** 0.5, atol=0)
    assert 0.5 < float((found / variance).mean().sqrt()) < 0.65


@pytest.mark.parametrize("fraction", [0.05, 0.3])
def test_exact_reaches_the_expected_scores(fraction):
    found = compare("gaussian-ring", fraction, 400, "exact", "exact[mean=true]", members=10)["methods"]
    for figures in found.values():
        assert figures["cases"] == 400
        for name in ("rmse", "crps"):
            score = figures[name]
            assert abs(score["value"] - score["expected"]) < 3 * score["se"]
            assert score["se"] < 0.025 * score["expected"]
    drawn, mean = found["exact"], found["exact[mean=true]"]
    assert drawn["members"] == 10
    assert drawn["distance"]["expected"] == pytest.approx(10**-0.5)
    for name in ("distance", "spread"):
        assert abs(drawn[name]["value"] - drawn[name]["expected"]) < 3 * drawn[name]["se"]
        assert drawn[name]["se"] < 0.01
    assert mean["members"] == 1
    assert mean["spread"] is None
    assert mean["distance"]["value"] < 1e-5
    assert drawn["rmse"]["expected"] / mean["rmse"]["expected"] == pytest.approx(1.1**0.5)
    assert mean["crps"]["expected"] / drawn["crps"]["expected"] == pytest.approx(2**0.5)


def test_a_wrong_method_is_told_from_the_exact_one():
    found = compare("gaussian-ring", 0.05, 400, "3dvar[b_scale=0.5]", "background", "climatology")["methods"]
    for figures in found.values():
        assert figures["distance"]["value"] > 20 * figures["distance"]["se"] > 1e-4
    for name in ("background", "climatology"):
        rmse = found[name]["rmse"]
        assert rmse["value"] - rmse["expected"] > 5 * rmse["se"]


def test_ensemble_methods_get_background_members():
    found = compare("gaussian-ring", 0.05, 8, "etkf", ensemble=7)["methods"]["etkf"]
    assert found["reason"] == ""
    assert found["members"] == 7


def test_a_comparison_does_not_depend_on_its_chunks():
    whole, parts = (compare("gaussian-ring", 0.05, 9, "exact", "lo-sda", chunk=chunk) for chunk in (9, 4))
    assert whole["observation_hashes"] == parts["observation_hashes"]
    for label, figures in whole["methods"].items():
        for name in ("distance", "rmse", "crps", "spread"):
            assert parts["methods"][label][name]["value"] == pytest.approx(figures[name]["value"], rel=1e-4, abs=1e-6)


FAILING = """
from benchmark.problem import BenchError, Method


class Failing(Method):
    name = "failing"

    def analyse(self, problem, members, noise):
        raise BenchError("It cannot do this; ask for less.")


class Needy(Method):
    name = "needy"
    components = ("forecaster",)

    def analyse(self, problem, members, noise):
        raise AssertionError
"""


def test_a_method_that_cannot_run_says_why(tmp_path):
    file = tmp_path / "failing.py"
    file.write_text(FAILING)
    labels = (f"{file}:Failing", f"{file}:Needy", "3dvar")
    found = compare("gaussian-ring", 0.05, 8, *labels, weights=tmp_path / "weights", chunk=4)["methods"]
    assert found[labels[0]] == {"reason": "It cannot do this; ask for less."}
    assert "forecaster" in found[labels[1]]["reason"]
    assert found["3dvar"]["cases"] == 8


def test_a_world_without_the_closed_form_refuses(tmp_path):
    with pytest.raises(BenchError, match=r"'twin' does not know its posterior .* take --world gaussian"):
        compare("twin", 0.01, 2, "3dvar")
    world, store = open_workspace(load_spec("twin"), tmp_path, "cpu")
    system = ObservingSystem(ObservingSpec(), world.grid, world.channels, world.normalisation, world.name)
    assert unmet(find_method("exact"), world, system) is Need.EXACT_POSTERIOR
    with pytest.raises(BenchError, match="exact-posterior"):
        prepare(find_method("exact")(), Context(world, store, torch.device("cpu"), SilentReport()))


def test_fair_crps_by_hand():
    members = torch.tensor([0.0, 1.0, 4.0]).view(1, 3, 1, 1, 1)
    truth = torch.tensor(2.0).view(1, 1, 1, 1)
    # mean |x - y| = (2 + 1 + 2) / 3; pairs 1, 4 and 3, each counted twice, over 2 * 3 * 2
    assert float(fair_crps(members, truth)) == pytest.approx(5 / 3 - 16 / 12)
    assert float(fair_crps(members[:, :1], truth)) == 2
    assert float(fair_crps(members.flip(1), truth)) == pytest.approx(5 / 3 - 16 / 12)


def test_expected_scores_by_simulation():
    generator = torch.Generator().manual_seed(0)
    cases, members = 40000, 5
    std = torch.tensor([[0.5, 2.0], [1.0, 3.0]], dtype=torch.float64).view(1, 2, 2, 1)
    area = torch.tensor([[1.0], [3.0]], dtype=torch.float64)
    truth, *drawn = (
        std * torch.randn(cases, 2, 2, 1, dtype=torch.float64, generator=generator) for _ in range(members + 1)
    )
    x = torch.stack(drawn, dim=1)
    variance = std.square().expand(cases, -1, -1, -1)
    found = measure(x, truth, torch.zeros_like(truth), variance, area)
    exact = measure(torch.zeros_like(x[:, :1]), truth, torch.zeros_like(truth), variance, area)

    def near(values, wanted):
        error = values.std(0) / cases**0.5
        assert ((values.mean(0) - wanted).abs() < 4 * error).all()

    near(found.mse, expected_rmse(variance, area, members).square())
    near(exact.mse, expected_rmse(variance, area).square())
    near(found.crps, expected_crps(variance, area))
    near(found.crps, expected_crps(variance, area, members))
    near(exact.crps, expected_mae(variance, area))
    near(found.distance, torch.full((2,), 1 / members).double())
    near(found.spread, torch.ones(2).double())
    assert torch.isnan(exact.spread).all()
    # areas of 1 and 3: variances of 0.25 and 4, and 1 and 9
    torch.testing.assert_close(expected_rmse(variance, area), torch.tensor([3.0625, 7.0]).double().sqrt())
    torch.testing.assert_close(expected_crps(variance, area) * math.sqrt(math.pi), torch.tensor([1.625, 2.5]).double())
    plain = found.crps + (x[:, :, None] - x[:, None]).abs().mul(area).sum((-2, -1)).sum((1, 2)) / (
        4 * 2 * members**2 * (members - 1)
    )
    near(plain, expected_crps(variance, area, members, fair=False))
