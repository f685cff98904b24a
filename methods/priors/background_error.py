"""The background error covariance B, fitted on out-of-sample backgrounds of the training years."""

__all__ = ["BackgroundError"]

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from benchmark.problem import Archive, Component

from .covariance import SpectralCovariance


class BackgroundError(Component):
    """B as EOFs of background - truth, each channel scaled by its error std, plus a remainder.

    Arguments:
        covariance: Over the flattened (channel, latitude, longitude) [normalised].
    """

    name: ClassVar[str] = "background-error"

    def __init__(self, covariance: SpectralCovariance) -> None:
        self.covariance = covariance

    @classmethod
    def fit(cls, archive: Archive, modes: int = 500) -> Self:
        """The mean error is left in the samples' departures: B is about zero, as 3D-Var assumes."""
        error = archive.background - archive.truth
        scale = archive.error_std().float().repeat_interleave(error[0, 0].numel())
        return cls(SpectralCovariance.fit(error.flatten(1), scale, modes))

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        return self.covariance.tensors(), {}

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        return cls(SpectralCovariance(**{k: v.float() for k, v in tensors.items()}).orthonormalised())

    def to(self, device: torch.device | str) -> Self:
        return type(self)(self.covariance.to(device))
