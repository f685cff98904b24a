"""Truth and problem of some cases: what methods may know, and what the harness keeps to itself."""

__all__ = ["Cases", "make_problem"]

import collections
from typing import Any

import numpy as np
from torch import Tensor

from benchmark.observing import ObservingSystem
from benchmark.problem import Observations, Problem, hash_json
from benchmark.worlds import World

KEPT_BYTES = 2**28


def make_problem(
    world: World, observing: ObservingSystem, times: np.ndarray, ensemble: int = 0
) -> tuple[Tensor, Problem]:
    """The truth of some cases, and what methods may know of them; with background members if any are asked for."""
    truth, problem, _ = Cases(world, 0).problem(observing, times, ensemble)
    return truth, problem


class Cases:
    """Makes problems, and keeps the fields of the latest cases: methods and observing systems share them.

    Arguments:
        world: Truth, backgrounds and climatology.
        kept_bytes: What may be kept beside the cases in hand.
    """

    def __init__(self, world: World, kept_bytes: int = KEPT_BYTES) -> None:
        self._world, self._bytes = world, kept_bytes
        self._fields: collections.OrderedDict[tuple[str, bytes, int], Tensor] = collections.OrderedDict()
        self._observed: tuple[Any, tuple[Observations, Observations | None]] | None = None

    def problem(
        self, observing: ObservingSystem, times: np.ndarray, ensemble: int = 0
    ) -> tuple[Tensor, Problem, Observations | None]:
        """
        Arguments:
            observing: Makes the observations.
            times: Valid times, shape (case,).
            ensemble: Background members, 0 for none.

        Returns:
            The truth, shape (case, channel, latitude, longitude) [normalised], the problem, and the observations that
            are withheld from it, None if there are none.
        """
        world = self._world
        truth = self._kept("truth", times)
        used, withheld = self._observations(observing, truth, times)
        problem = Problem(
            self._kept("background", times),
            self._kept("climatology", times),
            used,
            world.grid,
            world.channels,
            times,
            self._kept("ensemble", times, ensemble) if ensemble else None,
        )
        return truth, problem, withheld

    def _observations(
        self, observing: ObservingSystem, truth: Tensor, times: np.ndarray
    ) -> tuple[Observations, Observations | None]:
        """Made once for all methods that get the same in succession."""
        key = (hash_json(observing.spec.identity()), times.tobytes())
        if self._observed is None or self._observed[0] != key:
            self._observed = (key, observing.split(truth, times))
        return self._observed[1]

    def _kept(self, what: str, times: np.ndarray, *more: int) -> Tensor:
        key = (what, times.astype("datetime64[s]").tobytes(), sum(more))
        if key in self._fields:
            self._fields.move_to_end(key)
            return self._fields[key]
        fields: Tensor = getattr(self._world, what)(times, *more)
        self._fields[key] = fields
        while sum(kept.nbytes for kept in self._fields.values()) > self._bytes:
            self._fields.popitem(last=False)
        return fields
