"""The exact posterior, where a world knows it: what every other method is measured against.

    x ~ N(xb + K d, (I - K H) B),    K = B H^T (H B H^T + R)^-1,    d = y - H(xb)

(Kalman, 1960), with the B that the world's background errors are drawn from.
"""

__all__ = ["Exact"]

from typing import ClassVar

from benchmark.problem import Analysis, CaseNoise, Cost, Method, Need, Problem

from .priors.exact_posterior import ExactPosterior


class Exact(Method):
    """
    Parameters:
        mean: Whether to return the posterior mean itself, in place of independent samples of the posterior.
    """

    name = "exact"
    paper = "Kalman 1960"
    paper_url = "https://doi.org/10.1115/1.3662552"
    family = "reference"
    uses_adjoint = True
    point = False
    default_members = 20
    needs: ClassVar[frozenset[Need]] = frozenset({Need.EXACT_POSTERIOR, Need.LINEAR_OPERATOR})
    defaults = {"mean": False}  # noqa: RUF012
    components = (ExactPosterior.name,)

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.point = self["mean"]

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        posterior: ExactPosterior = self.parts[ExactPosterior.name]
        # every value's column of B H^T takes an adjoint and a forward call
        calls = 1 + 2 * float(problem.observations.mask.sum(1).double().mean())
        if self["mean"]:
            return Analysis.of(posterior.mean(problem)[:, None].to(problem.background), Cost(operator_calls=calls))
        drawn = posterior.sample(problem, members, noise).to(problem.background)
        return Analysis.of(drawn, Cost(operator_calls=calls + members))
