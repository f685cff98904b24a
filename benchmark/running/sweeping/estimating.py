"""How long a sweep will take, from what its methods have cost before."""

__all__ = ["Estimates"]

import collections
from collections.abc import Iterable

from benchmark.problem import BenchError

from ..store import ResultStore
from .plan import Entry

SAMPLED_FILES = 2
"""Result files of an experiment whose costs are looked at."""


class Estimates:
    """Seconds of a case, scoring and writing included where they have been seen.

    An experiment is judged by itself if some of its cases are there, else by the same method on the same world under
    other observing systems, else not at all.
    """

    def __init__(self) -> None:
        self._own: dict[str, _Mean] = collections.defaultdict(_Mean)
        self._alike: dict[tuple[str, str], _Mean] = collections.defaultdict(_Mean)

    @classmethod
    def of_store(cls, store: ResultStore, entries: Iterable[Entry]) -> "Estimates":
        """From the costs that are stored."""
        found = cls()
        wanted = {_kind(entry) for entry in entries if entry.missing}
        for identifier, record in store.experiments().items():
            try:
                kind = (str(record["world"]["name"]), str(record["method"]["name"]))  # type: ignore[index]
            except (KeyError, TypeError):
                continue  # of another kind, such as a cycled run of an earlier version
            if kind not in wanted:
                continue
            try:
                costs = store.costs(identifier, SAMPLED_FILES)
            except BenchError:
                continue  # it is told when it is read for scores
            for cost in costs:
                found._own[identifier].add(cost)
                found._alike[kind].add(cost)
        return found

    def add(self, entry: Entry, seconds: float, cases: int) -> None:
        """What some cases of an experiment have just taken."""
        self._own[entry.experiment.id].add(seconds / cases)
        self._alike[_kind(entry)].add(seconds / cases)

    def of_case(self, entry: Entry) -> float | None:
        """Seconds of a case, or None where nothing is known."""
        costs = self._own.get(entry.experiment.id) or self._alike.get(_kind(entry))
        return costs.value if costs else None

    def of_all(self, left: Iterable[tuple[Entry, int]]) -> tuple[float, int]:
        """
        Arguments:
            left: Experiments, and how many of their cases are missing.

        Returns:
            Seconds on one worker of those that are known, and the number of cases of the others.
        """
        seconds, unknown = 0.0, 0
        for entry, cases in left:
            of_case = self.of_case(entry)
            if of_case is None:
                unknown += cases
            else:
                seconds += of_case * cases
        return seconds, unknown


class _Mean:
    """Of what was added: a sweep of many units asks for it after each."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def add(self, value: float) -> None:
        self._sum += value
        self._count += 1

    @property
    def value(self) -> float:
        return self._sum / self._count


def _kind(entry: Entry) -> tuple[str, str]:
    return str(entry.experiment.world["name"]), str(entry.experiment.method["name"])
