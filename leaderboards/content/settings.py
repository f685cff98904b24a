"""Settings and channels in words."""

__all__ = ["axes_of", "describe", "title_of"]

from typing import Any

from benchmark.problem import channels, parse_channel
from benchmark.problem.channels import SHORT_NAMES

from ..comparing import Setting, axis_words
from ..comparing.settings import DEFAULTS

SHOWN = ("obs_frac", "obs_vars", "obs_std", "network", "operator", "withhold", "obs_seed", "seed", "split", "stations")
ALWAYS = ("obs_frac", "obs_vars", "obs_std")


def axes_of(setting: Setting) -> dict[str, Any]:
    """Those that the page filters by: numbers as numbers, all others in words."""
    told = {}
    for axis in SHOWN:
        value = setting.axes.get(axis)
        if axis in ALWAYS or (axis in DEFAULTS and value != DEFAULTS[axis] and value is not None):
            told[axis] = value if isinstance(value, int | float) else axis_words(axis, value)
    return told


def title_of(setting: Setting) -> str:
    """`1 % of all variables, error 0.05 std`, and whatever else is not the default."""
    fraction, variables = (axis_words(axis, setting.axes[axis]) for axis in ("obs_frac", "obs_vars"))
    error = axis_words("obs_std", setting.axes["obs_std"])
    head = f"{fraction} of {'all variables' if variables == 'all' else variables}, error {error} std"
    if isinstance(setting.axes["obs_std"], tuple):
        head = f"{fraction} of {'all variables' if variables == 'all' else variables}, error {error}"
    rest = [f"{axis} {value}" for axis, value in axes_of(setting).items() if axis not in ALWAYS]
    return ", ".join([head, *rest])


def describe(name: str) -> dict[str, str]:
    """Name, unit and title of a channel: `geopotential at 500 hPa`."""
    channel = parse_channel(name)
    known = SHORT_NAMES.get(channel.variable)
    long = known.long.replace("_", " ") if known else channel.variable
    at = "" if channel.level is None else f" at {channel.level} hPa"
    return {"name": name, "unit": channels.describe(channel.variable).unit if known else "", "title": long + at}
