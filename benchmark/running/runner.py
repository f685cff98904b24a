"""Runs methods on cases: same truth, same background, same observations for all of them."""

__all__ = ["Progress", "run_methods"]

from collections.abc import Callable
from typing import Protocol

import numpy as np

from benchmark.problem import Analysis, Need

from .planning import Plan
from .store import ResultStore
from .workshop import Site, compute

Keep = Callable[[str, np.ndarray, Analysis], None]


class Progress(Protocol):
    """Hears of progress."""

    def start(self, label: str, steps: int, done: int) -> None: ...
    def step(self, count: int = 1) -> None: ...


def run_methods(plan: Plan, site: Site, store: ResultStore, progress: Progress, keep: Keep | None = None) -> int:
    """Computes and stores what is missing, chunk by chunk.

    Arguments:
        plan: Methods and cases.
        site: Their world.
        store: Where results are kept.
        progress: Hears of progress, in method-cases.
        keep: Receives every analysis, normalised, on the CPU; then everything is computed.

    Returns:
        How many method-cases were computed.

    Raises:
        BenchError: If results cannot be written, or a method returns something of a wrong shape.
    """
    request, times = plan.request, plan.times
    missing = {
        run.label: np.ones(len(times), dtype=bool) if request.fresh else ~np.isin(times, store.done(run.experiment.id))
        for run in plan.runs
    }
    for run in plan.runs:
        if missing[run.label].any():
            store.prepare(run.experiment, request.fresh)
    wanted = {label: np.ones_like(cases) if keep else cases for label, cases in missing.items()}
    open_cases = sum(int(cases.sum()) for cases in wanted.values())
    progress.start("cases", len(times) * len(plan.runs), len(times) * len(plan.runs) - open_cases)
    for begin in range(0, len(times), request.chunk):
        chunk = np.arange(begin, min(begin + request.chunk, len(times)))
        for run in plan.runs:
            index = chunk[wanted[run.label][chunk]]
            if not len(index):
                continue
            ensemble = request.ensemble if Need.ENSEMBLE in run.method.needs else 0
            cases = site.cases.problem(plan.system, times[index], ensemble)
            analysis, rows, _ = compute(site.prepared(run), cases, plan, site)
            if missing[run.label][index].any():
                store.write(run.experiment, rows)
            if keep:
                keep(run.label, times[index], analysis)
            progress.step(len(index))
    return open_cases
