"""The experiments of a store, and those of them that are asked for."""

__all__ = ["Stored", "choose", "list_results"]

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from benchmark.problem import BenchError, closest

from ..store import ResultStore

UNSAID = {"observing.operator": "state", "observing.withhold": 0.0}
"""What an experiment's description leaves out where it is the default."""


@dataclasses.dataclass(frozen=True)
class Stored:
    """An experiment that has results.

    Arguments:
        id: Its id.
        facts: What it is, flat: `world.name`, `observing.obs_frac`, `method.parameters.levels`, ...
        times: Valid times of its cases, ascending.
    """

    id: str
    facts: Mapping[str, Any]
    times: np.ndarray

    @property
    def world(self) -> str:
        """The name of its world."""
        return str(self.facts.get("world.name", ""))

    @property
    def method(self) -> str:
        """The name of its method."""
        return str(self.facts.get("method.name", ""))

    def record(self) -> dict[str, Any]:
        """JSON-able."""
        span = [str(t) for t in (self.times[:1].tolist() + self.times[-1:].tolist())]
        return {"id": self.id, "cases": len(self.times), "span": span, **self.facts}


def list_results(store: ResultStore) -> list[Stored]:
    """All experiments, by world, method and id.

    Raises:
        BenchError: If a file cannot be read.
    """
    found = [
        Stored(identifier, {**UNSAID, **_flat(record)}, store.done(identifier))
        for identifier, record in store.experiments().items()
    ]
    return sorted(found, key=lambda one: (one.world, one.method, one.id))


def choose(stored: Iterable[Stored], conditions: Iterable[str]) -> list[Stored]:
    """Those that meet all conditions.

    Arguments:
        stored: From `list_results`.
        conditions: `key=value`. The key may be short: `world`, `method`, `obs_frac`; the value is text, and of
            several with commas between them one has to fit. Variables are as typed, `z500,t850`, or `all`. `id` takes
            the beginning of an id.

    Raises:
        BenchError: If a condition cannot be read, or no experiment has such a key.
    """
    kept = list(stored)
    keys = {key for one in kept for key in one.facts}
    for condition in conditions:
        key, equals, value = condition.partition("=")
        if not equals:
            raise BenchError(f"Cannot read the condition '{condition}'; write KEY=VALUE, such as method=3dvar.")
        wanted = [part.strip() for part in value.split(",")]
        if key == "id":
            kept = [one for one in kept if one.id.startswith(tuple(wanted))]
            continue
        known = _matching(key, keys)
        if not known and keys:
            raise BenchError(f"No experiment has a '{key}'; {closest(key, sorted(keys))}")
        kept = [one for one in kept if any(_fits(one.facts[k], value, wanted) for k in known if k in one.facts)]
    return kept


def _matching(key: str, keys: Iterable[str]) -> list[str]:
    short = {"world": "world.name", "method": "method.name", "version": "method.version"}
    whole = short.get(key, key)
    return [known for known in keys if known == whole or known.endswith(f".{whole}")]


def _fits(fact: Any, value: str, wanted: Iterable[str]) -> bool:
    if isinstance(fact, list):
        return sorted(map(str, fact)) == sorted(filter(None, value.replace("all", "").replace(" ", "").split(",")))
    return _say(fact) in wanted or str(fact) in wanted


def _say(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _flat(record: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{before}{key}.")
        elif f"{before}{key}" != "id":
            found[f"{before}{key}"] = value
    return found
