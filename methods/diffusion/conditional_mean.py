"""The mean of a learned prior given the background: what it knows before anything is observed."""

__all__ = ["conditional_mean"]

import dataclasses

import torch
from torch import Tensor

from benchmark.problem import CaseNoise, Cost, Observations, Problem
from methods.priors.state_prior import StatePrior

from .reverse import Estimate, Reverse, noise_levels
from .state_space import StateSpace


def conditional_mean(
    problem: Problem, prior: StatePrior, draws: int, levels: int, noise: CaseNoise, cost: Cost
) -> Tensor:
    """E[x | xb], shape (case, channel, latitude, longitude) [normalised]: the mean of a few members of the reverse
    process without observations, in antithetic pairs and re-noised, which leaves little sampling error.

    Arguments:
        problem: The cases; their observations are not looked at.
        prior: Of background increments.
        draws: Members of the mean.
        levels: Noise levels, from 100 to 0.1 stds of a scaled increment.
        noise: The cases' own.
        cost: Where network calls are counted.
    """
    unseen = dataclasses.replace(problem, observations=Observations.none(problem.background, ("",) * len(problem)))
    space = StateSpace(unseen, prior.scale, cost)
    reverse = Reverse(space, prior, draws, noise, antithetic=True)

    def guide(delta_t: Tensor, sigma: Tensor) -> Estimate:
        return Estimate(reverse.denoise(delta_t, sigma))

    with torch.no_grad():
        sigmas = noise_levels(100.0, 0.1, levels, problem.device)
        return space.state(reverse.run(guide, sigmas, "renoise").mean).mean(1)
