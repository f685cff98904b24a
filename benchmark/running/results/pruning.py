"""Results that no run will use again."""

__all__ = ["Stale", "find_stale", "remove"]

import dataclasses
from collections.abc import Iterable

from benchmark.problem import BenchError
from methods.registry import find_method, source_hash

from ..experiment import SCORE_VERSION
from ..store import ResultStore
from .listing import Stored


@dataclasses.dataclass(frozen=True)
class Stale:
    """
    Arguments:
        stored: The experiment.
        reason: Why nothing will ask for it.
    """

    stored: Stored
    reason: str


def find_stale(stored: Iterable[Stored]) -> list[Stale]:
    """Experiments that have no case, whose statistics are of an earlier version, or whose method is not installed or
    has changed since; those of a method in a file of the user's are left alone."""
    found = []
    for one in stored:
        if reason := _reason(one):
            found.append(Stale(one, reason))
    return found


def remove(store: ResultStore, stale: Iterable[Stale]) -> None:
    """Takes their folders away, what they are first: what is left of a broken removal is found again.

    Raises:
        BenchError: If a file cannot be removed.
    """
    for one in stale:
        for name in store.files(one.stored.id):
            store.place.remove(name)
        store.place.remove(f"{one.stored.id}/experiment.json")


def _reason(one: Stored) -> str:
    if not len(one.times):
        return "it has no case"
    version = one.facts.get("score_version", 1)
    if version != SCORE_VERSION:
        return f"its statistics are of version {version}, and {SCORE_VERSION} is current"
    try:
        method = find_method(one.method)
    except BenchError:
        # one of a file of the user's cannot be found by its name
        return "" if one.facts.get("method.source") else f"the method '{one.method}' is not installed"
    if one.facts.get("method.version") != method.version or one.facts.get("method.source") != source_hash(method):
        return f"'{one.method}' has changed since"
    return ""
