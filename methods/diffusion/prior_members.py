"""Members of a prior: the reverse process with nothing observed."""

__all__ = ["prior_members", "unobserved"]

import dataclasses

import torch
from torch import Tensor

from benchmark.problem import CaseNoise, Observations, Problem
from methods.priors.increment_space import IncrementSpace

from .reverse import Estimate, Prior, Reverse, noise_levels


def unobserved(problem: Problem) -> Problem:
    """The same cases without their observations."""
    return dataclasses.replace(problem, observations=Observations.none(problem.background, ("",) * len(problem)))


@torch.no_grad()
def prior_members(
    space: IncrementSpace,
    prior: Prior,
    members: int,
    noise: CaseNoise,
    sigmas: tuple[float, float, int],
    step: str = "stochastic",
    antithetic: bool = False,
) -> Tensor:
    """States that the prior draws, shape (case, member, channel, latitude, longitude) [normalised].

    Arguments:
        space: The increments that the prior is of; its cost counts the calls.
        prior: The denoiser.
        members: Members a case.
        noise: The cases' own.
        sigmas: First and last noise level [std of a scaled increment], and how many.
        step: See `Reverse.run`; members are samples, in the limit of many levels, unless they are re-noised.
        antithetic: See `Reverse`.
    """
    reverse = Reverse(space, prior, members, noise, antithetic)

    def guide(delta_t: Tensor, sigma: Tensor) -> Estimate:
        return Estimate(reverse.denoise(delta_t, sigma))

    return space.state(reverse.run(guide, noise_levels(*sigmas, space.problem.device), step).mean)
