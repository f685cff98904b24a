"""Which variable of a file is which channel."""

__all__ = ["ABSENT_LEVELS", "Location", "list_channels", "locate"]

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
import xarray as xr

from benchmark.problem import BenchError, Channel, closest, describe, parse_channel

from .units import check_plausible, conversion

Values = TypeVar("Values", np.ndarray, xr.DataArray)

ABSENT_LEVELS = "levels_without_data"
"""Attribute of a variable that lacks some of its file's levels: Zarr has no other way to leave them out."""

# Names that other archives use (CMIP, NCEP, CF standard names) beside those that every channel knows.
OTHER_NAMES = {
    "zg": "z",
    "gh": "z",
    "hgt": "z",
    "geopotential_height": "z",
    "tmp": "t",
    "air": "t",
    "uwnd": "u",
    "ugrd": "u",
    "vwnd": "v",
    "vgrd": "v",
    "shum": "q",
    "spfh": "q",
    "omega": "w",
    "lagrangian_tendency_of_air_pressure": "w",
    "slp": "msl",
    "mslp": "msl",
    "prmsl": "msl",
    "air_pressure_at_mean_sea_level": "msl",
    "air_pressure_at_sea_level": "msl",
    "surface_air_pressure": "sp",
}


@dataclasses.dataclass(frozen=True)
class Location:
    """Where a channel is in a data set, and how to make it SI.

    Arguments:
        name: The variable.
        level: Index on the level dimension, or None if the variable has none.
        factor: SI value = factor * value + offset.
        offset: See factor.
    """

    name: str
    level: int | None
    factor: float
    offset: float

    def to_si(self, values: Values) -> Values:
        """The values in the SI unit: as they are if they are in it, else computed in float64."""
        if (self.factor, self.offset) == (1.0, 0.0):
            return values
        return values.astype(np.float64) * self.factor + self.offset


def locate(ds: xr.Dataset, channel: Channel, names: Mapping[str, str], label: str) -> Location:
    """Finds a channel by any of its names, with its level as a dimension or in the name, and checks its unit.

    One field is read, to see whether its mean is possible.

    Arguments:
        ds: A data set that `standardise` returned.
        channel: The channel.
        names: Channel or variable name -> name in the file; these win over guesses.
        label: What to call the data set in messages.

    Raises:
        BenchError: If the variable or level is not there, is ambiguous, has a further dimension, or a unit
            that cannot be right.
    """
    name, hpa = _find(ds, channel, names, label)
    variable = ds[name]
    level = None if "level" not in variable.dims else _find_level(ds, channel, hpa, name, label)
    extra = [d for d in variable.dims if d not in ("time", "level", "latitude", "longitude") and ds.sizes[d] > 1]
    absent = [d for d in ("time", "latitude", "longitude") if d not in variable.dims]
    if extra or absent:
        what = f"has the dimension '{extra[0]}'" if extra else f"has no dimension '{absent[0]}'"
        cure = f"choose one entry with ds.isel({extra[0]}=0)" if extra else "it must vary in time and on the grid"
        raise BenchError(f"'{name}' in '{label}' {what}, so it is not a field for every time; {cure}.")
    unit = str(variable.attrs.get("units", ""))
    factor, offset = conversion(channel, unit)
    middle = {d: ds.sizes[d] // 2 if d == "time" else 0 for d in variable.dims if d not in ("latitude", "longitude")}
    if level is not None:
        middle["level"] = level
    field = variable.isel(middle).values.astype(np.float64)
    if np.isfinite(field).any():
        check_plausible(channel, float(np.nanmean(field)) * factor + offset, unit, label)
    return Location(name, level, factor, offset)


def list_channels(ds: xr.Dataset, label: str, leading: Sequence[str] = ("time",)) -> dict[Channel, Location]:
    """Every field of a data set as the channel that its name means; one of unknown name is a channel of that name.

    Nothing is read, so a unit is what the file says, or SI. Where the file says nothing, only names count that mean
    the quantity itself: `gh` may be in metres or not, and stays `gh`.

    Arguments:
        ds: A data set that `standardise` returned.
        label: What to call it in messages.
        leading: Dimensions that a field must have, beside latitude and longitude.

    Raises:
        BenchError: If two fields are one channel, or levels have no values.
    """
    found: dict[Channel, Location] = {}
    for name, variable in ((str(v), ds[v]) for v in ds.data_vars):
        if not {*leading, "latitude", "longitude"} <= set(variable.dims):
            continue
        unit = str(variable.attrs.get("units", ""))
        channel = parse_channel(name)
        if unit and _channel_of(name).unit:
            channel = _channel_of(name)
        if "level" not in variable.dims:
            layers: dict[Channel, int | None] = {channel: None}
        elif "level" in ds.coords:
            layers = {Channel(channel.variable, round(float(v))): i for i, v in enumerate(ds["level"].values)}
        else:
            raise BenchError(f"'{label}' has no coordinate values for 'level'; add them to the file [hPa].")
        absent = np.atleast_1d(variable.attrs.get(ABSENT_LEVELS, []))
        for layer, level in layers.items():
            if layer.level in absent:
                continue
            if layer in found:
                raise BenchError(
                    f"'{label}' has two fields for {layer.name}: {found[layer].name} and {name}; remove one of them."
                )
            found[layer] = Location(name, level, *conversion(layer, unit))
    return found


def _find(ds: xr.Dataset, channel: Channel, names: Mapping[str, str], label: str) -> tuple[str, int | None]:
    """The variable's name, and the level wanted of it [hPa]."""
    available = [str(v) for v in ds.data_vars if {"latitude", "longitude"} <= set(ds[v].dims)]
    for key in (channel.name, channel.long_name, channel.variable, describe(channel.variable).long):
        if key in names:
            if names[key] not in available:
                known = closest(names[key], available)
                raise BenchError(f"'{label}' has no field '{names[key]}', which 'variables' gives for '{key}'; {known}")
            return names[key], channel.level
    exact = [v for v in available if v == channel.name or _channel_of(v) == channel]
    layered = [
        v
        for v in available
        if channel.level is not None
        and _channel_of(v) == Channel(channel.variable)
        and ("level" in ds[v].dims or _scalar_level(ds[v]) == channel.level)
    ]
    by_standard = [v for v in available if _matches_standard_name(ds[v], channel)]
    for found in (exact, layered, by_standard):
        if len(found) == 1:
            return found[0], channel.level
        if found:
            raise BenchError(
                f"'{label}' has several fields for {channel.name}: {', '.join(found)}; say which one with "
                f"'variables: {{{channel.name}: NAME}}' in the world file."
            )
    # A variable that `parse_channel` does not know, such as r700, may still have levels.
    match = re.fullmatch(r"(.+?)_?(\d{1,4})", channel.variable)
    if match and match[1] in available and "level" in ds[match[1]].dims:
        return match[1], int(match[2])
    known = closest(channel.name, [*available, *(_short(ds, v) for v in available)])
    raise BenchError(
        f"'{label}' has no variable for the channel {channel.name} ({channel.long_name}); {known} Correct 'channels' "
        f"in the world file, or say what it is called with 'variables: {{{channel.name}: NAME}}'."
    )


def _channel_of(name: str) -> Channel:
    """What channel a variable's name means, in any letter case."""
    low = name.lower()
    match = re.fullmatch(r"(.+?)_?(\d{1,4})(?:_?hpa)?", low)
    if low in OTHER_NAMES:
        return Channel(OTHER_NAMES[low])
    if match and match[1] in OTHER_NAMES:
        return Channel(OTHER_NAMES[match[1]], int(match[2]))
    return parse_channel(low)


def _short(ds: xr.Dataset, name: str) -> str:
    channel = _channel_of(name)
    return channel.name if "level" not in ds[name].dims else f"{channel.variable}LEVEL"


def _scalar_level(variable: xr.DataArray) -> float | None:
    level = variable.coords.get("level")
    return float(level) if level is not None and level.ndim == 0 else None


def _matches_standard_name(variable: xr.DataArray, channel: Channel) -> bool:
    standard = str(variable.attrs.get("standard_name", ""))
    if not standard or _channel_of(standard) != Channel(channel.variable):
        return False
    if channel.level is None:
        return "level" not in variable.dims
    return "level" in variable.dims or _scalar_level(variable) == channel.level


def _find_level(ds: xr.Dataset, channel: Channel, hpa: int | None, name: str, label: str) -> int:
    levels = ds["level"].values
    if hpa is None:
        if len(levels) == 1:
            return 0
        raise BenchError(
            f"'{name}' in '{label}' has levels but the channel '{channel.name}' names none; "
            f"write one of {', '.join(f'{channel.name}{lev:g}' for lev in levels)}."
        )
    where = np.flatnonzero(np.abs(levels - hpa) < 0.5)
    if len(where) == 0:
        raise BenchError(
            f"'{name}' in '{label}' has no level {hpa} hPa for the channel {channel.name}; "
            f"it has {', '.join(f'{lev:g}' for lev in sorted(levels))} hPa. Correct 'channels' in the world file."
        )
    return int(where[0])
