"""Results of one setting, which saw the same cases and observations; and what keeps others from being compared."""

__all__ = ["Setting", "hold", "order_of", "settings_of"]

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import numpy as np

from benchmark.problem import BenchError
from benchmark.running.results.result_set import BACKGROUND, Result, ResultSet

from .axes import AXES, axis_value, axis_words

DEFAULTS: Mapping[str, Any] = {
    "obs_frac": 0.01,
    "obs_vars": (),
    "obs_std": 0.05,
    "network": "random",
    "draw": "area",
    "operator": "state",
    "withhold": 0.0,
    "obs_seed": 0,
    "split": "test",
    "seed": 0,
}
"""Of `bench run`: an axis that a table does not show is held there."""

SAME: Mapping[str, Callable[[Result], Any]] = {
    "grid and channels": lambda r: (r.facts.get("world.training"), r.channels),
    "truth": lambda r: r.facts.get("world.evaluation"),
    "background": lambda r: tuple(sorted((k, str(v)) for k, v in r.facts.items() if k.startswith("world.background"))),
    "years or cases": lambda r: r.times.tobytes(),
    "observations": lambda r: r.observation_hash,
    "version of the scores": lambda r: r.facts.get("score_version"),
}
"""What has to be the same for two methods to be compared."""


@dataclasses.dataclass(frozen=True, eq=False)
class Setting:
    """One world under one observing system, with the methods that were run there.

    Arguments:
        axes: Axis -> where it lies.
        results: By label; `background` is among them.
    """

    axes: Mapping[str, Any]
    results: Mapping[str, Result]

    @property
    def background(self) -> Result:
        """What errors are relative to."""
        return self.results[BACKGROUND]

    @property
    def times(self) -> np.ndarray:
        """Of the cases of all methods."""
        return self.background.times

    @property
    def channels(self) -> tuple[str, ...]:
        """Of the world."""
        return self.background.channels

    def words(self, axes: Iterable[str]) -> str:
        """Where it lies on some axes."""
        return ", ".join(f"{axis} {axis_words(axis, self.axes[axis])}" for axis in axes)


def order_of(setting: Setting) -> tuple[Any, ...]:
    """The default first, then what differs from it in one axis, axis by axis, then all others."""
    differ = [axis for axis, value in DEFAULTS.items() if setting.axes.get(axis) != value]
    values = [setting.axes.get(axis) for axis in differ]
    numbers = [value if isinstance(value, int | float) else 0.0 for value in values]
    return len(differ), [list(DEFAULTS).index(axis) for axis in differ], numbers, str(values)


def hold(
    results: ResultSet, free: Collection[str], centre: Mapping[str, Any] = DEFAULTS
) -> tuple[ResultSet, dict[str, Any]]:
    """Holds every axis that is not free at one value: the only one there is, or the default.

    Arguments:
        results: Of any settings.
        free: Axes along which results may differ.
        centre: Where an axis is held; the defaults if nothing is said.

    Returns:
        The results that lie there, and the axes that had to be held.

    Raises:
        BenchError: If an axis has several values and none of them is the default.
    """
    held: dict[str, Any] = {}
    for axis in AXES:
        if axis in free:
            continue
        values = list(dict.fromkeys(axis_value(result, axis) for result in results))
        if len(values) < 2:
            continue
        if axis not in centre or centre[axis] not in values:
            told = "; ".join(axis_words(axis, value) for value in values)
            raise BenchError(
                f"These results have several values of {axis} ({told}), and would be mixed in this table; choose one "
                f"with --where {AXES[axis].rpartition('.')[2] if axis != 'world' else axis}=..., or make it an axis."
            )
        held[axis] = centre[axis]
        results = results.only(lambda result, axis=axis: axis_value(result, axis) == centre[axis])  # type: ignore[misc]
    return results, held


def settings_of(results: ResultSet) -> list[Setting]:
    """Results by setting, in the order in which settings first appear.

    Raises:
        BenchError: If results of one setting cannot be compared: the reason is named.
    """
    found: dict[tuple[Any, ...], list[Result]] = {}
    for result in results:
        found.setdefault(tuple(axis_value(result, axis) for axis in AXES), []).append(result)
    return [_checked(Setting(dict(zip(AXES, place, strict=True)), _by_label(group))) for place, group in found.items()]


def _by_label(results: list[Result]) -> dict[str, Result]:
    found: dict[str, Result] = {}
    for result in results:
        if (other := found.setdefault(result.label, result)) is not result:
            keys = sorted({*result.facts, *other.facts})
            differ = [key for key in keys if result.facts.get(key) != other.facts.get(key)]
            raise BenchError(
                f"'{result.label}' stands for two experiments, {other.id} and {result.id}, which differ in "
                f"{', '.join(differ[:5]) or 'nothing but their id'}; choose one with --where, or remove the older one "
                "with bench results prune."
            )
    return found


def _checked(setting: Setting) -> Setting:
    if BACKGROUND not in setting.results:
        some = next(iter(setting.results.values()))
        raise BenchError(
            f"There is no background among the results of {setting.words(('world', 'obs_frac'))} "
            f"('{some.label}' has {len(some.times)} cases), so no error can be relative to it; "
            "bench run always adds it: run the setting again."
        )
    for label, result in setting.results.items():
        for what, value in SAME.items():
            if value(result) != value(setting.background):
                raise BenchError(_refusal(setting, label, what))
    return setting


def _refusal(setting: Setting, label: str, what: str) -> str:
    told = setting.words(("world", "obs_frac", "obs_vars", "obs_std"))
    ours, theirs = setting.results[label], setting.background
    details = {
        "years or cases": f": {_span(ours)} and {_span(theirs)}",
        "observations": f": {ours.observation_hash[:12]} and {theirs.observation_hash[:12]}",
        "version of the scores": f": {SAME[what](ours)} and {SAME[what](theirs)}",
    }
    return (
        f"'{label}' and '{BACKGROUND}' cannot be compared ({told}): they do not have the same "
        f"{what}{details.get(what, '')}. Run them together, or leave one out with --where."
    )


def _span(result: Result) -> str:
    return f"{len(result.times)} cases from {str(result.times[0])[:10]} to {str(result.times[-1])[:10]}"
