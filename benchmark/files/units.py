"""Units: conversion where the file names a known one, suspicion where the values cannot be right."""

__all__ = ["GRAVITY", "check_plausible", "conversion"]

import math
import re

from benchmark.problem import BenchError, Channel, describe

GRAVITY = 9.80665

# SI unit -> {spelling: (factor, offset)}, spellings as `_plain` leaves them.
SPELLINGS: dict[str, dict[str, tuple[float, float]]] = {
    "Pa": {
        **dict.fromkeys(("pa", "pascal", "pascals"), (1.0, 0.0)),
        **dict.fromkeys(("hpa", "mb", "mbar", "millibar", "millibars"), (100.0, 0.0)),
        "kpa": (1000.0, 0.0),
    },
    "K": {
        **dict.fromkeys(("k", "kelvin", "degk"), (1.0, 0.0)),
        **dict.fromkeys(("degc", "c", "°c", "celsius", "degreecelsius", "degreescelsius"), (1.0, 273.15)),
    },
    "m2 s-2": {
        **dict.fromkeys(("m2s-2", "m2/s2", "j/kg", "jkg-1"), (1.0, 0.0)),
        **dict.fromkeys(("m", "gpm", "metre", "metres", "meter", "meters"), (GRAVITY, 0.0)),
        **dict.fromkeys(("dam", "gpdam", "dagpm"), (10 * GRAVITY, 0.0)),
    },
    "m s-1": {
        **dict.fromkeys(("ms-1", "m/s"), (1.0, 0.0)),
        **dict.fromkeys(("kt", "knot", "knots"), (1852 / 3600, 0.0)),
        **dict.fromkeys(("km/h", "kmh-1"), (1 / 3.6, 0.0)),
    },
    "kg kg-1": {
        **dict.fromkeys(("kgkg-1", "kg/kg", "1", "dimensionless"), (1.0, 0.0)),
        **dict.fromkeys(("g/kg", "gkg-1"), (1e-3, 0.0)),
    },
    "Pa s-1": {
        **dict.fromkeys(("pas-1", "pa/s"), (1.0, 0.0)),
        **dict.fromkeys(("hpas-1", "hpa/s"), (100.0, 0.0)),
    },
}


def _plain(unit: str) -> str:
    return re.sub(r"\*\*|\^|[\s_.]", "", unit).lower()


def conversion(channel: Channel, unit: str) -> tuple[float, float]:
    """Factor and offset that take values in `unit` to the channel's SI unit.

    An empty unit converts to itself; `check_plausible` judges the values then.
    Geopotential height becomes geopotential with the standard gravity of 9.80665 m s-2.

    Raises:
        BenchError: If the unit is not one of the channel's.
    """
    known = SPELLINGS.get(channel.unit, {})
    if known and _plain(unit) and _plain(unit) not in known:
        raise BenchError(
            f"{channel.name} has the unit '{unit}', which is none of {channel.long_name}'s "
            f"({', '.join(known)}); convert it, and set the variable's units attribute to '{channel.unit}'."
        )
    return known.get(_plain(unit), (1.0, 0.0))


def check_plausible(channel: Channel, mean: float, unit: str, label: str) -> None:
    """
    Arguments:
        channel: The channel.
        mean: Mean of one field after conversion.
        unit: What the file says, or nothing.
        label: The file's name for messages.

    Raises:
        BenchError: If no field on Earth has that mean in the SI unit.
    """
    known = describe(channel.variable)
    if not math.isfinite(mean):
        return
    low, high = known.low, known.high
    if channel.variable == "z" and (height := _standard_height(channel.level)) > 1000:
        # Height [m] passes for geopotential unless it is held against the standard atmosphere's.
        low, high = 0.5 * height * GRAVITY, 1.5 * height * GRAVITY
    if low <= mean <= high:
        return
    factor, offset = conversion(channel, unit)
    raw = (mean - offset) / factor
    likely = next((u for u, (f, o) in SPELLINGS.get(known.unit, {}).items() if low <= raw * f + o <= high), None)
    guess = f"it looks like {likely}" if likely else "no known unit fits"
    cure = f"'{likely}'" if likely else f"its unit, with values in it (SI: {known.unit})"
    raise BenchError(
        f"{channel.name} in '{label}' has mean {raw:.6g} {unit or '(no units attribute)'}, which cannot be "
        f"{channel.long_name}: {low:.4g} to {high:.4g} {known.unit} is possible, and {guess}. "
        f"Set the variable's units attribute to {cure}."
    )


def _standard_height(level: int | None) -> float:
    """Height of a pressure level in a 250 K atmosphere above 1013 hPa [m]; 0 for none."""
    return 0.0 if level is None else 7320 * math.log(1013.25 / level)
