"""The background error covariance B, fitted on out-of-sample backgrounds of the training years."""

__all__ = ["BackgroundError", "Covariance"]

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from benchmark.problem import Archive, Component

from .covariance import SpectralCovariance
from .zonal_covariance import ZonalCovariance

Covariance = SpectralCovariance | ZonalCovariance
KINDS: dict[str, type[Covariance]] = {"eof": SpectralCovariance, "zonal": ZonalCovariance}


class BackgroundError(Component):
    """B of background - truth: as EOFs plus a remainder, or, all around the globe, by zonal wavenumber.

    Arguments:
        covariance: Over the flattened (channel, latitude, longitude) [normalised].
    """

    name: ClassVar[str] = "background-error"

    def __init__(self, covariance: Covariance) -> None:
        self.covariance = covariance

    @classmethod
    def fit(cls, archive: Archive, modes: int = 500) -> Self:
        """The mean error is left in the samples' departures: B is about zero, as 3D-Var assumes.

        With EOFs each channel is scaled by its error std; on a grid that goes around, each latitude of a channel.
        """
        error = archive.background - archive.truth
        if archive.grid.periodic:
            scale = error.square().mean((0, 3), keepdim=True)[0].sqrt().clamp_min(1e-6).expand(error.shape[1:])
            return cls(ZonalCovariance.fit(error, scale.contiguous(), modes))
        scale = archive.error_std().float().repeat_interleave(error[0, 0].numel())
        return cls(SpectralCovariance.fit(error.flatten(1), scale, modes))

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        kind = {} if isinstance(self.covariance, SpectralCovariance) else {"kind": "zonal"}
        return self.covariance.tensors(), kind

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        parts = {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}
        return cls(KINDS[settings.get("kind", "eof")](**parts).orthonormalised())

    def to(self, device: torch.device | str) -> Self:
        return type(self)(self.covariance.to(device))
