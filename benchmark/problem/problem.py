"""The assimilation problem: all that a method may know, and nothing more."""

__all__ = ["Archive", "Problem"]

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .channels import Channel
from .grid import Grid
from .observations import Observations


@dataclasses.dataclass(frozen=True)
class Problem:
    """Analysis problems of a batch of cases. The truth is not in here.

    Arguments:
        background: xb, shape (case, channel, latitude, longitude) [normalised].
        climatology: Mean of day and hour from the training years, same shape [normalised].
        observations: y, R and H of the same cases.
        grid: The horizontal grid.
        channels: One per channel axis entry.
        times: Valid times, shape (case,), datetime64[ns].
        ensemble: Background members, shape (case, member, channel, latitude, longitude) [normalised], or None.
    """

    background: Tensor
    climatology: Tensor
    observations: Observations
    grid: Grid
    channels: tuple[Channel, ...]
    times: np.ndarray
    ensemble: Tensor | None = None

    def __len__(self) -> int:
        return len(self.background)

    @property
    def device(self) -> torch.device:
        return self.background.device

    def select(self, cases: slice) -> "Problem":
        """Some of the cases."""
        return dataclasses.replace(
            self,
            background=self.background[cases],
            climatology=self.climatology[cases],
            observations=self.observations.select(cases),
            times=self.times[cases],
            ensemble=None if self.ensemble is None else self.ensemble[cases],
        )

    def to(self, device: torch.device | str) -> "Problem":
        """The same on another device."""
        return dataclasses.replace(
            self,
            background=self.background.to(device),
            climatology=self.climatology.to(device),
            observations=self.observations.to(device),
            ensemble=None if self.ensemble is None else self.ensemble.to(device),
        )


@dataclasses.dataclass(frozen=True)
class Archive:
    """Years that methods may learn from: truth, and backgrounds that never saw the day they forecast.

    Arguments:
        truth: Shape (time, channel, latitude, longitude), float32 [normalised].
        background: Same shape, out of sample (cross-fitted) [normalised].
        climatology: Same shape [normalised].
        times: Shape (time,), datetime64[ns].
        grid: The horizontal grid.
        channels: One per channel axis entry.
        hash: What the archive was made of; weights fitted on it carry this.
    """

    truth: Tensor
    background: Tensor
    climatology: Tensor
    times: np.ndarray
    grid: Grid
    channels: tuple[Channel, ...]
    hash: str

    def __len__(self) -> int:
        return len(self.truth)

    def error_std(self) -> Tensor:
        """Area-weighted std of background - truth for each channel, shape (channel,) [normalised]."""
        area = torch.as_tensor(self.grid.cell_area, dtype=torch.float64)
        error = (self.background - self.truth).double().square()
        return ((error * area).mean((0, 2, 3)) / area.mean()).sqrt()

    def select(self, index: Sequence[int] | slice) -> "Archive":
        """Some of the times."""
        return dataclasses.replace(
            self,
            truth=self.truth[index],
            background=self.background[index],
            climatology=self.climatology[index],
            times=self.times[index],
        )
