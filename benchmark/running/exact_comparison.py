"""Methods beside the exact answer, on a world that knows it."""

__all__ = ["compare_with_exact"]

import dataclasses
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmark.observing import ObservingSystem
from benchmark.problem import Analysis, BenchError, Method, Need, Problem, Status
from benchmark.training.context import Context, open_context
from benchmark.training.recipes import prepare
from benchmark.worlds import World
from methods.priors.exact_posterior import ExactPosterior
from methods.registry import find_method

from .analysing import MethodRun, analyse_batch
from .cases import make_problem
from .exactness import Measures, area_mean, measure
from .experiment import Experiment, MethodRequest, choose_times
from .planning import method_parameters
from .request import RunRequest
from .runner import Progress
from .skipping import SENTENCES, unmet


@dataclasses.dataclass
class Track:
    """A method on its way through the cases.

    Arguments:
        run: The method, or None if it cannot run here.
        reason: Why not, or why it stopped.
    """

    run: MethodRun | None
    reason: str = ""
    members: int = 0
    seconds: float = 0.0
    measures: list[Measures] = dataclasses.field(default_factory=list)
    statuses: list[Status] = dataclasses.field(default_factory=list)


def compare_with_exact(request: RunRequest, progress: Progress) -> dict[str, Any]:
    """Runs methods on the same cases and observations, and measures each against the exact posterior.

    Arguments:
        request: What is run; its folders of results and pictures are of no consequence.
        progress: Hears of progress, in method-cases.

    Returns:
        The JSON object of one observing system of `bench exact --json`.

    Raises:
        BenchError: If the world does not know its posterior, or something of the request is not right.
    """
    context = open_context(request.world, request.weights, request.device)
    world, device = context.world, context.device
    known = world.provide(ExactPosterior.name)
    if not isinstance(known, ExactPosterior):
        raise BenchError(
            f"The world '{world.name}' does not know its posterior in closed form; take --world gaussian or "
            "--world gaussian-ring."
        )
    system = ObservingSystem(request.observing, world.grid, world.channels, world.normalisation, world.name)
    times = choose_times(world.times(request.split), request.cases)
    labels = list(dict.fromkeys(label.strip() for label in request.methods))
    tracks = {label: _track(label, request, context, system) for label in labels}
    area = torch.as_tensor(world.grid.cell_area, dtype=torch.float64)
    posterior = known.to(device)
    spreads: list[Tensor] = []
    hashes: list[str] = []
    count = 0.0
    progress.start("cases", len(times) * len(tracks), 0)
    for begin in range(0, len(times), request.chunk):
        batch = times[begin : begin + request.chunk]
        truth, problem = make_problem(world, system, batch, _background_members(tracks, request))
        with torch.no_grad():
            mean, variance = (part.cpu() for part in posterior.mean_and_variance(problem.to(device)))
        spreads.append(torch.stack((area_mean(variance, area), area_mean(variance.sqrt(), area))))
        count += float(problem.observations.mask.sum())
        hashes += problem.observations.hashes
        for track in tracks.values():
            analysis = _advance(track, problem, world, request.seed, device)
            if analysis is not None:
                track.measures.append(measure(analysis.members, truth, mean, variance, area))
            progress.step(len(batch))
    exact = torch.cat(spreads, dim=1)
    return {
        "observing_system": system.description(),
        "observing": request.observing.identity(),
        "cases": len(times),
        "values_per_case": count / len(times),
        "observation_hashes": hashes,
        "methods": {label: _report(track, exact, world) for label, track in tracks.items()},
    }


def _track(label: str, request: RunRequest, context: Context, system: ObservingSystem) -> Track:
    parsed = MethodRequest.parse(label)
    kind = find_method(parsed.name)
    method = kind(**method_parameters(parsed, kind.defaults, request))
    if need := unmet(kind, context.world, system):
        return Track(None, SENTENCES[need])
    try:
        hashes = prepare(method, context)
    except BenchError as error:
        return Track(None, str(error))
    members = 1 if method.point else request.members or method.default_members
    experiment = Experiment(
        world={"name": context.world.name, "evaluation": context.world.evaluation_hash},
        observing=request.observing.identity(),
        protocol={"split": request.split, "seed": request.seed},
        method={"name": method.name, "version": method.version, "parameters": method.parameters, "members": members},
        weights=hashes,
    )
    return Track(MethodRun(label, method, members, experiment))


def _background_members(tracks: dict[str, Track], request: RunRequest) -> int:
    methods: list[Method] = [track.run.method for track in tracks.values() if track.run is not None]
    return request.ensemble if any(Need.ENSEMBLE in method.needs for method in methods) else 0


def _advance(track: Track, problem: Problem, world: World, seed: int, device: torch.device) -> Analysis | None:
    """A batch of a method; one that fails is out, and says why."""
    if track.run is None:
        return None
    try:
        analysis, seconds = analyse_batch(track.run, problem, world, seed, device)
    except BenchError as error:
        track.run, track.reason = None, str(error)
        return None
    track.members = analysis.members.shape[1]
    track.seconds += seconds
    track.statuses += analysis.status
    return analysis


def _report(track: Track, exact: Tensor, world: World) -> dict[str, Any]:
    """A method's figures, with those that an exact method of as many members is expected to have.

    Arguments:
        track: The method.
        exact: Area means of the posterior's variance and of its std, shape (2, case, channel).
        world: Gives the names of the channels.
    """
    if track.run is None:
        return {"reason": track.reason}
    kept = torch.tensor([status is not Status.DIVERGED for status in track.statuses])
    facts = {
        "reason": "",
        "members": track.members,
        "cases": int(kept.sum()),
        "diverged": int((~kept).sum()),
        "not_converged": sum(status is Status.NOT_CONVERGED for status in track.statuses),
        "seconds_per_case": track.seconds / len(kept),
    }
    if not kept.any():
        return {**facts, "reason": "Every case diverged."}
    whole = {
        field.name: torch.cat([getattr(part, field.name) for part in track.measures])[kept]
        for field in dataclasses.fields(Measures)
    }
    variance, std = exact[:, kept]
    several = track.members > 1
    sampling = 1 / track.members if several else 0.0
    # a single analysis is at its best the posterior mean, whose absolute error is sqrt(2) times the posterior's CRPS
    crps = std * (1 / math.sqrt(math.pi) if several else math.sqrt(2 / math.pi))
    mse = (1 + sampling) * variance
    names = [channel.name for channel in world.channels]
    rmse_by_channel = zip(names, whole["mse"].mean(0).sqrt().tolist(), mse.mean(0).sqrt().tolist(), strict=True)
    crps_by_channel = zip(names, whole["crps"].mean(0).tolist(), crps.mean(0).tolist(), strict=True)
    return {
        **facts,
        "distance": _root(whole["distance"], math.sqrt(sampling)),
        "spread": _root(whole["spread"], 1.0) if several else None,
        "rmse": _root(whole["mse"], float(mse.mean().sqrt())),
        "crps": _mean(whole["crps"], float(crps.mean())),
        "rmse_by_channel": {name: {"value": value, "expected": wanted} for name, value, wanted in rmse_by_channel},
        "crps_by_channel": {name: {"value": value, "expected": wanted} for name, value, wanted in crps_by_channel},
    }


def _mean(values: Tensor, expected: float) -> dict[str, float | None]:
    """Mean over channels and cases (case, channel), and its standard error: cases are independent here."""
    cases = values.mean(1).numpy()
    error = float(np.std(cases, ddof=1)) / math.sqrt(len(cases)) if len(cases) > 1 else None
    return {"value": float(cases.mean()), "se": error, "expected": expected}


def _root(squares: Tensor, expected: float) -> dict[str, float | None]:
    """The same of the root of the mean."""
    found = _mean(squares, expected)
    value = math.sqrt(found["value"] or 0.0)
    error = found["se"] / (2 * value) if found["se"] is not None and value > 0 else found["se"]
    return {"value": value, "se": error, "expected": expected}
