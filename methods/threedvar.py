"""3D-Var: the best analysis that a Gaussian prior allows.

Lorenc (1986), Analysis methods for numerical weather prediction, doi:10.1002/qj.49711247414; control
variable transform as in Bannister (2008), doi:10.1002/qj.340.

    J(v) = 1/2 |v|^2 + 1/2 |R^{-1/2} (d - H B^{1/2} v)|^2,   x = xb + B^{1/2} v,   d = y - H(xb)
"""

__all__ = ["ThreeDVar"]

from torch import Tensor

from benchmark.problem import Analysis, BenchError, CaseNoise, Cost, LinearOperator, Method, Problem

from .priors.background_error import BackgroundError
from .priors.covariance import SpectralCovariance
from .solvers import conjugate_gradients


class ThreeDVar(Method):
    """Solves the normal equations (I + B^{T/2} H^T R^-1 H B^{1/2}) v = B^{T/2} H^T R^-1 d by CG.

    Parameters:
        b_scale: Factor on B; tuned on the validation year.
        modes: EOFs of the background error that keep their own variance; tuned likewise.
        tolerance: Relative residual at which CG stops. CG amplifies rounding, so at a looser one a case would
            depend on its batch: by 1e-3 at 1e-4.
        iterations: Most CG iterations.
    """

    name = "3dvar"
    paper = "Lorenc 1986"
    defaults = {"b_scale": 1.0, "modes": 400, "tolerance": 1e-7, "iterations": 500}  # noqa: RUF012
    components = (BackgroundError.name,)

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        xb, obs = problem.background, problem.observations
        H = obs.operator
        if not isinstance(H, LinearOperator):
            raise BenchError(f"{self.name} needs a linear observation operator, not {type(H).__name__}.")
        B = self.parts[BackgroundError.name].covariance.truncated(self["modes"]).scaled_by(self["b_scale"])
        # single precision has not enough digits for the tolerance
        B = SpectralCovariance(**{name: tensor.double() for name, tensor in B.tensors().items()})
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
