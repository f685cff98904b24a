"""An experiment: one method on one world under one observing system, identified by a hash of all of it."""

__all__ = ["Experiment", "MethodRequest", "choose_times", "middle_time", "weights_hash"]

import dataclasses
import functools
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmark.problem import BenchError, hash_json

SCORE_VERSION = 2  # raised when a stored statistic would come out otherwise


@dataclasses.dataclass(frozen=True)
class MethodRequest:
    """What the user asked for: `lo-sda`, or `lo-sda[variant=guided,levels=20]`.

    Arguments:
        label: As typed; the row's name in tables.
        name: Of the method, or `path/to/file.py:Class`.
        parameters: Set by the user.
    """

    label: str
    name: str
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "MethodRequest":
        """
        Raises:
            BenchError: If the brackets do not hold `key=value` pairs.
        """
        match = re.fullmatch(r"([^\[\]]+)(?:\[([^\[\]]*)\])?", text.strip())
        if match is None:
            raise BenchError(f"Cannot read the method '{text}'; write NAME or NAME[key=value,key=value].")
        parameters = {}
        for pair in filter(None, (match[2] or "").split(",")):
            key, equals, value = pair.partition("=")
            if not equals:
                raise BenchError(f"Cannot read '{pair}' in the method '{text}'; write NAME[key=value,key=value].")
            parameters[key.strip()] = value.strip()
        return cls(text.strip(), match[1].strip(), parameters)


@dataclasses.dataclass(frozen=True)
class Experiment:
    """
    Arguments:
        world: Name, data hashes, background.
        observing: The observing system's identity.
        protocol: Split and seed.
        method: Name, version, parameters, members.
        weights: sha256 of the components, by name.
    """

    world: Mapping[str, Any]
    observing: Mapping[str, Any]
    protocol: Mapping[str, Any]
    method: Mapping[str, Any]
    weights: Mapping[str, str]

    @functools.cached_property
    def id(self) -> str:
        """First 16 hexadecimal digits of the hash of everything above and the statistics' version."""
        return hash_json([dataclasses.asdict(self), SCORE_VERSION])[:16]

    def record(self) -> dict[str, Any]:
        """JSON-able, with the id."""
        return {"id": self.id, "score_version": SCORE_VERSION, **dataclasses.asdict(self)}


def weights_hash(weights: Mapping[str, str]) -> str:
    """First 16 hexadecimal digits of the hash of all weights, as rows and cards have it."""
    return hash_json(weights)[:16]


def choose_times(times: np.ndarray, count: int | None) -> np.ndarray:
    """`count` times spread evenly over all, or all.

    Raises:
        BenchError: If there are not so many.
    """
    if count is None or count == len(times):
        return times
    if not 1 <= count <= len(times):
        raise BenchError(f"--cases {count}: this split has {len(times)} cases; ask for 1 to {len(times)}.")
    return times[np.floor((np.arange(count) + 0.5) * len(times) / count).astype(int)]


def middle_time(times: np.ndarray) -> np.datetime64:
    """The middle one of a run's cases, of an even number the later: the case that is shown unless another is named."""
    chosen: np.datetime64 = times[len(times) // 2]
    return chosen
