"""The Kalman gain in the latent of a spectral autoencoder: no Jacobian is formed."""

__all__ = ["SpectralGain"]

import dataclasses
import math

import torch
from torch import Tensor

from benchmark.problem import LinearOperator, Observations

from .priors.decoded_space import DecodedSpace
from .priors.spectral_autoencoder import SpectralAutoencoder


class SpectralGain:
    """What `Gain` is, for C = factor (1 + sigma^-2)^-1 I and G = H D with a decoder D that whitens.

    G G^T is H B H^T with B cut to the autoencoder's modes, whose entries are looked up.

    Arguments:
        autoencoder: D.
        scale: Factor on the latent increments, a scalar tensor.
        operator: H, or its tangent at a point.
        observations: Give R.
    """

    def __init__(
        self, autoencoder: SpectralAutoencoder, scale: Tensor, operator: LinearOperator, observations: Observations
    ) -> None:
        self.autoencoder, self.scale, self.operator = autoencoder, scale, operator
        # one case at a time: a few thousand values make a matrix of a hundred megabytes
        parts = [autoencoder.gram(operator.select(slice(i, i + 1))) for i in range(len(operator.index))]
        self.gram = scale.double() ** 2 * torch.cat(parts)
        self.R = torch.where(observations.mask, observations.error_std, 1.0).double().square()

    def forward(self, delta: Tensor) -> Tensor:
        """G delta: (case, member, n) to (case, member, value)."""
        fields = self.autoencoder.decode((self.scale * delta).flatten(0, 1)[..., None, None])
        return self.operator(fields.unflatten(0, delta.shape[:2]))

    def relinearised(self, space: DecodedSpace, point: Tensor, moved: Tensor) -> "SpectralGain":
        """The gain at new points; itself if H is linear, for then nothing here depends on them.

        Arguments:
            space: Gives H's tangent at a point.
            point: delta, shape (case, 1, n).
            moved: Which cases have a new one, shape (case,), bool.
        """
        if space.problem.observations.operator.linear:
            return self
        tangent = space.tangent(point)
        weight = torch.where(moved[:, None, None], tangent.weight, self.operator.weight)
        tangent = dataclasses.replace(tangent, weight=weight)
        return SpectralGain(self.autoencoder, self.scale, tangent, space.problem.observations)

    def apply(self, innovation: Tensor, sigma: float = math.inf, factor: float = 1.0) -> Tensor:
        """K innovation, shape (case, member, n); see `solve`."""
        return self.solve(innovation, sigma, factor)[0]

    def solve(self, innovation: Tensor, sigma: float = math.inf, factor: float = 1.0) -> tuple[Tensor, Tensor]:
        """
        Arguments:
            innovation: Shape (case, member, value), zero where padded.
            sigma: Noise level; infinite for C = factor I.
            factor: Factor on C.

        Returns:
            K innovation and C^-1 K innovation = G^T (G C G^T + R)^-1 innovation, each of shape (case, member, n).
        """
        c = factor / (1 + 1 / sigma**2)
        weights = torch.empty_like(innovation)
        for case in range(len(innovation)):
            S = c * self.gram[case] + torch.diag(self.R[case])
            L, failed = torch.linalg.cholesky_ex(S)
            solved = torch.cholesky_solve(innovation[case].double().mT, L).mT
            # a case that went wrong is its own: the others of its batch have their analysis
            weights[case] = solved.to(weights) if failed == 0 else torch.nan
        fields = self.operator.adjoint(weights).flatten(0, 1)
        gradient = self.scale * self.autoencoder.decode_adjoint(fields).unflatten(0, innovation.shape[:2])
        return c * gradient, gradient

    def root(self, noise: Tensor, sigma: float, factor: float = 1.0) -> Tensor:
        """C^1/2 noise, shape (case, member, n)."""
        return (factor / (1 + 1 / sigma**2)) ** 0.5 * noise
