"""The scores of a plan, from what is stored."""

__all__ = ["report"]

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from benchmark.problem import BenchError, Need

from .planning import Plan
from .scoring import OBSERVATIONS
from .skipping import SENTENCES
from .store import ResultStore
from .stored import diverged, in_observation_space
from .summary import summarise

CONVENTION = (
    "RMSE: root of the mean over cases of the area-weighted mean square (WeatherBench 2); relative error: mean over "
    "channels of RMSE / RMSE of the background"
)


def report(plan: Plan, store: ResultStore, without: Collection[str] = ()) -> dict[str, Any]:
    """
    Arguments:
        plan: Methods and cases.
        store: Where their results are.
        without: Labels of methods that were not finished.

    Returns:
        The JSON object of `bench run --json`.

    Raises:
        BenchError: If cases are missing, the methods did not see the same observations, or no case is left.
    """
    runs = [run for run in plan.runs if run.label not in without]
    region = plan.request.region
    rows = {run.label: _rows(store, run.experiment.id, region, plan.times) for run in runs}
    oracles = [run.label for run in runs if Need.TRUTH in run.method.needs]
    summary = summarise(rows, plan.times, region, apart={"climatology", *oracles})
    kept = plan.times[~np.any([diverged(frame, plan.times) for frame in rows.values()], axis=0)]
    for run in runs:
        observed = _rows(store, run.experiment.id, OBSERVATIONS, kept)
        summary["methods"][run.label]["observation_space"] = in_observation_space(observed)
    return {
        "experiment": {
            "world": plan.request.world.name,
            "title": plan.request.world.title,
            "split": plan.request.split,
            "first_case": str(plan.times[0].astype("datetime64[s]")),
            "last_case": str(plan.times[-1].astype("datetime64[s]")),
            "observing_system": plan.system.description(),
            "observing": plan.request.observing.identity(),
            "seed": plan.request.seed,
            "convention": CONVENTION,
            "ids": {run.label: run.experiment.id for run in runs},
            "oracles": oracles,
            "parameters": {run.label: run.method.parameters for run in runs},
        },
        **summary,
        "skipped": {label: {"reason": str(need), "text": SENTENCES[need]} for label, need in plan.skipped.items()},
    }


def _rows(store: ResultStore, experiment: str, region: str, times: np.ndarray) -> pd.DataFrame:
    rows = store.read(experiment, region)
    found = None if rows is None else rows[rows["time"].isin(pd.DatetimeIndex(times).as_unit("s"))]
    if found is None or found["time"].nunique() < len(times):
        raise BenchError(f"Cases of the experiment {experiment} are missing in the results; run the command again.")
    return found
