"""Which of several methods is best, and which are not significantly worse."""

__all__ = ["Leading", "leading"]

import dataclasses
from collections.abc import Mapping

import numpy as np

from metrics import LEVEL, holm, p_value

from .score_values import FEWEST_CASES


@dataclasses.dataclass(frozen=True)
class Leading:
    """
    Arguments:
        label: Of the best.
        ties: Labels of those that are not significantly worse.
        comparisons: How many were compared with the best.
    """

    label: str
    ties: tuple[str, ...]
    comparisons: int


def leading(values: Mapping[str, float], draws: Mapping[str, np.ndarray], blocks: float, cases: int) -> Leading | None:
    """The lowest value, and those that are not significantly above it, with Holm's correction for those comparisons.

    Arguments:
        values: Label -> score over all cases; lower is better.
        draws: Label -> the same on every resample, shape (draws,); all on the same resamples.
        blocks: How many blocks the cases make.
        cases: How many cases there are.

    Returns:
        None where there is no label.
    """
    if not values:
        return None
    first = min(values, key=lambda label: values[label])
    others = [label for label in values if label != first]
    enough = cases >= FEWEST_CASES
    p = [p_value(values[o] - values[first], draws[o] - draws[first], blocks) if enough else np.nan for o in others]
    # a p-value that is not defined decides nothing
    ties = tuple(label for label, adjusted in zip(others, holm(p), strict=True) if not adjusted < LEVEL)
    return Leading(first, ties, len(others))
