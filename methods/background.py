"""The background itself: what an analysis must beat."""

__all__ = ["Background"]

from benchmark.problem import Analysis, CaseNoise, Cost, Method, Problem


class Background(Method):
    """xa = xb."""

    name = "background"
    assimilates = False
    uses_adjoint = False

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        return Analysis.of(problem.background[:, None], Cost())
