"""What changed between two result sets, in the terminal."""

__all__ = ["print_differences", "record"]

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from .comparing import axis_words
from .difference import Change, Difference
from .terminal import plain_table, with_interval

COLOURS = {Change.BETTER: "green", Change.WORSE: "red"}
SHOWN = ("world", "obs_frac", "obs_vars", "obs_std", "network", "operator", "obs_seed", "seed", "split")


def print_differences(found: Sequence[Difference], console: Console) -> None:
    """A line for everything that is not the same, and how many there are of each kind."""
    changed = [one for one in found if one.change is not Change.SAME]
    varied = [axis for axis in SHOWN if len({str(one.axes.get(axis)) for one in changed}) > 1]
    table = plain_table("Relative error, before and after", "method", *varied, "before", "after", "difference", "", "")
    for column in table.columns[-2:]:
        column.justify, column.no_wrap, column.overflow = "left", False, "fold"
    for one in changed:
        places = (axis_words(axis, one.axes[axis]) for axis in varied)
        difference = "-"
        if one.before is not None and one.after is not None:
            difference = with_interval({"value": one.after - one.before, "low": one.low, "high": one.high})
        figures = ("-" if value is None else f"{value:.4f}" for value in (one.before, one.after))
        colour = COLOURS.get(one.change, "default")
        verdict = f"[{colour}]{one.change}[/]"
        cells = (*map(escape, (*places, *figures, difference)), verdict, escape(", ".join(one.facts)))
        table.add_row(escape(one.label), *cells)
    if changed:
        console.print(table)
    counts = Counter(one.change for one in found)
    console.print(
        ", ".join(f"{counts[change]} {change}" for change in Change if counts[change]) or "Nothing to compare"
    )


def record(one: Difference) -> dict[str, Any]:
    """JSON-able."""
    told = dataclasses.asdict(one)
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in told.items()
    }
