"""From an analysis and the truth to the rows that are stored."""

__all__ = ["rows_of"]

from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor

from benchmark.problem import Analysis, BenchError, Status
from benchmark.worlds import World
from metrics import REGIONS, STATISTICS, region_weights


def rows_of(
    analysis: Analysis, truth: Tensor, climatology: Tensor, world: World, times: np.ndarray, facts: dict[str, Any]
) -> pd.DataFrame:
    """One row per case, channel, region and statistic, in physical units.

    Arguments:
        analysis: Of the cases.
        truth, climatology: Shape (case, channel, latitude, longitude) [normalised].
        world: Gives grid, channels and normalisation.
        times: Shape (case,).
        facts: Further columns: a value, or one value a case.
    """
    scale = world.normalisation.denormalise
    members, x, c = (scale(t.double().cpu().numpy()) for t in (analysis.members, truth, climatology))
    diverged = np.array([status is Status.DIVERGED for status in analysis.status])
    members = np.where(diverged[:, None, None, None, None], np.nan, members)
    names = [channel.name for channel in world.channels]
    parts = []
    for region, weights in regions_on(world).items():
        for statistic in STATISTICS:
            values = statistic.compute(members, x, c, weights)
            parts.append(
                pd.DataFrame(
                    {
                        "time": np.repeat(times, len(names)),
                        "channel": np.tile(names, len(times)),
                        "region": region,
                        "statistic": statistic.name,
                        "value": values.ravel(),
                        "weight": float(weights.sum()),
                    }
                )
            )
    rows = pd.concat(parts, ignore_index=True)
    case = rows["time"].map({time: i for i, time in enumerate(pd.DatetimeIndex(times))}).to_numpy()
    rows["status"] = np.array([str(s) for s in analysis.status])[case]
    for key, value in facts.items():
        rows[key] = np.asarray(value)[case] if isinstance(value, list | tuple | np.ndarray) else value
    return rows


def regions_on(world: World) -> dict[str, np.ndarray]:
    """Weights of every named region that has points on the world's grid."""
    found = {}
    for region in REGIONS:
        try:
            found[region.name] = region_weights(world.grid, region)
        except BenchError:
            continue  # a region elsewhere on the planet
    return found
