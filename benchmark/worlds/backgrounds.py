"""The three kinds of background of a world of fields."""

__all__ = ["ArchiveBackground", "Background", "ForecasterBackground", "Persistence"]

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from benchmark.files import open_forecasts
from benchmark.problem import BenchError

from .base import Forecaster, World
from .reading import FieldReader
from .spec import BackgroundSpec

BATCH = 256
CASES = 2
"""Cases whose ensembles are made together: more samples at once take longer each."""


class Background(Protocol):
    """Makes backgrounds from what lies before the valid time."""

    def available(self, times: np.ndarray, usable: np.ndarray) -> np.ndarray:
        """Which valid times can have one if it is made from the truth of `usable` times only; bool."""

    def make(self, times: np.ndarray) -> Tensor:
        """Shape (case, channel, latitude, longitude), float32 [normalised]."""

    def hash(self, times: np.ndarray) -> str:
        """sha256 of what it is made from at these times, empty if that is the world's own truth."""


class Persistence:
    """The truth a lead time earlier."""

    def __init__(self, world: World, lead_h: int) -> None:
        self.world = world
        self.lead = np.timedelta64(lead_h, "h")

    def available(self, times: np.ndarray, usable: np.ndarray) -> np.ndarray:
        return np.isin(times - self.lead, usable)

    def make(self, times: np.ndarray) -> Tensor:
        return self.world.truth(times - self.lead)

    def hash(self, times: np.ndarray) -> str:
        return ""


class ForecasterBackground:
    """A network's forecast from the truth a lead time earlier (and, with a history, some steps before that)."""

    def __init__(self, world: World, spec: BackgroundSpec, forecaster: Forecaster | None) -> None:
        if forecaster is not None and forecaster.lead_h != spec.lead_h:
            raise BenchError(
                f"The forecaster's lead time is {forecaster.lead_h} h, but the world '{world.name}' wants "
                f"{spec.lead_h} h; train one with 'bench train forecaster --world {world.name}'."
            )
        wanted = (spec.history, spec.step_h)
        if forecaster is not None and (forecaster.history, forecaster.step_h) != wanted:
            raise BenchError(
                f"The forecaster sees {forecaster.history} states, {forecaster.step_h} h apart, but the world "
                f"'{world.name}' has history: {spec.history} and step_h: {spec.step_h}; "
                f"train one with 'bench train forecaster --again --world {world.name}'."
            )
        self.world = world
        self.forecaster = forecaster
        self.ages = [np.timedelta64(spec.lead_h + k * spec.step_h, "h") for k in range(spec.history)]

    def available(self, times: np.ndarray, usable: np.ndarray) -> np.ndarray:
        return np.all([np.isin(times - age, usable) for age in self.ages], axis=0)

    def make(self, times: np.ndarray) -> Tensor:
        if self.forecaster is None:
            raise BenchError(
                f"The world '{self.world.name}' has no forecast network yet, so there is no background; "
                f"make one with 'bench train {self.world.components[0]} --world {self.world.name}'."
            )
        return torch.cat([self._forecast(self.forecaster, times[i : i + BATCH]) for i in range(0, len(times), BATCH)])

    def hash(self, times: np.ndarray) -> str:
        return ""

    def ensemble(self, times: np.ndarray, perturbations: Tensor) -> Tensor:
        """Forecasts from perturbed starts, shape (case, member, channel, latitude, longitude).

        Arguments:
            times: Valid times.
            perturbations: Of the starts, shape (case, member, history, channel, latitude, longitude).
        """
        assert self.forecaster is not None
        parts = []
        for begin in range(0, len(times), CASES):
            part = slice(begin, begin + CASES)
            parts.append(self._forecast(self.forecaster, times[part], perturbations[part]))
        return torch.cat(parts).unflatten(0, perturbations.shape[:2])

    def _forecast(self, forecaster: Forecaster, times: np.ndarray, perturbations: Tensor | None = None) -> Tensor:
        past = [times - age for age in self.ages]
        states = torch.stack([self.world.truth(t) for t in past], dim=1)
        climatology = torch.stack([self.world.climatology(t) for t in past], dim=1)
        valid = self.world.climatology(times)
        if perturbations is not None:
            members = perturbations.shape[1]
            states = (states[:, None] + perturbations).flatten(0, 1)
            climatology, valid = (x.repeat_interleave(members, 0) for x in (climatology, valid))
            times = times.repeat(members)
        with torch.no_grad():
            return forecaster.forecast(states, valid, climatology, times).float()


class ArchiveBackground:
    """Forecasts that somebody else made; those of `wanted` times are read once if they fit into memory."""

    def __init__(self, world: World, spec: BackgroundSpec, names: Mapping[str, str], wanted: np.ndarray) -> None:
        self.world = world
        self.reader = FieldReader(open_forecasts(spec.path, spec.lead_h), world.channels, spec.path, names)
        self.wanted = wanted[self.reader.has(wanted)]
        if self.reader.grid.hash != world.grid.hash:
            raise BenchError(
                f"The forecasts '{spec.path}' lie on a grid of {self.reader.grid.shape} points and the truth "
                f"of the world '{world.name}' on {world.grid.shape}, or elsewhere; give archives on one grid."
            )

    def available(self, times: np.ndarray, usable: np.ndarray) -> np.ndarray:
        return self.reader.has(times)

    def make(self, times: np.ndarray) -> Tensor:
        self.reader.keep(self.wanted)
        return self.world.normalise(self.reader.read(times))

    def hash(self, times: np.ndarray) -> str:
        self.reader.keep(self.wanted)
        return self.reader.hash(times[self.reader.has(times)])
