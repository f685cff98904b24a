"""A sweep in the terminal: what it would do, and what came out."""

__all__ = ["print_plan", "print_sweep"]

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmark.running.sweeping.estimating import Estimates
from benchmark.running.sweeping.plan import Entry, SweepPlan
from benchmark.running.sweeping.sweep import SweepReport

from .terminal import plain_table

HOUR_S = 3600


def print_plan(plan: SweepPlan, estimates: Estimates, workers: int | None, console: Console) -> None:
    """Experiments, cases, time and bytes of what is missing, a line a setting.

    Arguments:
        plan: The sweep.
        estimates: What cases have cost before.
        workers: How many work at once, None if that is not known.
        console: Where to print.
    """
    table = plain_table(
        "What would be done", "setting", "experiments", "cases", "of them\nmissing", "time of\na worker", "MB"
    )
    by_setting: dict[str, list[Entry]] = {}
    for entry in plan.entries:
        by_setting.setdefault(str(entry.setting), []).append(entry)
    for name, entries in by_setting.items():
        table.add_row(escape(name), *_figures(entries, estimates))
    table.add_section()
    table.add_row("all", *_figures(plan.entries, estimates))
    console.print(table)
    _print_skipped([(s.request.world.name, label, reason) for s, label, reason in plan.skipped], console)
    seconds, unknown = estimates.of_all((entry, entry.missing) for entry in plan.entries)
    if seconds:
        shared = "" if workers is None else f" on {workers} worker{'s' if workers > 1 else ''}"
        console.print(f"About {_time(seconds / (workers or 1))}{shared}, from what such cases have cost before.")
    if unknown:
        console.print(f"{unknown} cases are of methods that have not been run on their world: their time is not known.")


def _print_skipped(skipped: Sequence[tuple[str, str, str]], console: Console) -> None:
    """World, label and reason, each once."""
    for world, label, reason in dict.fromkeys(skipped):
        count = skipped.count((world, label, reason))
        told = f"{world}: {label}: skipped in {count} setting{'s' if count > 1 else ''}: {reason}"
        console.print(escape(told), highlight=False)


def print_sweep(report: SweepReport, results: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Relative errors, a table a world: methods by settings; the best of a setting and all that are not significantly
    worse are marked.

    Arguments:
        report: What became of the sweep.
        results: From `results_of`.
        console: Where to print.
    """
    for world in dict.fromkeys(found["world"] for found in results):
        here = [found for found in results if found["world"] == world and "methods" in found]
        for found in results:
            if found["world"] == world and "error" in found:
                console.print(f"{escape(', '.join(filter(None, [world, _column(found)])))}: {escape(found['error'])}")
        if not here:
            continue
        console.print(f"\n[bold]{escape(here[0]['experiment']['title'])}[/bold]")
        console.print(_relative_errors(here))
        for found in here:
            name, system = _column(found) or "all", found["experiment"]["observing_system"]
            digest = found["observations"]["hash"][:12]
            told = f"{name}: {found['cases']} cases, {system}, observations {digest}"
            console.print(f"[dim]{escape(told)}[/dim]", highlight=False)
    console.print(
        "[dim]*: best, or not significantly worse than the best (paired moving-block bootstrap over cases, Holm's "
        "correction for the comparisons of a column, 5 %).[/dim]"
    )
    if report.computed:
        console.print(
            f"{report.computed} cases computed in {_time(report.seconds)}; workers {_time(report.of_workers)}, "
            f"of which methods {_time(report.of_methods)}.",
            highlight=False,
        )
    skipped = [(f["world"], label, why["text"]) for f in results for label, why in f.get("skipped", {}).items()]
    _print_skipped(skipped, console)
    for failure in report.failures:
        told = f"{failure.entry.setting}: {failure.entry.label}: {failure.cases} cases not done: {failure.reason}"
        console.print(f"[red]failed[/red] {escape(told)}", highlight=False)


def _relative_errors(here: Sequence[Mapping[str, Any]]) -> Table:
    columns = [_column(found).replace(", ", ",\n") or "relative\nerror" for found in here]
    table = plain_table(
        "Relative error: RMSE over that of the background, mean of the channels", "method", *map(escape, columns)
    )
    labels = dict.fromkeys(label for found in here for label in found["methods"])

    def order(label: str) -> float:
        return min(found["methods"][label]["relative_error"]["value"] for found in here if label in found["methods"])

    for label in sorted(labels, key=order):
        table.add_row(escape(label), *(_cell(found, label) for found in here))
    return table


def _cell(found: Mapping[str, Any], label: str) -> str:
    if label not in found["methods"]:
        return next((word for word in ("failed", "diverged") if label in found[word]), "-")
    best = found["best"] or {"label": None, "not_significantly_worse": []}
    marked = label == best["label"] or label in best["not_significantly_worse"]
    return f"{found['methods'][label]['relative_error']['value']:.4f}" + ("*" if marked else " ")


def _column(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{axis} {value}" for axis, value in found["varied"].items() if value)


def _figures(entries: Sequence[Entry], estimates: Estimates) -> list[str]:
    seconds, unknown = estimates.of_all((entry, entry.missing) for entry in entries)
    time = _time(seconds) + (" + ?" if unknown else "") if seconds else "?" if unknown else "-"
    mb = sum(entry.bytes_to_write for entry in entries) / 1e6
    counts = (len(entries), sum(entry.cases for entry in entries), sum(entry.missing for entry in entries))
    return [*map(str, counts), time, f"{mb:.1f}"]


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 2 * HOUR_S else f"{seconds / HOUR_S:.1f} h"
