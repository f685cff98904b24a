"""Results that no run will use again."""

__all__ = ["Stale", "find_leftovers", "find_stale", "remove"]

import dataclasses
from collections.abc import Iterable

from benchmark.problem import BenchError
from methods.registry import find_method, source_hash

from ..experiment import SCORE_VERSION
from ..store import DESCRIPTION, ResultStore
from .listing import Stored

OLD_S = 6 * 3600


@dataclasses.dataclass(frozen=True)
class Stale:
    """
    Arguments:
        stored: The experiment.
        reason: Why nothing will ask for it.
    """

    stored: Stored
    reason: str


def find_stale(store: ResultStore, stored: Iterable[Stored]) -> list[Stale]:
    """Experiments whose statistics are of an earlier version, whose method is not installed or has changed since, or
    that have had no case for hours: before that a run may be about to write one. Those of a method in a file of the
    user's are left alone."""
    found = []
    for one in stored:
        reason = _reason(one)
        if not reason and not len(one.times) and _is_old(store, f"{one.id}/{DESCRIPTION}"):
            reason = "it has no case"
        if reason:
            found.append(Stale(one, reason))
    return found


def find_leftovers(store: ResultStore) -> list[str]:
    """Half-written files of runs that were killed, hours ago: a file takes a run that lives seconds."""
    found = (store.place.leftovers(f"*/{pattern}") for pattern in ("*.parquet", DESCRIPTION))
    return sorted(name for names in found for name in names if _is_old(store, name))


def remove(store: ResultStore, stale: Iterable[Stale]) -> None:
    """Takes their folders away, what they are last: what is left of a broken removal is found again.

    Raises:
        BenchError: If a file cannot be removed.
    """
    for one in stale:
        left = store.place.leftovers(f"{one.stored.id}/*")
        for name in (*store.files(one.stored.id), *left):
            store.place.remove(name)
        store.place.remove(f"{one.stored.id}/experiment.json")


def _reason(one: Stored) -> str:
    version = one.facts.get("score_version", 1)
    if version != SCORE_VERSION:
        return f"its statistics are of version {version}, and {SCORE_VERSION} is current"
    source = one.facts.get("method.source")
    try:
        method = find_method(one.method)
    except BenchError:
        # one of a file of the user's cannot be found by its name
        return "" if source else f"the method '{one.method}' is not installed"
    if source and not source_hash(method):
        return ""  # a file of the user's, whose method bears the name of a built-in one
    if one.facts.get("method.version") != method.version or source != source_hash(method):
        return f"'{one.method}' has changed since"
    return ""


def _is_old(store: ResultStore, name: str) -> bool:
    age = store.place.age_s(name)
    return age is not None and age > OLD_S
