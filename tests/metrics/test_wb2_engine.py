"""`bench score --engine weatherbench2`: its own code beside ours, on the same fields."""

import json

import numpy as np
import pytest

from benchmark.problem import BenchError, Grid
from metrics import REGIONS, score_files
from metrics.wb2_engine import _slices, require_weatherbench2, score_with_weatherbench2


@pytest.fixture
def files(golden_inputs, tmp_path):
    """Paths of analysis (single or with members), truth and climatology, whose names and order are others."""

    def make(grid, members):
        forecast, truth, climatology = golden_inputs(grid)
        analysis = forecast if members else forecast.isel(number=0, drop=True)
        names = ["temperature", "2m_temperature"]
        paths = [tmp_path / f"{name}-{grid}.nc" for name in ("analysis", "truth", "climatology")]
        for path, dataset in zip(
            paths, (analysis.isel(latitude=slice(None, None, -1)), truth, climatology), strict=True
        ):
            dataset[names].to_netcdf(path, engine="h5netcdf")
        return [str(path) for path in paths]

    return make


@pytest.fixture
def weatherbench2():
    return pytest.importorskip("weatherbench2.metrics")


def test_without_the_package_the_cure_is_named(bench, files, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "weatherbench2", None)
    with pytest.raises(BenchError, match=r"pip install 'assimbench\[weatherbench2\]'"):
        require_weatherbench2()
    analysis, truth, _ = files("cell-centred", False)
    result = bench("score", analysis, truth, "--engine", "weatherbench2")
    assert result.exit_code == 2
    assert "assimbench[weatherbench2]" in result.stderr
    assert result.stdout == ""
    assert bench("score", analysis, truth).exit_code == 0


@pytest.mark.parametrize(
    "longitude", [np.arange(0, 360, 5.625), np.arange(0, 360, 2.5), np.arange(-20, 40, 2.5), np.arange(140, 300, 2.5)]
)
@pytest.mark.parametrize("region", REGIONS, ids=lambda region: region.name)
def test_slices_choose_the_points_of_the_region(region, longitude):
    grid = Grid(tuple(np.linspace(-90, 90, 37)), tuple(longitude))
    latitudes, longitudes = _slices(region, longitude)

    def chosen(values, slices):
        values = np.asarray(values)
        inside = [(values >= (s.start or -np.inf)) & (values <= (s.stop or np.inf)) for s in slices if s != slice(None)]
        # a point in two slices would count twice
        return np.sum(inside, axis=0) if inside else np.ones(len(values))

    rows, columns = chosen(grid.latitude, latitudes), chosen(longitude, longitudes)
    if not len(longitudes):
        columns = np.zeros(len(longitude))
    assert np.array_equal(np.outer(rows, columns), region.mask(grid))


@pytest.mark.parametrize("region", ["global", "europe", "extra-tropics", "ausnz"])
@pytest.mark.parametrize("grid", ["cell-centred", "with-poles"])
@pytest.mark.parametrize("members", [False, True])
def test_ours_are_theirs(weatherbench2, files, grid, region, members):
    paths = files(grid, members)
    ours = score_files(*paths, region=region)
    theirs = score_with_weatherbench2(*paths, region=region, channels=list(ours["rmse"]))
    # these two are ours alone
    assert set(theirs) == set(ours) - {"rmse_member", "spread_skill"}
    assert ("crps" in theirs) == members
    for name in theirs:
        assert ours[name] == pytest.approx(theirs[name], rel=1e-9, abs=0), name


def test_chunks_and_no_climatology_change_nothing(weatherbench2, files, golden, monkeypatch):
    paths = files("cell-centred", True)
    channels = ["temperature_850"]
    whole = score_with_weatherbench2(*paths, "global", channels)
    monkeypatch.setattr("metrics.wb2_engine.CHUNK_BYTES", 8 * 64 * 32 * 5 * 5)
    parts = score_with_weatherbench2(*paths[:2], None, "global", channels)
    assert set(whole) - set(parts) == {"acc"}
    for name in parts:
        assert parts[name] == pytest.approx(whole[name], rel=1e-12)
    # the reference numbers were made by the same code, elsewhere
    reference = golden["grids"]["cell-centred"]["global"]
    assert whole["rmse"]["temperature_850"] == pytest.approx(reference["ensemble_mean_rmse"]["temperature_850"])
    assert whole["spread"]["temperature_850"] ** 2 == pytest.approx(reference["ensemble_variance"]["temperature_850"])


def test_the_command_prints_both(weatherbench2, bench, files):
    paths = files("cell-centred", True)
    command = ("score", *paths[:2], "--climatology", paths[2], "--engine", "weatherbench2")
    result = bench(*command, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert set(found) == {"ours", "weatherbench2", "difference"}
    for name, row in found["difference"].items():
        for channel, value in row.items():
            assert value == found["ours"][name][channel] - found["weatherbench2"][name][channel]
            assert abs(value) < 1e-9 * abs(found["ours"][name][channel])
    table = bench(*command).stdout.splitlines()
    assert table[0].split() == ["channel", "score", "ours", "weatherbench2", "difference"]
    crps = next(line.split() for line in table if " crps " in line)
    assert float(crps[3]) == pytest.approx(found["weatherbench2"]["crps"][crps[0]], rel=1e-5)
    # a score of ours alone
    alone = next(line.split() for line in table if " rmse_member " in line)
    assert (alone[3], alone[4]) == ("-", "-")
    assert float(alone[2]) == pytest.approx(found["ours"]["rmse_member"][alone[0]], rel=1e-5)
