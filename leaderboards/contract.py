"""What the contract's check found out, in the terminal."""

__all__ = ["print_contract"]

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

COLOURS = {"passed": "green", "FAILED": "bold red", "does not apply": "dim"}


def print_contract(report: Mapping[str, Any], console: Console) -> None:
    """A line for every clause, whatever the terminal's width, and a count.

    Arguments:
        report: The JSON object of `bench test-method --json`.
        console: Where to print.
    """
    clauses = report["clauses"]
    parameters = ", ".join(f"{key}={value}" for key, value in report["parameters"].items())
    told = f" ({parameters})" if parameters else ""
    console.print(
        f"[bold]{escape(report['method'])}[/bold]{escape(told)} on {report['cases']} cases of {report['world']}",
        soft_wrap=True,
        highlight=False,
    )
    wide = max(len(clause["clause"]) for clause in clauses)
    broad = max(map(len, COLOURS))
    for clause in clauses:
        verdict = clause["verdict"]
        text = clause["statement"] + (f": {clause['why']}" if clause["why"] else "")
        line = f"[{COLOURS[verdict]}]{verdict:{broad}}[/]  {clause['clause']:{wide}}  {escape(text)}"
        console.print(line, soft_wrap=True, highlight=False)
    counts = Counter(clause["verdict"] for clause in clauses)
    console.print(
        f"{counts['passed']} passed, {counts['FAILED']} failed, {counts['does not apply']} did not apply; "
        f"{report['seconds']:.1f} s",
        highlight=False,
    )
