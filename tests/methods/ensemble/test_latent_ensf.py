"""The ensemble score filter in a latent, on a world whose decoder has all of B's covariances."""

import dataclasses

import torch

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.problem import CaseNoise
from benchmark.running.cases import make_problem
from benchmark.worlds import load_spec, open_world
from methods.latent_ensf import LatentEnSF
from methods.priors.exact_posterior import ExactPosterior
from methods.registry import find_method

CASES, MEMBERS = 8, 20


def analyses(obs_frac, **parameters):
    world = open_world(load_spec("gaussian-ring"))
    spec = ObservingSpec.make(obs_frac=obs_frac)
    system = ObservingSystem(spec, world.grid, world.channels, world.normalisation, world.name)
    times = world.times("test")[:CASES]
    problem = make_problem(world, system, times)[1]
    B = world.provide("background-error").covariance
    draws = B.sqrt(torch.randn(CASES, MEMBERS, B.scale.numel(), generator=torch.Generator().manual_seed(1)).double())
    ensemble = problem.background[:, None] + draws.unflatten(-1, problem.background.shape[1:]).float()
    problem = dataclasses.replace(problem, ensemble=ensemble)
    found = {}
    for name in ("ensf", "latent-ensf"):
        method = find_method(name)(**parameters)
        method.load({part: world.provide(part) for part in method.components})
        with torch.no_grad():
            found[name] = method.analyse(problem, MEMBERS, CaseNoise(range(CASES)))
    exact = world.provide(ExactPosterior.name).mean_and_variance(problem)
    return problem, exact, found


def test_an_observation_reaches_its_surroundings():
    problem, (mean, variance), found = analyses(0.05)

    def distance(name):
        return float(((found[name].mean - mean).square() / variance).mean().sqrt())

    background = float(((problem.background - mean).square() / variance).mean().sqrt())
    assert distance("latent-ensf") < 0.5 * background
    assert distance("latent-ensf") < 0.85 * distance("ensf")
    assert found["latent-ensf"].members.shape[1] == MEMBERS
    assert set(found["latent-ensf"].status) == {"ok"}


def test_cases_are_taken_in_groups_without_a_trace(monkeypatch):
    _, _, whole = analyses(0.1, steps=20)
    monkeypatch.setattr("methods.latent_ensf.MOST_NUMBERS", 1)
    _, _, apart = analyses(0.1, steps=20)
    torch.testing.assert_close(apart["latent-ensf"].members, whole["latent-ensf"].members, atol=1e-5, rtol=0)
    assert apart["latent-ensf"].cost == whole["latent-ensf"].cost
    assert LatentEnSF.defaults == find_method("ensf").defaults
