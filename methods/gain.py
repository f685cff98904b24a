"""The Kalman gain of a small 3D-Var, for many noise levels and many innovations of the same linearisation."""

__all__ = ["Gain"]

import math

import torch
from torch import Tensor

from benchmark.problem import Observations

from .priors.covariance import SpectralCovariance
from .priors.decoded_space import DecodedSpace
from .priors.left_over import left_over


class Gain:
    """K = C G^T (G C G^T + R)^-1 with C = factor (B^-1 + sigma^-2)^-1, applied and never formed.

    C has B's modes, so G is projected on them once and a new level costs a small symmetric solve.

    Arguments:
        jacobian: G, shape (case, value, n).
        covariance: B of the scaled increments (its scale is one).
        observations: Give R.
    """

    def __init__(self, jacobian: Tensor, covariance: SpectralCovariance, observations: Observations) -> None:
        self.jacobian, self.covariance, self.observations = jacobian, covariance, observations
        E = covariance.modes.to(jacobian)
        coefficients = jacobian @ E.T
        rest = jacobian - coefficients @ E
        # R is small beside G C G^T: in single precision the last digits would depend on the batch
        self.coefficients, self.rest = coefficients.double(), (rest @ rest.mT).double()
        self.R = torch.where(observations.mask, observations.error_std, 1.0).double().square()

    def forward(self, delta: Tensor) -> Tensor:
        """G delta: (case, member, n) to (case, member, value)."""
        return delta @ self.jacobian.mT

    def relinearised(self, space: DecodedSpace, point: Tensor, moved: Tensor) -> "Gain":
        """The gain at new points.

        Arguments:
            space: Gives G at a point.
            point: delta, shape (case, 1, n).
            moved: Which cases have a new one, shape (case,), bool.
        """
        G = torch.where(moved[:, None, None], space.jacobian(point), self.jacobian)
        return Gain(G, self.covariance, self.observations)

    def apply(self, innovation: Tensor, sigma: float = math.inf, factor: float = 1.0) -> Tensor:
        """K innovation, shape (case, member, n); see `solve`."""
        return self.solve(innovation, sigma, factor)[0]

    def solve(self, innovation: Tensor, sigma: float = math.inf, factor: float = 1.0) -> tuple[Tensor, Tensor]:
        """
        Arguments:
            innovation: Shape (case, member, value), zero where padded.
            sigma: Noise level; infinite for C = factor B.
            factor: Factor on C.

        Returns:
            K innovation and C^-1 K innovation = G^T (G C G^T + R)^-1 innovation, each of shape (case, member, n).
            The second comes without C^-1, which would blow up the rounding in directions of small variance.
        """

        conditional = left_over(sigma, factor)
        v, r = self.covariance.variances.double(), self.covariance.remainder.double()
        S = (self.coefficients * conditional(v)) @ self.coefficients.mT + conditional(r) * self.rest
        S = S + torch.diag_embed(self.R)
        L, failed = torch.linalg.cholesky_ex(S)
        # a case that went wrong is its own: the others of its batch have their analysis
        L = torch.where(failed[:, None, None] > 0, torch.nan, L)
        weights = torch.cholesky_solve(innovation.double().mT, L).mT.to(innovation)
        gradient = weights @ self.jacobian
        return self.covariance.map_modes(conditional, gradient), gradient

    def root(self, noise: Tensor, sigma: float, factor: float = 1.0) -> Tensor:
        """C^1/2 noise, shape (case, member, n)."""
        conditional = left_over(sigma, factor)
        return self.covariance.map_modes(lambda v: conditional(v).sqrt(), noise)
