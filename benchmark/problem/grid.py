"""The horizontal grid: latitudes, longitudes and the exact areas of its cells."""

__all__ = ["Grid"]

import dataclasses
import functools

import numpy as np

from .errors import BenchError
from .hashing import hash_json


@dataclasses.dataclass(frozen=True)
class Grid:
    """A latitude-longitude grid, or a line of points (one latitude).

    Arguments:
        latitude: Ascending latitudes [degrees north], one value for a one-dimensional world.
        longitude: Ascending longitudes [degrees east]; they may start below zero.

    Raises:
        BenchError: If the coordinates are not strictly ascending or leave [-90, 90].
    """

    latitude: tuple[float, ...]
    longitude: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "latitude", tuple(float(v) for v in self.latitude))
        object.__setattr__(self, "longitude", tuple(float(v) for v in self.longitude))
        for name, values in (("latitude", self.latitude), ("longitude", self.longitude)):
            if len(values) == 0 or not np.all(np.diff(values) > 0):
                raise BenchError(f"The grid's {name} must be strictly ascending; sort it and remove duplicates.")
        if self.latitude[0] < -90.001 or self.latitude[-1] > 90.001:
            raise BenchError("A latitude lies outside -90..90 degrees; check the coordinate's units.")

    @property
    def shape(self) -> tuple[int, int]:
        """Number of latitudes and of longitudes."""
        return len(self.latitude), len(self.longitude)

    @functools.cached_property
    def periodic(self) -> bool:
        """Whether the longitudes close a circle, so that the last is a neighbour of the first."""
        if len(self.longitude) < 3:
            return False
        steps = np.diff(self.longitude)
        gap = self.longitude[0] + 360 - self.longitude[-1]
        return bool(abs(gap - steps.mean()) < 0.01 * steps.mean())

    @functools.cached_property
    def spans_poles(self) -> bool:
        """Whether the rows cover the sphere from pole to pole: then the outer cells end at the poles."""
        if len(self.latitude) < 2:
            return False
        south = self.latitude[1] - self.latitude[0]
        north = self.latitude[-1] - self.latitude[-2]
        return self.latitude[0] - south < -90 and self.latitude[-1] + north > 90

    @functools.cached_property
    def row_area(self) -> np.ndarray:
        """Area of one cell of each row, shape (latitude,), mean 1 (WeatherBench 2's `get_lat_weights`).

        A cell ends half-way to its neighbours. The outer cells of a global grid end at the poles; those
        of a region end as far outside as they reach inside, so a region is not charged with the rest of the sphere.
        """
        lat = np.asarray(self.latitude, dtype=np.float64)
        if len(lat) == 1:
            return np.ones(1)
        inner = (lat[:-1] + lat[1:]) / 2
        if self.spans_poles:
            south, north = -90.0, 90.0
        else:
            south = max(-90.0, 2 * lat[0] - inner[0])
            north = min(90.0, 2 * lat[-1] - inner[-1])
        bounds = np.sin(np.deg2rad(np.concatenate([[south], inner, [north]])))
        area = np.diff(bounds)
        return area / area.mean()

    @functools.cached_property
    def cell_area(self) -> np.ndarray:
        """Area of every cell, shape (latitude, longitude), mean 1; longitude spacing may vary."""
        lon = np.asarray(self.longitude, dtype=np.float64)
        if len(lon) < 2:
            width = np.ones_like(lon)
        else:
            inner = (lon[:-1] + lon[1:]) / 2
            if self.periodic:
                seam = (lon[-1] + lon[0] + 360) / 2
                bounds = np.concatenate([[seam - 360], inner, [seam]])
            else:
                bounds = np.concatenate([[2 * lon[0] - inner[0]], inner, [2 * lon[-1] - inner[-1]]])
            width = np.diff(bounds)
        area = self.row_area[:, None] * width[None, :]
        return area / area.mean()

    @functools.cached_property
    def hash(self) -> str:
        """sha256 of the coordinates, rounded to 1e-4 degrees."""
        return hash_json([[round(v, 4) + 0.0 for v in c] for c in (self.latitude, self.longitude)])
