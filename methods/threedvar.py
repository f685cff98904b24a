"""3D-Var: the best analysis that a Gaussian prior allows.

Lorenc (1986), Analysis methods for numerical weather prediction, doi:10.1002/qj.49711247414; control
variable transform as in Bannister (2008), doi:10.1002/qj.340.

    J(v) = 1/2 |v|^2 + 1/2 |R^{-1/2} (d - H B^{1/2} v)|^2,   x = xb + B^{1/2} v,   d = y - H(xb)

The same minimum in observation space (PSAS; Cohn et al., 1998, doi:10.1175/1520-0493(1998)126<2913:ATESOD>2.0.CO;2),
where B gives covariances of points:

    x = xb + B H^T (H B H^T + R)^-1 d
"""

__all__ = ["ThreeDVar"]

import torch
from torch import Tensor

from benchmark.problem import Analysis, BenchError, CaseNoise, Cost, LinearOperator, Method, Observations, Problem

from .priors.background_error import BackgroundError, Covariance
from .priors.zonal_covariance import ZonalCovariance
from .solvers import conjugate_gradients


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
    """

    name = "3dvar"
    paper = "Lorenc 1986"
    defaults = {"b_scale": 1.0, "modes": 400, "direct": 4000, "tolerance": 1e-7, "iterations": 500}  # noqa: RUF012
    components = (BackgroundError.name,)

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        xb, obs = problem.background, problem.observations
        H = obs.operator
        if not isinstance(H, LinearOperator):
            raise BenchError(f"{self.name} needs a linear observation operator, not {type(H).__name__}.")
        B = self.parts[BackgroundError.name].covariance.truncated(self["modes"]).scaled_by(self["b_scale"])
        if isinstance(B, ZonalCovariance) and obs.values.shape[1] <= self["direct"]:
            increment = _in_observation_space(B, obs, H, obs.innovation(xb))
            return Analysis.of((xb + increment.to(xb))[:, None], Cost(operator_calls=3))
        return self._in_control_space(B, problem, H)

    def _in_control_space(self, B: Covariance, problem: Problem, H: LinearOperator) -> Analysis:
        """Solves the normal equations (I + B^{T/2} H^T R^-1 H B^{1/2}) v = B^{T/2} H^T R^-1 d by CG."""
        xb, obs = problem.background, problem.observations
        # single precision has not enough digits for the tolerance
        B = B.double()
        precision = obs.precision.double()

        def root(v: Tensor) -> Tensor:
            return B.sqrt(v).unflatten(1, xb.shape[1:])

        def root_adjoint(y: Tensor) -> Tensor:
            return B.sqrt_adjoint(H.adjoint(precision * y).flatten(1))

        d = obs.innovation(xb).double()
        v, iterations, converged = conjugate_gradients(
            lambda v: v + root_adjoint(H(root(v))), root_adjoint(d), self["tolerance"], self["iterations"]
        )
        cost = Cost(operator_calls=2 + 2 * float(iterations.mean()), iterations=float(iterations.mean()))
        return Analysis.of((xb + root(v).to(xb))[:, None], cost, converged)


def _in_observation_space(B: ZonalCovariance, obs: Observations, H: LinearOperator, d: Tensor) -> Tensor:
    """B H^T (H B H^T + R)^-1 d, shape (case, channel, latitude, longitude), float64."""
    weights = torch.zeros_like(d, dtype=torch.float64)
    for case in range(len(d)):
        # one case at a time: a few thousand values make a matrix of a hundred megabytes
        one = slice(case, case + 1)
        mask = obs.mask[one]
        S = B.between(H.select(one)) + torch.diag_embed(torch.where(mask, obs.error_std[one], 1.0).double().square())
        L, failed = torch.linalg.cholesky_ex(S)
        solved = torch.cholesky_solve(d[one, :, None].double(), L).squeeze(-1)
        weights[one] = torch.where(failed[:, None] > 0, torch.nan, solved)
    return B.apply(H.adjoint(weights).flatten(1)).unflatten(1, H.shape)
