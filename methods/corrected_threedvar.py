"""3D-Var from a learned prior's conditional mean, with the covariance of what that leaves of the error.

A learned prior p(x | xb) may help by a better mean, which is a better background and no assimilation, or by covariances
that depend on the flow or are not Gaussian. This takes the mean and leaves the rest:

    x = E[x | xb] + B' H^T (H B' H^T + R)^-1 (y - H(E[x | xb]))

with B' the covariance of E[x | xb] - x over the training years, so what a diffusion method is better by comes from the
other. The network has seen those years, so B' is too small in what it has learnt by heart: its factor is tuned on the
validation year.
"""

__all__ = ["CorrectedThreeDVar"]

import dataclasses
from collections.abc import Mapping

from benchmark.problem import Analysis, CaseNoise, Component, Cost, Problem

from .diffusion.conditional_mean import conditional_mean
from .priors.background_error import BackgroundError
from .priors.corrected_error import CorrectedError
from .priors.state_prior import StatePrior
from .threedvar import ThreeDVar


class CorrectedThreeDVar(ThreeDVar):
    """
    Parameters:
        draws: Members whose mean is taken for E[x | xb].
        levels: Noise levels of each.
        b_scale, modes, direct, tolerance, iterations, loops, fall: As those of `3dvar`, of B'.
    """

    name = "3dvar-corrected"
    paper = "this project"
    defaults = {**ThreeDVar.defaults, "draws": 8, "levels": 8}  # noqa: RUF012
    components = (StatePrior.name, CorrectedError.name)

    def load(self, parts: Mapping[str, Component]) -> None:
        remaining = parts[CorrectedError.name]
        assert isinstance(remaining, CorrectedError)
        super().load({**parts, BackgroundError.name: BackgroundError(remaining.covariance)})

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        cost = Cost()
        mean = conditional_mean(problem, self.parts[StatePrior.name], self["draws"], self["levels"], noise, cost)
        analysis = super().analyse(dataclasses.replace(problem, background=mean), members, noise)
        calls = cost.network_forwards + analysis.cost.network_forwards
        return dataclasses.replace(analysis, cost=dataclasses.replace(analysis.cost, network_forwards=calls))
