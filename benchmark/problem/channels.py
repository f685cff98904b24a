"""Channels: one variable at one level, their short names, long names, units and plausible values."""

__all__ = ["SHORT_NAMES", "Channel", "Variable", "describe", "parse_channel", "select_channels"]

import dataclasses
import re
from collections.abc import Sequence

from .errors import BenchError, closest


@dataclasses.dataclass(frozen=True)
class Variable:
    """What is known of a variable: names, SI unit, and the range that its values can have on Earth.

    `low` and `high` bound the *mean* of a field; outside them the units are wrong (hPa for Pa, degC for K).
    """

    short: str
    long: str
    unit: str
    low: float
    high: float
    aliases: tuple[str, ...] = ()


KNOWN = (
    Variable("z", "geopotential", "m2 s-2", -5e3, 6e5, ("phi",)),
    Variable("t", "temperature", "K", 150, 350, ("ta", "air_temperature")),
    Variable("u", "u_component_of_wind", "m s-1", -80, 120, ("ua", "eastward_wind")),
    Variable("v", "v_component_of_wind", "m s-1", -80, 80, ("va", "northward_wind")),
    Variable("q", "specific_humidity", "kg kg-1", -1e-4, 0.05, ("hus",)),
    Variable("w", "vertical_velocity", "Pa s-1", -10, 10, ("wap",)),
    Variable("msl", "mean_sea_level_pressure", "Pa", 8.5e4, 1.1e5, ("psl", "prmsl")),
    Variable("sp", "surface_pressure", "Pa", 4.5e4, 1.1e5, ("ps",)),
    Variable("t2m", "2m_temperature", "K", 180, 340, ("2t", "tas")),
    Variable("u10", "10m_u_component_of_wind", "m s-1", -60, 60, ("10u", "uas")),
    Variable("v10", "10m_v_component_of_wind", "m s-1", -60, 60, ("10v", "vas")),
)
SHORT_NAMES = {v.short: v for v in KNOWN}
_BY_NAME = {name: v for v in KNOWN for name in (v.short, v.long, *v.aliases)}


@dataclasses.dataclass(frozen=True)
class Channel:
    """One variable at one level.

    Arguments:
        variable: Short name, such as `z`; a name that is not known stays as it is.
        level: Pressure [hPa], or None for a surface field.
    """

    variable: str
    level: int | None = None

    @property
    def name(self) -> str:
        """Short name: `z500`, `msl`."""
        return self.variable if self.level is None else f"{self.variable}{self.level}"

    @property
    def long_name(self) -> str:
        """WeatherBench 2's name: `geopotential_500`, `2m_temperature`."""
        long = describe(self.variable).long
        return long if self.level is None else f"{long}_{self.level}"

    @property
    def unit(self) -> str:
        """SI unit, empty for a variable that is not known."""
        return describe(self.variable).unit

    def __str__(self) -> str:
        return self.name


def describe(variable: str) -> Variable:
    """The known facts of a variable by any of its names; an unknown one gets no unit and no bounds."""
    return _BY_NAME.get(variable, Variable(variable, variable, "", float("-inf"), float("inf")))


def parse_channel(name: str) -> Channel:
    """Reads `z500`, `geopotential_500`, `msl` or `2m_temperature`.

    A trailing number is a level unless the whole name is a known variable (`u10`, `t2m`).
    """
    name = name.strip()
    if name in _BY_NAME:
        return Channel(_BY_NAME[name].short)
    match = re.fullmatch(r"(.+?)_?(\d{1,4})(?:_?hPa)?", name)
    if match and match[1] in _BY_NAME:
        return Channel(_BY_NAME[match[1]].short, int(match[2]))
    return Channel(name)


def select_channels(names: Sequence[str], channels: Sequence[Channel]) -> tuple[int, ...]:
    """Indices of the channels that `names` mean: channel names, or variable names for all their levels.

    Raises:
        BenchError: If a name matches no channel; the nearest names are given.
    """
    chosen: set[int] = set()
    for name in names:
        wanted = parse_channel(name)
        found = [
            i
            for i, c in enumerate(channels)
            if c == wanted or c.name == name or (wanted.level is None and c.variable == wanted.variable)
        ]
        if not found:
            known = [c.name for c in channels] + [describe(c.variable).long for c in channels]
            raise BenchError(f"No channel or variable is called '{name}' in this world; {closest(name, known)}")
        chosen.update(found)
    return tuple(sorted(chosen))
