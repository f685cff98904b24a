"""A table as Markdown, CSV, LaTeX or in the terminal."""

__all__ = ["FORMATS", "as_markdown", "write_tables"]

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from benchmark.files import write_whole
from benchmark.problem import BenchError

from .latex import as_latex
from .printing import print_table
from .table import Table
from .texts import COSTS, MEAN, cells_of, costs_of, heads, named, words

SUFFIXES = {".md": "markdown", ".csv": "csv", ".tex": "latex"}


def write_tables(
    tables: Sequence[Table], path: Path | None, form: str | None, intervals: bool, console: Console
) -> None:
    """Into a file, whole or not at all, or to the terminal.

    Arguments:
        tables: What is shown.
        path: The file; its suffix chooses the format where none is given.
        form: One of `FORMATS`; None for that of the file, or the terminal's.
        intervals: Whether values have their intervals.
        console: Where to print without a file.

    Raises:
        BenchError: If the format is not known, or the file cannot be written.
    """
    chosen = form or (SUFFIXES.get(path.suffix) if path else "terminal")
    if chosen is None or (path and chosen == "terminal"):
        raise BenchError(f"A file ends in one of {', '.join(SUFFIXES)}, or say --format; '{path}' does not.")
    if path is None and chosen == "terminal":
        for table in tables:
            print_table(table, intervals, console)
        return
    text = FORMATS[chosen](tables, intervals)
    if path is None:
        console.file.write(text)
    else:
        write_whole(path, lambda temporary: temporary.write_text(text))


def _as_markdown(tables: Sequence[Table], intervals: bool) -> str:
    return "\n".join(as_markdown(table, intervals) for table in tables)


def as_markdown(table: Table, intervals: bool) -> str:
    """One table: its title, if it has one, its lines, and its notes."""
    lines = [[_safe(head) for head in heads(table)], ["---", *["---:"] * (len(heads(table)) - 1)]]
    for row in table.rows:
        texts = [(words(c, intervals), c.best) for c in cells_of(row, table)]
        lines.append([_safe(named(row)), *(f"**{t}**" if b else t for t, b in texts), *costs_of(row, table)])
    body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    title = f"**{_safe(table.title)}**\n\n" if table.title else ""
    return f"{title}{body}\n\n{_safe(' '.join(table.notes))}\n"


def _safe(text: str) -> str:
    """Nothing in it is taken for markup."""
    marks = {"<": "&lt;", ">": "&gt;", **{sign: f"\\{sign}" for sign in "\\|*_`[]"}}
    return "".join(marks.get(sign, sign) for sign in text)


def _as_csv(tables: Sequence[Table], intervals: bool) -> str:
    """A line a cell, with all digits and what programs want to know."""
    sink = io.StringIO()
    about = ["experiment", "kind", "cases", "diverged", "members", "observation_hash", *COSTS]
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(
        ["table", "row_axis", "row", "column_axis", "column", "value", "low", "high", "best", "rank", *about]
    )
    for table in tables:
        columns = [*table.columns, *([MEAN] if table.has_mean else [])]
        for row in table.rows:
            for column, cell in zip(columns, cells_of(row, table), strict=True):
                e = cell.estimate
                figures = ["", "", ""] if e is None else [repr(float(x)) for x in (e.value, e.low, e.high)]
                place = [_inert(x) for x in (table.title, table.axis, row.name, table.column_axis, column)]
                facts = [cell.about.get(name, "") for name in about]
                writer.writerow([*place, *figures, int(cell.best), row.rank or "", *facts])
    return sink.getvalue()


def _inert(text: str) -> str:
    """A spreadsheet takes no name for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _as_latex(tables: Sequence[Table], intervals: bool) -> str:
    found = []
    for table in tables:
        rows = []
        for row in table.rows:
            texts = [(words(c, intervals, "{} [{}, {}]"), c.best) for c in cells_of(row, table)]
            rows.append(([named(row), *(t for t, _ in texts), *costs_of(row, table)], [b for _, b in texts], row.kind))
        found.append(as_latex(table.title, heads(table), rows, table.notes))
    return "\n".join(found)


FORMATS: Mapping[str, Callable[[Sequence[Table], bool], str]] = {
    "terminal": lambda tables, intervals: "",
    "markdown": _as_markdown,
    "csv": _as_csv,
    "latex": _as_latex,
}
