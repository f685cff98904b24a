"""The interface that every assimilation method implements."""

__all__ = ["FAMILIES", "Component", "Family", "Method", "Need"]

import abc
import enum
import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self, get_args

import torch
from torch import Tensor

from .analysis import Analysis
from .errors import BenchError, closest
from .noise import CaseNoise
from .problem import Archive, Problem
from .search import Range


class Component(abc.ABC):
    """Something fitted on an archive and kept in the weights store: a covariance, a network.

    Several methods may share one. `name` is its file's name there; `builds_on` are the kinds of component that it
    holds a part of; `eight_bits` are the beginnings of the names of tensors whose matrices are kept in eight
    bits, in place of half precision; `neural` says whether it is a trained network.
    """

    name: ClassVar[str]
    eight_bits: ClassVar[tuple[str, ...]] = ()
    builds_on: ClassVar[tuple[type["Component"], ...]] = ()
    neural: ClassVar[bool] = False

    def attach(self, parts: Mapping[str, "Component"]) -> None:  # noqa: B027
        """Receives the components that it builds on, by name, before it is used."""

    @abc.abstractmethod
    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors, and JSON-able settings from which `from_state` rebuilds the component."""

    @classmethod
    @abc.abstractmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        """The inverse of `state`."""

    @abc.abstractmethod
    def to(self, device: torch.device | str) -> Self:
        """The component on another device."""


class Need(enum.StrEnum):
    """What a method may need that not every world or observing system has. Where it is missing the method is
    skipped, and the table says for which of these reasons."""

    LINEAR_OPERATOR = "linear-operator"  # values that depend linearly on the state
    ENSEMBLE = "ensemble"  # background members
    EXACT_POSTERIOR = "exact-posterior"  # a world whose answer is known in closed form
    TRUTH = "truth"  # of oracles only, which are marked as such


Family = Literal["variational", "ensemble", "diffusion", "interpolation", "reference", "oracle", "other"]
"""Where a method belongs; `reference` is what others are held against, and `oracle` is shown the truth."""

FAMILIES: tuple[str, ...] = get_args(Family)


class Method(abc.ABC):
    """An assimilation method.

    A subclass states its name, version and parameters, and implements `analyse`. Parameters are plain
    values with defaults; `--set key=value` replaces them. A number with a positive default must be positive.

    Class attributes:
        name: What the user types after `--method`.
        version: Raised whenever the same parameters give other numbers; part of the experiment's id.
        paper: Where the method comes from, such as "Hunt et al. 2007".
        paper_url: Where that can be read: its DOI or arXiv page, as a URL.
        family: Where it belongs.
        defaults: Every parameter with its default value.
        components: The fitted parts that it needs from the weights store, by name; an instance whose parameters make
            it need others has its own.
        point: True for a method that gives one analysis however many members are asked for; an instance may have its
            own.
        prior: The field that comes back where nothing is observed; an instance may have its own.
        default_members: How many members it returns when the user does not say.
        needs: What it cannot do without.
        nonlinear: The parameters that are read only where the observation operator is nonlinear.
        technical: The parameters that change what an analysis costs, and its scores by no more than rounding; a
            tuning does not choose them.
        assimilates: False for one that ignores the observations: a bound, not a method.
        search: Where parameters are looked for when the method is tuned, by name; the defaults lie inside.
        uses_background: Whether the background field has a say in the analysis; None where `prior` tells. An instance
            may have its own.
        uses_adjoint: Whether it takes the transpose or the tangent of the observation operator, or gradients through it
            or through a network; None where the author does not say.
        uses_network: Whether it calls a trained network; None where its components tell.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    paper: ClassVar[str] = ""
    paper_url: ClassVar[str] = ""
    family: ClassVar[Family] = "other"
    defaults: ClassVar[Mapping[str, Any]] = {}
    components: tuple[str, ...] = ()
    point: bool = True
    prior: Literal["background", "climatology"] = "background"
    default_members: ClassVar[int] = 1
    needs: ClassVar[frozenset[Need]] = frozenset()
    nonlinear: ClassVar[frozenset[str]] = frozenset()
    technical: ClassVar[frozenset[str]] = frozenset()
    assimilates: ClassVar[bool] = True
    search: ClassVar[Mapping[str, Range]] = {}
    uses_background: bool | None = None
    uses_adjoint: ClassVar[bool | None] = None
    uses_network: ClassVar[bool | None] = None

    def __init__(self, **parameters: Any) -> None:
        """
        Raises:
            BenchError: If a parameter is not in `defaults`, or not of its type.
        """
        self.parameters: dict[str, Any] = dict(self.defaults)
        for key, value in parameters.items():
            if key not in self.defaults:
                raise BenchError(f"Method '{self.name}' has no parameter '{key}'; {closest(key, self.defaults)}")
            self.parameters[key] = _coerce(f"{self.name}: {key}", value, self.defaults[key])
        self.parts: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        """The value of a parameter."""
        return self.parameters[key]

    def identity(self, linear: bool) -> dict[str, Any]:
        """The parameters that decide the numbers, under a linear observation operator or under any."""
        return {k: v for k, v in self.parameters.items() if not (linear and k in self.nonlinear)}

    def require_choice(self, key: str, *words: str) -> None:
        """
        Raises:
            BenchError: If a parameter is none of these words.
        """
        if self[key] not in words:
            raise BenchError(f"{self.name}: {key} is {' or '.join(map(repr, words))}, not {self[key]!r}.")

    def fit(self, archive: Archive) -> None:  # noqa: B027 - optional: a method with nothing to estimate leaves it
        """Estimates what the method needs from the training years. Optional."""

    def load(self, parts: Mapping[str, Component]) -> None:
        """Receives the components named in `components`."""
        self.parts = dict(parts)

    @abc.abstractmethod
    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        """Finds the analyses of a batch of cases.

        A case's result must not depend on the other cases of the batch, and member i must be the same
        however many members are asked for.

        Arguments:
            problem: Background, climatology and observations of the cases.
            members: How many members are asked for; a point method may return one.
            noise: The only source of random numbers.
        """


def _coerce(label: str, value: Any, default: Any) -> Any:
    """`value` as the type of `default`."""
    try:
        if isinstance(default, bool):
            words = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
            return value if isinstance(value, bool) else words[str(value).lower()]
        if isinstance(default, int | float):
            number = float(value)
            if not math.isfinite(number) or (default > 0 and number <= 0):
                raise ValueError
            if isinstance(default, float):
                return number
            if number != int(number):
                raise ValueError
            return int(number)
        return str(value) if isinstance(default, str) else value
    except (KeyError, ValueError, TypeError, OverflowError):
        number = isinstance(default, int | float) and not isinstance(default, bool)
        sign = "positive value" if number and default > 0 else "value"
        kind = type(default).__name__
        raise BenchError(f"{label} takes a {sign} of type {kind} (default {default}), not {value!r}.") from None
