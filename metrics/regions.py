"""Named regions of the sphere, as in WeatherBench 2 (Rasp et al. 2024, https://arxiv.org/abs/2308.15560)."""

__all__ = ["REGIONS", "Region", "find_region", "region_weights"]

import dataclasses

import numpy as np

from benchmark.problem import BenchError, Grid, closest

# Coordinates kept in float32 miss their decimal value by up to 1.5e-5 degrees; a point on a bound must stay inside.
TOLERANCE = 1e-4


@dataclasses.dataclass(frozen=True)
class Region:
    """A set of latitude bands, whole or cut by two meridians. All bounds are inclusive.

    Arguments:
        name: What the user types.
        latitudes: (south, north) of each band [degrees north].
        longitudes: (west, east) [degrees east]; going east from `west` to `east`, across the seam if need be.
            None is the whole circle.
    """

    name: str
    latitudes: tuple[tuple[float, float], ...] = ((-90.0, 90.0),)
    longitudes: tuple[float, float] | None = None

    def mask(self, grid: Grid) -> np.ndarray:
        """Whether a grid point lies in the region, shape (latitude, longitude), bool."""
        lat, lon = np.asarray(grid.latitude), np.asarray(grid.longitude)
        rows = np.zeros(lat.shape, dtype=bool)
        for south, north in self.latitudes:
            rows |= (lat >= south - TOLERANCE) & (lat <= north + TOLERANCE)
        if self.longitudes is None:
            columns = np.ones(lon.shape, dtype=bool)
        else:
            west, east = self.longitudes
            columns = (lon - west + TOLERANCE) % 360 <= (east - west) % 360 + 2 * TOLERANCE
        return rows[:, None] & columns[None, :]


def _band(name: str, south: float, north: float, west: float | None = None, east: float | None = None) -> Region:
    longitudes = None if west is None or east is None else (west, east)
    return Region(name, ((south, north),), longitudes)


REGIONS = (
    Region("global"),
    _band("tropics", -20, 20),
    Region("extra-tropics", ((-90, -20), (20, 90))),
    _band("northern-extratropics", 20, 90),
    _band("southern-extratropics", -90, -20),
    _band("europe", 35, 75, 347.5, 42.5),
    _band("north-america", 25, 60, 240, 285),
    _band("north-atlantic", 25, 65, 290, 350),
    _band("north-pacific", 25, 60, 145, 230),
    _band("east-asia", 25, 60, 102.5, 150),
    _band("ausnz", -45, -12.5, 120, 175),
    _band("arctic", 60, 90),
    _band("antarctic", -90, -60),
)


def find_region(name: str) -> Region:
    """The region of that name.

    Raises:
        BenchError: If there is none; the nearest names are given.
    """
    for region in REGIONS:
        if region.name == name:
            return region
    raise BenchError(f"No region is called '{name}'; {closest(name, [r.name for r in REGIONS])}")


def region_weights(grid: Grid, region: Region | str) -> np.ndarray:
    """Cell areas inside the region and zero outside, shape (latitude, longitude).

    `global` means the whole grid, also where the grid is that of a limited area.

    Raises:
        BenchError: If the region is unknown, or holds no point of the grid.
    """
    region = find_region(region) if isinstance(region, str) else region
    mask = region.mask(grid)
    if not mask.any():
        lat, lon = grid.latitude, grid.longitude
        raise BenchError(
            f"The region '{region.name}' holds no point of the grid, which spans latitudes {lat[0]:g}..{lat[-1]:g} "
            f"and longitudes {lon[0]:g}..{lon[-1]:g}; choose a region inside, or 'global' for the whole grid."
        )
    return grid.cell_area * mask
