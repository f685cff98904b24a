"""`bench run --save-analyses`: files in WeatherBench 2's layout that score as the run did."""

import json

import numpy as np
import pytest
import xarray as xr

from benchmark.problem import BenchError
from methods.threedvar import ThreeDVar

LONG = {"msl": "mean_sea_level_pressure", "t850": "temperature_850"}


@pytest.fixture
def truth_file(make_weather, tmp_path):
    """The truth in WeatherBench 2's layout: long names, a level, double precision."""
    weather = make_weather()
    t = weather["t850"].expand_dims(level=[850], axis=1)
    named = xr.Dataset({"mean_sea_level_pressure": weather["msl"], "temperature": t}).astype(np.float64)
    named.to_netcdf(tmp_path / "truth.nc", engine="h5netcdf")
    return tmp_path / "truth.nc"


def score(bench, analysis, truth):
    result = bench("score", analysis, truth, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize(("method", "members"), [("3dvar", 1), ("lo-sda", 3)])
def test_files_score_as_the_run_did(bench, run, truth_file, tmp_path, method, members):
    path = tmp_path / "xa.zarr"
    options = ("--save-analyses", path, "--members", members, "--chunk", 5)
    found = run(tmp_path / "results", method, options=options)["methods"][method]
    scored = score(bench, path, truth_file)
    assert set(scored["rmse"]) == set(LONG.values())
    for channel, name in LONG.items():
        assert scored["rmse"][name] == pytest.approx(found["rmse"][channel], rel=1e-5)
    with xr.open_zarr(path, consolidated=False) as file:
        head = ("time", "number") if members > 1 else ("time",)
        assert file["temperature"].dims == (*head, "level", "latitude", "longitude")
        assert file["mean_sea_level_pressure"].dims == (*head, "latitude", "longitude")
        assert file.sizes["time"] == 12
        assert file.sizes.get("number", 1) == members
        assert file["mean_sea_level_pressure"].attrs["units"] == "Pa"
        assert np.all(np.diff(file["time"].values) > np.timedelta64(0))
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_several_methods_have_a_store_each(run, tmp_path):
    path = tmp_path / "xa.zarr"
    run(tmp_path / "results", "3dvar", "background", "3dvar[b_scale=0.5]", options=("--save-analyses", path))
    assert {p.name for p in tmp_path.glob("*.zarr")} == {"xa-3dvar.zarr", "xa-3dvar_b_scale=0.5_.zarr"}


@pytest.mark.parametrize("method", ["background", "climatology"])
def test_a_baseline_alone_is_saved(bench, run, truth_file, tmp_path, method):
    path = tmp_path / "xa.zarr"
    found = run(tmp_path / "results", method, options=("--save-analyses", path))["methods"][method]
    assert score(bench, path, truth_file)["rmse"][LONG["msl"]] == pytest.approx(found["rmse"]["msl"], rel=1e-5)


def test_stored_cases_are_written_too(bench, run, truth_file, tmp_path):
    first = run(tmp_path / "results", "3dvar")
    second = run(tmp_path / "results", "3dvar", options=("--save-analyses", tmp_path / "xa.zarr"))
    assert second == first
    rmse = score(bench, tmp_path / "xa.zarr", truth_file)["rmse"]
    assert rmse[LONG["msl"]] == pytest.approx(first["methods"]["3dvar"]["rmse"]["msl"], rel=1e-5)


def test_a_run_that_fails_leaves_no_store(perform, tmp_path, monkeypatch):
    analyse = ThreeDVar.analyse

    def fail_later(self, problem, members, noise):
        if problem.times[0] > np.datetime64("2004-06-01"):
            raise RuntimeError("too late")
        return analyse(self, problem, members, noise)

    monkeypatch.setattr(ThreeDVar, "analyse", fail_later)
    with pytest.raises(BenchError, match=r"Method '3dvar' failed \(RuntimeError: too late\); --debug"):
        perform(tmp_path / "results", "3dvar", chunk=2, save_analyses=tmp_path / "xa.zarr")
    assert [p.name for p in tmp_path.iterdir()] == ["results"]


def test_times_between_days_survive_the_append(bench, small_world, make_weather, tmp_path):
    """A store whose first chunk has whole days goes on with chunks that have hours."""
    spoilt = small_world.copy(tmp_path / "copy")
    weather = make_weather()
    later = weather.assign_coords(time=weather["time"] + np.timedelta64(6, "h"))
    both = xr.concat([weather, later], "time").sortby("time")
    both.to_netcdf(spoilt.data, engine="h5netcdf")
    forecaster = "{kind: forecaster, lead_h: 24, settings: {history: 2}}"
    spoilt.world.write_text(spoilt.world.read_text().replace(forecaster, "{kind: persistence}"))
    options = ("--cases", 12, "--obs-frac", 0.1, "--chunk", 1, "--out", tmp_path / "results")
    saved = ("--save-analyses", tmp_path / "xa.zarr", "--json")
    result = bench("run", "--method", "background", *options, *saved, *spoilt.options)
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    with xr.open_zarr(tmp_path / "xa.zarr", consolidated=False) as file:
        # 732 times, every 61st
        assert file["time"].dt.hour.values.tolist() == 6 * [12, 18]
        assert str(file["time"].values[-1].astype("datetime64[s]")) == summary["experiment"]["last_case"]
        assert file.sizes["time"] == len(np.unique(file["time"].values)) == 12
