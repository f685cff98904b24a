"""Tables of cycled runs, and of the literature's scores beside ours, in the terminal."""

__all__ = ["print_cycled", "print_literature"]

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from .terminal import plain_table, with_interval


def print_cycled(summary: Mapping[str, Any], title: str, console: Console) -> None:
    """Scores of every method.

    Arguments:
        summary: The JSON object of `bench run --json`.
        title: World and observing system.
        console: Where to print.
    """
    experiment = summary["experiment"]
    console.print(f"\n[bold]{title}[/bold]")
    console.print(
        f"{len(experiment['seeds'])} seeds of {experiment['cycles']} analyses, {experiment['burn_in']} of burn-in; "
        f"ensembles of {experiment['ensemble']} members"
    )
    table = plain_table(
        "", "method", "RMSE of\nthe analysis", "RMSE of\nthe forecast", "spread", "seeds", "diverged", "ms a cycle"
    )
    for label, found in summary["methods"].items():
        seconds = found["seconds_per_cycle"]["value"]
        table.add_row(
            escape(label),
            with_interval(found["rmse_analysis"]),
            with_interval(found["rmse_forecast"]),
            with_interval(found["spread_analysis"]) if found["spread_analysis"]["value"] else "",
            str(found["seeds"]),
            str(found["diverged"]),
            "" if seconds is None else f"{1e3 * seconds:.2g}",
        )
    console.print(table)
    for label, skipped in summary["skipped"].items():
        console.print(f"{escape(label)}: skipped ({skipped['reason']}): {escape(skipped['text'])}")
    console.print(f"[dim]{experiment['convention']}.[/dim]")


def print_literature(rows: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Published scores beside measured ones.

    Arguments:
        rows: As `check_literature` returns them.
        console: Where to print.
    """
    table = plain_table("RMSE of the analysis", "world", "method", "members", "expected", "measured", "")
    second = table.columns[1]
    second.justify, second.no_wrap = "left", False
    for row in rows:
        table.add_row(
            row["world"],
            escape(row["label"]),
            "" if row["ensemble"] is None else str(row["ensemble"]),
            f"{row['expected']:g} ± {row['tolerance']:g}",
            with_interval(row["measured"], between="\n"),
            ("within" if row["within"] else "OUTSIDE")
            + (f", {row['diverged']} of {row['runs']} diverged" if row["diverged"] else ""),
        )
    console.print(table)
