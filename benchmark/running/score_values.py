"""Scores by channel with their intervals, from what is known of every case."""

__all__ = ["FEWEST_CASES", "ScoreValue", "score_values"]

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from metrics import Score, bootstrap, interval

FEWEST_CASES = 4
"""Below it there are no intervals: a bootstrap of so few knows nothing of what was not drawn."""


@dataclasses.dataclass(frozen=True)
class ScoreValue:
    """
    Arguments:
        score: Its name.
        channel: Of which channel.
        value: Over all cases.
        low, high: Bounds of the 95 % interval; NaN with too few cases.
    """

    score: str
    channel: str
    value: float
    low: float
    high: float


def score_values(
    scores: Sequence[Score], values: Mapping[str, Mapping[str, np.ndarray]], counts: np.ndarray
) -> Iterator[ScoreValue]:
    """Every score whose statistics are there, channel by channel.

    Arguments:
        scores: In their order.
        values: Statistic -> channel -> values, shape (case,) or (case, bin).
        counts: From `resample_counts`, shape (draws, case).
    """
    for score in scores:
        if not all(name in values for name in score.statistics):
            continue
        channels = list(values[score.statistics[0]])
        needed = {n: np.stack([values[n][c] for c in channels], axis=1) for n in score.statistics}
        point = score({name: part.mean(0) for name, part in needed.items()})
        low, high = interval(bootstrap(score, needed, counts))
        if counts.shape[1] < FEWEST_CASES:
            low, high = np.full_like(low, np.nan), np.full_like(high, np.nan)
        for i, channel in enumerate(channels):
            yield ScoreValue(score.name, channel, float(point[i]), float(low[i]), float(high[i]))
