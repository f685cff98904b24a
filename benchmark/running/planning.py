"""From a request to the experiments that it is made of."""

__all__ = ["BASELINES", "Plan", "check_overrides", "method_parameters", "plan_run", "with_baselines"]

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmark.observing import ObservingSystem
from benchmark.problem import BenchError, Need, closest, parse_channel
from benchmark.training.context import Context
from benchmark.training.recipes import identify
from methods.registry import find_method, method_names, source_hash

from .analysing import MethodRun
from .experiment import Experiment, MethodRequest, choose_times
from .request import RunRequest
from .skipping import unmet

BASELINES = ("background", "climatology")


@dataclasses.dataclass(frozen=True)
class Plan:
    """
    Arguments:
        request: What was asked for.
        context: World, weights and device.
        system: Makes the observations.
        times: Valid times of the cases.
        runs: The methods; none is prepared yet.
        skipped: Why a method cannot run here, by label.
    """

    request: RunRequest
    context: Context
    system: ObservingSystem
    times: np.ndarray
    runs: tuple[MethodRun, ...]
    skipped: Mapping[str, Need]

    def chunks(self) -> list[np.ndarray]:
        """The cases in batches: the same ones whatever is stored already and whoever does them."""
        return [self.times[i : i + self.request.chunk] for i in range(0, len(self.times), self.request.chunk)]

    @property
    def ensemble(self) -> int:
        """Background members that some method needs."""
        return self.request.ensemble if any(Need.ENSEMBLE in run.method.needs for run in self.runs) else 0


def plan_run(request: RunRequest, context: Context) -> Plan:
    """
    Arguments:
        request: What was asked for; the methods are those that it names, and no others.
        context: Of its world, weights and device.

    Raises:
        BenchError: If a method is not known or has no weights here, or there are not so many cases.
    """
    world = context.world
    if _observes_all(request, context):
        # in other words the same: one experiment, and one draw
        request = request.model_copy(update={"observing": request.observing.model_copy(update={"obs_vars": ()})})
    requests = [MethodRequest.parse(label) for label in request.methods]
    classes = {r.label: find_method(r.name) for r in requests}
    system = ObservingSystem(request.observing, world.grid, world.channels, world.normalisation, world.name)
    times = choose_times(world.times(request.split), request.cases)
    runs, skipped = [], {}
    for r in requests:
        kind = classes[r.label]
        method = kind(**method_parameters(r, kind.defaults, request))
        if need := unmet(kind, world, system):
            skipped[r.label] = need
            continue
        members = 1 if method.point else request.members or method.default_members
        background_members = {"ensemble": request.ensemble} if Need.ENSEMBLE in method.needs else {}
        experiment = Experiment(
            world={
                "name": world.name,
                "training": world.training_hash,
                "evaluation": world.evaluation_hash if request.split == "test" else "",
                "background": world.background_identity,
            },
            observing=request.observing.identity(),
            protocol={"split": request.split, "seed": request.seed, **background_members},
            method={
                "name": method.name,
                "version": method.version,
                "source": source_hash(kind),
                "members": members,
                "parameters": method.identity(linear=Need.LINEAR_OPERATOR in system.offers),
            },
            weights=identify(method, context),
        )
        runs.append(MethodRun(r.label, method, members, experiment))
    return Plan(request, context, system, times, tuple(runs), skipped)


def _observes_all(request: RunRequest, context: Context) -> bool:
    """Whether the observed variables, named one by one, are all that the world has."""
    named = {parse_channel(name).name for name in request.observing.obs_vars}
    return bool(named) and all({c.name, c.variable} & named for c in context.world.channels)


def with_baselines(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The labels, each once, behind those of the baselines."""
    asked = dict.fromkeys(label.strip() for label in labels)
    return (*BASELINES, *(label for label in asked if label not in BASELINES))


def method_parameters(request: MethodRequest, defaults: Mapping[str, Any], run: RunRequest) -> dict[str, Any]:
    """Tuned for the world, then for every method, then for this one, then in its brackets."""
    for_all = {k: v for k, v in run.overrides.get("", {}).items() if k in defaults}
    tuned = run.world.methods.get(request.name, {})
    return {**tuned, **for_all, **run.overrides.get(request.name, {}), **request.parameters}


def check_overrides(request: RunRequest) -> None:
    """
    Raises:
        BenchError: If a setting belongs to no method of the run, or the world tunes a method that does not exist.
    """
    for name in request.world.methods:
        if name not in method_names():
            raise BenchError(
                f"World '{request.world.name}' sets parameters of the method '{name}', which is not installed; "
                f"{closest(name, method_names())}"
            )
    requests = [MethodRequest.parse(label) for label in request.methods]
    defaults = {r.name: find_method(r.name).defaults for r in requests}
    for key in request.overrides.get("", {}):
        if not any(key in d for d in defaults.values()):
            known = [name for d in defaults.values() for name in d]
            raise BenchError(f"--set {key}=...: no method of this run has that parameter; {closest(key, known)}")
    for name in request.overrides:
        if name and name not in defaults:
            raise BenchError(f"--set {name}....: that method is not in this run; {closest(name, defaults)}")
