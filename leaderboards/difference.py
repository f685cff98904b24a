"""What changed between two result sets."""

__all__ = ["Change", "Difference", "difference_of"]

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmark.running.leading import leading
from benchmark.running.results.result_set import Result, ResultSet
from metrics import student_interval

from .comparing import AXES, Draws, Setting, draws_of, find_quantity, settings_of
from .comparing.estimates import RELATIVE, Estimate
from .comparing.settings import SAME

NEGLIGIBLE = 1e-4
"""Relative change of a score within which results are the same: rounding on another machine."""


class Change(enum.StrEnum):
    """What became of a method in a setting."""

    SAME = "same"
    BETTER = "better"  # significantly
    WORSE = "worse"
    MOVED = "moved"  # by more than rounding, and not significantly
    ADDED = "added"
    REMOVED = "removed"
    NOT_COMPARABLE = "not comparable"


@dataclasses.dataclass(frozen=True)
class Difference:
    """A method in a setting, before and after.

    Arguments:
        axes: The setting.
        label: The method.
        change: What became of it.
        before, after: Relative errors; None where there is none.
        low, high: Bounds of the 95 % interval of after - before; NaN where they are not paired.
        facts: What differs in the descriptions, such as `method.version`, or why the two cannot be compared.
    """

    axes: Mapping[str, Any]
    label: str
    change: Change
    before: float | None = None
    after: float | None = None
    low: float = float("nan")
    high: float = float("nan")
    facts: tuple[str, ...] = ()


def difference_of(before: ResultSet, after: ResultSet) -> list[Difference]:
    """Every method in every setting of either.

    Arguments:
        before, after: Of the same region.

    Raises:
        BenchError: If results of a setting cannot be compared among each other.
    """
    old, new = ({tuple(s.axes.values()): s for s in settings_of(part)} for part in (before, after))
    found = []
    for place in dict.fromkeys((*old, *new)):
        was, now = old.get(place), new.get(place)
        some = was or now
        assert some is not None
        labels = dict.fromkeys([*(was.results if was else ()), *(now.results if now else ())])
        found += [_compare(some.axes, label, was, now) for label in labels]
    return found


def _compare(axes: Mapping[str, Any], label: str, was: Setting | None, now: Setting | None) -> Difference:
    first, second = (s.results.get(label) if s else None for s in (was, now))
    a = _score(was, first)
    b = _score(now, second)
    if first is None or second is None or was is None or now is None:
        change = Change.ADDED if first is None else Change.REMOVED
        return Difference(axes, label, change, _value(a), _value(b))
    facts = tuple(_differing(first, second))
    strange = tuple(what for what, value in SAME.items() if value(first) != value(second))
    if strange:
        told = tuple(f"other {what}" for what in strange)
        return Difference(axes, label, Change.NOT_COMPARABLE, _value(a), _value(b), facts=told)
    if a is None or b is None:
        change = Change.SAME if first.diverged == second.diverged else Change.MOVED
        told = () if change is Change.SAME else (f"diverged {first.diverged} -> {second.diverged}",)
        return Difference(axes, label, change, _value(a), _value(b), facts=(*facts, *told))
    return _paired(axes, label, a, b, draws_of(now.times), facts)


def _paired(
    axes: Mapping[str, Any], label: str, a: Estimate, b: Estimate, draws: Draws, facts: tuple[str, ...]
) -> Difference:
    low, high = student_interval(b.value - a.value, b.draws - a.draws, draws.blocks)
    if abs(b.value - a.value) <= NEGLIGIBLE * abs(a.value):
        change = Change.SAME
    else:
        first = leading({"a": a.value, "b": b.value}, {"a": a.draws, "b": b.draws}, draws.blocks, draws.cases)
        moved = first is None or first.ties
        change = Change.MOVED if moved else Change.BETTER if b.value < a.value else Change.WORSE
    return Difference(axes, label, change, a.value, b.value, low, high, facts)


def _score(setting: Setting | None, result: Result | None) -> Estimate | None:
    if setting is None or result is None:
        return None
    return draws_of(setting.times).of(setting, result, find_quantity(RELATIVE), None)


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None or not np.isfinite(estimate.value) else estimate.value


def _differing(first: Result, second: Result) -> list[str]:
    keys = {key for key in (*first.facts, *second.facts) if key not in AXES.values()}
    return sorted(key for key in keys if first.facts.get(key) != second.facts.get(key))
