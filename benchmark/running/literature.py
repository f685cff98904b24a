"""Holds the classical methods against published scores."""

__all__ = ["check_literature"]

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark.observing import ObservingSpec
from benchmark.problem import Need
from benchmark.worlds import library, load_spec
from benchmark.worlds.cycled import CycledSpec, LiteratureRow
from methods.registry import find_method

from .cycled import ERROR, execute_cycled
from .experiment import MethodRequest
from .request import RunRequest
from .runner import Progress


def check_literature(
    worlds: Sequence[str], out: Path, progress: Progress, cycles: int | None = None, seeds: int | None = None
) -> list[dict[str, Any]]:
    """Runs every setting for which a world of the library states a published score.

    Arguments:
        worlds: Names, or none for all.
        out: Folder of the results.
        progress: Hears of progress.
        cycles: Analyses of a run, None for as many as the scores were measured with.
        seeds: Runs, likewise. With fewer analyses in all the tolerance is widened by twice the sampling error of the
            time mean.

    Returns:
        A row each: world, method, ensemble, expected, tolerance, measured, runs, diverged, within.

    Raises:
        BenchError: If a world is not there or the results cannot be written.
    """
    rows = []
    for name in worlds or library():
        spec = load_spec(name)
        if isinstance(spec, CycledSpec):
            rows += [
                _row(spec, row, out, progress, cycles or spec.cycles, seeds or spec.seeds) for row in spec.literature
            ]
    return rows


def _row(
    spec: CycledSpec, row: LiteratureRow, out: Path, progress: Progress, cycles: int, seeds: int
) -> dict[str, Any]:
    request = RunRequest(
        world=spec,
        observing=ObservingSpec.make(**spec.observing),
        methods=(row.method,),
        ensemble=row.ensemble,
        cycles=cycles,
        cases=seeds,
        out=out,
    )
    found = execute_cycled(request, progress, baselines=False).summary["methods"][row.method]
    measured = found["rmse_analysis"]
    filters = Need.ENSEMBLE in find_method(MethodRequest.parse(row.method).name).needs
    fewer = cycles * seeds < spec.cycles * spec.seeds
    tolerance = row.tolerance + (2 * (found.get(ERROR, 0.0)) if fewer else 0.0)
    within = measured["value"] is not None and abs(measured["value"] - row.expected) <= tolerance
    return {
        "world": spec.name,
        "label": row.label,
        "method": row.method,
        "ensemble": row.ensemble if filters else None,
        "expected": row.expected,
        "tolerance": round(tolerance, 4),
        "measured": measured,
        "runs": found["seeds"],
        "diverged": found["diverged"],
        "within": within and found["diverged"] <= row.may_lose * found["seeds"],
    }
