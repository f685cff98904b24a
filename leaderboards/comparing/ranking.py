"""Ranks over several cells, and what becomes of a method that lacks one."""

__all__ = ["RULE", "Ranked", "rank"]

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.running.leading import leading

from .estimates import Draws, Estimate

RULE = (
    "A method is ranked by the mean of its relative errors over all cells (settings), and only if it has every cell. "
    "A cell is missing where the method was not run, cannot run, or diverged in one of the cases. A method with a "
    "missing cell stands below the ranked ones with the number of cells it has and no mean: no average is ever taken "
    "over fewer cells, or fewer cases, than those of the others. References and oracles are shown and not ranked."
)


@dataclasses.dataclass(frozen=True)
class Ranked:
    """
    Arguments:
        label: Of the method.
        rank: From 1; None without every cell, and for references and oracles.
        mean: Over all cells; None without every cell.
        tied: Whether it is the first, or not significantly worse.
        cells: How many it has.
    """

    label: str
    rank: int | None
    mean: Estimate | None
    tied: bool
    cells: int


def rank(cells: Mapping[str, Sequence[Estimate | None]], rivals: Sequence[str], draws: Draws | None) -> list[Ranked]:
    """
    Arguments:
        cells: Label -> its score in every cell, the same cells in the same order; None where one is missing.
        rivals: The labels that are ranked.
        draws: Of the cells, if all were resampled alike; None if they have different cases: then there are no intervals
            of the mean and no ties.

    Returns:
        The ranked by their mean; then those that lack cells, by how many they have; then those that are no rivals, by
        their mean.
    """
    means = {label: _mean(row, draws) for label, row in cells.items()}
    complete = {label: mean for label, mean in means.items() if mean is not None and label in rivals}
    tied: set[str] = set()
    if draws is not None:
        values, on_draws = {k: m.value for k, m in complete.items()}, {k: m.draws for k, m in complete.items()}
        first = leading(values, on_draws, draws.blocks, draws.cases)
        tied = set() if first is None or not first.comparisons else {first.label, *first.ties}
    in_order = sorted(complete, key=lambda label: complete[label].value)
    count = {label: sum(cell is not None for cell in row) for label, row in cells.items()}

    def lacking(label: str) -> tuple[bool, int, float]:
        mean = means[label]
        return label not in rivals, -count[label], mean.value if mean is not None else np.inf

    others = sorted((label for label in cells if label not in complete), key=lacking)
    found = [Ranked(label, i, complete[label], label in tied, count[label]) for i, label in enumerate(in_order, 1)]
    return found + [Ranked(label, None, means[label], False, count[label]) for label in others]


def _mean(row: Sequence[Estimate | None], draws: Draws | None) -> Estimate | None:
    present = [cell for cell in row if cell is not None and cell.defined]
    if len(present) < len(row) or not row:
        return None
    value = float(np.mean([cell.value for cell in present]))
    if draws is None:
        return Estimate(value, np.nan, np.nan, np.array([]))
    return draws.estimate(value, np.mean([cell.draws for cell in present], axis=0))
