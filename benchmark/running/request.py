"""From what the user asked for to a finished, summarised run."""

__all__ = ["Outcome", "RunRequest", "check_overrides", "execute", "method_parameters", "with_baselines"]

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pydantic

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.problem import BenchError, Need, closest
from benchmark.training.context import Context, open_context
from benchmark.training.recipes import prepare
from benchmark.worlds import BaseSpec
from methods.registry import find_method, method_names, source_hash
from metrics import find_region, region_weights

from .analyses import AnalysisWriter
from .experiment import Experiment, MethodRequest, choose_times
from .plotting import plot_run
from .runner import MethodRun, Progress, run_methods
from .skipping import SENTENCES, unmet
from .store import ResultStore
from .summary import summarise

BASELINES = ("background", "climatology")


class RunRequest(pydantic.BaseModel):
    """
    Arguments:
        world: The world's description.
        observing: The observing system's.
        methods: Labels such as `lo-sda` or `lo-sda[levels=20]`.
        overrides: Method name (or `` for every method that has the parameter) -> parameters set by the user.
        cases: How many, spread evenly over the split; None for all. On a cycled world, seeds.
        cycles: Analyses of a run, on a cycled world; None for the world's own number.
        members: Members asked for; None for each method's own default.
        ensemble: Background members that ensemble methods get.
        seed: Of the methods' random numbers.
        region: Region that is scored.
        split: `test`, or `validate` while something is being tuned.
        device: `auto`, `cpu` or `cuda`.
        out: Folder of the results.
        weights: Folder of the user's weights, None for the default one.
        chunk: Cases a batch and a result file.
        fresh: Whether to compute everything again.
        save_analyses: Zarr store to write analyses to.
        plot: Folder to write pictures of the middle case to.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    world: pydantic.SerializeAsAny[BaseSpec]
    observing: ObservingSpec
    methods: tuple[str, ...]
    overrides: dict[str, dict[str, str]] = {}
    cases: int | None = None
    members: int | None = None
    cycles: int | None = None
    ensemble: int = 20
    seed: int = 0
    region: str = "global"
    split: Literal["test", "validate"] = "test"
    device: str = "auto"
    out: Path = Path("results")
    weights: Path | None = None
    chunk: int = 32
    fresh: bool = False
    save_analyses: Path | None = None
    plot: Path | None = None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """
    Arguments:
        summary: The JSON object of `bench run --json`.
        channels: Units by channel name.
        title: What was run, for the table's caption.
        computed: Method-cases that were computed and not read from the store.
    """

    summary: dict[str, Any]
    channels: dict[str, str]
    title: str
    computed: int


def execute(request: RunRequest, progress: Progress, context: Context | None = None) -> Outcome:
    """Runs what is missing and scores everything that was asked for.

    Arguments:
        request: What was asked for.
        progress: Hears of progress.
        context: Its world, weights and device, from an earlier run of the same three; None to open them.

    Raises:
        BenchError: If something in the request, the data, the weights or the output folder is not right.
    """
    find_region(request.region)
    store = ResultStore(request.out)
    requests = with_baselines(request.methods)
    classes = {r.label: find_method(r.name) for r in requests}
    context = context or open_context(request.world, request.weights, request.device)
    world, device = context.world, context.device
    region_weights(world.grid, request.region)  # an empty region is told before the computation
    system = ObservingSystem(request.observing, world.grid, world.channels, world.normalisation, world.name)
    times = choose_times(world.times(request.split), request.cases)
    runs, skipped = [], {}
    for r in requests:
        method = classes[r.label](**method_parameters(r, classes[r.label].defaults, request))
        if need := unmet(classes[r.label], world, system):
            skipped[r.label] = {"reason": str(need), "text": SENTENCES[need]}
            continue
        members = 1 if method.point else request.members or method.default_members
        background_members = {"ensemble": request.ensemble} if Need.ENSEMBLE in method.needs else {}
        hashes = prepare(method, context)
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
                "source": source_hash(classes[r.label]),
                "members": members,
                "parameters": method.identity(linear=Need.LINEAR_OPERATOR in system.offers),
            },
            weights=hashes,
        )
        runs.append(MethodRun(r.label, method, members, experiment))
    writer = AnalysisWriter(request.save_analyses, world, _to_write(request)) if request.save_analyses else None
    try:
        run = run_methods(
            runs,
            world,
            system,
            times,
            store,
            seed=request.seed,
            chunk=request.chunk,
            device=device,
            fresh=request.fresh,
            progress=progress,
            ensemble=request.ensemble,
            keep=writer.add if writer else None,
        )
        if writer:
            writer.finish()
    finally:
        if writer:
            writer.discard()
    summary = {
        "experiment": _describe(request, runs, times, system),
        **summarise(run.rows, times, request.region),
        "skipped": skipped,
    }
    if request.plot:
        size = request.ensemble if any(Need.ENSEMBLE in r.method.needs for r in runs) else 0
        drawn = [r for r in runs if r.label in _to_write(request)]
        middle = times[len(times) // 2]
        plot_run(request.plot, drawn, world, system, middle, summary, seed=request.seed, device=device, ensemble=size)
    units = {channel.name: channel.unit for channel in world.channels}
    return Outcome(summary, units, f"{world.title}; {system.description()}", run.computed)


def with_baselines(labels: tuple[str, ...]) -> list[MethodRequest]:
    asked = list(dict.fromkeys(label.strip() for label in labels))
    return [MethodRequest.parse(label) for label in [*BASELINES, *(a for a in asked if a not in BASELINES)]]


def _to_write(request: RunRequest) -> list[str]:
    """Labels of the methods whose analyses are saved: the baselines only where nothing else was asked for."""
    asked = list(dict.fromkeys(label.strip() for label in request.methods))
    return [label for label in asked if label not in BASELINES] or asked


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


def _describe(request: RunRequest, runs: list[MethodRun], times: np.ndarray, system: ObservingSystem) -> dict[str, Any]:
    return {
        "world": request.world.name,
        "title": request.world.title,
        "split": request.split,
        "first_case": str(times[0].astype("datetime64[s]")),
        "last_case": str(times[-1].astype("datetime64[s]")),
        "observing_system": system.description(),
        "observing": request.observing.identity(),
        "seed": request.seed,
        "convention": "RMSE: root of the mean over cases of the area-weighted mean square (WeatherBench 2); "
        "relative error: mean over channels of RMSE / RMSE of the background",
        "ids": {run.label: run.experiment.id for run in runs},
        "oracles": [run.label for run in runs if Need.TRUTH in run.method.needs],
        "parameters": {run.label: run.method.parameters for run in runs},
    }
