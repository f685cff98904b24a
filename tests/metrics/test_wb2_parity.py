"""Our scores are those of WeatherBench 2's own code: every number of the reference is compared."""

import functools

import numpy as np
import pytest
import xarray as xr

from benchmark.problem import Grid, parse_channel
from metrics import REGIONS, Scorer, find_score, score_files

GRIDS = ("cell-centred", "with-poles")
REGION_NAMES = ("global", "northern-extratropics", "southern-extratropics", "tropics", "europe")
# WeatherBench 2's names, and ours: of member 0,
SCORES = {"rmse": "rmse", "rmse_sqrt_before_time_avg": "rmse_per_case", "mae": "mae", "bias": "bias", "acc": "acc"}
WIND = {"wind_vector_rmse": "wind_rmse"}
# of all members,
ENSEMBLE_SCORES = {
    "ensemble_mean_rmse": "rmse",
    "debiased_ensemble_mean_mse": "mse_debiased",
    "crps": "crps",
    "energy_score": "energy_score",
}
# and means over cases of statistics that are no scores.
ENSEMBLE_STATISTICS = {"crps_skill": "crps_skill", "crps_spread": "crps_spread", "ensemble_variance": "variance"}
RANKS = "rank_histogram_unweighted_mean_over_points"
# Both sides sum some 1e5 numbers of order 10 in float64; the smallest score is a bias of 0.1.
TOLERANCE = 1e-9

every_grid = pytest.mark.parametrize("grid", GRIDS)
every_region = pytest.mark.parametrize("region", REGION_NAMES)


def close(expected):
    return pytest.approx(expected, rel=TOLERANCE, abs=0)


def test_every_number_of_the_reference_is_compared(golden):
    compared = SCORES.keys() | WIND.keys() | ENSEMBLE_SCORES.keys() | ENSEMBLE_STATISTICS.keys()
    assert set(golden["grids"]) == set(GRIDS)
    for regions in golden["grids"].values():
        assert set(regions) == set(REGION_NAMES) < {r.name for r in REGIONS}
        for name, scores in regions.items():
            assert set(scores) == (compared | {RANKS} if name == "global" else compared)


def stacked(data):
    """All channels, by WeatherBench 2's names: (time, [number], channel, latitude, longitude)."""
    fields = {}
    for name, field in data.items():
        if "level" in field.dims:
            fields |= {f"{name}_{level}": field.sel(level=level, drop=True) for level in field["level"].values}
        else:
            fields[name] = field
    axes = ("time", "number", "channel", "latitude", "longitude")
    return xr.Dataset(fields).to_dataarray("channel").transpose(*axes, missing_dims="ignore")


@pytest.fixture(scope="module")
def means(golden_inputs):
    """(grid, members) -> the means over cases of all statistics, taken in one pass."""

    @functools.cache
    def compute(grid, members):
        forecast, truth, climatology = golden_inputs(grid)
        climatology = climatology.sel(hour=truth["time"].dt.hour, dayofyear=truth["time"].dt.dayofyear)
        f, x, c = (stacked(data) for data in (forecast.isel(number=slice(members)), truth, climatology))
        channels = [parse_channel(name) for name in x["channel"].values]
        scorer = Scorer(Grid(tuple(truth["latitude"].values), tuple(truth["longitude"].values)), channels)
        values = scorer.compute(f.values, x.values, c.values, x.values).mean(0)
        return dict(zip(scorer.keys(members), values, strict=True))

    return compute


def by_channel(means, statistic, region):
    return {k.channel: v for k, v in means.items() if (k.statistic, k.region) == (statistic, region)}


def score_of(name, means, region):
    score = find_score(name)
    rows = {statistic: by_channel(means, statistic, region) for statistic in score.statistics}
    values = score({statistic: np.array(list(row.values())) for statistic, row in rows.items()})
    return dict(zip(next(iter(rows.values())), values, strict=True))


def short(row):
    """Our names of WeatherBench 2's channels."""
    return {parse_channel(name.replace("wind_vector_", "wind")).name: value for name, value in row.items()}


@every_region
@every_grid
def test_scores_of_one_member(golden, means, grid, region):
    reference = golden["grids"][grid][region]
    for theirs, ours in (SCORES | WIND).items():
        assert score_of(ours, means(grid, 1), region) == close(short(reference[theirs])), theirs


@every_region
@every_grid
def test_scores_of_all_members(golden, means, grid, region):
    reference = golden["grids"][grid][region]
    for theirs, ours in ENSEMBLE_SCORES.items():
        assert score_of(ours, means(grid, 5), region) == close(short(reference[theirs])), theirs
    for theirs, ours in ENSEMBLE_STATISTICS.items():
        assert by_channel(means(grid, 5), ours, region) == close(short(reference[theirs])), theirs
    # the members' mean square error is that of their mean plus their biased variance
    identity = np.array(list(reference["ensemble_mean_rmse"].values())) ** 2
    identity += np.array(list(reference["ensemble_variance"].values())) * 4 / 5
    assert list(by_channel(means(grid, 5), "mse_member", region).values()) == close(list(identity))


@every_grid
def test_rank_histograms(golden, means, grid):
    ours = {}
    for key, value in means(grid, 5).items():
        if key.statistic == "rank_histogram":
            assert (key.region, key.bin) == ("global", len(ours.setdefault(key.channel, [])))
            ours[key.channel].append(value)
    expected = short(golden["grids"][grid]["global"][RANKS])
    assert set(ours) == set(expected)
    for channel, shares in expected.items():
        assert ours[channel] == close(shares)


@every_region
@every_grid
def test_files_of_one_member(golden, golden_inputs, grid, region):
    forecast, truth, climatology = golden_inputs(grid)
    scores = score_files(forecast.isel(number=0, drop=True), truth, climatology, region)
    reference = golden["grids"][grid][region]
    assert set(scores) == set(SCORES.values())
    for theirs, ours in SCORES.items():
        assert scores[ours] == close(reference[theirs]), theirs


@every_region
@every_grid
def test_files_of_all_members(golden, golden_inputs, grid, region):
    forecast, truth, _ = golden_inputs(grid)
    scores = score_files(forecast, truth, region=region)
    reference = golden["grids"][grid][region]
    for theirs, ours in ENSEMBLE_SCORES.items():
        assert scores[ours] == close(reference[theirs]), theirs
    spread = {channel: np.sqrt(value) for channel, value in reference["ensemble_variance"].items()}
    assert scores["spread"] == close(spread)
    assert "acc" not in scores


def test_files_on_disk(golden, golden_inputs, tmp_path):
    forecast, truth, climatology = golden_inputs("cell-centred")
    paths = [tmp_path / name for name in ("analysis.nc", "truth.nc", "climatology.nc")]
    for path, data in zip(paths, (forecast.isel(number=0, drop=True), truth, climatology), strict=True):
        variables = ["geopotential", "2m_temperature"]
        data[variables].to_netcdf(path, engine="h5netcdf")
    scores = score_files(*paths, region="europe")
    reference = golden["grids"]["cell-centred"]["europe"]
    for theirs, ours in SCORES.items():
        channels = ("geopotential_500", "geopotential_850", "2m_temperature")
        assert scores[ours] == close({c: reference[theirs][c] for c in channels})
