"""What a cycled world is made of, as a YAML file says it."""

__all__ = ["CycledSpec", "LiteratureRow", "Model", "make_model"]

from collections.abc import Callable
from typing import Any, Literal, Protocol

import pydantic
from torch import Tensor

from benchmark.problem import BenchError, Channel, Grid, closest

from ..spec import BaseSpec
from .ks import KuramotoSivashinsky
from .lorenz63 import Lorenz63
from .lorenz96 import Lorenz96


class Model(Protocol):
    """A model of chaos in torch, batched and differentiable.

    Attributes:
        dt: Time step.
        grid: Where its variables lie.
        channels: One per channel axis entry.
    """

    dt: float
    grid: Grid
    channels: tuple[Channel, ...]

    def start(self) -> Tensor:
        """Where its runs start, shape (channel, latitude, longitude), float64."""

    def step(self, state: Tensor) -> Tensor:
        """One time step, shape (..., channel, latitude, longitude)."""


MODELS: dict[str, Callable[..., Model]] = {"lorenz63": Lorenz63, "lorenz96": Lorenz96, "ks": KuramotoSivashinsky}


class LiteratureRow(pydantic.BaseModel):
    """A published score.

    Arguments:
        label: The method and its settings in words.
        method: What is run, such as `etkf[inflation=1.02,rotate=true]`.
        ensemble: Members, for ensemble methods.
        expected: Time mean of the analysis RMSE.
        tolerance: How far it may be off.
        may_lose: Share of runs that may lose the truth; the score is that of the others.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    label: str
    method: str
    ensemble: int = pydantic.Field(default=20, ge=2)
    expected: float = pydantic.Field(gt=0)
    tolerance: float = pydantic.Field(gt=0)
    may_lose: float = pydantic.Field(default=0.0, ge=0, lt=1)


class CycledSpec(BaseSpec):
    """A toy model, cycled: forecast, observe, analyse, again.

    Arguments:
        model: `lorenz63`, `lorenz96` or `ks`.
        settings: Its time step and parameters.
        steps: Model steps between analyses.
        start_std: Std of the truth's and the members' first states about the model's start.
        observing: Settings of the observing system, as the flags of `bench run` name them.
        cycles: Analyses of a run.
        burn_in: How many of them are not scored.
        seeds: Runs, each with its own truth, observations and members.
        source: Where the setting and its scores come from.
        literature: Published scores.
    """

    kind: Literal["cycled"] = "cycled"
    model: str
    settings: dict[str, int | float] = pydantic.Field(default={})
    steps: int = pydantic.Field(default=1, gt=0)
    start_std: float = pydantic.Field(gt=0)
    observing: dict[str, Any] = pydantic.Field(default={})
    cycles: int = pydantic.Field(default=1000, gt=0)
    burn_in: int = pydantic.Field(default=100, ge=0)
    seeds: int = pydantic.Field(default=3, gt=0)
    source: str = ""
    literature: tuple[LiteratureRow, ...] = ()

    @pydantic.field_validator("model")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in MODELS:
            raise ValueError(f"there is no model '{name}'; {closest(name, MODELS)}")
        return name


def make_model(spec: CycledSpec) -> Model:
    """
    Raises:
        BenchError: If the model has no such parameter.
    """
    try:
        return MODELS[spec.model](**spec.settings)
    except TypeError as error:
        raise BenchError(f"World '{spec.name}', settings of the model '{spec.model}': {error}.") from None
