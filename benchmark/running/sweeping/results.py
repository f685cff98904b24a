"""The scores of a sweep, setting by setting."""

__all__ = ["results_of"]

from collections.abc import Sequence
from typing import Any

from ..reporting import report
from ..store import ResultStore
from ..summary import REFERENCE
from ..workshop import Workshop
from .settings import Setting
from .sweep import SweepReport


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
        For each setting: `world`, `varied`, `failed` (labels of what was not finished) and, unless the background is
        among them, what `bench run --json` returns.

    Raises:
        BenchError: If the methods did not see the same observations.
    """
    lost = {failure.entry.experiment.id for failure in done.failures}
    found = []
    for setting in settings:
        plan = workshop.plan(setting.request)
        failed = [run.label for run in plan.runs if run.experiment.id in lost]
        scores = {} if REFERENCE in failed else report(plan, store, failed)
        found.append({"world": setting.request.world.name, "varied": dict(setting.varied), "failed": failed, **scores})
    return found
