"""Real stations: reading their list, and interpolating a grid to their positions."""

__all__ = ["Stations", "bilinear", "read_stations"]

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from benchmark.problem import BenchError, Grid

# Positions and coordinates may have passed through float32: about 0.1 m does not put a station outside.
_TOLERANCE_DEG = 1e-6


@dataclasses.dataclass(frozen=True)
class Stations:
    """Positions of stations.

    Arguments:
        id: Their names.
        latitude: Shape (station,) [degrees north].
        longitude: Shape (station,) [degrees east], -180 to 360.
    """

    id: tuple[str, ...]
    latitude: np.ndarray
    longitude: np.ndarray


def read_stations(path: Path) -> Stations:
    """Reads a CSV file with the columns `id`, `lat` and `lon`; others, such as `elev`, are left alone.

    Raises:
        BenchError: If the file cannot be read, lacks a column or a station, or holds an impossible position.
    """
    try:
        table = pd.read_csv(path, dtype={"id": str})
    except (OSError, ValueError) as error:
        raise BenchError(
            f"The stations file {path} cannot be read as CSV ({error}); give a file with columns id, lat, lon."
        ) from None
    missing = [name for name in ("id", "lat", "lon") if name not in table]
    if missing:
        raise BenchError(
            f"The stations file {path} has no column {', '.join(missing)} (it has: {', '.join(map(str, table))}); "
            "its head must be id,lat,lon with an optional elev."
        )
    if table.empty:
        raise BenchError(f"The stations file {path} names no station; add one line id,lat,lon for each.")
    latitude, longitude = (
        pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64) for name in ("lat", "lon")
    )
    # A NaN compares false and is found here too.
    good = (np.abs(latitude) <= 90) & (longitude >= -180) & (longitude <= 360)
    if not good.all():
        row = int(np.flatnonzero(~good)[0])
        raise BenchError(
            f"Station {table['id'][row]} in the stations file {path} has lat={table['lat'][row]}, "
            f"lon={table['lon'][row]}; write degrees, lat in -90..90 and lon in -180..360."
        )
    return Stations(tuple(table["id"].astype(str)), latitude, longitude)


def _bracket(coordinate: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The interval of ascending coordinates that holds each value, and how far along it that is (0 to 1)."""
    if len(coordinate) == 1:
        return np.zeros(len(value), dtype=np.int64), np.zeros(len(value))
    low = np.clip(np.searchsorted(coordinate, value, side="right") - 1, 0, len(coordinate) - 2)
    along = (value - coordinate[low]) / (coordinate[low + 1] - coordinate[low])
    return low, np.clip(along, 0.0, 1.0)


def bilinear(grid: Grid, latitude: np.ndarray, longitude: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bilinear interpolation in latitude and longitude.

    On a periodic grid a position between the last and the first longitude lies between those two. On a grid
    that spans the poles a position beyond the outermost row takes the values of that row. Elsewhere a position
    beyond the outermost points is outside.

    Arguments:
        grid: The horizontal grid.
        latitude: Shape (n,) [degrees north].
        longitude: Shape (n,) [degrees east].

    Returns:
        inside, shape (n,); flat indices in (latitude, longitude), shape (n, 4); their weights, shape (n, 4).
        Those of a position outside mean nothing.
    """
    lat, lon = np.asarray(grid.latitude), np.asarray(grid.longitude)
    count = len(lon)
    east = np.mod(longitude - lon[0], 360.0)
    east[east > 360.0 - _TOLERANCE_DEG] = 0.0
    inside = np.ones(len(latitude), dtype=bool)
    if not grid.spans_poles:
        inside &= (latitude >= lat[0] - _TOLERANCE_DEG) & (latitude <= lat[-1] + _TOLERANCE_DEG)
    if not grid.periodic:
        inside &= east <= lon[-1] - lon[0] + _TOLERANCE_DEG
    south, up = _bracket(lat, latitude)
    west, right = _bracket(np.append(lon - lon[0], 360.0) if grid.periodic else lon - lon[0], east)
    rows = np.stack([south, np.minimum(south + 1, len(lat) - 1)])
    columns = np.stack([west, (west + 1) % count])
    index = rows[:, None] * count + columns[None]
    weight = np.stack([1 - up, up])[:, None] * np.stack([1 - right, right])[None]
    return inside, index.reshape(4, -1).T, weight.reshape(4, -1).T
