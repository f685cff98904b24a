"""A sweep as units of work: what is there, what is missing, what it may take."""

__all__ = ["Entry", "SweepPlan", "plan_sweep"]

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmark.problem import BenchError

from ..experiment import Experiment
from ..request import RunRequest
from ..skipping import SENTENCES
from ..store import ResultStore
from ..workshop import Unit, Workshop
from .settings import Setting

BYTES_A_ROW = 6
"""Of a result file, compressed: of a value that is nothing but digits eight, but some are zero or stand there twice."""

BYTES_A_FILE = 9_000
"""Of a result file: its columns, what stands in all rows of them, and the description of both."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """An experiment of a sweep.

    Arguments:
        setting: What it is part of.
        label: Of the method.
        experiment: What it is.
        members: Of its method.
        units: What of it is missing.
        cases: How many it has.
        missing: How many are missing.
        rows: That a case has.
    """

    setting: Setting
    label: str
    experiment: Experiment
    members: int
    units: tuple[Unit, ...]
    cases: int
    missing: int
    rows: int

    @property
    def bytes_to_write(self) -> int:
        """About; what is missing only."""
        return self.missing * self.rows * BYTES_A_ROW + len(self.units) * BYTES_A_FILE


@dataclasses.dataclass(frozen=True)
class SweepPlan:
    """
    Arguments:
        entries: The experiments, in the order in which they are done; those that several settings share stand once.
        skipped: Setting, label and reason of the methods that cannot run.
    """

    entries: tuple[Entry, ...]
    skipped: tuple[tuple[Setting, str, str], ...]

    def units(self) -> Iterator[Unit]:
        """Every missing unit. Those of one setting and chunk follow each other, for they share their cases."""
        by_setting: dict[int, list[Entry]] = {}
        for entry in self.entries:
            by_setting.setdefault(id(entry.setting), []).append(entry)
        for entries in by_setting.values():
            waiting = sorted(
                ((unit.times[0], place, unit) for place, entry in enumerate(entries) for unit in entry.units),
                key=lambda one: one[:2],
            )
            yield from (unit for _, _, unit in waiting)


def plan_sweep(
    settings: list[Setting], store: ResultStore, workshop: Workshop, tell: Callable[[int, int], None]
) -> SweepPlan:
    """
    Arguments:
        settings: From `expand`.
        store: Where results are.
        workshop: Opens the worlds.
        tell: Hears how many of how many settings are planned.

    Raises:
        BenchError: If a world cannot be opened, or a method has no weights.
    """
    entries: list[Entry] = []
    skipped: list[tuple[Setting, str, str]] = []
    seen: set[str] = set()
    for count, setting in enumerate(settings):
        tell(count, len(settings))
        request = setting.request
        plan = workshop.plan(request)
        skipped += [(setting, label, SENTENCES[need]) for label, need in plan.skipped.items()]
        scoring = workshop.site(request).scoring
        for run in plan.runs:
            if run.experiment.id in seen:
                continue  # a point of a star that is its centre, or a setting that this method does not see
            seen.add(run.experiment.id)
            done = np.array([], "datetime64[s]") if request.fresh else store.done(run.experiment.id)
            alone = _alone(request, run.label)
            units = []
            for chunk in plan.chunks():
                missing = chunk[~np.isin(chunk.astype("datetime64[s]"), done)].astype("datetime64[s]")
                if len(missing):
                    units.append(Unit(alone, run.experiment.id, tuple(str(t) for t in missing)))
            entries.append(
                Entry(
                    setting,
                    run.label,
                    run.experiment,
                    run.members,
                    tuple(units),
                    len(plan.times),
                    sum(len(unit.times) for unit in units),
                    scoring.rows_a_case(run.members),
                )
            )
    tell(len(settings), len(settings))
    if not entries:
        raise BenchError("No method of this sweep can run on its worlds; the dry run says why.")
    return SweepPlan(tuple(entries), tuple(skipped))


def _alone(request: RunRequest, label: str) -> RunRequest:
    """A run of one method that asks for the same wherever it is done."""
    weights = None if request.weights is None else request.weights.expanduser().resolve()
    here = {"out": _absolute(request.out), "weights": weights}
    return request.model_copy(update={"methods": (label,), "fresh": False, **here})


def _absolute(where: Path | str) -> str:
    """Workers may have another working directory."""
    return str(where) if "://" in str(where) else str(Path(where).expanduser().resolve())
