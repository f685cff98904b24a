"""The autoencoder of the sphere: principal components of the background errors, by zonal wavenumber.

    z = V^-1/2 E^H F S^-1 x,    x = S F^-1 E V^1/2 z

with the leading modes E and variances V of the background error covariance B (see `ZonalCovariance`): a latent of the
background error has unit covariance, so that a 3D-Var of the latent is that of B, cut to its leading modes (the
control variable transform of Bannister, 2008, doi:10.1002/qj.340). It is linear, and nothing of it is stored but
the number of modes: the rest is B's.
"""

__all__ = ["SpectralAutoencoder"]

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from benchmark.problem import BenchError, Component, LinearOperator

from .autoencoder import Autoencoder
from .background_error import BackgroundError
from .zonal_covariance import ZonalCovariance

SHARPEST = 1e-3
"""Variance [of the largest mode] below which `whiten` does not divide by it any more."""


class SpectralAutoencoder(Autoencoder):
    """
    Arguments:
        modes: How many of B's modes it takes.

    Raises:
        BenchError: On `attach`, if B is not homogeneous in longitude.
    """

    kind: ClassVar[str] = "spectral"
    whitens = True
    builds_on = (BackgroundError,)

    def __init__(self, modes: int) -> None:
        self.modes = modes

    def attach(self, parts: Mapping[str, Component]) -> None:
        background_error = parts[BackgroundError.name]
        assert isinstance(background_error, BackgroundError)
        if not isinstance(background_error.covariance, ZonalCovariance):
            raise BenchError("A spectral autoencoder needs a grid that goes around the globe; take kind=patch.")
        self.basis = background_error.covariance.truncated(self.modes)
        # B without what its modes leave out
        self.span = dataclasses.replace(self.basis, remainder=torch.zeros_like(self.basis.remainder))
        variances = self.basis.variances
        self.variances = torch.cat((variances, variances[self.basis.free]))
        self.latent_shape = (len(self.variances), 1, 1)

    def encode(self, anomaly: Tensor) -> Tensor:
        z = self.basis.project(anomaly / self.basis.scale) / self.variances.sqrt()
        return z[:, :, None, None]

    def decode(self, latent: Tensor) -> Tensor:
        return self.basis.scale * self.fields(latent)

    def fields(self, latent: Tensor) -> Tensor:
        """S^-1 x: (batch, *latent_shape) to (batch, channel, latitude, longitude), of unit variance for a latent of
        unit covariance."""
        return self.basis.expand(latent.flatten(1) * self.variances.sqrt())

    def whiten(self, fields: Tensor) -> Tensor:
        """What a network says in fields, as a latent: the inverse of `fields`, but for the smallest modes, whose
        noise it would blow up."""
        gain = self.variances.sqrt() / (self.variances + SHARPEST * self.variances.max())
        return (self.basis.project(fields) * gain)[:, :, None, None]

    def roll(self, latent: Tensor, points: Tensor) -> Tensor:
        """Latents of the fields rolled eastwards, where B's scale does not depend on longitude.

        Arguments:
            latent: Shape (batch, *latent_shape).
            points: By how many longitudes, shape (batch,), int.
        """
        free, modes = self.basis.free, len(self.basis.modes)
        flat = latent.flatten(1)
        imaginary = torch.zeros_like(flat[:, :modes])
        imaginary[:, free] = flat[:, modes:]
        angle = -2 * torch.pi / self.basis.scale.shape[-1] * points[:, None] * self.basis.wavenumbers
        turned = torch.complex(flat[:, :modes], imaginary) * torch.polar(torch.ones_like(angle), angle)
        return torch.cat((turned.real, turned.imag[:, free]), dim=1).view_as(latent)

    def gram(self, operator: LinearOperator) -> Tensor:
        """H D D^T H^T, shape (case, value, value), float64."""
        return self.span.between(operator)

    def decode_adjoint(self, fields: Tensor) -> Tensor:
        """D^T: (batch, channel, latitude, longitude) to (batch, n)."""
        return self.basis.project(self.basis.scale * fields) * self.variances.sqrt()

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        return {"modes": torch.tensor(self.modes)}, {"kind": self.kind, "modes": self.modes}

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        return cls(int(settings["modes"]))

    def to(self, device: torch.device | str) -> Self:
        moved = type(self)(self.modes)
        moved.attach({BackgroundError.name: BackgroundError(self.basis.to(device))})
        return moved
