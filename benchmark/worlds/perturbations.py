"""Background ensembles of a world with a forecaster: forecasts from perturbed starts.

Member i of a case starts from the truth plus

    p = size (a_j - a_k) / sqrt(2)

with a_j and a_k the departures from the climatology at two training times, drawn anew for every case and member: a
climatological difference, which is balanced and has the scales of weather (as in Magnusson, Leutbecher & Kaellen,
2008, doi:10.1111/j.1600-0870.2008.00333.x), of `size` climatological stds. One number, `size`, is chosen so that on the
validation year the spread of the forecasts is what the background's error is.
"""

__all__ = ["Perturbations"]

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import Component, seed_from
from methods.priors.packed_fields import pack_fields, unpack_fields


class Perturbations(Component):
    """
    Arguments:
        departures: From the climatology, of some training times, shape (sample, history, channel, latitude, longitude)
            [normalised]; the history is that of the forecaster.
        size: Factor on the differences.
    """

    name: ClassVar[str] = "perturbations"

    def __init__(self, departures: Tensor, size: float) -> None:
        self.departures, self.size = departures, size

    def draw(self, world: str, times: np.ndarray, members: int) -> Tensor:
        """Perturbations of the starts, shape (case, member, history, channel, latitude, longitude) [normalised].

        Arguments:
            world: Its name, a part of every seed.
            times: Valid times of the cases.
            members: How many; member i is the same however many there are.
        """
        stamps = np.datetime_as_string(times.astype("datetime64[ns]"))
        count = len(self.departures)
        pairs = [
            np.random.default_rng(seed_from("ensemble", world, stamp, member)).choice(count, 2, replace=False)
            for stamp in stamps
            for member in range(members)
        ]
        j, k = torch.from_numpy(np.array(pairs)).T
        drawn = (self.departures[j] - self.departures[k]) * (self.size / 2**0.5)
        return drawn.unflatten(0, (len(times), members))

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        packed, scale = pack_fields(self.departures)
        return {"departures": packed, "scale": scale}, {"size": self.size}

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        return cls(unpack_fields(tensors["departures"], tensors["scale"]), float(settings["size"]))

    def to(self, device: torch.device | str) -> Self:
        return type(self)(self.departures.to(device), self.size)
