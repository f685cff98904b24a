"""Takes a snapshot: one case, all methods of a plan, one after another."""

__all__ = ["DIVERGED", "FAILED", "take_snapshot"]

import copy
import dataclasses
import warnings
from collections.abc import Iterable

import numpy as np
from torch import Tensor

from benchmark.problem import BenchError, Need, Normalisation, Observations, PointwiseOperator, Status
from benchmark.training.context import Context
from benchmark.training.recipes import prepare
from benchmark.worlds import World

from ..analysing import MethodRun, analyse_batch
from ..cases import Cases
from ..experiment import middle_time
from ..planning import Plan
from ..runner import Progress
from ..skipping import SENTENCES
from .codes import encode
from .snapshot import Observed, Snapshot, SnapshotChannel, SnapshotFacts

DIVERGED = "diverged"
FAILED = "failed"

REACH = 1.25
"""Largest error that has a code of its own, in largest errors of the background: a method that is far off, such as the
climatology, would leave few codes to all others."""


def take_snapshot(plan: Plan, context: Context, progress: Progress, time: np.datetime64 | None = None) -> Snapshot:
    """Analyses one case by every method; what comes of it does not depend on the other cases of a run.

    Methods that are skipped, that diverge or that fail are left out, and named; of those that fail there is a warning
    that says why. A method is prepared anew and let go, so that one at a time is in memory.

    Arguments:
        plan: The methods.
        context: Of its world.
        progress: Hears of progress, in methods.
        time: Valid time of the case, any of the split; None for the middle one of the plan's.

    Raises:
        BenchError: If there is no such time, or the truth or the background is not finite.
    """
    times = np.array([middle_time(plan.times) if time is None else _known(time, plan, context.world)])
    world, cases = context.world, Cases(context.world)
    truth, problem, _ = cases.problem(plan.system, times)
    x, xb = (_physical(fields, world, name) for name, fields in (("truth", truth), ("background", problem.background)))
    errors: dict[str, np.ndarray] = {}
    left_out = {label: SENTENCES[need] for label, need in plan.skipped.items()}
    progress.start("methods", len(plan.runs), 0)
    for run in plan.runs:
        try:
            xa = _analysed(run, plan, context, cases, times)
        except BenchError as error:
            warnings.warn(str(error), stacklevel=2)
            left_out[run.label] = FAILED
        else:
            if xa is None:
                left_out[run.label] = DIVERGED
            else:
                errors[run.label] = world.normalisation.denormalise(xa) - x
        progress.step()
    reach = _reach(xb - x, errors.values())
    facts = _facts(plan, world, times[0], problem.observations, x, reach)
    beyond = {label: float((np.abs(error) > reach[:, None, None]).mean()) for label, error in errors.items()}
    facts = facts.model_copy(
        update={
            "experiments": {run.label: run.experiment.id for run in plan.runs if run.label in errors},
            "clipped": {label: share for label, share in beyond.items() if share},
            "left_out": left_out,
        }
    )
    return Snapshot(
        facts,
        encode(x, *facts.ranges),
        encode(xb - x, -reach, reach),
        {label: encode(error, -reach, reach) for label, error in errors.items()},
        _observed(problem.observations, world.normalisation),
    )


def _known(time: np.datetime64, plan: Plan, world: World) -> np.datetime64:
    times = world.times(plan.request.split)
    nearest: np.datetime64 = times[np.abs(times - time).argmin()]
    if nearest != time:
        told = np.datetime_as_string(nearest, unit="m")
        raise BenchError(f"There is no case at {time} in the {plan.request.split} years; the nearest is {told}.")
    return nearest


def _analysed(run: MethodRun, plan: Plan, context: Context, cases: Cases, times: np.ndarray) -> np.ndarray | None:
    """The mean of a method's members, shape (channel, latitude, longitude), float64 [normalised]; None if it
    diverged."""
    run = dataclasses.replace(run, method=copy.deepcopy(run.method))
    prepare(run.method, context)
    ensemble = plan.request.ensemble if Need.ENSEMBLE in run.method.needs else 0
    truth, problem, _ = cases.problem(plan.system, times, ensemble)
    analysis, _ = analyse_batch(run, problem, context.world, plan.request.seed, context.device, truth)
    if analysis.status[0] is Status.DIVERGED:
        return None
    mean: np.ndarray = analysis.members.double().mean(1)[0].numpy()
    return mean


def _physical(fields: Tensor, world: World, name: str) -> np.ndarray:
    """The first case's, shape (channel, latitude, longitude), float64."""
    found: np.ndarray = world.normalisation.denormalise(fields[0].double().cpu().numpy())
    if not np.isfinite(found).all():
        raise BenchError(f"The {name} of this case is not finite everywhere; choose another with --time.")
    return found


def _reach(background: np.ndarray, errors: Iterable[np.ndarray]) -> np.ndarray:
    """Largest error that has a code, shape (channel,)."""
    of_background = np.abs(background).max((1, 2))
    largest = np.max([of_background, *(np.abs(error).max((1, 2)) for error in errors)], axis=0)
    return np.minimum(largest, np.where(of_background > 0, REACH * of_background, np.inf))


def _facts(
    plan: Plan, world: World, time: np.datetime64, observations: Observations, x: np.ndarray, reach: np.ndarray
) -> SnapshotFacts:
    low, high = x.min((1, 2)), x.max((1, 2))
    scales = zip(world.channels, low.tolist(), high.tolist(), reach.tolist(), strict=True)
    return SnapshotFacts(
        time=str(np.datetime_as_string(time, unit="m")),
        world=world.name,
        split=plan.request.split,
        observing_system=plan.system.description(),
        observing=plan.system.spec.identity(),
        observed={world.channels[i].name: name for i, name in plan.system.quantities.items()},
        observation_hash=observations.hashes[0],
        channels=tuple(SnapshotChannel(name=c.name, unit=c.unit, low=a, high=b, error=e) for c, a, b, e in scales),
        latitude=world.grid.latitude,
        longitude=world.grid.longitude,
        periodic=world.grid.periodic,
        experiments={},
        clipped={},
        left_out={},
    )


def _observed(observations: Observations, normalisation: Normalisation) -> Observed:
    real = observations.mask[0].cpu().numpy()
    channel = observations.channel[0].cpu().numpy()[real]
    H, values = observations.operator, observations.values.double()
    if isinstance(H, PointwiseOperator):
        physical = H.physical(values)[0].cpu().numpy()[real]
    else:
        mean, std = np.array(normalisation.mean), np.array(normalisation.std)
        physical = values[0].cpu().numpy()[real] * std[channel] + mean[channel]
    latitude, longitude = (place[0].cpu().numpy()[real] for place in (observations.latitude, observations.longitude))
    latitude, longitude, physical = (part.astype(np.float32) for part in (latitude, longitude, physical))
    return Observed(latitude, longitude, physical, channel.astype(np.int32))
