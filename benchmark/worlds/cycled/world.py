"""A cycled world: a toy model, its climate, and where its runs start."""

__all__ = ["CycledWorld"]

import functools
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import BenchError, CaseNoise, Component, Need, Normalisation, hash_json, seed_from
from methods.priors.background_error import BackgroundError
from methods.priors.covariance import SpectralCovariance

from ..base import Split, World
from .spec import CycledSpec, make_model

RUNS, SPIN_UP, SAMPLES = 64, 100.0, 600
"""Free runs, time units before they are sampled, and analysis times that each is sampled at."""


class CycledWorld(World):
    """Its states are in the model's own units: the normalisation has mean 0 and std 1.

    The *archive* is what a free run says: its states as truth, its mean as background, so that the background error
    is the climatological variability, whose covariance the literature scales for its 3D-Var.

    Arguments:
        spec: What the world is made of.
    """

    spec: CycledSpec

    def __init__(self, spec: CycledSpec) -> None:
        self.spec, self.name, self.title = spec, spec.name, spec.title or spec.name
        self.model = make_model(spec)
        self.grid, self.channels = self.model.grid, self.model.channels

    @property
    def normalisation(self) -> Normalisation:
        count = len(self.channels)
        return Normalisation((0.0,) * count, (1.0,) * count)

    def starts(self, seeds: Sequence[int], members: int) -> Tensor:
        """First states, the truth before the members, shape (seed, 1 + members, channel, latitude, longitude)."""
        start = self.model.start().float()
        noise = CaseNoise([seed_from("start", self.name, seed) for seed in seeds])
        truth = noise.randn(1, *start.shape)
        others = noise.members(members).randn(*start.shape).unflatten(0, (len(seeds), members))
        return start + self.spec.start_std * torch.cat((truth, others), dim=1)

    def advance(self, states: Tensor) -> Tensor:
        """From one analysis time to the next, shape (..., channel, latitude, longitude)."""
        for _ in range(self.spec.steps):
            states = self.model.step(states)
        return states

    def mean_state(self) -> Tensor:
        """Mean of the free runs, shape (channel, latitude, longitude)."""
        return self._free.mean(0)

    def climate_std(self) -> float:
        """Root of the mean square departure of the free runs from their mean."""
        return float((self._free - self.mean_state()).square().mean().sqrt())

    @functools.cached_property
    def _free(self) -> Tensor:
        """States of the free runs, shape (sample, channel, latitude, longitude), float32."""
        start = self.model.start().float()
        noise = CaseNoise([seed_from("free run", self.name, run) for run in range(RUNS)])
        states = start + self.spec.start_std * noise.randn(*start.shape)
        for _ in range(int(SPIN_UP / (self.model.dt * self.spec.steps))):
            states = self.advance(states)
        samples = []
        for _ in range(SAMPLES):
            states = self.advance(states)
            samples.append(states)
        return torch.cat(samples)

    def provide(self, name: str) -> Component | None:
        """The background error covariance that the literature scales: that of the climate."""
        return self._background_error if name == BackgroundError.name else None

    @functools.cached_property
    def _background_error(self) -> BackgroundError:
        departures = (self._free - self.mean_state()).flatten(1)
        size = departures.shape[1]
        return BackgroundError(SpectralCovariance.fit(departures, torch.ones(size), size))

    @property
    def offers(self) -> frozenset[Need]:
        return frozenset({Need.ENSEMBLE})

    def times(self, split: Split) -> np.ndarray:
        if split == "test":
            raise BenchError(f"The world '{self.name}' is cycled: its cases are made one from the other.")
        half = len(self._free) // 2
        first = 0 if split == "train" else half
        return np.datetime64("2000-01-01", "ns") + np.arange(first, first + half) * np.timedelta64(1, "h")

    def truth(self, times: np.ndarray) -> Tensor:
        hours = (times - np.datetime64("2000-01-01", "ns")) // np.timedelta64(1, "h")
        return self._free[torch.from_numpy(hours.astype(np.int64))]

    def background(self, times: np.ndarray) -> Tensor:
        return self.climatology(times)

    def climatology(self, times: np.ndarray) -> Tensor:
        return self.mean_state().expand(len(times), *self.mean_state().shape)

    @property
    def training_hash(self) -> str:
        described = self.spec.model_dump(include={"model", "settings", "steps", "start_std"})
        return hash_json([self.name, described])

    @property
    def evaluation_hash(self) -> str:
        return self.training_hash

    @property
    def background_identity(self) -> dict[str, object]:
        return {"kind": "cycled"}

    @property
    def fitting_identity(self) -> str:
        return self.training_hash
