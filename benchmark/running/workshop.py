"""What a process keeps from one piece of work to the next, and the piece of work itself.

A unit is one experiment on one chunk of cases. Its result is a function of its specification: whoever does it, after
whatever else, the numbers are the same.
"""

__all__ = ["Finished", "Unit", "Workshop", "compute", "tuning_trials"]

import collections
import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow
from torch import Tensor

from benchmark.problem import Analysis, BenchError, Need, Observations, Problem, hash_json
from benchmark.training.context import Context, open_context
from benchmark.training.recipes import prepare
from metrics import observation_statistics

from .analysing import MethodRun, analyse_batch
from .cases import Cases
from .experiment import weights_hash
from .memory import peak_memory_mb, reset_peak_memory
from .planning import Plan, plan_run
from .provenance import provenance
from .request import RunRequest
from .scoring import Scoring
from .store import ResultStore

Kept = TypeVar("Kept")

WORLDS = 2
METHODS = 32
PLANS = 64
"""What a process keeps of each kind; a world is kept with the methods that are prepared for it."""


@dataclasses.dataclass(frozen=True)
class Unit:
    """
    Arguments:
        request: A run of one method.
        experiment: Id of the experiment that it must be.
        times: Valid times of the cases, ISO 8601.
    """

    request: RunRequest
    experiment: str
    times: tuple[str, ...]

    @property
    def label(self) -> str:
        """The method's."""
        return self.request.methods[0]

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """What tells it from others."""
        return self.experiment, self.times


@dataclasses.dataclass(frozen=True)
class Finished:
    """
    Arguments:
        cases: How many were computed.
        seconds: What it took, everything included.
        of_method: What the method took of it.
    """

    cases: int
    seconds: float
    of_method: float


class _Latest(Generic[Kept]):
    """The latest few things by their key."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._kept: collections.OrderedDict[str, Kept] = collections.OrderedDict()

    def get(self, key: str, make: Callable[[], Kept]) -> Kept:
        if key not in self._kept:
            self._kept[key] = make()
        self._kept.move_to_end(key)
        while len(self._kept) > self._count:
            self._kept.popitem(last=False)
        return self._kept[key]


class Site:
    """A world that is open, its cases, and the methods that are prepared for it.

    Arguments:
        context: World, weights and device.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.cases = Cases(context.world)
        self.scoring = Scoring(context.world)
        self._methods: _Latest[Any] = _Latest(METHODS)

    def prepared(self, run: MethodRun) -> MethodRun:
        """The same with a method that has its weights; they are read once.

        Raises:
            BenchError: If a component has to be trained first.
        """

        def make() -> Any:
            prepare(run.method, self.context)
            return run.method

        kind = type(run.method)
        made_of = (run.experiment.method, run.method.parameters, run.experiment.weights)
        key = hash_json([kind.__module__, kind.__qualname__, *made_of])
        return dataclasses.replace(run, method=self._methods.get(key, make))


class Workshop:
    """Does units. Not for several threads at once."""

    def __init__(self) -> None:
        self._sites: _Latest[Site] = _Latest(WORLDS)
        self._plans: _Latest[Plan] = _Latest(PLANS)

    def site(self, request: RunRequest) -> Site:
        """The world of a request, opened once.

        Raises:
            BenchError: If it cannot be opened.
        """
        key = hash_json([request.world.model_dump(mode="json"), str(request.weights), request.device])
        return self._sites.get(key, lambda: Site(open_context(request.world, request.weights, request.device)))

    def plan(self, request: RunRequest) -> Plan:
        """The plan of a request, made once.

        Raises:
            BenchError: If something in the request is not right.
        """
        site = self.site(request)
        return self._plans.get(hash_json(request.model_dump(mode="json")), lambda: plan_run(request, site.context))

    def perform(self, unit: Unit) -> Finished:
        """Computes a unit and writes its rows.

        Raises:
            BenchError: If the method fails, the results cannot be written, or the experiment is another one here.
        """
        started = time.perf_counter()
        plan, site = self.plan(unit.request), self.site(unit.request)
        (run,) = plan.runs
        if run.experiment.id != unit.experiment:
            raise BenchError(
                f"'{run.label}' is another experiment here ({run.experiment.id}, not {unit.experiment}): this worker "
                "has another version of the package, of the weights or of the data; make them the same."
            )
        times = np.array(unit.times, dtype="datetime64[ns]")
        ensemble = unit.request.ensemble if Need.ENSEMBLE in run.method.needs else 0
        cases = site.cases.problem(plan.system, times, ensemble)
        _, rows, seconds = compute(site.prepared(run), cases, plan, site)
        ResultStore(unit.request.out).write(run.experiment, rows)
        return Finished(len(times), time.perf_counter() - started, seconds)


def compute(
    run: MethodRun, cases: tuple[Tensor, Problem, Observations | None], plan: Plan, site: Site
) -> tuple[Analysis, pyarrow.Table, float]:
    """One experiment on one chunk of cases.

    Arguments:
        run: The method, prepared.
        cases: Truth, problem, and withheld observations, as `Cases` makes them.
        plan: What it is part of.
        site: Its world.

    Returns:
        The analysis, the rows, and the seconds that the method took.

    Raises:
        BenchError: If the method fails or returns something of a wrong shape.
    """
    context, request = site.context, plan.request
    truth, problem, withheld = cases
    reset_peak_memory(context.device)
    analysis, seconds = analyse_batch(run, problem, context.world, request.seed, context.device, truth)
    facts = _facts(run, problem, analysis, seconds, request, context)
    seen = observation_statistics(
        problem.observations,
        withheld,
        analysis.members,
        problem.background,
        plan.system.quantities,
        problem.ensemble,
    )
    return analysis, site.scoring.rows(analysis, truth, problem, seen, facts), seconds


def _facts(
    run: MethodRun, problem: Problem, analysis: Analysis, seconds: float, request: RunRequest, context: Context
) -> Mapping[str, Any]:
    cost, experiment = analysis.cost, run.experiment
    return {
        "experiment": experiment.id,
        "method": run.label,
        "observation_hash": list(problem.observations.hashes),
        "values": problem.observations.mask.sum(1).cpu().numpy(),
        "members": analysis.members.shape[1],
        "seconds": seconds / len(problem),
        "network_forwards": float(cost.network_forwards),
        "network_backwards": float(cost.network_backwards),
        "operator_calls": float(cost.operator_calls),
        "iterations": float(cost.iterations),
        "peak_memory_mb": peak_memory_mb(context.device),
        "seed": request.seed,
        "observing_seed": request.observing.seed,
        "data_hash": hash_json(experiment.world)[:16],
        "weights_hash": weights_hash(experiment.weights),
        "trials": tuning_trials(run, request),
        **provenance(context.device),
    }


def tuning_trials(run: MethodRun, request: RunRequest) -> int:
    """Among how many trials a method's parameters were chosen; 0 if they are not those that were chosen. Parameters
    that change what an analysis costs, and its scores by rounding only, are not tuned."""
    kind, own = type(run.method), run.method.parameters
    tuned = kind(**request.world.methods.get(run.method.name, {})).parameters
    chosen = all(tuned[key] == own[key] for key in own if key not in kind.technical)
    return request.trials.get(run.method.name, 0) if chosen else 0
