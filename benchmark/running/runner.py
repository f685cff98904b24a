"""Runs methods on cases: same truth, same background, same observations for all of them."""

__all__ = ["MethodRun", "Progress", "Run", "analyse_batch", "make_problem", "run_methods"]

import dataclasses
import importlib.metadata
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch

from benchmark.observing import ObservingSystem
from benchmark.problem import (
    Analysis,
    BenchError,
    CaseNoise,
    Method,
    Need,
    Oracle,
    Problem,
    Status,
    first_line,
    seed_from,
)
from benchmark.worlds import World
from methods.registry import is_oracle

from .experiment import Experiment
from .memory import peak_memory_mb, reset_peak_memory
from .scoring import rows_of
from .store import ResultStore

Keep = Callable[[str, np.ndarray, Analysis], None]


class Progress(Protocol):
    """Hears of progress."""

    def start(self, label: str, steps: int, done: int) -> None: ...
    def step(self, count: int = 1) -> None: ...


@dataclasses.dataclass(frozen=True)
class MethodRun:
    """A method that is ready to run, and the experiment that it is."""

    label: str
    method: Method
    members: int
    experiment: Experiment


@dataclasses.dataclass(frozen=True)
class Run:
    """All rows of the requested cases, by method label."""

    rows: Mapping[str, pd.DataFrame]
    times: np.ndarray
    computed: int


def run_methods(
    runs: list[MethodRun],
    world: World,
    observing: ObservingSystem,
    times: np.ndarray,
    store: ResultStore,
    *,
    seed: int,
    chunk: int,
    device: torch.device,
    fresh: bool,
    progress: Progress,
    ensemble: int = 0,
    keep: Keep | None = None,
) -> Run:
    """Computes what is missing, chunk by chunk, and returns the rows of all cases.

    Arguments:
        runs: The methods.
        world: Truth and backgrounds.
        observing: Makes the observations, once a chunk for all methods.
        times: Valid times of the cases.
        store: Where results are kept.
        seed: Of the methods' random numbers.
        chunk: Cases a batch.
        device: Where methods work.
        fresh: Whether to compute everything again.
        progress: Hears of progress, in method-cases.
        ensemble: Background members for the methods that need them.
        keep: Receives every analysis, normalised, on the CPU; then everything is computed.

    Raises:
        BenchError: If results cannot be written, or a method returns something of a wrong shape.
    """
    stored = {run.label: None if fresh else store.read(run.experiment) for run in runs}
    missing = {label: _missing(times, rows) for label, rows in stored.items()}
    for run in runs:
        if missing[run.label].any():
            store.prepare(run.experiment, fresh)
    wanted = {label: np.ones_like(cases) if keep else cases for label, cases in missing.items()}
    total = len(times) * len(runs)
    open_cases = sum(int(cases.sum()) for cases in wanted.values())
    progress.start("cases", total, total - open_cases)
    fresh_rows: dict[str, list[pd.DataFrame]] = {run.label: [] for run in runs}
    waiting = np.flatnonzero(np.any(list(wanted.values()), axis=0))
    for begin in range(0, len(waiting), chunk):
        index = waiting[begin : begin + chunk]
        batch = times[index]
        filters = any(Need.ENSEMBLE in run.method.needs and wanted[run.label][index].any() for run in runs)
        truth, problem = make_problem(world, observing, batch, ensemble if filters else 0)
        for run in runs:
            if not wanted[run.label][index].any():
                continue
            # a chunk that is partly done is computed as a whole, for the cases do not know of their batch
            analysis, seconds = analyse_batch(run, problem, world, seed, device, truth)
            facts = _facts(run, problem, analysis, seconds, device)
            rows = rows_of(analysis, truth, problem.climatology, world, batch, facts)
            rows = rows[rows["time"].isin(batch[missing[run.label][index]])]
            if len(rows):
                store.write(run.experiment, rows)
                fresh_rows[run.label].append(rows)
            if keep:
                keep(run.label, batch, analysis)
            progress.step(int(wanted[run.label][index].sum()))
    return Run(
        {run.label: _collect(stored[run.label], fresh_rows[run.label], times) for run in runs}, times, open_cases
    )


def make_problem(
    world: World, observing: ObservingSystem, times: np.ndarray, ensemble: int = 0
) -> tuple[torch.Tensor, Problem]:
    """The truth of some cases, and what methods may know of them; with background members if any are asked for."""
    truth = world.truth(times)
    observations = observing.observe(truth, times)
    problem = Problem(
        world.background(times),
        world.climatology(times),
        observations,
        world.grid,
        world.channels,
        times,
        world.ensemble(times, ensemble) if ensemble else None,
    )
    return truth, problem


def analyse_batch(
    run: MethodRun,
    problem: Problem,
    world: World,
    seed: int,
    device: torch.device,
    truth: torch.Tensor | None = None,
) -> tuple[Analysis, float]:
    """A method's analysis of some cases, on the CPU, and the seconds it took.

    Arguments:
        run: The method.
        problem: The cases.
        world: Its name is a part of every seed.
        seed: Of the method's random numbers.
        device: Where the method works.
        truth: Of the cases, for the built-in oracles and nobody else; None where there are none.

    Raises:
        BenchError: If the method fails or returns something of a wrong shape.
    """
    noise = CaseNoise([seed_from("method", world.name, t, seed) for t in _say(problem.times)], device)
    problem = problem.to(device)
    reset_peak_memory(device)
    if device.type == "cuda":
        torch.cuda.synchronize()
    started = time.perf_counter()
    try:
        with torch.no_grad():
            if truth is not None and isinstance(run.method, Oracle) and is_oracle(type(run.method)):
                analysis = run.method.reconstruct(truth.to(device), problem, run.members, noise)
            else:
                analysis = run.method.analyse(problem, run.members, noise)
    except BenchError:
        raise
    except Exception as error:
        kind = type(error).__name__
        raise BenchError(f"Method '{run.label}' failed ({kind}: {first_line(error)}); --debug shows where.") from error
    if device.type == "cuda":
        torch.cuda.synchronize()
    seconds = time.perf_counter() - started
    return _checked(run.label, problem, dataclasses.replace(analysis, members=analysis.members.cpu())), seconds


def _checked(label: str, problem: Problem, analysis: Analysis) -> Analysis:
    """The analysis, diverged where it is not finite, whatever a plug-in says of itself.

    Raises:
        BenchError: If its shape would be scored as something else.
    """
    cases, *state = problem.background.shape
    shape, words = tuple(analysis.members.shape), analysis.status
    if len(shape) != 5 or shape[1] == 0 or (shape[0], *shape[2:]) != (cases, *state) or len(words) != cases:
        raise BenchError(
            f"Method '{label}' returned members of shape {shape} and {len(words)} statuses for {cases} cases; "
            f"an analysis has members of shape {(cases, 'members', *state)} and a status for every case."
        )
    finite = torch.isfinite(analysis.members).flatten(1).all(1).tolist()
    status = tuple(word if good else Status.DIVERGED for word, good in zip(words, finite, strict=True))
    return dataclasses.replace(analysis, status=status)


def _facts(
    run: MethodRun, problem: Problem, analysis: Analysis, seconds: float, device: torch.device
) -> dict[str, Any]:
    cost = analysis.cost
    return {
        "experiment": run.experiment.id,
        "method": run.label,
        "observation_hash": list(problem.observations.hashes),
        "values": problem.observations.mask.sum(1).cpu().numpy(),
        "members": analysis.members.shape[1],
        "seconds": seconds / len(problem),
        "network_forwards": float(cost.network_forwards),
        "network_backwards": float(cost.network_backwards),
        "operator_calls": float(cost.operator_calls),
        "iterations": float(cost.iterations),
        "peak_memory_mb": peak_memory_mb(device),
        "device": device.type,
        "version": importlib.metadata.version("assimbench"),
        "torch": torch.__version__,
    }


def _say(times: np.ndarray) -> list[str]:
    return [str(t) for t in times.astype("datetime64[s]")]


def _missing(times: np.ndarray, rows: pd.DataFrame | None) -> np.ndarray:
    if rows is None:
        return np.ones(len(times), dtype=bool)
    return ~np.isin(times, rows["time"].to_numpy().astype(times.dtype))


def _collect(stored: pd.DataFrame | None, fresh: list[pd.DataFrame], times: np.ndarray) -> pd.DataFrame:
    frames = [*fresh, *([] if stored is None else [stored])]
    rows = pd.concat(frames, ignore_index=True)
    rows = rows[rows["time"].isin(times)]
    return rows.drop_duplicates(["time", "channel", "region", "statistic"], ignore_index=True)
