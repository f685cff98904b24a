"""The axes along which experiments of different settings differ."""

__all__ = ["AXES", "axis_value", "axis_words"]

from typing import Any

from benchmark.running.results.result_set import Result

AXES = {
    "world": "world.name",
    "obs_frac": "observing.obs_frac",
    "obs_vars": "observing.obs_vars",
    "obs_std": "observing.obs_std",
    "network": "observing.network",
    "stations": "observing.stations",
    "draw": "observing.draw",
    "operator": "observing.operator",
    "withhold": "observing.withhold",
    "obs_seed": "observing.seed",
    "split": "protocol.split",
    "seed": "protocol.seed",
}
"""Name in tables -> fact of an experiment."""


def axis_value(result: Result, axis: str) -> Any:
    """Where a result lies on an axis; lists become tuples, and what an experiment does not have is None."""
    key = AXES[axis]
    parts = {name.removeprefix(key): value for name, value in result.facts.items() if name.startswith(f"{key}.")}
    if parts:  # an error by variable
        return tuple(sorted(parts.items()))
    value = result.facts.get(key)
    return tuple(value) if isinstance(value, list) else value


def axis_words(axis: str, value: Any) -> str:
    """As tables show it: `1 %`, `all`, `z500, t850`."""
    if axis == "obs_frac" and isinstance(value, float):
        return f"{100 * value:.6g} %"
    if axis == "obs_vars":
        return ", ".join(value) if value else "all"
    if isinstance(value, tuple):
        return ", ".join(f"{str(k).lstrip('.')} {v:g}" for k, v in value)
    return f"{value:g}" if isinstance(value, float) else "-" if value is None else str(value)
