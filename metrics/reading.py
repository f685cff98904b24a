"""Fields to be scored, read as (case, member, channel, latitude, longitude)."""

__all__ = ["Fields"]

import dataclasses
import functools
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from benchmark.files import Location, guard, list_channels, read_fields
from benchmark.problem import BenchError, Grid

# Selecting an hour and a day of a climatology at once gives the axis `case`.
AXES = ("case", "time", "number", "latitude", "longitude")


@dataclasses.dataclass(frozen=True, eq=False)
class Fields:
    """A dataset whose fields are read a few cases at a time.

    Arguments:
        role: What error messages call it: `analysis`, `truth`, `climatology`.
        dataset: What `standardise` returned; nothing of its fields has been read.
        leading: What its fields are sorted by: (`time`,) or (`hour`, `dayofyear`).
        grid: The horizontal grid.
        channels: Where each is, by WeatherBench 2's name (`geopotential_500`).
    """

    role: str
    dataset: xr.Dataset
    leading: tuple[str, ...]
    grid: Grid
    channels: dict[str, Location]

    @classmethod
    def of(cls, role: str, dataset: xr.Dataset, leading: tuple[str, ...]) -> "Fields":
        """
        Raises:
            BenchError: If no field has the leading dimensions and the grid's, or the grid is none.
        """
        grid = Grid(tuple(dataset["latitude"].values), tuple(dataset["longitude"].values))
        channels = {channel.long_name: place for channel, place in list_channels(dataset, role, leading).items()}
        if not channels:
            raise BenchError(
                f"The {role} holds no field of {', '.join((*leading, 'latitude', 'longitude'))}; "
                "bring it to WeatherBench 2's layout."
            )
        return cls(role, dataset, leading, grid, channels)

    @property
    def times(self) -> np.ndarray:
        """Ascending, shape (time,), datetime64[ns]."""
        return self.dataset["time"].values

    def bytes_of(self, channel: str) -> int:
        """Of one time of a channel with all its members, in float64."""
        members = dict(self.dataset[self.channels[channel].name].sizes).get("number", 1)
        return 8 * members * len(self.grid.latitude) * len(self.grid.longitude)

    def require_grid(self, grid: Grid) -> None:
        """
        Raises:
            BenchError: If the points are not those of `grid`, to 0.001 degrees.
        """
        mine, theirs = (np.concatenate([g.latitude, g.longitude]) for g in (self.grid, grid))
        if self.grid.shape != grid.shape or np.abs(mine - theirs).max() > 1e-3:
            raise BenchError(
                f"The grids differ: {_span(self.grid)} in the {self.role}, {_span(grid)} in the truth; "
                "regrid one of them, for example with WeatherBench 2's regridding."
            )

    def require_no_members(self) -> None:
        """
        Raises:
            BenchError: If it is an ensemble.
        """
        if "number" in self.dataset.dims:
            raise BenchError(
                f"The {self.role} is an ensemble (dimension 'number'); select one member or take their mean."
            )

    def read(self, channels: Sequence[str], index: Mapping[str, slice | np.ndarray | xr.DataArray]) -> np.ndarray:
        """Some fields.

        Arguments:
            channels: Names, keys of `channels`.
            index: Positions along the leading dimensions.

        Returns:
            Shape (case, member, channel, latitude, longitude) [SI].

        Raises:
            BenchError: If a value is not finite, a variable has a dimension that has no meaning here, or the file
                is damaged.
        """
        places = [self.channels[channel] for channel in channels]
        for name in {place.name for place in places}:
            self._require_plain(name)
        values = guard(self.role, functools.partial(self._read, places, index))
        finite = np.isfinite(values).all((0, 1, 3, 4))
        if not finite.all():
            raise BenchError(
                f"The {self.role}'s {channels[int(np.argmin(finite))]} holds values that are not finite; "
                "fill the gaps, or leave out the variable or the times."
            )
        return values

    def _read(self, places: Sequence[Location], index: Mapping[str, slice | np.ndarray | xr.DataArray]) -> np.ndarray:
        fields = dict(read_fields(self.dataset, places, index))
        values = [_with_members(fields[i]) for i in range(len(places))]
        return np.stack(values, axis=2)

    def _require_plain(self, name: str) -> None:
        known = (*self.leading, "number", "level", "latitude", "longitude")
        if extra := [str(d) for d in self.dataset[name].dims if d not in known]:
            raise BenchError(
                f"The {self.role}'s '{name}' has the dimension '{extra[0]}', which cannot be scored; "
                f"select one value of it first, for example with .isel({extra[0]}=0)."
            )


def _with_members(field: xr.DataArray) -> np.ndarray:
    """Shape (case, member, latitude, longitude)."""
    values = field.transpose(*(d for d in AXES if d in field.dims)).values
    return values if "number" in field.dims else values[:, None]


def _span(grid: Grid) -> str:
    lat, lon = grid.latitude, grid.longitude
    return f"{len(lat)} x {len(lon)} points ({lat[0]:g}..{lat[-1]:g}, {lon[0]:g}..{lon[-1]:g})"
