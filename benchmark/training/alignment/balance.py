"""The reward for balance: whether as much of the wind is out of geostrophic balance as in truth.

The ageostrophic share of a level is that of the root mean square winds, |V - V_g| / |V|, away from equator and poles,
with the geostrophic wind V_g of `benchmark.problem.geostrophy`.
"""

__all__ = ["Balance", "ageostrophic_share"]

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import Channel, Geostrophy, Grid
from benchmark.worlds import Fields, Split

from ..context import Context
from .reward import Reward


class Balance(Reward):
    """Minus the distance of the ageostrophic share from the truth's, the mean over levels."""

    name = "balance"

    def __init__(self, context: Context, split: Split) -> None:
        super().__init__(context, split)
        self.levels = _levels(self.world.channels)

    @classmethod
    def lacks(cls, world: Fields) -> str:
        if not _levels(world.channels):
            return "no level has geopotential and both winds"
        return Geostrophy.lacks(world.grid)

    def __call__(self, states: Tensor, truth: Tensor, times: np.ndarray) -> Tensor:
        return -(self._share(states) - self._share(truth)[:, None]).abs().mean(-1)

    def _share(self, states: Tensor) -> Tensor:
        """Shape (..., level)."""
        physical = self.world.normalisation.denormalise(states.double())
        grid = self.world.grid
        fields = [[physical[..., channel, :, :] for channel in level] for level in self.levels]
        return torch.stack([ageostrophic_share(z, u, v, grid) for z, u, v in fields], dim=-1).float()


def ageostrophic_share(z: Tensor, u: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Root mean square of the ageostrophic wind over that of the wind, of fields (..., latitude, longitude) -> (...).

    Arguments:
        z: Geopotential [m2 s-2].
        u, v: Wind [m s-1].
        grid: Their grid.
    """
    geostrophy = Geostrophy(grid)
    wind = np.ascontiguousarray(torch.stack((u, v)).double().cpu().numpy()[..., geostrophy.rows, :])
    balanced = np.stack(geostrophy.wind(z.double().cpu().numpy()))
    ageostrophic, whole = ((geostrophy.area * x**2).sum((0, -2, -1)) for x in (wind - balanced, wind))
    return torch.as_tensor(np.sqrt(ageostrophic / whole))


def _levels(channels: tuple[Channel, ...]) -> list[list[int]]:
    """Indices of z, u and v of every level that has them all."""
    found = {(channel.variable, channel.level): i for i, channel in enumerate(channels)}
    levels = dict.fromkeys(channel.level for channel in channels if channel.variable == "z")
    triples = [[found.get((variable, level), -1) for variable in "zuv"] for level in levels]
    return [triple for triple in triples if -1 not in triple]
