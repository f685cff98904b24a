"""The climatology of the day and hour: a forecast that knows no weather."""

__all__ = ["Climatology"]

from benchmark.problem import Analysis, CaseNoise, Cost, Method, Problem


class Climatology(Method):
    """xa = the climatological mean."""

    name = "climatology"
    assimilates = False
    uses_adjoint = False
    prior = "climatology"

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        return Analysis.of(problem.climatology[:, None], Cost())
