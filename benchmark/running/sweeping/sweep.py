"""Runs a sweep: hands out what is missing, and keeps count."""

__all__ = ["Count", "Failure", "SweepProgress", "SweepReport", "run_sweep"]

import dataclasses
import time
from typing import Any, Protocol

from ..store import ResultStore, StoreError
from ..workshop import Finished
from .estimating import Estimates
from .plan import Entry, SweepPlan
from .scheduler import Scheduler


@dataclasses.dataclass(frozen=True)
class Count:
    """
    Arguments:
        units, of_units: Chunks of cases that are done, of those of the sweep; what was there before counts as done.
        experiments, of_experiments: Those of which nothing is missing, of all.
        left_s: Seconds that are left, as far as is known; None where nothing is.
    """

    units: int
    of_units: int
    experiments: int
    of_experiments: int
    left_s: float | None


class SweepProgress(Protocol):
    """Hears of progress."""

    def begin(self, count: Count) -> None: ...
    def advance(self, entry: Entry, done: int, total: int, count: Count) -> None: ...
    def fail(self, failure: "Failure") -> None: ...


@dataclasses.dataclass(frozen=True)
class Failure:
    """
    Arguments:
        entry: The experiment.
        cases: How many of its cases were not done.
        reason: Why.
    """

    entry: Entry
    cases: int
    reason: str


@dataclasses.dataclass(frozen=True)
class SweepReport:
    """
    Arguments:
        computed: Cases that were computed.
        seconds: What all of it took.
        of_workers: What the workers took, added up.
        of_methods: What the methods took of that.
        failures: What was not done.
    """

    computed: int
    seconds: float
    of_workers: float
    of_methods: float
    failures: tuple[Failure, ...]

    def record(self) -> dict[str, Any]:
        """JSON-able."""
        seconds = {
            "seconds": self.seconds,
            "seconds_of_workers": self.of_workers,
            "seconds_of_methods": self.of_methods,
        }
        failures = [
            {"setting": str(f.entry.setting), "method": f.entry.label, "cases": f.cases, "reason": f.reason}
            for f in self.failures
        ]
        return {"computed": self.computed, **seconds, "failures": failures}


def run_sweep(
    plan: SweepPlan, store: ResultStore, scheduler: Scheduler, progress: SweepProgress, fresh: bool = False
) -> SweepReport:
    """Does what is missing. An experiment that fails is left, and the others go on.

    Arguments:
        plan: From `plan_sweep`.
        store: Where results are kept.
        scheduler: Who does the units.
        progress: Hears of progress.
        fresh: Whether earlier results are removed.

    Raises:
        StoreError: If results cannot be written: then the sweep stops, for the others could not be written either.
        BenchError: If there is nobody to do the units.
    """
    started = time.perf_counter()
    open_entries = {entry.experiment.id: entry for entry in plan.entries if entry.units}
    described = set(store.described())
    for entry in plan.entries:
        # results of which it is not written what they are would not be listed
        if entry.units or entry.experiment.id not in described:
            store.prepare(entry.experiment, fresh and bool(entry.units))
    estimates = Estimates.of_store(store, plan.entries)
    tally = _Tally(plan, estimates)
    progress.begin(tally.count(scheduler.workers))
    failed: dict[str, Failure] = {}
    computed, of_workers, of_methods = 0, 0.0, 0.0

    # an experiment that has failed once would fail again
    wanted = (unit for unit in plan.units() if unit.experiment not in failed)
    for unit, outcome in scheduler.run(wanted):
        entry = open_entries[unit.experiment]
        if isinstance(outcome, Finished):
            computed += outcome.cases
            of_workers += outcome.seconds
            of_methods += outcome.of_method
            estimates.add(entry, outcome.seconds, outcome.cases)
            tally.done(entry, len(unit.times))
            progress.advance(entry, *tally.of_entry(entry), tally.count(scheduler.workers))
        elif isinstance(outcome, StoreError):
            raise outcome
        elif unit.experiment not in failed:
            failed[unit.experiment] = Failure(entry, tally.left(entry), str(outcome))
            tally.give_up(entry)
            progress.fail(failed[unit.experiment])
    return SweepReport(computed, time.perf_counter() - started, of_workers, of_methods, tuple(failed.values()))


class _Tally:
    """Counts units, experiments and cases."""

    def __init__(self, plan: SweepPlan, estimates: Estimates) -> None:
        self._entries, self._estimates = plan.entries, estimates
        self._cases = {entry.experiment.id: entry.missing for entry in plan.entries}
        self._units = {entry.experiment.id: len(entry.units) for entry in plan.entries}
        self._given_up: set[str] = set()

    def done(self, entry: Entry, cases: int) -> None:
        self._cases[entry.experiment.id] -= cases
        self._units[entry.experiment.id] -= 1

    def give_up(self, entry: Entry) -> None:
        self._given_up.add(entry.experiment.id)

    def left(self, entry: Entry) -> int:
        return self._cases[entry.experiment.id]

    def of_entry(self, entry: Entry) -> tuple[int, int]:
        return entry.cases - self.left(entry), entry.cases

    def count(self, workers: int | None) -> Count:
        whole = {e.experiment.id: _chunks(e) for e in self._entries}
        done = sum(whole[key] - left for key, left in self._units.items())
        remaining = [(e, self.left(e)) for e in self._entries if e.experiment.id not in self._given_up]
        seconds, unknown = self._estimates.of_all(remaining)
        known = sum(cases for _, cases in remaining) - unknown
        # what has never been run is taken to be like the rest
        left = None if unknown and not known else seconds * (1 + unknown / max(known, 1)) / (workers or 1)
        finished = sum(not left for left in self._cases.values())
        return Count(done, sum(whole.values()), finished, len(self._entries), left)


def _chunks(entry: Entry) -> int:
    size = entry.setting.request.chunk
    return -(-entry.cases // size)
