"""From an analysis and the truth to the rows that are stored."""

__all__ = ["OBSERVATIONS", "Scoring"]

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow
from torch import Tensor

from benchmark.problem import Analysis, Problem, Status
from benchmark.worlds import World
from metrics import Key, ObservationStatistics, Scorer

OBSERVATIONS = "observations"
"""What stands in the place of a region's name for statistics in observation space."""


class Scoring:
    """Scores the analyses of a world, whose regions and areas it keeps.

    Arguments:
        world: Gives grid, channels and normalisation.
    """

    def __init__(self, world: World) -> None:
        self._scale = world.normalisation.denormalise
        self._scorer = Scorer(world.grid, world.channels)

    def rows_a_case(self, members: int) -> int:
        """How many rows a case of a method has."""
        return len(self._scorer.keys(members))

    def rows(
        self,
        analysis: Analysis,
        truth: Tensor,
        problem: Problem,
        seen: ObservationStatistics,
        facts: Mapping[str, Any],
    ) -> pyarrow.Table:
        """One row per case, channel, region and statistic, in physical units; those in observation space follow, and
        their weight is the number of values.

        Arguments:
            analysis: Of the problem's cases.
            truth: Shape (case, channel, latitude, longitude) [normalised].
            problem: What the method saw.
            seen: Its statistics in observation space.
            facts: Further columns: a value, or one value a case.
        """
        fields = (analysis.members, truth, problem.climatology, problem.background)
        members, x, c, xb = (self._scale(t.double().cpu().numpy()) for t in fields)
        keys = self._scorer.keys(members.shape[1])
        values = self._scorer.compute(members, x, c, xb)
        values[[status is Status.DIVERGED for status in analysis.status]] = np.nan
        areas = np.array([self._scorer.weight(key) for key in keys])
        keys = (*keys, *(Key(statistic, 0, quantity, OBSERVATIONS) for statistic, quantity in seen.keys))
        values = np.concatenate([values, np.where(seen.counts > 0, seen.values, np.nan)], axis=1)
        weights = np.concatenate([np.broadcast_to(areas, (len(values), len(areas))), seen.counts], axis=1)
        facts = {"status": [str(status) for status in analysis.status], **facts}
        return _table(keys, values, weights, problem.times, facts)


def _table(
    keys: Sequence[Key], values: np.ndarray, weights: np.ndarray, times: np.ndarray, facts: Mapping[str, Any]
) -> pyarrow.Table:
    """
    Arguments:
        keys: What is in a column of `values`.
        values: Shape (case, key).
        weights: Shape (case, key).
        times: Shape (case,).
        facts: Further columns.
    """
    cases = len(times)
    columns: dict[str, Any] = {"time": pyarrow.array(np.repeat(times.astype("datetime64[s]"), len(keys)))}
    for part in ("channel", "region", "statistic"):
        words, places = np.unique([getattr(key, part) for key in keys], return_inverse=True)
        columns[part] = _words(words, np.tile(places, cases))
    columns["bin"] = np.tile(np.array([key.bin for key in keys], dtype=np.int16), cases)
    columns["value"] = values.ravel()
    columns["weight"] = weights.ravel()
    for name, fact in facts.items():
        several = isinstance(fact, list | tuple | np.ndarray)
        each = list(fact) if several else [fact] * cases
        if isinstance(each[0], str):
            words, places = np.unique(each, return_inverse=True)
            columns[name] = _words(words, np.repeat(places, len(keys)))
        else:
            columns[name] = np.repeat(np.asarray(each), len(keys))
    return pyarrow.table(columns)


def _words(words: np.ndarray, places: np.ndarray) -> pyarrow.DictionaryArray:
    return pyarrow.DictionaryArray.from_arrays(places.astype(np.int32), words.astype(object))
