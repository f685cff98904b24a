"""An experiment's description, as a store has it: checked, and run again."""

__all__ = ["Description", "recomputed_id", "request_of", "same_world"]

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic

from benchmark.observing import ObservingSpec
from benchmark.problem import BenchError, hash_json
from benchmark.worlds import BaseSpec, World

from ..experiment import Experiment
from ..request import RunRequest
from .checks import RefusedError
from .members import NAME

Name = Annotated[str, pydantic.StringConstraints(pattern=rf"^{NAME}$", max_length=64)]
Digest = Annotated[str, pydantic.StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Word = Annotated[str, pydantic.StringConstraints(max_length=200)]
Value = bool | int | float | Word
STRICT = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

PARTS = ("world", "observing", "protocol", "method", "weights")
DEFAULT_ENSEMBLE = 20


class _World(pydantic.BaseModel):
    model_config = STRICT

    name: Name
    training: Digest
    evaluation: Digest
    background: dict[str, Any]


class _Protocol(pydantic.BaseModel):
    model_config = STRICT

    split: Literal["test"]
    seed: int = pydantic.Field(ge=0)
    ensemble: int | None = pydantic.Field(default=None, ge=2, le=1000)


class _Method(pydantic.BaseModel):
    model_config = STRICT

    name: Name
    version: int = pydantic.Field(ge=0, le=10**6)
    source: Digest | Literal[""]
    members: int = pydantic.Field(ge=1, le=1000)
    parameters: dict[Name, Value]


class Description(pydantic.BaseModel):
    """What `Experiment.record` writes, of the test split.

    Arguments:
        id: As it is told.
        score_version: Of the statistics.
        world, observing, protocol, method, weights: As of `Experiment`.
    """

    model_config = STRICT

    id: Annotated[str, pydantic.StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    score_version: int
    world: _World
    observing: dict[str, Any]
    protocol: _Protocol
    method: _Method
    weights: dict[Name, Digest]

    @classmethod
    def check(cls, record: Any) -> "Description":
        """
        Raises:
            RefusedError: If something is missing, unknown or of a wrong kind, or it is not of the test split.
        """
        try:
            return cls.model_validate(record)
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part)[:40] for part in first["loc"]) or "the whole"
            raise RefusedError(f"an experiment's description cannot be used: {field}: {first['msg']}") from None

    @property
    def built_in(self) -> bool:
        """Whether it is of a method of the package: code of another origin has a hash."""
        return not self.method.source

    def observes(self) -> ObservingSpec:
        """
        Raises:
            RefusedError: If it does not say what is observed, or says more than that.
        """
        if "stations" in self.observing or self.observing.get("network") == "stations":
            raise RefusedError(
                "it observes at stations, whose file is no part of a submission; observe by random, columns or grid"
            )
        if not isinstance(self.observing.get("obs_std"), int | float | dict):
            raise RefusedError("its obs_std is no number")  # a text would be the path of a file, which is read
        try:
            spec = ObservingSpec.make(**self.observing)
        except (BenchError, TypeError) as error:
            raise RefusedError(f"its observing system cannot be used ({error})") from None
        if hash_json(spec.identity()) != hash_json(self.observing):
            raise RefusedError("its observing system is not told as a run tells it")
        if spec.seed != self.protocol.seed:
            raise RefusedError("its observations and its method have seeds of their own; a run gives both the same")
        return spec


def recomputed_id(record: Mapping[str, Any]) -> str:
    """The id of what a description says, whatever id it tells."""
    return Experiment(**{part: record[part] for part in PARTS}).id


def same_world(record: Mapping[str, Any], world: World) -> bool:
    """Whether a description's world is that one, with the same data and background."""
    own = {
        "name": world.name,
        "training": world.training_hash,
        "evaluation": world.evaluation_hash,
        "background": world.background_identity,
    }
    return hash_json(record["world"]) == hash_json(own)


def request_of(
    description: Description, world: BaseSpec, weights: Path | None, out: Path, method: str = "", device: str = "cpu"
) -> RunRequest:
    """The run of a described experiment.

    Arguments:
        description: What it is.
        world: Of that name.
        weights: Folder of weights.
        out: Where the run's results would go.
        method: What the method is called here, its own name if empty.
        device: Where it runs.
    """
    name = method or description.method.name
    return RunRequest(
        world=world,
        observing=description.observes(),
        methods=(name,),
        overrides={name: {key: str(value) for key, value in description.method.parameters.items()}},
        members=description.method.members,
        ensemble=description.protocol.ensemble or DEFAULT_ENSEMBLE,
        seed=description.protocol.seed,
        device=device,
        out=out,
        weights=weights,
    )
