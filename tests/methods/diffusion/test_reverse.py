"""The reverse process on Gaussian worlds, where the posterior is known."""

import dataclasses
import functools

import numpy as np
import pytest
import torch

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.problem import BenchError, CaseNoise, Cost
from benchmark.running.cases import make_problem
from benchmark.worlds import load_spec, open_world
from methods.diffusion.reverse import Estimate, Reverse, noise_levels
from methods.diffusion.state_space import StateSpace
from methods.priors.background_error import BackgroundError
from methods.priors.corrected_error import CorrectedError
from methods.priors.exact_posterior import ExactPosterior
from methods.registry import find_method

CASES, MEMBERS = 96, 8


def ring(obs_frac=0.1, operator="state"):
    return posed("gaussian-ring", obs_frac, operator)


@functools.cache
def posed(name, obs_frac, operator="state"):
    world = open_world(load_spec(name))
    spec = ObservingSpec.make(obs_frac=obs_frac, operator=operator)
    system = ObservingSystem(spec, world.grid, world.channels, world.normalisation, world.name)
    return world, make_problem(world, system, world.times("test")[:CASES])[1]


def run(name, problem, world, members=MEMBERS, **parameters):
    method = find_method(name)(**parameters)
    method.load({part: world.provide(part) for part in method.components})
    with torch.no_grad():
        return method.analyse(problem, members, CaseNoise(range(len(problem))))


def distance_and_spread(analysis, world, problem):
    """RMS distance of the members' mean from the exact mean, and their spread, in posterior stds."""
    exact: ExactPosterior = world.provide(ExactPosterior.name)
    mean, variance = exact.mean_and_variance(problem)
    members = analysis.members.double()
    return (
        float(((members.mean(1) - mean).square() / variance).mean().sqrt()),
        float((members.var(1) / variance).mean().sqrt()),
    )


SAMPLED = 1 / MEMBERS**0.5
"""Distance of the mean of so many independent draws."""

# a field has some ten independent values, so a mean over CASES fields and MEMBERS draws of a square is known to
# about sqrt(2 / (10 CASES)) = 4.6 %, its root to half of that; with MEMBERS - 1 degrees of freedom a spread is better
TOLERANCE = 0.05


@pytest.mark.parametrize("step", ["renoise", "stochastic", "probability-flow"])
@pytest.mark.parametrize("levels", [1, 12])
def test_perturbed_3dvars_sample_the_posterior_at_any_number_of_levels(step, levels):
    world, problem = ring()
    analysis = run(
        "denoising-3dvar", problem, world, step=step, levels=levels, perturb=True, antithetic=False, sigma_end=0.05
    )
    distance, spread = distance_and_spread(analysis, world, problem)
    assert distance == pytest.approx(SAMPLED, rel=TOLERANCE)
    assert spread == pytest.approx(1.0, rel=TOLERANCE)


PERTURBED = (
    ("lo-sda", {"perturb": True, "sigma_end": 0.1}),
    ("latent-denoising-3dvar", {"perturb": True, "step": "stochastic"}),
    ("daps", {"metric": "covariance", "ode": 1}),
    ("latent-daps", {"metric": "covariance", "ode": 1}),
)


@pytest.mark.parametrize(("name", "parameters"), PERTURBED)
@pytest.mark.parametrize(
    ("world_name", "obs_frac"), [("gaussian-ring", 0.02), ("gaussian-ring", 0.3), ("gaussian", 0.02)]
)
def test_draws_of_the_inner_problem_sample_the_posterior(world_name, obs_frac, name, parameters):
    """`lo-sda` by perturb and optimise, and `daps`, in the state and in a latent that loses nothing."""
    world, problem = posed(world_name, obs_frac)
    cases = CASES if world_name == "gaussian-ring" else 16
    problem = problem.select(slice(0, cases))
    analysis = run(name, problem, world, levels=6, antithetic=False, **parameters)
    distance, spread = distance_and_spread(analysis, world, problem)
    assert distance == pytest.approx(SAMPLED, rel=TOLERANCE)
    assert spread == pytest.approx(1.0, rel=TOLERANCE)
    # the RMSE of the mean is the exact one's and the distance's: a twentieth of that is not an eightieth of the error
    exact = world.provide(ExactPosterior.name).mean_and_variance(problem)[0]
    assert (analysis.members.double().mean(1) - exact).mean().abs() < 0.01


def test_what_they_take_for_granted_without_it():
    """The papers' isotropic covariance is too wide where errors are smooth, so too little is learnt from a value."""
    world, problem = ring()
    plain = distance_and_spread(run("daps", problem, world, antithetic=False), world, problem)
    assert plain[1] > 1.2
    assert plain[0] > 1.2 * SAMPLED


@pytest.mark.parametrize(("solver", "parameters"), [("cg", {"iterations": 60}), ("adam", {"inner": 1500, "rate": 0.1})])
def test_inner_solvers_agree(solver, parameters):
    world, problem = ring(0.05)
    problem = problem.select(slice(0, 4))
    settings = {"members": 2, "levels": 3, "sigma_end": 0.3, "perturb": True}
    expected = run("lo-sda", problem, world, **settings)
    found = run("lo-sda", problem, world, solver=solver, **settings, **parameters)
    torch.testing.assert_close(found.members, expected.members, atol=5e-3, rtol=0)


@pytest.mark.parametrize("solver", ["gauss-newton", "adam"])
def test_the_discrepancy_leaves_alone_what_fits_already(solver):
    world, problem = ring(0.05)
    observations = problem.observations
    loose = dataclasses.replace(observations, error_std=observations.error_std * 1e3)
    problem = dataclasses.replace(problem, observations=loose)
    settings = {"members": 2, "levels": 3, "solver": solver, "inner": 3}
    nothing = run("no-observations", problem, world, **settings)
    found = run("lo-sda", problem, world, discrepancy=True, **settings)
    torch.testing.assert_close(found.members, nothing.members, atol=1e-4, rtol=0)
    tight = dataclasses.replace(problem, observations=observations)
    moved = run("lo-sda", tight, world, discrepancy=True, **settings)
    assert (moved.members - nothing.members).abs().max() > 0.1


@pytest.mark.parametrize("step", ["stochastic", "probability-flow"])
def test_steps_of_the_posterior_mean_converge_to_the_posterior_with_the_levels(step):
    world, problem = ring()
    missing = []
    for levels in (16, 64, 256):
        analysis = run("denoising-3dvar", problem, world, step=step, levels=levels, antithetic=False, sigma_end=0.005)
        missing.append(1 - distance_and_spread(analysis, world, problem)[1])
    # of first order: a quarter of the error for four times the levels, until chance takes over
    assert 0 < missing[1] < missing[0] / 2.5
    assert abs(missing[2]) < TOLERANCE


def test_renoising_is_under_dispersed_and_says_so():
    world, problem = ring()
    analysis = run("denoising-3dvar", problem, world, step="renoise", levels=32, antithetic=False)
    distance, spread = distance_and_spread(analysis, world, problem)
    assert spread < 0.8
    assert distance < SAMPLED


@pytest.mark.parametrize("obs_frac", [0.02, 0.3])
def test_it_contains_3dvar(obs_frac):
    """Members in pairs of opposite noise have the mean that every one has without noise: 3D-Var's analysis."""
    world, problem = ring(obs_frac)
    truth = run("3dvar", problem, world, modes=10_000).mean
    for parameters in ({"prior": "gaussian"}, {"levels": 1}, {"step": "stochastic"}, {"factor": 1.0, "levels": 20}):
        found = run("denoising-3dvar", problem, world, sigma_start=1000.0, **parameters)
        torch.testing.assert_close(found.mean, truth, atol=2e-3, rtol=0)


def test_its_metric_can_be_what_the_priors_mean_leaves():
    """At a level far above B's stds it is 3D-Var with that covariance; here B' is B/100, and the prior's mean 0."""
    world, problem = ring(0.1)
    B = world.provide("background-error").covariance
    remaining = CorrectedError(fitted=BackgroundError(dataclasses.replace(B, scale=B.scale / 10)))
    method = find_method("denoising-3dvar")(metric="corrected-error", levels=1, sigma_start=1000.0)
    method.load({"state-prior": world.provide("state-prior"), "corrected-error": remaining})
    with torch.no_grad():
        found = method.analyse(problem, MEMBERS, CaseNoise(range(len(problem)))).mean
    truth = run("3dvar", problem, world, modes=10_000, b_scale=0.01).mean
    torch.testing.assert_close(found, truth, atol=2e-3, rtol=0)
    far = run("3dvar", problem, world, modes=10_000).mean
    assert (far - truth).abs().max() > 0.05


def test_cases_that_do_not_fit_into_memory_together_are_solved_one_by_one(monkeypatch):
    world, problem = ring(0.2)
    problem = problem.select(slice(0, 5))
    together = run("denoising-3dvar", problem, world).members
    monkeypatch.setattr("methods.diffusion.state_gain.MOST_NUMBERS", 0)
    torch.testing.assert_close(run("denoising-3dvar", problem, world).members, together, atol=1e-5, rtol=0)


def test_a_gaussian_prior_has_one_metric():
    with pytest.raises(BenchError, match="a Gaussian prior leaves B's own error; take metric=background-error"):
        find_method("denoising-3dvar")(metric="corrected-error", prior="gaussian")


def test_mmps_takes_the_same_way_with_the_denoisers_own_covariance():
    world, problem = ring(0.05)
    settings = {"levels": 12, "step": "stochastic", "sigma_start": 50.0, "sigma_end": 0.1, "antithetic": False}
    expected = run("denoising-3dvar", problem, world, **settings)
    found = run("mmps", problem, world, iterations=20, **settings)
    torch.testing.assert_close(found.members, expected.members, atol=2e-3, rtol=0)
    assert found.cost.network_backwards > 12 * MEMBERS
    assert expected.cost.network_forwards == 12 * MEMBERS


def test_a_nonlinear_operator_is_followed():
    world, problem = ring(0.3, "arctan")
    before = problem.observations.innovation(problem.background)
    for parameters in ({}, {"inner": 4}):
        analysis = run("denoising-3dvar", problem, world, members=2, **parameters)
        after = problem.observations.innovation(analysis.mean)
        assert after.square().mean() < 0.2 * before.square().mean()


def test_dps_kicks_each_member_by_the_gradient_of_its_own_norm():
    world, problem = ring()
    problem = problem.select(slice(0, 2))
    method = find_method("dps")(zeta=0.7)
    method.load({part: world.provide(part) for part in method.components})
    space, prior = method.open(problem, cost := Cost())
    reverse = Reverse(space, prior, 3, CaseNoise([0, 1]))
    delta, sigma = reverse.fresh(), torch.tensor(0.8)
    kick = method.guide(reverse)(delta, sigma).kick
    h = 1e-2

    def norm(d):
        return torch.linalg.vector_norm(space.innovation(reverse.denoise(d, sigma)), dim=-1)

    for place in (0, 17, 60):
        moved = torch.zeros_like(delta)
        moved[..., place] = h
        slope = (norm(delta + moved) - norm(delta - moved)) / (2 * h)
        torch.testing.assert_close(kick[..., place], -0.7 * slope, atol=2e-3, rtol=1e-2)
    assert cost.network_backwards == 3


def test_sda_with_enough_corrections_samples_the_posterior():
    world, problem = ring()
    analysis = run("sda", problem, world, prior="background", gamma=0.3, corrections=3, sigma_end=0.05)
    distance, spread = distance_and_spread(analysis, world, problem)
    assert distance == pytest.approx(SAMPLED, rel=2 * TOLERANCE)
    assert spread == pytest.approx(1.0, rel=TOLERANCE)


def test_opposite_noise_comes_in_pairs():
    world, problem = ring()
    problem = problem.select(slice(0, 2))
    space = StateSpace(problem, torch.ones(problem.background[0].shape), Cost())
    reverse = Reverse(space, world.provide("state-prior"), 5, CaseNoise([3, 4]), antithetic=True)
    for draws in (reverse.fresh(), reverse.values()):
        assert draws.shape[:2] == (2, 5)
        torch.testing.assert_close(draws[:, 1], -draws[:, 0])
        torch.testing.assert_close(draws[:, 3], -draws[:, 2])
        assert (draws[:, 4] - draws[:, 0]).abs().max() > 0.1
    assert (reverse.values()[~problem.observations.mask[:, None].expand(-1, 5, -1)] == 0).all()


def test_steps_by_hand():
    world, problem = ring()
    problem = problem.select(slice(0, 1))
    space = StateSpace(problem, torch.ones(problem.background[0].shape), Cost())
    sigmas = noise_levels(4.0, 1.0, 3, torch.device("cpu"))
    torch.testing.assert_close(sigmas, torch.tensor([4.0, 2.0, 1.0]))
    zero = torch.zeros(1, 1, space.size)

    def guide(delta_t, sigma):
        seen.append((float(sigma), delta_t))
        return Estimate(zero, kick=torch.full_like(zero, 10.0))

    for step, factor in (("probability-flow", 0.5), ("stochastic", 0.25)):
        seen: list = []
        reverse = Reverse(space, world.provide("state-prior"), 1, CaseNoise([7]))
        again = Reverse(space, world.provide("state-prior"), 1, CaseNoise([7]))
        assert reverse.run(guide, sigmas, step).mean is zero
        first, second, last = (delta for _, delta in seen)
        torch.testing.assert_close(first, 4 * again.fresh())
        drawn = 0 if step == "probability-flow" else 2 * 0.75**0.5 * again.fresh()
        torch.testing.assert_close(second, factor * first + drawn + 10)
        assert np.allclose([sigma for sigma, _ in seen], [4, 2, 1])
        assert last.shape == first.shape


def test_states_and_tangents_of_scaled_increments():
    _, problem = ring(0.3, "arctan")
    scale = torch.rand(problem.background[0].shape, generator=torch.Generator().manual_seed(0)) + 0.5
    problem = dataclasses.replace(problem, background=problem.background.double())
    space = StateSpace(problem, scale.double(), Cost())
    delta = torch.randn(CASES, 1, space.size, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(space.state(delta)[:, 0], problem.background + scale * delta.view_as(problem.background))
    G, direction, h = space.tangent(delta), torch.ones_like(delta), 1e-5
    slope = (space.innovation(delta - h * direction) - space.innovation(delta + h * direction)) / (2 * h)
    torch.testing.assert_close(space.forward(G, direction).double(), slope.double(), atol=1e-4, rtol=0)
