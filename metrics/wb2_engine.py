"""Scores by WeatherBench 2's own code, to hold ours against (Rasp et al. 2024, https://arxiv.org/abs/2308.15560)."""

__all__ = ["require_weatherbench2", "score_with_weatherbench2"]

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from benchmark.files import as_slice, open_fields
from benchmark.files.dates import day_of_year, hour_of
from benchmark.problem import BenchError

from .reading import Fields
from .regions import TOLERANCE, Region, find_region

MEMBERS = "number"
# Of one field in float64; WeatherBench 2 holds some twenty like it at once.
CHUNK_BYTES = 2**24


def score_with_weatherbench2(
    analysis: str | Path, truth: str | Path, climatology: str | Path | None, region: str, channels: Sequence[str]
) -> dict[str, dict[str, float]]:
    """What `metrics.score_files` computes, by `weatherbench2.metrics`, of the same fields and points.

    Means over times are taken as its evaluation takes them: `rmse` is the root of the mean of `MSE`. An ensemble has
    `crps` (its unbiased estimate), `spread` (from `EnsembleVariance`), `mse_debiased` and `energy_score` beside.

    Arguments:
        analysis: As of `score_files`, which has checked all of them.
        truth: Likewise.
        climatology: Likewise; None leaves out `acc`.
        region: One of `metrics.REGIONS`, of which its own region of the same bounds is made.
        channels: Names of those to score, as `score_files` returns them.

    Returns:
        By score, the value of each channel.

    Raises:
        BenchError: If `weatherbench2` is not installed, or a file cannot be read.
    """
    theirs = require_weatherbench2()
    with contextlib.ExitStack() as stack:

        def fields(role: str, path: str | Path, leading: tuple[str, ...]) -> Fields:
            return Fields.of(role, stack.enter_context(open_fields(path, leading, strict=True)), leading)

        xa, x = fields("analysis", analysis, ("time",)), fields("truth", truth, ("time",))
        clim = None if climatology is None else fields("climatology", climatology, ("hour", "dayofyear"))
        where = _slices(find_region(region), np.asarray(x.grid.longitude))
        box = theirs.regions.SliceRegion(*where)
        times, xa_index, x_index = np.intersect1d(xa.times, x.times, return_indices=True)
        points = x.grid.shape[0] * x.grid.shape[1] * xa.dataset.sizes.get(MEMBERS, 1)
        step = max(1, CHUNK_BYTES // (8 * points))
        found: dict[str, dict[str, float]] = {}
        for channel in channels:
            parts = []
            for start in range(0, len(times), step):
                block = slice(start, start + step)
                f = _dataset(xa, channel, as_slice(xa_index[block]), times[block])
                t = _dataset(x, channel, as_slice(x_index[block]), times[block]).isel(number=0)
                c = None if clim is None else _climatology(clim, channel, times[block])
                parts.append(_compute(theirs.metrics, f, t, c, box))
            for name, root in ROOTS.items():
                if name in parts[0]:
                    mean = float(np.concatenate([part[name] for part in parts]).mean())
                    found.setdefault(name, {})[channel] = root(mean)
    return found


def _same(value: float) -> float:
    return value


ROOTS: dict[str, Callable[[float], float]] = {
    **{"rmse": np.sqrt, "rmse_per_case": _same, "mae": _same, "bias": _same, "acc": _same},
    **{"crps": _same, "spread": np.sqrt, "mse_debiased": _same, "energy_score": _same},
}
"""From the mean over times to the score."""


def require_weatherbench2() -> Any:
    """WeatherBench 2's package, with its metrics and regions.

    Raises:
        BenchError: If it is not installed.
    """
    try:
        import weatherbench2.metrics
        import weatherbench2.regions
    except ImportError as error:
        raise BenchError(
            f"WeatherBench 2's own code cannot be used ({error}); install it with "
            "`pip install 'assimbench[weatherbench2]'`, or score without --engine, by ours."
        ) from error
    return weatherbench2


def _compute(metrics: Any, f: xr.Dataset, t: xr.Dataset, c: xr.Dataset | None, box: Any) -> dict[str, np.ndarray]:
    """What is averaged over times, each of shape (time,)."""
    used = {"mae": metrics.MAE(), "bias": metrics.Bias()}
    if c is not None:
        used["acc"] = metrics.ACC(climatology=c)
    mean = f.mean(MEMBERS)
    if f.sizes[MEMBERS] == 1:
        used |= {"rmse": metrics.MSE(), "rmse_per_case": metrics.RMSESqrtBeforeTimeAvg()}
        of_members = {}
    else:
        of_members = {
            "rmse": metrics.EnsembleMeanMSE(ensemble_dim=MEMBERS),
            "rmse_per_case": metrics.EnsembleMeanRMSESqrtBeforeTimeAvg(ensemble_dim=MEMBERS),
            "crps": metrics.CRPS(ensemble_dim=MEMBERS),
            "spread": metrics.EnsembleVariance(ensemble_dim=MEMBERS),
            "mse_debiased": metrics.DebiasedEnsembleMeanMSE(ensemble_dim=MEMBERS),
            "energy_score": metrics.EnergyScore(ensemble_dim=MEMBERS),
        }
    with np.errstate(invalid="ignore"):  # an analysis without any anomaly has no ACC
        results = {name: metric.compute_chunk(mean, t, region=box) for name, metric in used.items()}
        results |= {name: metric.compute_chunk(f, t, region=box) for name, metric in of_members.items()}
    return {name: result["field"].values for name, result in results.items()}


def _dataset(fields: Fields, channel: str, index: slice | np.ndarray, times: np.ndarray) -> xr.Dataset:
    """One channel at some times: `field`, of dimensions time, number, longitude and latitude."""
    values = fields.read([channel], {"time": index})[:, :, 0].astype(np.float64)
    grid = fields.grid
    coords = {"time": times, "latitude": np.asarray(grid.latitude), "longitude": np.asarray(grid.longitude)}
    dims = ("time", MEMBERS, "latitude", "longitude")
    return xr.Dataset({"field": (dims, values)}, coords).transpose("time", MEMBERS, "longitude", "latitude")


def _climatology(fields: Fields, channel: str, times: np.ndarray) -> xr.Dataset:
    """The hours and days of some times, in WeatherBench 2's layout."""
    hours, days = np.unique(hour_of(times)), np.unique(day_of_year(times))
    place = fields.channels[channel]
    chosen = fields.dataset[place.name].sel(hour=hours, dayofyear=days)
    if place.level is not None:
        chosen = chosen.isel(level=place.level, drop=True)
    values = place.to_si(chosen.transpose("hour", "dayofyear", "longitude", "latitude").compute())
    return xr.Dataset({"field": values.astype(np.float64)})


def _slices(region: Region, longitude: np.ndarray) -> tuple[list[slice], list[slice]]:
    """A region's latitudes and longitudes as slices of a grid's; a region across its seam has two."""
    latitudes = [slice(south - TOLERANCE, north + TOLERANCE) for south, north in region.latitudes]
    if region.longitudes is None:
        return latitudes, [slice(None)]
    west, east = region.longitudes
    width = (east - west) % 360
    starts = [west % 360 + turn - TOLERANCE for turn in (-360, 0, 360)]
    longitudes = [slice(start, start + width + 2 * TOLERANCE) for start in starts]
    return latitudes, [s for s in longitudes if ((longitude >= s.start) & (longitude <= s.stop)).any()]
