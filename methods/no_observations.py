"""The generative prior alone: LO-SDA's sampler with the observations taken away.

What LO-SDA is better by is what its observations are worth; where this is better than the background already, the prior
is a better forecast, not a better assimilation. With `step=deterministic` and many levels its members are samples of
p(x | xb). Re-noising, LO-SDA's default, goes on from E[delta | delta_t], so at every level it loses the spread about
that, and members are too close together.
"""

__all__ = ["NoObservations"]

import dataclasses

from benchmark.problem import Analysis, CaseNoise, Observations, Problem

from .losda import LOSDA


class NoObservations(LOSDA):
    """Its parameters are those of `lo-sda`; a member starts from the noise that it starts from there."""

    name = "no-observations"
    assimilates = False

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        nothing = Observations.none(problem.background, problem.observations.hashes)
        return super().analyse(dataclasses.replace(problem, observations=nothing), members, noise)
