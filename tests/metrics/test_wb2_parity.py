"""Our scores are those of WeatherBench 2's own code."""

import numpy as np
import pytest

from benchmark.problem import Grid
from metrics import REGIONS, find_statistic, region_weights, score_files

GRIDS = ("cell-centred", "with-poles")
REGION_NAMES = ("global", "northern-extratropics", "southern-extratropics", "tropics", "europe")
NAMES = {"rmse": "rmse", "rmse_sqrt_before_time_avg": "rmse_per_case", "mae": "mae", "bias": "bias", "acc": "acc"}
# Both sides sum some 1e5 numbers of order 10 in float64; the smallest score is a bias of 0.1.
TOLERANCE = 1e-9


def close(expected):
    return pytest.approx(expected, rel=TOLERANCE, abs=0)


def test_the_reference_covers_these_grids_and_regions(golden):
    assert set(golden["grids"]) == set(GRIDS)
    for regions in golden["grids"].values():
        assert set(regions) == set(REGION_NAMES) < {r.name for r in REGIONS}


@pytest.mark.parametrize("region", REGION_NAMES)
@pytest.mark.parametrize("grid", GRIDS)
def test_deterministic_scores(golden, golden_inputs, grid, region):
    forecast, truth, climatology = golden_inputs(grid)
    scores = score_files(forecast.isel(number=0, drop=True), truth, climatology, region)
    reference = golden["grids"][grid][region]
    assert set(scores) == set(NAMES.values())
    for theirs, ours in NAMES.items():
        assert scores[ours] == close(reference[theirs]), theirs


@pytest.mark.parametrize("region", REGION_NAMES)
@pytest.mark.parametrize("grid", GRIDS)
def test_ensemble_mean(golden, golden_inputs, grid, region):
    forecast, truth, _ = golden_inputs(grid)
    scores = score_files(forecast, truth, region=region)
    assert scores["rmse"] == close(golden["grids"][grid][region]["ensemble_mean_rmse"])
    assert "acc" not in scores


@pytest.mark.parametrize("region", REGION_NAMES)
@pytest.mark.parametrize("grid", GRIDS)
def test_ensemble_statistics(golden, golden_inputs, grid, region):
    forecast, truth, _ = golden_inputs(grid)
    weights = region_weights(Grid(tuple(truth.latitude.values), tuple(truth.longitude.values)), region)
    axes = ("time", "number", "level", "latitude", "longitude")
    f = forecast["temperature"].transpose(*axes).values
    x = truth["temperature"].transpose(*axes, missing_dims="ignore").values
    means = {n: find_statistic(n).compute(f, x, None, weights).mean(0) for n in ("mse", "mse_member", "variance")}
    reference = golden["grids"][grid][region]

    def expected(name):
        return np.array([reference[name][f"temperature_{level}"] for level in (500, 850)])

    np.testing.assert_allclose(means["variance"], expected("ensemble_variance"), rtol=TOLERANCE)
    unbiased = means["mse"] - means["variance"] / forecast.sizes["number"]
    np.testing.assert_allclose(unbiased, expected("debiased_ensemble_mean_mse"), rtol=TOLERANCE)
    # the members' mean square error is that of their mean plus their biased variance
    members = forecast.sizes["number"]
    identity = expected("ensemble_mean_rmse") ** 2 + expected("ensemble_variance") * (members - 1) / members
    np.testing.assert_allclose(means["mse_member"], identity, rtol=TOLERANCE)


def test_files_on_disk(golden, golden_inputs, tmp_path):
    forecast, truth, climatology = golden_inputs("cell-centred")
    paths = [tmp_path / name for name in ("analysis.nc", "truth.nc", "climatology.nc")]
    for path, data in zip(paths, (forecast.isel(number=0, drop=True), truth, climatology), strict=True):
        variables = ["geopotential", "2m_temperature"]
        data[variables].to_netcdf(path, engine="h5netcdf")
    scores = score_files(*paths, region="europe")
    reference = golden["grids"]["cell-centred"]["europe"]
    for theirs, ours in NAMES.items():
        channels = ("geopotential_500", "geopotential_850", "2m_temperature")
        assert scores[ours] == close({c: reference[theirs][c] for c in channels})
