"""A static ensemble: background errors of the training years, the same for every case."""

__all__ = ["StaticEnsemble"]

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from benchmark.problem import Component

from .packed_fields import pack_fields, unpack_fields


class StaticEnsemble(Component):
    """
    Arguments:
        errors: Background - truth of some training times, shape (sample, channel, latitude, longitude) [normalised].
    """

    name: ClassVar[str] = "static-ensemble"

    def __init__(self, errors: Tensor) -> None:
        self.errors = errors

    @classmethod
    def fit(cls, background: Tensor, truth: Tensor) -> Self:
        """Errors of out-of-sample backgrounds, rounded as they are stored."""
        return cls(unpack_fields(*pack_fields(background - truth)))

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        packed, scale = pack_fields(self.errors)
        return {"errors": packed, "scale": scale}, {}

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        return cls(unpack_fields(tensors["errors"], tensors["scale"]))

    def to(self, device: torch.device | str) -> Self:
        return type(self)(self.errors.to(device))
