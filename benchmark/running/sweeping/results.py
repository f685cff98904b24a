"""The scores of a sweep, setting by setting."""

__all__ = ["results_of"]

from collections.abc import Sequence
from typing import Any

from benchmark.problem import BenchError

from ..analysing import MethodRun
from ..planning import Plan
from ..reporting import report
from ..store import ResultStore
from ..stored import diverged
from ..summary import REFERENCE
from ..workshop import Workshop
from .settings import Setting
from .sweep import SweepReport

SEEN = "mse"
"""Every case has it, so that its rows tell of all cases."""


def results_of(
    settings: Sequence[Setting], done: SweepReport, store: ResultStore, workshop: Workshop
) -> list[dict[str, Any]]:
    """
    Arguments:
        settings: Of the sweep.
        done: What became of it.
        store: Where the results are.
        workshop: That planned it.

    Returns:
        For each setting: `world`, `varied`, `failed` (labels of what was not finished), `diverged` (labels of which
        no case is left to score) and, unless the background is among them, what `bench run --json` returns of the
        others; or `error`, why nothing can be compared.
    """
    lost = {failure.entry.experiment.id for failure in done.failures}
    found = []
    for setting in settings:
        plan = workshop.plan(setting.request)
        failed = [run.label for run in plan.runs if run.experiment.id in lost]
        nothing = [run.label for run in plan.runs if run.label not in failed and _all_diverged(plan, run, store)]
        told = {"world": setting.request.world.name, "varied": dict(setting.varied), "failed": failed}
        found.append({**told, "diverged": nothing, **_scores(plan, store, [*failed, *nothing])})
    return found


def _scores(plan: Plan, store: ResultStore, without: Sequence[str]) -> dict[str, Any]:
    """Of one setting: what is wrong with it is no reason to say nothing of the others."""
    if REFERENCE in without:
        return {}
    try:
        return report(plan, store, without)
    except BenchError as error:
        return {"error": str(error)}


def _all_diverged(plan: Plan, run: MethodRun, store: ResultStore) -> bool:
    rows = store.read(run.experiment.id, plan.request.region, ["time", "status"], statistics=(SEEN,))
    return rows is not None and bool(diverged(rows, plan.times).all())
