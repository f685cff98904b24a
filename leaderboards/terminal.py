"""The comparison table of a run, in the terminal."""

__all__ = ["plain_table", "print_summary", "significance_words", "with_interval"]

import math
from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from metrics import LEVEL

MANY = 6
"""Channels above which every channel has a line and no intervals; `bench run --json` has them."""

CELL = 16


def print_summary(summary: Mapping[str, Any], units: Mapping[str, str], title: str, console: Console) -> None:
    """Channel scores of every method, the headline, the paired comparisons and the cost.

    Arguments:
        summary: The JSON object of `bench run --json`.
        units: Unit of each channel.
        title: World and observing system.
        console: Where to print.
    """
    experiment, oracles = summary["experiment"], set(summary["experiment"]["oracles"])
    methods = {f"{label} (oracle)" if label in oracles else label: f for label, f in summary["methods"].items()}
    console.print(f"\n[bold]{title}[/bold]")
    console.print(
        f"{summary['cases']} cases of the {experiment['split']} years, {experiment['first_case'][:10]} to "
        f"{experiment['last_case'][:10]}; {summary['observations']['values_per_case']:.1f} observed values a case; "
        f"region {summary['region']}; observations {summary['observations']['hash'][:12]}"
    )
    if len(units) > MANY:
        for table in _compact(methods, units, console.width):
            console.print(table)
    else:
        wide = _channels(methods, units, between=" ")
        fits = console.measure(wide, options=console.options.update(width=1000)).maximum <= console.width
        # in a narrow terminal intervals stand below their values: broken anywhere else they cannot be read
        console.print(wide if fits else _channels(methods, units, between="\n"))
    console.print(_headline(methods, summary["best"]))
    for label, skipped in summary["skipped"].items():
        console.print(f"{escape(label)}: skipped ({skipped['reason']}): {escape(skipped['text'])}")
    console.print(_cost(methods))
    if oracles:
        console.print("[dim](oracle): made from the truth; it is no analysis.[/dim]")
    # those with the background are the relative errors, and an oracle is no rival
    apart = {"background", "climatology", *oracles}
    pairs = [c for c in summary["comparisons"] if not {c["a"], c["b"]} & apart]
    if pairs:
        console.print(_comparisons(pairs))
    console.print(f"[dim]{experiment['convention']}. {significance_words(summary)}[/dim]", highlight=False)


def significance_words(summary: Mapping[str, Any]) -> str:
    """How intervals and verdicts came about, and how many independent cases the cases are worth.

    Arguments:
        summary: The JSON object of `bench run --json`.
    """
    block, cases = summary["intervals"]["block_cases"], summary["cases"]
    words = f"Intervals: 95 %, paired moving-block bootstrap over cases, blocks of {block} cases."
    sizes = [c["effective_cases"] for c in summary["comparisons"] if c["p_adjusted"] is not None]
    if sizes:
        words += (
            f" Verdicts: 5 %, with Holm's correction for {len(sizes)} comparison{'s' if len(sizes) > 1 else ''}; "
            f"for differences the {cases} cases are worth {min(sizes):.0f} to {max(sizes):.0f} independent ones."
        )
    return words


def _channels(methods: Mapping[str, Any], units: Mapping[str, str], between: str) -> Table:
    table = plain_table("By channel", "method", "RMSE", "RMSE /\nbackground", "ACC", "bias")
    for channel, unit in units.items():
        table.add_row(f"[bold]{channel}[/bold] [dim]{unit}[/dim]")
        for label, found in methods.items():
            by_name = {s["statistic"]: s for s in found["scores"] if s["channel"] == channel}
            cells = [with_interval(by_name[name], between) for name in ("rmse", "relative_error", "acc", "bias")]
            table.add_row(escape(label), *cells)
        table.add_section()
    return table


def _compact(methods: Mapping[str, Any], units: Mapping[str, str], width: int) -> list[Table]:
    """RMSE and, in brackets, its share of the background's: as many methods beside each other as fit."""
    labels, tables = list(methods), []
    beside = max(1, (width - 24) // CELL)
    for first in range(0, len(labels), beside):
        chosen = labels[first : first + beside]
        table = plain_table("RMSE, and in brackets over that of the background", "channel", *map(escape, chosen))
        for channel, unit in units.items():
            cells = []
            for label in chosen:
                by_name = {s["statistic"]: s["value"] for s in methods[label]["scores"] if s["channel"] == channel}
                share = by_name["relative_error"]
                cells.append(f"{by_name['rmse']:.4g}" + ("" if share is None else f" ({share:.3f})"))
            table.add_row(f"[bold]{channel}[/bold] [dim]{unit}[/dim]", *cells)
        tables.append(table)
    return tables


def plain_table(title: str, first: str, *others: str) -> Table:
    """Figures are never broken, labels are where they must."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column(first, overflow="fold", min_width=11)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _headline(methods: Mapping[str, Any], best: Mapping[str, Any] | None) -> Table:
    title = "Relative error: RMSE over that of the background, mean of the channels"
    columns = ["relative error", "of a\nsingle member", "members", "diverged", "not\nconverged"]
    tuned = {label: found["tuning"] for label, found in methods.items() if found.get("tuning")}
    table = plain_table(title, "method", *columns, *(["tuning\ntrials"] if tuned else []))
    leading = set() if best is None or not best["comparisons"] else {best["label"], *best["not_significantly_worse"]}
    for label, found in methods.items():
        trials = f"{tuned[label]['trials']}" + ("" if tuned[label]["chosen"] else "*") if label in tuned else ""
        table.add_row(
            escape(label) + (" [bold]<[/bold]" if label in leading else ""),
            with_interval(found["relative_error"]),
            f"{_single_member(found, methods['background']):.3g}" if found["members"] > 1 else "",
            str(found["members"]),
            str(found["diverged"]),
            str(found["statuses"].get("not-converged", 0)),
            *([trials] if tuned else []),
        )
    remarks = ["<: the best, or not significantly worse (Holm)"] if leading else []
    if not all(found["chosen"] for found in tuned.values()):
        remarks.append("*: these are not the parameters that were chosen")
    if remarks:
        table.caption, table.caption_justify = "; ".join(remarks), "left"
    return table


def _single_member(found: Mapping[str, Any], background: Mapping[str, Any]) -> float:
    """Mean over channels of a member's RMSE over that of the background."""
    own = {s["channel"]: s["value"] for s in found["scores"] if s["statistic"] == "rmse_member"}
    return sum(own[c] / rmse if (rmse := background["rmse"][c]) else math.nan for c in own) / len(own)


def _cost(methods: Mapping[str, Any]) -> Table:
    table = plain_table("Cost of a case", "method", "seconds", "network calls", "iterations", "peak memory [MB]")
    for label, found in methods.items():
        cost = found["cost"]
        table.add_row(
            escape(label),
            f"{cost['seconds_per_case']:.2g}",
            f"{cost['network_calls']:.0f}",
            f"{cost['iterations']:.0f}",
            f"{cost['peak_memory_mb']:.0f}",
        )
    return table


def _comparisons(comparisons: list[Mapping[str, Any]]) -> Table:
    table = plain_table("Paired differences of relative error, a minus b", "a", "b", "difference", "")
    second = table.columns[1]
    second.justify, second.no_wrap, second.overflow = "left", False, "fold"
    for c in comparisons:
        figures = {"value": c["difference"], "low": c["low"], "high": c["high"]}
        if c["low"] is None:
            verdict = "too few cases to tell"
        else:
            significant = c["p_adjusted"] is not None and c["p_adjusted"] < LEVEL
            verdict = (
                ("a better" if c["difference"] < 0 else "b better") if significant else "no significant difference"
            )
        table.add_row(escape(c["a"]), escape(c["b"]), with_interval(figures), verdict)
    return table


def with_interval(score: Mapping[str, Any], between: str = " ") -> str:
    """`0.4567 [0.4512, 0.4630]`, with as many digits as the interval bears; an undefined score is a dash."""
    value, low, high = (score[key] for key in ("value", "low", "high"))
    if value is None:
        return "-"
    if low is None or high is None or high <= low:
        return f"{value:.4g}"
    digits = max(0, 1 - math.floor(math.log10(high - low)))
    return f"{value:.{digits}f}{between}[{low:.{digits}f}, {high:.{digits}f}]"
