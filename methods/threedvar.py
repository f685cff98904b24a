"""3D-Var: the best analysis that a Gaussian prior allows.

Lorenc (1986), Analysis methods for numerical weather prediction, doi:10.1002/qj.49711247414; control
variable transform as in Bannister (2008), doi:10.1002/qj.340.

    J(v) = 1/2 |v|^2 + 1/2 |R^{-1/2} (d - H B^{1/2} v)|^2,   x = xb + B^{1/2} v,   d = y - H(xb)

The same minimum in observation space (PSAS; Cohn et al., 1998, doi:10.1175/1520-0493(1998)126<2913:ATESOD>2.0.CO;2),
where B gives covariances of points:

    x = xb + B H^T (H B H^T + R)^-1 d

With a nonlinear H the same again and again, linearised at the last x (Courtier et al., 1994,
doi:10.1002/qj.49712051912): H is then its tangent H_x there, and d = y - H(x) + H_x (x - xb).
"""

__all__ = ["ThreeDVar"]

import torch
from torch import Tensor

from benchmark.problem import Analysis, CaseNoise, Cost, LinearOperator, Method, Problem, Real, Whole

from .outer_loops import descend
from .priors.background_error import BackgroundError
from .priors.zonal_covariance import ZonalCovariance
from .quadratic import ControlSpace, ObservationSpace

ROUNDING = 1e-8
"""Relative error of J in double precision, where CG has stopped."""


class ThreeDVar(Method):
    """
    Parameters:
        b_scale: Factor on B; tuned on the validation year.
        modes: Modes of the background error that keep their own variance; tuned likewise.
        direct: Most values a case that are solved for in observation space, by a Cholesky decomposition, where B is
            homogeneous in longitude; more are solved for in control space, by CG.
        tolerance: Relative residual at which CG stops. CG amplifies rounding, so at a looser one a case would
            depend on its batch: by 1e-3 at 1e-4.
        iterations: Most CG iterations.
        loops: Most outer loops with a nonlinear H.
        fall: Relative fall of J below which an outer loop is the last.
    """

    name = "3dvar"
    paper = "Lorenc 1986"
    paper_url = "https://doi.org/10.1002/qj.49711247414"
    family = "variational"
    uses_adjoint = True
    defaults = {  # noqa: RUF012
        "b_scale": 1.0,
        "modes": 400,
        "direct": 4000,
        "tolerance": 1e-7,
        "iterations": 500,
        "loops": 20,
        "fall": 1e-3,
    }
    search = {"b_scale": Real(0.05, 5.0, log=True), "modes": Whole(50, 4000, log=True)}  # noqa: RUF012
    nonlinear = frozenset({"loops", "fall"})
    components: tuple[str, ...] = (BackgroundError.name,)

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        xb, obs = problem.background, problem.observations
        H = obs.operator
        B = self.parts[BackgroundError.name].covariance.truncated(self["modes"]).scaled_by(self["b_scale"])
        solver: ObservationSpace | ControlSpace
        if isinstance(B, ZonalCovariance) and obs.values.shape[1] <= self["direct"]:
            solver = ObservationSpace(B, obs)
        else:
            solver = ControlSpace(B, obs, self["tolerance"], self["iterations"])
        if isinstance(H, LinearOperator):
            point, _ = solver.solve(H, obs.innovation(xb))
            cost = Cost(operator_calls=1 + solver.operator_calls, iterations=solver.iterations)
            converged = solver.converged
        else:
            point, cost, converged = self._outer_loops(problem, solver)
        increment = solver.increment(point).unflatten(1, xb.shape[1:])
        return Analysis.of((xb + increment.to(xb))[:, None], cost, converged)

    def _outer_loops(self, problem: Problem, solver: ObservationSpace | ControlSpace) -> tuple[Tensor, Cost, Tensor]:
        """The solver's point at the minimum of J, what it took, and which cases found it."""
        xb, obs = problem.background.double(), problem.observations
        solved = torch.ones_like(obs.mask[:, 0])

        def increment(point: Tensor) -> Tensor:
            return solver.increment(point.squeeze(1)).unflatten(1, xb.shape[1:])

        def misfit(point: Tensor) -> Tensor:
            return (obs.precision * obs.innovation(xb + increment(point)).square()).sum(-1, keepdim=True) / 2

        def inner(point: Tensor, moved: Tensor) -> tuple[Tensor, Tensor]:
            nonlocal solved
            dx = increment(point)
            H = obs.operator.tangent(xb + dx)
            target, dual = solver.solve(H, obs.innovation(xb + dx) + H(dx))
            solved = torch.where(moved, solver.converged, solved)
            return target[:, None], dual[:, None]

        start = torch.zeros_like(xb.flatten(1))[:, None]
        solution = descend(start, inner, misfit, self["loops"], self["fall"], ROUNDING)
        loops = solution.iterations
        cost = Cost(operator_calls=1 + 3 * loops + solver.operator_calls, iterations=loops + solver.iterations)
        return solution.point.squeeze(1), cost, solution.converged & solved
