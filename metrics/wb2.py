"""Scores of files in WeatherBench 2's layout, equal to those of its own code (https://github.com/google-research/weatherbench2)."""

__all__ = ["score_files"]

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from benchmark.files import as_slice, open_fields, standardise
from benchmark.files.dates import day_of_year, hour_of, say
from benchmark.problem import BenchError, describe, parse_channel

from .aggregation import State
from .reading import Fields
from .regions import region_weights
from .scorer import Scorer
from .scores import find_score

Source = str | Path | xr.Dataset

SCORE_NAMES = ("rmse", "rmse_per_case", "mae", "bias", "acc")
ENSEMBLE_NAMES = ("rmse_member", "spread", "spread_skill", "mse_debiased", "crps", "energy_score")
DAILY = ("hour", "dayofyear")
# Bytes of one variable read at once, in float64, but one time of one level at least; some arrays of that size live
# beside it.
CHUNK_BYTES = 2**25


def score_files(
    analysis: Source, truth: Source, climatology: Source | None = None, region: str = "global"
) -> dict[str, dict[str, float]]:
    """Scores of an analysis over the times, variables and levels that it shares with the truth.

    Files are read as those of worlds are: names, order and units may be others, but nothing is guessed. An ensemble
    (dimension `number`) is scored by the mean of its members, and has the scores of ensembles besides.

    Arguments:
        analysis: Path or dataset with dimensions time, [number], [level], latitude, longitude [the unit that the
            file says, or SI].
        truth: The same, without `number`.
        climatology: The same with hour and dayofyear instead of time; None leaves out `acc`.
        region: One of `metrics.REGIONS`.

    Returns:
        For each of rmse, rmse_per_case, mae, bias and acc, and of an ensemble rmse_member, spread, spread_skill,
        mse_debiased, crps and energy_score: the value of each channel, by WeatherBench 2's names
        (`geopotential_500`, `2m_temperature`). `acc` is NaN where a field has no anomaly.

    Raises:
        BenchError: If a file cannot be read or is not on a latitude-longitude grid; if the grids differ; if no time
            or no channel is common; if a value is not finite; if the climatology lacks an hour, a day or a channel;
            if the region is empty.
    """
    with contextlib.ExitStack() as stack:

        def fields(role: str, source: Source, leading: tuple[str, ...]) -> Fields:
            if isinstance(source, xr.Dataset):
                dataset = standardise(source, role, leading, strict=True)
            else:
                dataset = stack.enter_context(open_fields(source, leading, strict=True))
            return Fields.of(role, dataset, leading)

        clim = None if climatology is None else fields("climatology", climatology, DAILY)
        return _score(fields("analysis", analysis, ("time",)), fields("truth", truth, ("time",)), clim, region)


def _score(xa: Fields, x: Fields, clim: Fields | None, region: str) -> dict[str, dict[str, float]]:
    for single in (x, clim):
        if single is not None:
            single.require_no_members()
    for other in (xa, clim):
        if other is not None:
            other.require_grid(x.grid)
    weights = region_weights(x.grid, region)
    times, xa_index, x_index = np.intersect1d(xa.times, x.times, return_indices=True)
    if len(times) == 0:
        raise BenchError(
            f"The analysis ({_period(xa)}) and the truth ({_period(x)}) have no time in common; score the same period."
        )
    common = _common(xa, x, clim)
    clim_index = {} if clim is None else _climatology_index(clim, times)

    names = [*SCORE_NAMES, *(ENSEMBLE_NAMES if "number" in xa.dataset.dims else ())]
    scores = [find_score(name) for name in names if name != "acc" or clim is not None]
    statistics = sorted({name for score in scores for name in score.statistics})
    result: dict[str, dict[str, float]] = {score.name: {} for score in scores}
    for channels in _pieces(common, xa):
        scorer = Scorer(x.grid, [parse_channel(channel) for channel in channels], {region: weights}, statistics)
        total = State.zero()
        step = max(1, CHUNK_BYTES // (len(channels) * xa.bytes_of(channels[0])))
        for start in range(0, len(times), step):
            cases = slice(start, start + step)
            f = xa.read(channels, {"time": as_slice(xa_index[cases])})
            t = x.read(channels, {"time": as_slice(x_index[cases])})[:, 0]
            _refuse_other_units(channels, f, t)
            c = None
            if clim is not None:
                c = clim.read(channels, {k: v[cases] for k, v in clim_index.items()})[:, 0]
            total += State.from_values(scorer.compute(f, t, c, None))
        means = total.mean().reshape(len(statistics), len(channels))
        for score in scores:
            values = score(dict(zip(statistics, means, strict=True)))
            result[score.name] |= dict(zip(channels, values.tolist(), strict=True))
    return result


def _pieces(common: Mapping[str, list[str]], xa: Fields) -> Iterator[list[str]]:
    """Channels that are read together: those of a variable, or fewer, if one time of them is much."""
    for channels in common.values():
        count = max(1, CHUNK_BYTES // xa.bytes_of(channels[0]))
        yield from (channels[start : start + count] for start in range(0, len(channels), count))


def _refuse_other_units(channels: list[str], f: np.ndarray, t: np.ndarray) -> None:
    """
    Raises:
        BenchError: If the mean of a field can be on Earth in one of them, and not in the other.
    """
    for i, channel in enumerate(channels):
        known = describe(parse_channel(channel).variable)
        mean, true = float(f[:, :, i].mean()), float(t[:, i].mean())
        if (known.low <= mean <= known.high) != (known.low <= true <= known.high):
            raise BenchError(
                f"The mean of {channel} is {mean:.4g} in the analysis and {true:.4g} in the truth: one of them is in "
                "another unit, or damaged. Set the variable's units attribute to what its values are."
            )


def _common(xa: Fields, x: Fields, clim: Fields | None) -> dict[str, list[str]]:
    """Channels that both have, by the analysis's variable and in its order."""
    common: dict[str, list[str]] = {}
    for channel, place in xa.channels.items():
        if channel in x.channels:
            common.setdefault(place.name, []).append(channel)
    if not common:
        mine, theirs = ", ".join(xa.channels), ", ".join(x.channels)
        raise BenchError(
            f"The analysis ({mine}) and the truth ({theirs}) have no channel in common; "
            "rename the variables as WeatherBench 2 does, with levels in hPa."
        )
    if clim is not None and (missing := [c for cs in common.values() for c in cs if c not in clim.channels]):
        raise BenchError(
            f"The climatology lacks {', '.join(missing)}; give one that has them, leave them out of the analysis, "
            "or score without a climatology."
        )
    return common


def _climatology_index(clim: Fields, times: np.ndarray) -> dict[str, xr.DataArray]:
    """Positions of the times' hours and days in the climatology, each of shape (case,)."""
    index = {}
    for name, wanted in zip(DAILY, (hour_of(times), day_of_year(times)), strict=True):
        positions = pd.Index(clim.dataset[name].values).get_indexer(wanted)
        if missing := sorted(set(wanted[positions < 0])):
            raise BenchError(
                f"The climatology has no {name} {', '.join(map(str, missing))}, which the analysis has; "
                f"give a climatology with every {name}, leave those times out, or score without a climatology."
            )
        index[name] = xr.DataArray(positions, dims="case")
    return index


def _period(fields: Fields) -> str:
    times = fields.times
    return "no times" if len(times) == 0 else f"{say(times[0])}..{say(times[-1])}"
