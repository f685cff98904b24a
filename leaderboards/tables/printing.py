"""A table in the terminal."""

__all__ = ["print_table"]

from rich.console import Console
from rich.markup import escape

from ..terminal import plain_table
from .table import Table
from .texts import cells_of, costs_of, heads, named, words

BETWEEN = 2
"""Blanks between columns."""


def print_table(table: Table, intervals: bool, console: Console) -> None:
    """As many columns beside each other as fit, the others below.

    Arguments:
        table: What is shown.
        intervals: Whether values have their intervals, below them.
        console: Where to print.
    """
    names = [table.axis, *(named(row) for row in table.rows)]
    lines = [
        [(words(cell, intervals, "{}\n[{}, {}]"), cell.best) for cell in cells_of(row, table)]
        + [(text, False) for text in costs_of(row, table)]
        for row in table.rows
    ]
    columns = heads(table)[1:]
    texts = [[head, *(line[i][0] for line in lines)] for i, head in enumerate(columns)]
    widths = [max(len(part) for text in column for part in text.split("\n")) + BETWEEN for column in texts]
    first = 0
    while first < len(columns):
        left, end = console.width - max(map(len, names)) - BETWEEN, first
        while end < len(columns) and (end == first or widths[end] <= left):
            left, end = left - widths[end], end + 1
        shown = plain_table(table.title if not first else "", *(escape(h) for h in (table.axis, *columns[first:end])))
        shown.columns[0].no_wrap = True
        for row, line, following in zip(table.rows, lines, [*table.rows[1:], None], strict=True):
            cells = (f"[bold]{escape(t)}[/bold]" if best else escape(t) for t, best in line[first:end])
            ends = row.kind == "method" and following is not None and following.kind != "method"
            shown.add_row(escape(named(row)), *cells, end_section=ends)
        console.print(shown)
        first = end
    for note in table.notes:
        console.print(f"[dim]{escape(note)}[/dim]", highlight=False)
