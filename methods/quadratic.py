"""The quadratic problem of 3D-Var, J with H linear, solved in observation space or in control space.

J(dx) = 1/2 dx^T B^-1 dx + 1/2 |R^-1/2 (d - H dx)|^2
"""

__all__ = ["ControlSpace", "ObservationSpace", "PointCovariance"]

from typing import Protocol, Self

import torch
from torch import Tensor

from benchmark.problem import LinearOperator, Observations

from .priors.background_error import Covariance
from .solvers import conjugate_gradients


class PointCovariance(Protocol):
    """A covariance that can be asked for those of observed values."""

    def between(self, operator: LinearOperator) -> Tensor:
        """H B H^T, shape (case, value, value), float64."""

    def apply(self, x: Tensor) -> Tensor:
        """B x; shape (..., n)."""

    def scaled_by(self, variance: float) -> Self:
        """The covariance times a number."""


class ObservationSpace:
    """B H^T (H B H^T + R)^-1 d by a Cholesky decomposition, for a B that gives covariances of points.

    Arguments:
        B: The background error covariance.
        observations: Give R.

    Attributes:
        operator_calls, iterations: Of all problems solved so far.
        converged: Always, shape (case,).
    """

    def __init__(self, B: PointCovariance, observations: Observations) -> None:
        self.B, self.observations = B, observations
        self.operator_calls, self.iterations = 0.0, 0.0
        self.converged = torch.ones_like(observations.mask[:, 0])

    def solve(self, H: LinearOperator, d: Tensor) -> tuple[Tensor, Tensor]:
        """
        Arguments:
            H: Linear, or a tangent.
            d: Shape (case, n).

        Returns:
            The minimum and B^-1 of it, both (case, channel * latitude * longitude), float64.
        """
        obs = self.observations
        weights = torch.zeros_like(d, dtype=torch.float64)
        for case in range(len(d)):
            # one case at a time: a few thousand values make a matrix of a hundred megabytes
            one = slice(case, case + 1)
            R = torch.where(obs.mask[one], obs.error_std[one], 1.0).double().square()
            S = self.B.between(H.select(one)) + torch.diag_embed(R)
            L, failed = torch.linalg.cholesky_ex(S)
            solved = torch.cholesky_solve(d[one, :, None].double(), L).squeeze(-1)
            weights[one] = torch.where(failed[:, None] > 0, torch.nan, solved)
        self.operator_calls += 2
        gradient = H.adjoint(weights).flatten(1)
        return self.B.apply(gradient), gradient

    def increment(self, point: Tensor) -> Tensor:
        """dx of what `solve` returns: here it is dx."""
        return point


class ControlSpace:
    """(I + B^{T/2} H^T R^-1 H B^{1/2}) v = B^{T/2} H^T R^-1 d by conjugate gradients, dx = B^{1/2} v.

    Arguments:
        B: The background error covariance.
        observations: Give R.
        tolerance: Relative residual at which CG stops.
        limit: Most iterations.

    Attributes:
        operator_calls, iterations: Of all problems solved so far, means of a case.
        converged: Whether the last problem of a case was solved to the tolerance, shape (case,).
    """

    def __init__(self, B: Covariance, observations: Observations, tolerance: float, limit: int) -> None:
        # single precision has not enough digits for the tolerance
        self.B, self.precision = B.double(), observations.precision.double()
        self.tolerance, self.limit = tolerance, limit
        self.operator_calls, self.iterations = 0.0, 0.0
        self.converged = torch.ones_like(observations.mask[:, 0])

    def solve(self, H: LinearOperator, d: Tensor) -> tuple[Tensor, Tensor]:
        """
        Arguments:
            H: Linear, or a tangent.
            d: Shape (case, n).

        Returns:
            v and once more v: the covariance of v is the unit matrix. Both (case, channel * latitude * longitude),
            float64.
        """

        def root_adjoint(y: Tensor) -> Tensor:
            return self.B.sqrt_adjoint(H.adjoint(self.precision * y).flatten(1))

        def normal(v: Tensor) -> Tensor:
            return v + root_adjoint(H(self.increment(v).unflatten(1, H.shape)))

        v, iterations, self.converged = conjugate_gradients(
            normal, root_adjoint(d.double()), self.tolerance, self.limit
        )
        self.operator_calls += 1 + 2 * float(iterations.mean())
        self.iterations += float(iterations.mean())
        return v, v

    def increment(self, point: Tensor) -> Tensor:
        """dx = B^{1/2} v, shape (case, channel * latitude * longitude)."""
        return self.B.sqrt(point)
