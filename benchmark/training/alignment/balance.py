"""The reward for balance: whether as much of the wind is out of geostrophic balance as in truth.

With geopotential z [m2 s-2] and Coriolis parameter f = 2 Omega sin(latitude), the geostrophic wind of a level is

    u_g = -1/(f a) dz/dphi,    v_g = 1/(f a cos phi) dz/dlambda,

and the ageostrophic share that of the root mean square winds, |V - V_g| / |V|, away from equator and poles.
"""

__all__ = ["Balance", "ageostrophic_share"]

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import Channel, Grid
from benchmark.worlds import Fields, Split

from ..context import Context
from .reward import Reward

RADIUS_M = 6.371e6
OMEGA = 7.292e-5
LEAST_LATITUDE, MOST_LATITUDE = 20.0, 85.0
"""Nearer to the equator there is no geostrophic balance, and at a pole no zonal gradient [degrees]."""


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
        kept = [row for row in world.grid.latitude if LEAST_LATITUDE <= abs(row) <= MOST_LATITUDE]
        if min(world.grid.shape) < 2 or not kept:
            return f"its grid has no gradients between latitudes of {LEAST_LATITUDE:g} and {MOST_LATITUDE:g} degrees"
        return ""

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
    latitude, longitude = (torch.deg2rad(z.new_tensor(c)) for c in (grid.latitude, grid.longitude))
    if grid.periodic:
        longitude = torch.cat((longitude[-1:] - 2 * torch.pi, longitude, longitude[:1] + 2 * torch.pi))
        wrapped = torch.cat((z[..., -1:], z, z[..., :1]), dim=-1)
        eastward = torch.gradient(wrapped, spacing=(longitude,), dim=-1)[0][..., 1:-1]
    else:
        eastward = torch.gradient(z, spacing=(longitude,), dim=-1)[0]
    northward = torch.gradient(z, spacing=(latitude,), dim=-2)[0]
    fa = 2 * OMEGA * RADIUS_M * latitude.sin()[:, None]
    kept = z.new_tensor([LEAST_LATITUDE <= abs(row) <= MOST_LATITUDE for row in grid.latitude]).bool()
    # not the others, where f or a circle of latitude may vanish
    fa, cos = fa[kept], latitude.cos()[kept, None]
    u, v, eastward, northward = (x[..., kept, :] for x in (u, v, eastward, northward))
    area = z.new_tensor(grid.cell_area)[kept]
    ageostrophic = (u + northward / fa).square() + (v - eastward / (fa * cos)).square()
    wind = u.square() + v.square()
    return ((area * ageostrophic).sum((-2, -1)) / (area * wind).sum((-2, -1))).sqrt()


def _levels(channels: tuple[Channel, ...]) -> list[list[int]]:
    """Indices of z, u and v of every level that has them all."""
    found = {(channel.variable, channel.level): i for i, channel in enumerate(channels)}
    levels = dict.fromkeys(channel.level for channel in channels if channel.variable == "z")
    triples = [[found.get((variable, level), -1) for variable in "zuv"] for level in levels]
    return [triple for triple in triples if -1 not in triple]
