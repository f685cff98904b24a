"""The mean of a learned prior given the background: what it knows before anything is observed."""

__all__ = ["conditional_mean"]

from torch import Tensor

from benchmark.problem import CaseNoise, Cost, Problem
from methods.priors.state_prior import StatePrior

from .prior_members import prior_members, unobserved
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
    space = StateSpace(unobserved(problem), prior.scale, cost)
    return prior_members(space, prior, draws, noise, (100.0, 0.1, levels), "renoise", antithetic=True).mean(1)
