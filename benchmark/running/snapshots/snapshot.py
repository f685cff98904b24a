"""A sampled case: truth, background and every method's analysis, as bytes, and the observations.

Background and analyses are kept as their errors, for which all methods have one scale a channel, so a field is the
truth plus an error, and an increment the difference of two errors.
"""

__all__ = ["Observed", "Snapshot", "SnapshotChannel", "SnapshotFacts"]

import base64
import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
import pydantic

from benchmark.problem import BenchError, Grid

from .codes import decode


class SnapshotChannel(pydantic.BaseModel):
    """
    Arguments:
        name: Short name, such as `z500`.
        unit: Of its values; empty if it is not known.
        low, high: Least and largest value of the truth [unit].
        error: Largest error that has a code of its own [unit].
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    name: str = pydantic.Field(min_length=1)
    unit: str
    low: pydantic.FiniteFloat
    high: pydantic.FiniteFloat
    error: pydantic.FiniteFloat = pydantic.Field(ge=0)

    @pydantic.model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high < self.low:
            raise ValueError(f"the range of {self.name} ends before it begins")
        return self


class SnapshotFacts(pydantic.BaseModel):
    """What a snapshot is of.

    Arguments:
        format: Of the file.
        time: The case's valid time, such as `2012-07-01T00:00`.
        world: Its world's name.
        split: That the case is of.
        observing_system: In words.
        observing: Its identity, as in an experiment's description.
        observed: By channel what its observed values are of: `z500`, or `wind-speed(u500)`.
        observation_hash: Of the case's observations, as in the rows.
        channels: In the order of the fields.
        latitude, longitude: Ascending [degrees].
        periodic: Whether the longitudes close a circle.
        experiments: Id by label, of the methods that are in it.
        clipped: By label the share of an analysis' values whose errors are beyond the scale, and have the code of its
            end; labels that have none are left out.
        left_out: Why, by label, of those that are not in it.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    time: str = pydantic.Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d$")
    world: str = pydantic.Field(min_length=1)
    split: Literal["test", "validate"]
    observing_system: str
    observing: dict[str, pydantic.JsonValue]
    observed: dict[str, str]
    observation_hash: str
    channels: tuple[SnapshotChannel, ...] = pydantic.Field(min_length=1)
    latitude: tuple[pydantic.FiniteFloat, ...] = pydantic.Field(min_length=1)
    longitude: tuple[pydantic.FiniteFloat, ...] = pydantic.Field(min_length=1)
    periodic: bool
    experiments: dict[str, str]
    clipped: dict[str, Annotated[float, pydantic.Field(gt=0, le=1)]]
    left_out: dict[str, str]

    @pydantic.field_validator("time")
    @classmethod
    def _in_the_calendar(cls, time: str) -> str:
        np.datetime64(time)
        return time

    @property
    def grid(self) -> Grid:
        """
        Raises:
            BenchError: If the coordinates are not those of a grid.
        """
        return Grid(self.latitude, self.longitude)

    @property
    def ranges(self) -> tuple[np.ndarray, np.ndarray]:
        """The truth's least and largest value, each of shape (channel,)."""
        return np.array([c.low for c in self.channels]), np.array([c.high for c in self.channels])

    @property
    def errors(self) -> np.ndarray:
        """Largest errors that have a code, shape (channel,)."""
        return np.array([c.error for c in self.channels])


@dataclasses.dataclass(frozen=True)
class Observed:
    """What was observed.

    Arguments:
        latitude, longitude: Shape (n,), float32 [degrees].
        value: Shape (n,), float32 [unit of the channel, or of the quantity].
        channel: Index of the channel, shape (n,), int32.
    """

    latitude: np.ndarray
    longitude: np.ndarray
    value: np.ndarray
    channel: np.ndarray


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """
    Arguments:
        facts: What it is of.
        truth: Codes, shape (channel, latitude, longitude), uint8.
        background: Codes of its error, likewise.
        analyses: Codes of the errors of analyses, by label; of several members, of their mean.
        observed: The observations that methods saw.

    Raises:
        BenchError: If the parts do not fit each other.
    """

    facts: SnapshotFacts
    truth: np.ndarray
    background: np.ndarray
    analyses: Mapping[str, np.ndarray]
    observed: Observed

    def __post_init__(self) -> None:
        facts, grid = self.facts, self.facts.grid
        names = [channel.name for channel in facts.channels]
        shape = (len(names), *grid.shape)
        if len(set(names)) < len(names):
            raise BenchError("a channel stands there twice")
        if facts.periodic != grid.periodic:
            raise BenchError("its longitudes do not close the circle that it says they do, or do so unsaid")
        fields = [("truth", self.truth), ("background", self.background), *self.analyses.items()]
        for name, codes in fields:
            if codes.shape != shape or codes.dtype != np.uint8:
                raise BenchError(f"'{name}' has shape {codes.shape} and type {codes.dtype}, not {shape} and uint8")
        told = set(facts.experiments)
        if set(self.analyses) != told or told & set(facts.left_out) or not told.issuperset(facts.clipped):
            raise BenchError("its analyses are not those of its experiments")
        self._check_observed(len(names))

    def _check_observed(self, channels: int) -> None:
        places = dataclasses.asdict(self.observed)
        kinds = {name: np.int32 if name == "channel" else np.float32 for name in places}
        if any(array.ndim != 1 or array.dtype != kinds[name] for name, array in places.items()):
            raise BenchError("its observations are not lists of numbers of the right type")
        if len({len(array) for array in places.values()}) > 1 or not all(np.isfinite(a).all() for a in places.values()):
            raise BenchError("its observations are of different lengths, or not finite")
        if ((self.observed.channel < 0) | (self.observed.channel >= channels)).any():
            raise BenchError("an observation is of no channel")

    def true(self) -> np.ndarray:
        """The truth, shape (channel, latitude, longitude) [unit of the channel], to half a step of its codes."""
        return decode(self.truth, *self.facts.ranges)

    def error(self, label: str | None = None) -> np.ndarray:
        """The error of a method's analysis, or of the background; shape and unit as of the truth."""
        reach = self.facts.errors
        return decode(self.background if label is None else self.analyses[label], -reach, reach)

    def maps(self, setting: str = "") -> dict[str, Any]:
        """JSON-able, for the page.

        Arguments:
            setting: Id of the setting on the page.

        Returns:
            `setting`, `time`, `latitude`, `longitude`, `periodic`, `clipped`, `left_out`; `channels`: by name `range`
            and `error`, with which a code c stands for low + c / 255 (high - low), and of errors for
            -error + c / 255 2 error; `truth` and `background`: by channel the codes in base64, row by row from the
            south; `analyses`: the same by label; and `observations`: by channel lists of latitude, longitude and value.
        """
        facts = self.facts
        return {
            "setting": setting,
            "time": facts.time,
            "latitude": list(facts.latitude),
            "longitude": list(facts.longitude),
            "periodic": facts.periodic,
            "channels": {c.name: {"range": [c.low, c.high], "error": c.error} for c in facts.channels},
            "truth": self._packed(self.truth),
            "background": self._packed(self.background),
            "analyses": {label: self._packed(codes) for label, codes in self.analyses.items()},
            "observations": self._observations(),
            "clipped": dict(facts.clipped),
            "left_out": dict(facts.left_out),
        }

    def _packed(self, codes: np.ndarray) -> dict[str, str]:
        fields = zip(self.facts.channels, codes, strict=True)
        return {channel.name: base64.b64encode(field.tobytes()).decode("ascii") for channel, field in fields}

    def _observations(self) -> dict[str, list[list[float]]]:
        seen = self.observed
        found: dict[str, list[list[float]]] = {}
        for i, channel in enumerate(self.facts.channels):
            of = seen.channel == i
            columns = (seen.latitude[of], seen.longitude[of], seen.value[of])
            found[channel.name] = [[_short(part) for part in one] for one in zip(*columns, strict=True)]
        return found


def _short(value: np.floating) -> float:
    """Seven digits are all that single precision has."""
    return float(f"{value:.7g}")
