"""Methods beside the exact answer, in the terminal."""

__all__ = ["print_exactness"]

import math
from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

LEGEND = (
    "Distance: root mean square of (mean of the members - exact mean) / posterior std. Spread: root mean square of "
    "the members' std / posterior std. RMSE and CRPS in climatological stds, of all channels together; for CRPS a "
    "single analysis has its mean absolute error. ±: standard error over cases. In brackets: what an exact method of "
    "as many independent members is expected to have. Seconds: of a case."
)

MOST_DIGITS = 4
"""Behind the point: figures of more would not stand beside each other in eighty columns."""


def print_exactness(report: Mapping[str, Any], console: Console) -> None:
    """A table for every observing system.

    Arguments:
        report: The JSON object of `bench exact --json`.
        console: Where to print.
    """
    console.print(f"\n[bold]{escape(report['title'])}[/bold]")
    for setting in report["settings"]:
        console.print(
            f"{setting['observing_system']}; {setting['cases']} cases, "
            f"{setting['values_per_case']:.1f} observed values a case"
        )
        wide = _table(setting["methods"], between=" ")
        fits = console.measure(wide, options=console.options.update(width=1000)).maximum <= console.width
        # in a narrow terminal what is expected stands below: broken anywhere else a figure cannot be read
        console.print(wide if fits else _table(setting["methods"], between="\n"))
        for label, found in setting["methods"].items():
            if found["reason"]:
                console.print(f"[bold]{escape(label)}[/bold] has no figures: {escape(found['reason'])}")
    console.print(f"[dim]{LEGEND}[/dim]")


def _table(methods: Mapping[str, Any], between: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("method", overflow="fold", min_width=9)
    # in a narrow terminal the rows have two lines anyway
    cost = ("members", "seconds") if between == " " else ("members\nseconds",)
    for name in ("distance", "spread", "RMSE", "CRPS", *cost):
        table.add_column(name, justify="right", no_wrap=True)
    for label, found in methods.items():
        if "rmse" not in found:
            continue
        figures = [with_error(found[name], between) for name in ("distance", "spread", "rmse", "crps")]
        told = (str(found["members"]), f"{found['seconds_per_case']:.2g}")
        table.add_row(escape(label), *figures, *(told if between == " " else ("\n".join(told),)))
    return table


def with_error(score: Mapping[str, float | None] | None, between: str = " ") -> str:
    """`0.4567±0.0021 (0.4571)`: as many digits as the standard error bears, and what is expected; none is a dash."""
    if score is None:
        return "-"
    value, error, expected = score["value"], score["se"], score["expected"]
    assert value is not None
    assert expected is not None
    if error is None or error <= 0 or value < 1e-3:
        return f"{value:.2g}{between}({expected:.3g})"
    digits = min(MOST_DIGITS, max(0, 1 - math.floor(math.log10(error))))
    return f"{value:.{digits}f}±{error:.{digits}f}{between}({expected:.{digits}f})"
