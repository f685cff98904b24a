"""How far an observation reaches: Gaspari-Cohn in horizontal distance, times the same between levels.

Gaspari & Cohn (1999), equation 4.10, doi:10.1002/qj.49712555417. At one radius the taper is 0.63, near
a Gaussian's exp(-1/2); nothing reaches further than 3.64 radii.
"""

__all__ = ["Localisation", "gaspari_cohn"]

import functools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from benchmark.problem import Channel, Grid

EARTH_KM = 6371.0
WIDTH = 1.82
"""Half the support, in radii: about sqrt(10 / 3), for which the taper curves at zero as a Gaussian does."""

SURFACE_HPA = 1000
EVERYWHERE = 1000.0
"""Vertical radius from which levels do not count at all."""


def gaspari_cohn(distance: Tensor, radius: float) -> Tensor:
    """The taper at a distance, in the radius's unit; 1 at zero, 0 from 3.64 radii on."""
    r = distance / (WIDTH * radius)
    near = 1 + r**2 * (-5 / 3 + r * (5 / 8 + r * (1 / 2 - r / 4)))
    far = 4 - 2 / (3 * r.clamp_min(0.5)) + r * (-5 + r * (5 / 3 + r * (5 / 8 + r * (-1 / 2 + r / 12))))
    return torch.where(r <= 1, near, torch.where(r < 2, far, 0.0)).clamp_min(0.0)


class Localisation:
    """Tapers between the points of a grid and observed values.

    Arguments:
        grid: The horizontal grid.
        channels: The state's channels.
        radius: Where the horizontal taper is near exp(-1/2) [km, or grid cells].
        unit: `km` along great circles, or `cells`.
        vertical: Where the taper between levels is that [scale heights, differences of ln p]; from
            `EVERYWHERE` on levels do not count. Fields without a level lie at 1000 hPa.
    """

    def __init__(self, grid: Grid, channels: Sequence[Channel], radius: float, unit: str, vertical: float) -> None:
        self.grid, self.channels = grid, tuple(channels)
        self.radius, self.unit, self.vertical = radius, unit, vertical
        self.heights = torch.tensor([-math.log((c.level or SURFACE_HPA) / SURFACE_HPA) for c in channels])
        rows, columns = (torch.tensor(axis, dtype=torch.float64) for axis in (grid.latitude, grid.longitude))
        lat, lon = torch.meshgrid(rows, columns, indexing="ij")
        self._points = self._place(lat.flatten(), lon.flatten())
        self._last: tuple[slice, Tensor, Tensor, Tensor] | None = None  # a network that stays is looked up once

    @functools.cached_property
    def groups(self) -> list[list[int]]:
        """Channels that share their tapers: those of a level."""
        if self.vertical >= EVERYWHERE:
            return [list(range(len(self.heights)))]
        return [torch.nonzero(self.heights == height).flatten().tolist() for height in self.heights.unique()]

    def horizontal(self, points: slice, latitude: Tensor, longitude: Tensor) -> Tensor:
        """Tapers, shape (point, value), float32.

        Arguments:
            points: Of the flattened grid.
            latitude, longitude: Of the values, shape (value,) [degrees].
        """
        last = self._last
        if last and last[0] == points and torch.equal(last[1], latitude) and torch.equal(last[2], longitude):
            return last[3]
        taper = self._horizontal(points, latitude, longitude)
        self._last = (points, latitude, longitude, taper)
        return taper

    def _horizontal(self, points: slice, latitude: Tensor, longitude: Tensor) -> Tensor:
        place, points_place = self._place(latitude.double(), longitude.double()), self._points[points]
        if self.unit == "km":
            angle = (points_place @ place.T).clamp(-1, 1).arccos()
            return gaspari_cohn((EARTH_KM * angle).float(), self.radius)
        along = (points_place[:, None, 1] - place[None, :, 1]).abs()
        if self.grid.periodic:
            along = torch.minimum(along, len(self.grid.longitude) - along)
        across = points_place[:, None, 0] - place[None, :, 0]
        return gaspari_cohn((across.square() + along.square()).sqrt().float(), self.radius)

    def between_levels(self, channel: int, observed: Tensor) -> Tensor:
        """Tapers between a channel and observed channels, shape (value,), float32."""
        if len(self.groups) == 1:
            return torch.ones(observed.shape)
        return gaspari_cohn((self.heights[observed] - self.heights[channel]).abs(), self.vertical)

    def _place(self, latitude: Tensor, longitude: Tensor) -> Tensor:
        """Unit vectors, or row and column of the grid, shape (n, 3) or (n, 2), float64."""
        if self.unit == "km":
            phi, lam = latitude.deg2rad(), longitude.deg2rad()
            return torch.stack((phi.cos() * lam.cos(), phi.cos() * lam.sin(), phi.sin()), dim=-1)
        return torch.stack((_index(self.grid.latitude, latitude), self._column(longitude)), dim=-1)

    def _column(self, longitude: Tensor) -> Tensor:
        axis = self.grid.longitude
        if self.grid.periodic:
            return torch.remainder(longitude - axis[0], 360.0) * (len(axis) / 360.0)
        return _index(axis, longitude)


def _index(axis: Sequence[float], values: Tensor) -> Tensor:
    """Places between the entries of an axis, as fractional indices."""
    if len(axis) == 1:
        return torch.zeros_like(values)
    ticks = torch.tensor(axis, dtype=torch.float64)
    left = (torch.searchsorted(ticks, values.contiguous()) - 1).clamp(0, len(axis) - 2)
    return left + (values - ticks[left]) / (ticks[left + 1] - ticks[left])
