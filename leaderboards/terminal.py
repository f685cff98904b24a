"""The comparison table of a run, in the terminal."""

__all__ = ["print_summary"]

import math
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table


def print_summary(summary: Mapping[str, Any], units: Mapping[str, str], title: str, console: Console) -> None:
    """Channel scores of every method, the headline, the paired comparisons and the cost.

    Arguments:
        summary: The JSON object of `bench run --json`.
        units: Unit of each channel.
        title: World and observing system.
        console: Where to print.
    """
    experiment, methods = summary["experiment"], summary["methods"]
    console.print(f"\n[bold]{title}[/bold]")
    console.print(
        f"{summary['cases']} cases of the {experiment['split']} years, {experiment['first_case'][:10]} to "
        f"{experiment['last_case'][:10]}; {summary['observations']['values_per_case']:.1f} observed values a case; "
        f"region {summary['region']}; observations {summary['observations']['hash'][:12]}"
    )
    console.print(_channels(methods, units))
    console.print(_headline(methods))
    if any(c["b"] != "background" for c in summary["comparisons"]):
        console.print(_comparisons(summary["comparisons"]))
    block = summary["intervals"]["block_cases"]
    console.print(
        f"[dim]{experiment['convention']}. Intervals: 95 %, paired moving-block bootstrap over cases, "
        f"blocks of {block} cases.[/dim]"
    )


def _channels(methods: Mapping[str, Any], units: Mapping[str, str]) -> Table:
    table = Table(title="By channel", title_justify="left")
    for name in ("channel", "method"):
        table.add_column(name)
    for name in ("RMSE", "RMSE / background", "ACC", "bias"):
        table.add_column(name, justify="right")
    reference = methods["background"]["rmse"]
    for channel, unit in units.items():
        for label, found in methods.items():
            by_name = {s["statistic"]: s for s in found["scores"] if s["channel"] == channel}
            ratio = found["rmse"][channel] / reference[channel] if reference[channel] else math.nan
            cells = [with_interval(by_name[name]) for name in ("rmse", "acc", "bias")]
            first = f"{channel} [dim]{unit}[/dim]" if label == next(iter(methods)) else ""
            table.add_row(first, label, cells[0], f"{ratio:.3f}", cells[1], cells[2])
        table.add_section()
    return table


def _headline(methods: Mapping[str, Any]) -> Table:
    table = Table(title="Relative error: RMSE over that of the background, mean of the channels", title_justify="left")
    table.add_column("method")
    for name in ("relative error", "members", "s / case", "network calls / case", "diverged"):
        table.add_column(name, justify="right")
    for label, found in methods.items():
        cost = found["cost"]
        table.add_row(
            label,
            with_interval(found["relative_error"]),
            str(found["members"]),
            f"{cost['seconds_per_case']:.2g}",
            f"{cost['network_calls']:.0f}",
            str(found["diverged"]),
        )
    return table


def _comparisons(comparisons: list[Mapping[str, Any]]) -> Table:
    table = Table(title="Paired differences of relative error, a minus b", title_justify="left")
    table.add_column("a")
    table.add_column("b")
    table.add_column("difference", justify="right")
    table.add_column("")
    for c in comparisons:
        if c["b"] == "background" or "climatology" in (c["a"], c["b"]):
            continue
        figures = {"value": c["difference"], "low": c["low"], "high": c["high"]}
        verdict = "a better" if c["high"] < 0 else "b better" if c["low"] > 0 else "no significant difference"
        table.add_row(c["a"], c["b"], with_interval(figures), verdict)
    return table


def with_interval(score: Mapping[str, Any]) -> str:
    """`0.4567 [0.4512, 0.4630]`, with as many digits as the interval bears; an undefined score is a dash."""
    value, low, high = (score[key] for key in ("value", "low", "high"))
    if value is None:
        return "-"
    if low is None or high is None or high <= low:
        return f"{value:.4g}"
    digits = max(0, 1 - math.floor(math.log10(high - low)))
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
