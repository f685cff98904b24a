"""The leading modes of a background error covariance as a whitened latent, and what they leave over as noise.

    x = S (L z + e),    z ~ N(0, I),    e ~ N(0, r I),    L = E V^1/2

with the modes E and variances V of B, its scale S, and the mean variance r of all that the modes leave out: a linear
variational autoencoder whose posterior is known (Tipping & Bishop, 1999, doi:10.1111/1467-9868.00196; Lucas et al.,
2019, https://arxiv.org/abs/1911.02469),

    p(z | x) = N(V (V + r)^-1 L^-1 S^-1 x, r (V + r)^-1).
"""

__all__ = ["LeadingModes"]

import dataclasses

import torch
from torch import Tensor

from benchmark.problem import LinearOperator

from .background_error import BackgroundError, Covariance
from .spectral_autoencoder import SpectralAutoencoder
from .zonal_covariance import ZonalCovariance


class LeadingModes:
    """
    Arguments:
        covariance: B, over the flattened (channel, latitude, longitude).
        modes: How many of its modes are taken, at most all; a mode of a wavenumber that goes around has two latents.
        shape: (channel, latitude, longitude).

    Attributes:
        size: Latents.
        variances: V, of each latent's scaled field, shape (size,).
        noise: r, a scalar tensor.
        scale: S, of the given shape.
    """

    def __init__(self, covariance: Covariance, modes: int, shape: tuple[int, int, int]) -> None:
        self.shape = shape
        B = covariance.truncated(modes)
        self._basis = B
        # B without what its modes leave out
        self._span = dataclasses.replace(B, remainder=torch.zeros_like(B.remainder))
        self._zonal: SpectralAutoencoder | None = None
        if isinstance(B, ZonalCovariance):
            self._zonal = SpectralAutoencoder(modes)
            self._zonal.attach({BackgroundError.name: BackgroundError(B)})
        self.variances = B.variances if self._zonal is None else self._zonal.variances
        self.size = len(self.variances)
        self.scale = B.scale.view(shape)
        left = self.scale.numel() - self.size
        over = dataclasses.replace(B, variances=torch.zeros_like(B.variances)).mean_eigenvalue(lambda v: v)
        # with all modes nothing is left over, and a noise of their smallest variance keeps the posterior in bounds
        self.noise = over * self.scale.numel() / left if left else B.remainder.mean()

    def root(self, z: Tensor) -> Tensor:
        """L z: (batch, size) to (batch, channel, latitude, longitude), scaled by S^-1."""
        if self._zonal is not None:
            return self._zonal.fields(z)
        return (z * self.variances.sqrt() @ self._basis.modes).unflatten(1, self.shape)

    def posterior_mean(self, fields: Tensor) -> Tensor:
        """E[z | x], shape (batch, size), of S^-1 x, shape (batch, channel, latitude, longitude)."""
        return self.root_adjoint(fields) / (self.variances + self.noise)

    def root_adjoint(self, fields: Tensor) -> Tensor:
        """L^T: (batch, channel, latitude, longitude) to (batch, size)."""
        if isinstance(self._basis, ZonalCovariance):
            coordinates = self._basis.project(fields)
        else:
            coordinates = fields.flatten(1) @ self._basis.modes.T
        return coordinates * self.variances.sqrt()

    def gram(self, operator: LinearOperator) -> Tensor:
        """H S L L^T S H^T, shape (case, value, value), float64."""
        return self._span.between(operator)

    @property
    def posterior_variance(self) -> Tensor:
        """Var[z | x], shape (size,)."""
        return self.noise / (self.variances + self.noise)

    def to(self, device: torch.device | str) -> "LeadingModes":
        return LeadingModes(self._basis.to(device), len(self._basis.modes), self.shape)
