"""Pictures of a finished run: one case as maps, and the errors of all methods as bars."""

__all__ = ["plot_run"]

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from benchmark.problem import Observations

from .analysing import MethodRun, analyse_batch
from .planning import Plan
from .workshop import Site


def plot_run(
    folder: Path,
    runs: Sequence[MethodRun],
    plan: Plan,
    site: Site,
    time: np.datetime64,
    summary: Mapping[str, Any],
) -> list[Path]:
    """Draws one case of every method, analysed anew (a case does not know of its batch), and all methods' RMSE.

    Arguments:
        folder: Where to write; made if it is not there.
        runs: The methods to draw.
        plan: What they are part of.
        site: Its world.
        time: Valid time of the case.
        summary: As `summarise` returns it.

    Returns:
        Paths of the pictures.

    Raises:
        BenchError: If a picture cannot be written.
    """
    from benchmark.pictures.case import CaseFields, case_pictures, error_bars

    times = np.array([time])
    world = site.context.world
    truth, problem, _ = site.cases.problem(plan.system, times, plan.ensemble)
    said = f"{world.name}, {time.astype('datetime64[m]')!s}, {plan.system.description()}"
    paths = []

    def physical(fields: Tensor) -> np.ndarray:
        return world.normalisation.denormalise(fields.double().cpu().numpy())[0]

    for run in runs:
        analysis, _ = analyse_batch(site.prepared(run), problem, world, plan.request.seed, site.context.device, truth)
        case = CaseFields(
            run.label,
            said,
            physical(truth),
            physical(problem.background),
            physical(analysis.members.mean(1)),
            _sites(problem.observations, len(world.channels)),
            world.channels,
            world.grid,
            world.on_earth,
        )
        paths += case_pictures(case, folder)
    rmse = {label: found["rmse"] for label, found in summary["methods"].items()}
    cases = f"{world.name}, {summary['cases']} cases, {plan.system.description()}"
    return [*paths, error_bars(rmse, "background", folder / "rmse.png", cases)]


def _sites(observations: Observations, channels: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Latitudes and longitudes of the first case's values, by channel."""
    channel, latitude, longitude = (
        t[0].cpu().numpy() for t in (observations.channel, observations.latitude, observations.longitude)
    )
    return [(latitude[channel == i], longitude[channel == i]) for i in range(channels)]
