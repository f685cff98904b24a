"""Pictures of a finished run: one case as maps, and the errors of all methods as bars."""

__all__ = ["plot_run"]

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmark.observing import ObservingSystem
from benchmark.problem import Observations
from benchmark.worlds import World

from .runner import MethodRun, analyse_batch, make_problem


def plot_run(
    folder: Path,
    runs: Sequence[MethodRun],
    world: World,
    observing: ObservingSystem,
    time: np.datetime64,
    summary: Mapping[str, Any],
    *,
    seed: int,
    device: torch.device,
    ensemble: int,
) -> list[Path]:
    """Draws one case of every method, analysed anew (a case does not know of its batch), and all methods' RMSE.

    Arguments:
        folder: Where to write; made if it is not there.
        runs: The methods to draw.
        world: Truth and backgrounds.
        observing: The observing system.
        time: Valid time of the case.
        summary: As `summarise` returns it.
        seed: Of the methods' random numbers.
        device: Where methods work.
        ensemble: Background members, 0 for none.

    Returns:
        Paths of the pictures.

    Raises:
        BenchError: If a picture cannot be written.
    """
    from benchmark.pictures.case import CaseFields, case_pictures, error_bars

    times = np.array([time])
    truth, problem = make_problem(world, observing, times, ensemble)
    said = f"{world.name}, {time.astype('datetime64[m]')!s}, {observing.description()}"
    paths = []

    def physical(fields: Tensor) -> np.ndarray:
        return world.normalisation.denormalise(fields.double().cpu().numpy())[0]

    for run in runs:
        analysis, _ = analyse_batch(run, problem, world, seed, device, truth)
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
    cases = f"{world.name}, {summary['cases']} cases, {observing.description()}"
    return [*paths, error_bars(rmse, "background", folder / "rmse.png", cases)]


def _sites(observations: Observations, channels: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Latitudes and longitudes of the first case's values, by channel."""
    channel, latitude, longitude = (
        t[0].cpu().numpy() for t in (observations.channel, observations.latitude, observations.longitude)
    )
    return [(latitude[channel == i], longitude[channel == i]) for i in range(channels)]
