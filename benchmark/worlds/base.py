"""The interface of a world: where truth, background, climatology and archive come from."""

__all__ = ["Forecaster", "Split", "World"]

import abc
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import Archive, BenchError, Channel, Component, Grid, Need, Normalisation, hash_json

from .spec import BaseSpec

PART = 256

Split = Literal["train", "validate", "test"]


class Forecaster(Protocol):
    """A model that makes backgrounds from earlier truth, and ensembles from perturbed states.

    Attributes:
        lead_h: Lead time of a background [h].
        step_h: Length of one of its steps [h].
        history: How many states it needs: those at t - lead, t - lead - step, ...
    """

    lead_h: int
    step_h: int
    history: int

    def forecast(
        self,
        states: Tensor,
        climatology: Tensor,
        history_climatology: Tensor,
        times: np.ndarray,
        lead_h: int | None = None,
    ) -> Tensor:
        """A forecast that never saw the day it is for: within the training years the forecaster takes the
        network whose fold left the time out. Differentiable in the states.

        Arguments:
            states: At t - lead, t - lead - step, ..., shape (case, history, channel, latitude, longitude)
                [normalised].
            climatology: At the valid times, shape (case, channel, latitude, longitude) [normalised].
            history_climatology: At the states' times, shape of `states` [normalised].
            times: Valid times t, shape (case,), datetime64[ns].
            lead_h: Lead time [h], a multiple of the step; that of a background if not given.

        Returns:
            Shape (case, channel, latitude, longitude) [normalised].

        Raises:
            BenchError: If the lead time is no multiple of the step.
        """


class World(abc.ABC):
    """Truth and background by valid time.

    Attributes:
        name: What the user types after `--world`.
        title: One line for tables.
        grid: The horizontal grid.
        channels: One per channel axis entry.
        forecaster: What makes the background, or None.
        spec: What it was opened by.
    """

    spec: BaseSpec
    name: str
    title: str
    grid: Grid
    channels: tuple[Channel, ...]
    forecaster: Forecaster | None = None

    @property
    @abc.abstractmethod
    def normalisation(self) -> Normalisation:
        """From the training years."""

    @abc.abstractmethod
    def times(self, split: Split) -> np.ndarray:
        """Valid times of a split that have truth and what the background is made from, shape (time,),
        datetime64[ns], ascending."""

    @abc.abstractmethod
    def truth(self, times: np.ndarray) -> Tensor:
        """Shape (case, channel, latitude, longitude), float32 [normalised].

        Raises:
            BenchError: If a time is not there or a value is missing.
        """

    @abc.abstractmethod
    def background(self, times: np.ndarray) -> Tensor:
        """Shape (case, channel, latitude, longitude), float32 [normalised]; out of sample everywhere.

        Raises:
            BenchError: If a background cannot be made.
        """

    @abc.abstractmethod
    def climatology(self, times: np.ndarray) -> Tensor:
        """Mean of hour and day of year in the training years, shape (case, channel, latitude, longitude),
        float32 [normalised]."""

    @property
    @abc.abstractmethod
    def training_hash(self) -> str:
        """sha256 of the training and validation truth; test data do not change it."""

    @property
    @abc.abstractmethod
    def evaluation_hash(self) -> str:
        """sha256 of the test truth."""

    @property
    @abc.abstractmethod
    def background_identity(self) -> dict[str, object]:
        """What the background is, JSON-able: it decides what is fitted on an archive as the truth does."""

    @property
    @abc.abstractmethod
    def fitting_identity(self) -> str:
        """sha256 of all that a component of this world is fitted on, but for the components it builds on."""

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the fitted components that make this world's background."""
        return ()

    @property
    def on_earth(self) -> bool:
        """Whether its coastlines are those of the Earth."""
        return False

    @property
    def offers(self) -> frozenset[Need]:
        """What this world has of what a method may need."""
        return frozenset()

    def provide(self, name: str) -> Component | None:
        """A component that this world knows in closed form, so that nobody fits or trains it."""
        return None

    def ensemble(self, times: np.ndarray, members: int) -> Tensor:
        """Background members, shape (case, member, channel, latitude, longitude), float32 [normalised]; member i
        is the same however many are asked for.

        Raises:
            BenchError: If this world has none.
        """
        raise BenchError(f"The world '{self.name}' has no background ensemble.")

    def normalise(self, fields: np.ndarray) -> Tensor:
        """(case, channel, latitude, longitude) [physical] -> float32 [normalised], by parts to bound the memory."""
        out = np.empty(fields.shape, np.float32)
        for i in range(0, len(fields), PART):
            out[i : i + PART] = self.normalisation.normalise(fields[i : i + PART])
        return torch.from_numpy(out)

    def archive(self, split: Split) -> Archive:
        """What methods may learn from (`train`) and be tuned on (`validate`).

        Raises:
            BenchError: If the test years are asked for.
        """
        if split == "test":
            raise BenchError(
                "The test years are for scoring, not for fitting; ask for the archive of 'train' or 'validate'."
            )
        times = self.times(split)
        return Archive(
            truth=self.truth(times),
            background=self.background(times),
            climatology=self.climatology(times),
            times=times,
            grid=self.grid,
            channels=self.channels,
            hash=hash_json([self.training_hash, self.background_identity, split]),
        )
