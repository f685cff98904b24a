"""Tunes methods, trial by trial; the record of the trials is their journal.

After every trial the method's file is written whole. A proposal depends on the trials before it and on a seed of its
own, so what goes on after a kill ends with the trials that an undisturbed search ends with.
"""

__all__ = ["TrialProgress", "tune"]

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from benchmark.observing import ObservingSystem
from benchmark.problem import BenchError, Method, Need, Range, seed_from
from benchmark.running.experiment import MethodRequest
from benchmark.running.planning import check_overrides, method_parameters
from benchmark.running.skipping import SENTENCES, unmet
from benchmark.training.context import Context, open_context
from benchmark.training.recipes import prepare
from benchmark.worlds import CycledSpec
from methods.registry import find_method, source_hash

from .proposing import SAMPLER, propose
from .record import Chosen, Tuning, read_tuning, write_tuning
from .request import TuneRequest
from .space import search_space
from .trial import background, perform


class TrialProgress(Protocol):
    """Hears of progress."""

    def start(self, label: str, steps: int, done: int) -> None: ...
    def step(self, count: int = 1) -> None: ...
    def note(self, text: str) -> None: ...


@dataclasses.dataclass(frozen=True)
class _Plan:
    """What is to be done for a method.

    Arguments:
        label: As the user names it.
        kind: Its class.
        current: Its parameters as the world has them.
        space: Where they are searched.
    """

    label: str
    kind: type[Method]
    current: Mapping[str, Any]
    space: Mapping[str, Range]

    @property
    def fixed(self) -> dict[str, Any]:
        """The current values of what is not searched."""
        return {key: value for key, value in self.current.items() if key not in self.space}


def tune(request: TuneRequest, progress: TrialProgress) -> list[Tuning]:
    """Makes the trials that are missing of every method, and chooses the best.

    Raises:
        BenchError: If something in the request, the data, the weights or the output folder is not right.
    """
    if isinstance(request.world, CycledSpec):
        raise BenchError(
            f"The cycled world '{request.world.name}' has no validation year; tune on a world of fields, or compare "
            "settings there with bench run."
        )
    for label in request.methods:
        if MethodRequest.parse(label).parameters:
            raise BenchError(f"'{label}': fix a parameter with --set key=value, not in brackets.")
    check_overrides(request.run(request.observing[0], *request.methods))
    plans = [_plan(request, label) for label in request.methods]
    if len({plan.kind.name for plan in plans}) < len(plans):
        raise BenchError(f"A method is named twice in {', '.join(request.methods)}; name each once.")
    context = open_context(request.world, request.weights, request.device)
    seen = {f"{o.obs_frac:g}": background(request, o, context) for o in request.observing}
    starts = [_header(request, plan, seen, context) for plan in plans]
    paths = [request.out / "tuning" / request.world.name / f"{plan.kind.name}.json" for plan in plans]
    begun = [_resume(start, path) for start, path in zip(starts, paths, strict=True)]
    return [_search(request, *which, context, progress) for which in zip(plans, begun, paths, strict=True)]


def _plan(request: TuneRequest, label: str) -> _Plan:
    kind = find_method(label)
    asked = request.run(request.observing[0], label)
    set_by_user = {**asked.overrides.get("", {}), **asked.overrides.get(label, {})}
    space = search_space(kind, label, set_by_user)
    method = kind(**method_parameters(MethodRequest.parse(label), kind.defaults, asked))
    return _Plan(label, kind, method.parameters, space)


def _header(request: TuneRequest, plan: _Plan, seen: Mapping[str, Mapping[str, Any]], context: Context) -> Tuning:
    """The record without trials.

    Raises:
        BenchError: If the method cannot run here, whatever its setting.
    """
    world = context.world
    system = ObservingSystem(request.observing[0], world.grid, world.channels, world.normalisation, world.name)
    if need := unmet(plan.kind, world, system):
        raise BenchError(f"'{plan.label}' cannot run here: {SENTENCES[need]}; name another method or world.")
    method = plan.kind(**plan.current)
    one = next(iter(seen.values()))
    return Tuning(
        world={"name": world.name, "training": world.training_hash, "fitting": world.fitting_identity},
        observing={f"{o.obs_frac:g}": o.identity() for o in request.observing},
        observations={fraction: summary["observations"]["hash"] for fraction, summary in seen.items()},
        cases=one["cases"],
        first_case=one["experiment"]["first_case"],
        last_case=one["experiment"]["last_case"],
        convention=one["experiment"]["convention"],
        method={"name": method.name, "version": method.version, "source": source_hash(plan.kind)},
        weights=prepare(method, context),
        members=None if method.point else request.members,
        ensemble=request.ensemble if Need.ENSEMBLE in method.needs else None,
        seed=request.seed,
        budget=request.budget,
        space={key: str(span) for key, span in plan.space.items()},
        fixed=plan.fixed,
        technical=tuple(sorted(plan.kind.technical)),
        made_with=SAMPLER,
        asked=request.trials,
    )


def _resume(start: Tuning, path: Path) -> Tuning:
    """The record as far as it has come.

    Raises:
        BenchError: If the file holds trials of something else, or more than are asked for.
    """
    if not path.exists():
        return start
    found = read_tuning(path)
    if others := start.differences(found):
        raise BenchError(
            f"{path} holds trials of another tuning, which differs in {', '.join(others)}; name another folder with "
            "--out, or move the file away."
        )
    if len(found.trials) > start.asked:
        raise BenchError(
            f"{path} holds {len(found.trials)} trials already, and a choice among fewer would hide some; ask for "
            f"--trials {len(found.trials)} or more, or name another folder with --out."
        )
    return found.model_copy(update={"asked": start.asked, "chosen": None})


def _search(
    request: TuneRequest, plan: _Plan, tuning: Tuning, path: Path, context: Context, progress: TrialProgress
) -> Tuning:
    done = len(tuning.trials)
    progress.start(plan.label, tuning.asked, done)
    for number in range(done, tuning.asked):
        seed = seed_from("tuning", request.world.name, plan.kind.name, number, request.seed)
        searched = propose(plan.space, tuning.trials, request.budget, seed) if number else {}
        trial = perform(request, plan.label, number, searched, plan.current, tuning.observations, context)
        tuning = tuning.model_copy(update={"trials": (*tuning.trials, trial)})
        write_tuning(path, tuning)
        progress.step()
        best = tuning.best()
        score = trial.outcome if trial.mean is None else f"{trial.mean:.4f}"
        progress.note(f"trial {number}: {score}" + (f", best {best.mean:.4f}" if best else ""))
    if (best := tuning.best()) is not None:
        told = {k: v for k, v in best.parameters.items() if k not in plan.kind.technical}
        entry = {k: v for k, v in told.items() if k in plan.space or v != plan.kind.defaults[k]}
        tuning = tuning.model_copy(update={"chosen": Chosen(trial=best.number, entry=entry)})
    write_tuning(path, tuning)
    return tuning
