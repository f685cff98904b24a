"""What all formats say of a table's rows and cells."""

__all__ = ["COSTS", "MEAN", "cells_of", "costs_of", "heads", "named", "words"]

from .figures import interval_parts
from .table import Cell, Row, Table

MEAN = "mean"
FORMS = {"seconds_per_case": "{:.2g}", "network_calls": "{:.0f}"}
COSTS = {"seconds_per_case": "s / case", "network_calls": "network calls"}


def words(cell: Cell, intervals: bool, pattern: str = "{} [{}, {}]") -> str:
    """`0.857 [0.851, 0.863]`, `diverged 3/61`, or a dash."""
    if cell.estimate is None:
        return cell.missing or "-"
    value, low, high = interval_parts(cell.estimate)
    return pattern.format(value, low, high) if intervals and low else value


def heads(table: Table) -> list[str]:
    """Of all columns."""
    found = [table.axis, *table.columns]
    return [*found, *([MEAN] if table.has_mean else []), *(COSTS.values() if table.has_cost else [])]


def cells_of(row: Row, table: Table) -> list[Cell]:
    """Those of the columns, and the mean."""
    return [*row.cells, *([row.mean or Cell(None)] if table.has_mean else [])]


def costs_of(row: Row, table: Table) -> list[str]:
    """Seconds and network calls as text."""
    if not table.has_cost:
        return []
    return [form.format(row.cost[name]) if name in row.cost else "" for name, form in FORMS.items()]


def named(row: Row) -> str:
    """The row's name, and what it is if it is no method."""
    return row.name if row.kind == "method" else f"{row.name} ({row.kind})"
