"""What a training recipe works with, and how a world gets its forecaster."""

__all__ = ["Context", "Recipe", "SilentReport", "choose_device", "open_context", "open_workspace"]

import contextlib
import dataclasses
import functools
import inspect
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pydantic
import torch

from benchmark.problem import Archive, BenchError, Component, closest, hash_json
from benchmark.weights import SHIPPED, Card, WeightsStore
from benchmark.worlds import BaseSpec, Fields, World, open_world
from benchmark.worlds.forecaster import ForecastNetworks
from benchmark.worlds.perturbations import Perturbations
from benchmark.worlds.planet import PlanetSettings
from benchmark.worlds.planet.forecaster import PlanetColumns, PlanetForecaster
from methods.priors.backbone import Backbone

from .loop import Report

Settings = TypeVar("Settings", bound=pydantic.BaseModel)
Part = TypeVar("Part", bound=Component)


class SilentReport:
    """Says nothing."""

    def start(self, label: str, steps: int, done: int) -> None:
        pass

    def step(self) -> None:
        pass

    def note(self, text: str) -> None:
        pass


def choose_device(name: str) -> torch.device:
    """The device, in single precision throughout: TensorFloat-32, which has ten bits, is switched off.

    Raises:
        BenchError: If the device is not there.
    """
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        if device.type not in ("cpu", "cuda"):
            raise BenchError(f"Device '{name}' is not supported; use cpu or cuda.")
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise BenchError(f"There is no device '{name}' ({str(error).splitlines()[0]}); use --device cpu.") from error
    return device


def open_workspace(
    spec: BaseSpec, weights: Path | None, device: str, shipped: Path | None = SHIPPED
) -> tuple[World, WeightsStore]:
    """Opens a world, its weights store, and gives the world its forecaster if there is one.

    Arguments:
        spec: The world's description.
        weights: Folder of the user's weights, None for the default one.
        device: Where the forecaster runs.
        shipped: Folder of the weights that ship with the package, None to do without them.
    """
    world = open_world(spec)
    store = WeightsStore(world.name, world.grid, world.channels, world.fitting_identity, weights, shipped)
    if not isinstance(world, Fields):
        return world, store
    if ForecastNetworks.name in world.components:
        networks = store.load(ForecastNetworks)
        if networks is not None:
            world.use_forecaster(networks[0].to(device))
    if PlanetColumns.name in world.components and (columns := store.load(PlanetColumns)) is not None:
        settings = PlanetSettings.read(world.spec.planet, spec.name)
        world.use_forecaster(PlanetForecaster(settings, columns[0], world.normalisation, world.spec.background.lead_h))
    if world.forecaster is not None:
        # those of another forecaster are no reason to stop: a method that needs an ensemble has them made anew
        with contextlib.suppress(BenchError):
            if (perturbations := store.load(Perturbations)) is not None:
                world.use_perturbations(perturbations[0])
    return world, store


@dataclasses.dataclass
class Context:
    """A training run's surroundings.

    Arguments:
        world: The world.
        store: Where components are found and put.
        device: Where networks are trained.
        report: Hears of progress.
        overrides: Component name -> settings that replace the world's.
    """

    world: World
    store: WeightsStore
    device: torch.device
    report: Report
    overrides: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)

    def settings(self, component: str, model: type[Settings]) -> Settings:
        """The settings of a recipe: its defaults, the world's, then the user's.

        Raises:
            BenchError: If a setting is unknown or has a wrong value.
        """
        merged: Mapping[str, Any] = model().model_dump()
        for given in (self.world.spec.training.get(component, {}), self.overrides.get(component, {})):
            if not isinstance(given, Mapping):
                raise BenchError(f"Training setting {component}={given!r}: write {component}.KEY=value.")
            merged = merge(merged, given)
        try:
            settings = model.model_validate(merged)
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            raise BenchError(f"Training setting {component}.{field}: {first['msg']}; see docs/methods.md.") from None
        known = inspect.signature(Backbone).parameters
        for key in getattr(settings, "backbone", {}):
            if key not in known:
                name = f"{component}.backbone.{key}"
                raise BenchError(f"Training setting {name}: there is no such setting; {closest(key, known)}")
        return settings

    @property
    def fields(self) -> Fields:
        """The world, for what only real or simulated fields have.

        Raises:
            BenchError: If it is of another kind.
        """
        if not isinstance(self.world, Fields):
            raise BenchError(
                f"The world '{self.world.name}' knows its own answers, so nothing of it is trained; "
                "train on a world of fields."
            )
        return self.world

    @functools.cached_property
    def archive(self) -> Archive:
        """The training years."""
        return self.world.archive("train")

    @functools.cached_property
    def validation(self) -> Archive:
        """The validation year."""
        return self.world.archive("validate")

    def use_forecaster(self, networks: ForecastNetworks) -> None:
        """Gives the world a new forecaster; archives of another one's backgrounds are forgotten."""
        self.fields.use_forecaster(networks.to(self.device))
        for name in ("archive", "validation"):
            self.__dict__.pop(name, None)

    def uses(self, name: str) -> bool:
        """Whether this world has such a component: a forecaster belongs to worlds whose background it makes."""
        return name not in (ForecastNetworks.name, PlanetColumns.name) or name in self.world.components

    def checkpoint(self, label: str) -> Path:
        """File of a network's checkpoint."""
        return self.store.folder / "checkpoints" / f"{label}.safetensors"

    def origin(self, settings: pydantic.BaseModel, depends: tuple[str, ...] = ()) -> str:
        """Hash of the data, the settings and the components that a network is trained with."""
        return hash_json([self.store.training_hash, settings.model_dump(), self.hashes(depends)])

    def require(self, kind: type[Part]) -> Part:
        """A component that the recipe builds on.

        Raises:
            BenchError: If it has not been trained.
        """
        if isinstance(known := self.world.provide(kind.name), kind):
            return known.to(self.device)
        loaded = self.store.load(kind)
        if loaded is None:
            if not isinstance(self.world, Fields):
                raise BenchError(
                    f"The world '{self.world.name}' has no '{kind.name}', and nothing of it is trained; take a method "
                    "that does without, or a world of fields."
                )
            raise BenchError(
                f"There are no weights of '{kind.name}' for this world; "
                f"train them with: bench train {kind.name} --world {self.world.name}"
            )
        return loaded[0].to(self.device)

    def save(
        self,
        component: Component,
        started: float,
        seconds: float | None = None,
        depends: tuple[str, ...] = (),
        **facts: Any,
    ) -> Card:
        """Stores what a recipe made, with the facts every card has.

        Arguments:
            component: What was made.
            started: When, `time.monotonic()`.
            seconds: Training time if it was not all since then (a resumed run).
            depends: Names of the components that it was made with.
            facts: Further fields of the card.
        """
        return self.store.save(
            component,
            depends=self.hashes(depends),
            years=self.world.spec.fitting_years,
            seconds=round(time.monotonic() - started if seconds is None else seconds, 1),
            device=f"{self.device.type}, float32",
            **facts,
        )

    def hashes(self, names: tuple[str, ...]) -> dict[str, str]:
        """sha256 of components that are there, by name."""
        found = {name: self.store.find(name) for name in names if self.uses(name)}
        return {name: pair[1].sha256 for name, pair in found.items() if pair is not None}


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Nested dictionaries, the second's values first."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(old, value) if both else value  # type: ignore[arg-type]
    return merged


class Recipe(Protocol):
    """How one component is made.

    Attributes:
        kind: Its class.
        quick: Whether it takes seconds, so that `bench run` makes it by itself.
    """

    @property
    def kind(self) -> type[Component]: ...
    @property
    def quick(self) -> bool: ...

    def needs(self, context: Context) -> tuple[str, ...]:
        """Components that must be there before."""

    def run(self, context: Context) -> Card:
        """Makes and stores the component."""


def open_context(spec: BaseSpec, weights: Path | None, device: str) -> Context:
    """A workspace that says nothing, on a device; see `open_workspace` and `choose_device`."""
    chosen = choose_device(device)
    world, store = open_workspace(spec, weights, str(chosen))
    return Context(world, store, chosen, SilentReport())
