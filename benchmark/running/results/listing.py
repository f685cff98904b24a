"""The experiments of a store, and those of them that are asked for."""

__all__ = ["Stored", "choose", "choose_with_background", "facts_of", "list_results"]

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

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


class Described(Protocol):
    """What has an id, and facts as of `Stored`."""

    @property
    def id(self) -> str: ...

    @property
    def facts(self) -> Mapping[str, Any]: ...


AnyDescribed = TypeVar("AnyDescribed", bound=Described)


def list_results(store: ResultStore) -> list[Stored]:
    """All experiments, by world, method and id.

    Raises:
        BenchError: If a file cannot be read.
    """
    found = [
        Stored(identifier, facts_of(record), store.done(identifier))
        for identifier, record in store.experiments().items()
    ]
    return sorted(found, key=lambda one: (one.world, one.method, one.id))


def facts_of(description: Mapping[str, Any]) -> dict[str, Any]:
    """What an experiment is, flat; what its description leaves out stands there."""
    return {**UNSAID, **_flat(description)}


def choose(stored: Iterable[AnyDescribed], conditions: Iterable[str]) -> list[AnyDescribed]:
    """Those that meet all conditions.

    Arguments:
        stored: From `list_results`, or results of a set.
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


def choose_with_background(stored: Iterable[AnyDescribed], conditions: Iterable[str]) -> list[AnyDescribed]:
    """Those that meet all conditions, and the backgrounds of their settings, which errors are relative to.

    Raises:
        BenchError: As `choose`.
    """
    everything = list(stored)
    chosen = {one.id for one in choose(everything, conditions)}
    settings = {_setting(one) for one in everything if one.id in chosen}
    return [
        one
        for one in everything
        if one.id in chosen or (one.facts.get("method.name") == "background" and _setting(one) in settings)
    ]


def _setting(one: Described) -> tuple[tuple[str, str], ...]:
    """All but the method, and what is of its own ensemble."""
    said = ((k, str(v)) for k, v in one.facts.items() if k.startswith(("world.", "observing.", "protocol.")))
    return tuple(sorted(pair for pair in said if pair[0] != "protocol.ensemble"))


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
