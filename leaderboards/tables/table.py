"""A comparison table, before it is text."""

__all__ = ["Cell", "Row", "Table"]

import dataclasses
from collections.abc import Mapping

from ..comparing import Estimate


@dataclasses.dataclass(frozen=True)
class Cell:
    """
    Arguments:
        estimate: The score; None where it is missing.
        missing: Why, such as `diverged 3/61`; empty where the method was not run or has no such score.
        best: Whether it is the best of those that it is compared with, or not significantly worse.
        about: What a program wants to know: experiment, cases, observation hash, ...
    """

    estimate: Estimate | None
    missing: str = ""
    best: bool = False
    about: Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Row:
    """
    Arguments:
        name: On the row axis.
        cells: One a column.
        kind: `method`, `reference` or `oracle`; `method` too where rows are no methods.
        rank: Among the methods that have every cell; None for others, and where rows are no methods.
        mean: Over the columns; None where the table has none.
        cost: `seconds_per_case` and `network_calls`, means over the cells; empty where rows are no methods.
    """

    name: str
    cells: tuple[Cell, ...]
    kind: str = "method"
    rank: int | None = None
    mean: Cell | None = None
    cost: Mapping[str, float] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Table:
    """
    Arguments:
        title: What it shows, of which world.
        axis: Name of the row axis.
        column_axis: Name of the column axis.
        columns: Names of the columns.
        rows: In the order of their ranks.
        notes: Sentences of the caption: cases, observing systems and their hashes, convention, intervals, marks.
    """

    title: str
    axis: str
    column_axis: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def has_mean(self) -> bool:
        """Whether rows have a mean over the columns."""
        return any(row.mean is not None for row in self.rows)

    @property
    def has_cost(self) -> bool:
        """Whether rows are methods."""
        return any(row.cost for row in self.rows)
