"""Physical units to normalised ones and back."""

__all__ = ["Normalisation"]

import dataclasses
from typing import TypeVar

import numpy as np
import torch

from .errors import BenchError
from .hashing import hash_json

Array = TypeVar("Array", np.ndarray, torch.Tensor)


@dataclasses.dataclass(frozen=True)
class Normalisation:
    """Per-channel mean and climatological std, both from the training years.

    The std is that of departures from the climatology, so an observation error of 0.05 means the same
    in every channel whatever its seasonal cycle and its mean gradient.

    Arguments:
        mean: One value a channel [physical unit].
        std: One positive value a channel [physical unit].
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        sound = all(np.isfinite(m) for m in self.mean) and all(np.isfinite(s) and s > 0 for s in self.std)
        if len(self.mean) != len(self.std) or not sound:
            raise BenchError(
                f"A channel needs a finite mean and a positive std, got means {self.mean} and stds {self.std}; "
                "a channel that never varies in the training years cannot be assimilated, leave it out."
            )

    def _columns(self, x: Array) -> tuple[Array, Array]:
        shape = (-1, 1, 1)
        if isinstance(x, torch.Tensor):
            mean, std = x.new_tensor(self.mean), x.new_tensor(self.std)
            return mean.view(shape), std.view(shape)
        kind = np.result_type(x.dtype, np.float32)
        return np.asarray(self.mean, kind).reshape(shape), np.asarray(self.std, kind).reshape(shape)

    def normalise(self, x: Array) -> Array:
        """(..., channel, latitude, longitude) [physical] -> [normalised]."""
        mean, std = self._columns(x)
        return (x - mean) / std

    def denormalise(self, x: Array) -> Array:
        """(..., channel, latitude, longitude) [normalised] -> [physical]."""
        mean, std = self._columns(x)
        return x * std + mean

    @property
    def hash(self) -> str:
        """sha256 of both, to seven digits."""
        return hash_json([[f"{v:.7e}" for v in values] for values in (self.mean, self.std)])
