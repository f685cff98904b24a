"""Stored experiments in the terminal."""

__all__ = ["print_results"]

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from benchmark.running.results.listing import Stored

from .terminal import plain_table

SHOWN = ("obs_frac", "obs_vars", "obs_std", "network", "operator", "withhold", "seed", "split", "members", "ensemble")


def print_results(stored: Sequence[Stored], console: Console) -> None:
    """A line an experiment: what it is, as far as it differs from others, and how many cases it has."""
    values = [{key: _find(one, key) for key in SHOWN} for one in stored]
    told = [key for key in SHOWN if len({str(value[key]) for value in values}) > 1]
    table = plain_table("Stored experiments", "id", "world", "method", *told, "cases", "from", "to")
    for one, value in zip(stored, values, strict=True):
        span = [str(t)[:10] for t in (one.times[:1].tolist() + one.times[-1:].tolist())] or ["", ""]
        figures = (*(_say(value[key]) for key in told), str(len(one.times)), *span)
        table.add_row(one.id, escape(one.world), escape(one.method), *map(escape, figures))
    console.print(table)
    console.print(f"{len(stored)} experiments")


def _find(one: Stored, key: str) -> Any:
    return next((value for name, value in one.facts.items() if name.rpartition(".")[2] == key), "")


def _say(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
