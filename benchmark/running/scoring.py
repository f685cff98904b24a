"""From an analysis and the truth to the rows that are stored."""

__all__ = ["OBSERVATIONS", "Scoring"]

import dataclasses
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
        self._names: dict[tuple[int, tuple[tuple[str, str], ...]], _Names] = {}
        self._latest: tuple[tuple[Tensor, ...], list[np.ndarray]] | None = None

    def rows_a_case(self, members: int) -> int:
        """How many rows a case of a method has, without those in observation space."""
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
        members = self._scale(analysis.members.double().cpu().numpy())
        values = self._scorer.compute(members, *self._fields(truth, problem.climatology, problem.background))
        values = np.concatenate([values, np.where(seen.counts > 0, seen.values, np.nan)], axis=1)
        values[[status is Status.DIVERGED for status in analysis.status]] = np.nan
        names = self._named(members.shape[1], seen.keys)
        weights = np.concatenate([np.broadcast_to(names.areas, (len(values), len(names.areas))), seen.counts], axis=1)
        facts = {"status": [str(status) for status in analysis.status], **facts}
        return _table(names, values, weights, problem.times, facts)

    def _fields(self, *normalised: Tensor) -> list[np.ndarray]:
        """In physical units; all methods of a chunk are scored with the same."""
        if self._latest is None or any(a is not b for a, b in zip(self._latest[0], normalised, strict=True)):
            self._latest = (normalised, [self._scale(field.double().cpu().numpy()) for field in normalised])
        return self._latest[1]

    def _named(self, members: int, seen: tuple[tuple[str, str], ...]) -> "_Names":
        if (members, seen) not in self._names:
            keys = self._scorer.keys(members)
            areas = np.array([self._scorer.weight(key) for key in keys])
            observed = (Key(statistic, 0, quantity, OBSERVATIONS) for statistic, quantity in seen)
            self._names[members, seen] = _Names.of((*keys, *observed), areas)
        return self._names[members, seen]


@dataclasses.dataclass(frozen=True)
class _Names:
    """What the rows of a case are of.

    Arguments:
        words: Column -> its words, and the place of each row's among them.
        bins: Shape (row,).
        areas: Of the regions, shape (row,); of those in observation space there is none.
    """

    words: Mapping[str, tuple[np.ndarray, np.ndarray]]
    bins: np.ndarray
    areas: np.ndarray

    @classmethod
    def of(cls, keys: Sequence[Key], areas: np.ndarray) -> "_Names":
        words = {
            part: np.unique([getattr(key, part) for key in keys], return_inverse=True)
            for part in ("channel", "region", "statistic")
        }
        return cls(words, np.array([key.bin for key in keys], dtype=np.int16), areas)


def _table(
    names: _Names, values: np.ndarray, weights: np.ndarray, times: np.ndarray, facts: Mapping[str, Any]
) -> pyarrow.Table:
    """
    Arguments:
        names: What the rows of a case are of.
        values, weights: Shape (case, row).
        times: Shape (case,).
        facts: Further columns.
    """
    cases, rows = values.shape
    columns: dict[str, Any] = {"time": pyarrow.array(np.repeat(times.astype("datetime64[s]"), rows))}
    for part, (words, places) in names.words.items():
        columns[part] = _words(words, np.tile(places, cases))
    columns["bin"] = np.tile(names.bins, cases)
    columns["value"], columns["weight"] = values.ravel(), weights.ravel()
    for name, fact in facts.items():
        each = list(fact) if isinstance(fact, list | tuple | np.ndarray) else [fact] * cases
        if isinstance(each[0], str):
            words, places = np.unique(each, return_inverse=True)
            columns[name] = _words(words, np.repeat(places, rows))
        else:
            columns[name] = np.repeat(np.asarray(each), rows)
    return pyarrow.table(columns)


def _words(words: np.ndarray, places: np.ndarray) -> pyarrow.DictionaryArray:
    return pyarrow.DictionaryArray.from_arrays(places.astype(np.int32), words.astype(object))
