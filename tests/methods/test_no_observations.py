"""The prior alone: what LO-SDA makes of no observation at all."""

import dataclasses

import pytest
import torch

from benchmark.problem import CaseNoise, Operator, Status
from methods.losda import LOSDA
from methods.no_observations import NoObservations


class Blind(Operator):
    """An operator that must not be asked."""

    def __call__(self, x):
        raise AssertionError("the operator was called")

    tangent = select = to = __call__


def run(kind, problem, parts, members, **parameters):
    method = kind(**parameters)
    method.load({key: parts[key] for key in method.components})
    with torch.no_grad():
        return method.analyse(problem, members, CaseNoise(range(len(problem))))


def without(problem, **changes):
    observations = problem.observations
    padded = torch.full_like(observations.error_std, torch.inf)
    return dataclasses.replace(
        problem, observations=dataclasses.replace(observations, **{"error_std": padded, **changes})
    )


VARIANTS = [
    {},
    {"solver": "adam", "inner": 3},
    {"variant": "guided", "inner": 2, "rate": 1.0},
    {"step": "deterministic", "antithetic": False},
]


@pytest.mark.parametrize("parameters", VARIANTS)
def test_it_is_lo_sda_with_every_observation_padded(make_toy, gaussian_parts, parameters):
    toy = make_toy(3)
    parts = gaussian_parts(toy.covariance)
    found = run(NoObservations, toy.problem, parts, 3, levels=4, **parameters)
    padded = run(LOSDA, without(toy.problem), parts, 3, levels=4, **parameters)
    torch.testing.assert_close(found.members, padded.members, atol=1e-5, rtol=0)
    assert found.status == padded.status
    observed = run(LOSDA, toy.problem, parts, 3, levels=4, **parameters)
    assert (observed.members - found.members).abs().max() > 0.1


def test_no_observation_is_looked_at(make_toy, gaussian_parts):
    toy = make_toy(3)
    parts = gaussian_parts(toy.covariance)
    shape = toy.problem.observations.values.shape
    nonsense = without(toy.problem, operator=Blind(), values=torch.full(shape, torch.nan))
    found = run(NoObservations, nonsense, parts, 2, levels=4)
    assert torch.equal(found.members, run(NoObservations, toy.problem, parts, 2, levels=4).members)
    assert set(found.status) == {Status.OK}


def test_by_probability_flow_its_members_are_samples_of_the_prior(make_toy, gaussian_parts):
    toy = make_toy(2)
    members = 600
    parameters = {"levels": 64, "step": "deterministic", "antithetic": False}
    found = run(NoObservations, toy.problem, gaussian_parts(toy.covariance), members, **parameters)
    std = toy.covariance.diagonal().double().sqrt().view(toy.problem.background.shape[1:])
    # 5 standard errors for 96 numbers, and what sigma_start = 10 leaves of the first draw (std / 100)
    miss = found.mean.double() - toy.problem.background.double()
    assert (miss.abs() < 5 * std / members**0.5 + 0.01).all()
    # the std of n samples has a relative standard error of 1 / sqrt(2 n), its mean over correlated values no more; a
    # step of the flow by Euler's rule, of 8 % of sigma, is wrong by 4 % of what it removes
    ratio = (found.members.double().var(1).mean((1, 2, 3)) / std.square().mean()).sqrt()
    assert (ratio - 1).abs().max() < 3 / (2 * members) ** 0.5 + 0.04


def test_re_noising_loses_the_spread_that_a_denoised_increment_does_not_have(make_toy, gaussian_parts):
    # E[delta | delta_t] + noise lacks the variance of delta given delta_t; theory of one mode of variance b:
    # v <- (v + sigma^2) (b / (b + sigma^2))^2 for the denoised, from v = sigma_start^2
    toy = make_toy(2)
    members, levels = 600, 6
    parts = gaussian_parts(toy.covariance)
    found = run(NoObservations, toy.problem, parts, members, levels=levels, antithetic=False)
    sigmas = 10.0 * (0.05 / 10.0) ** torch.linspace(0, 1, levels, dtype=torch.float64)
    b = toy.covariance.variances.double()
    v = torch.zeros_like(b)
    for sigma in sigmas:
        v = (v + sigma**2) * (b / (b + sigma**2)) ** 2
    modes = toy.covariance.modes.double() * toy.covariance.scale.double()
    expected = (v[:, None] * modes.square()).sum(0)
    ratio = found.members.double().var(1).flatten(1).mean(1) / expected.mean()
    # the variance of n samples has a relative standard error of sqrt(2 / n)
    assert (ratio - 1).abs().max() < 3 * (2 / members) ** 0.5
    assert expected.mean() < 0.8 * toy.covariance.diagonal().mean()


def test_b_scale_widens_it(make_toy, gaussian_parts):
    toy = make_toy(2)
    parts = gaussian_parts(toy.covariance)
    narrow = run(NoObservations, toy.problem, parts, 4).members - toy.problem.background[:, None]
    wide = run(NoObservations, toy.problem, parts, 4, b_scale=4.0).members - toy.problem.background[:, None]
    torch.testing.assert_close(wide, 2 * narrow, atol=1e-4, rtol=0)


def test_it_is_a_bound_with_lo_sdas_parameters():
    assert not NoObservations.assimilates
    assert NoObservations.defaults == LOSDA.defaults
    assert NoObservations.default_members == LOSDA.default_members
    assert NoObservations.needs == frozenset()
