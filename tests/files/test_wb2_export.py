"""Analyses written as WeatherBench 2's evaluation reads them."""

import json

import numpy as np
import pytest
import xarray as xr

from benchmark.files import export_wb2, wb2_export
from benchmark.problem import BenchError

TIMES = np.datetime64("2020-02-27T00", "ns") + np.arange(7) * np.timedelta64(12, "h")
LATITUDE, LONGITUDE = np.arange(-75.0, 90, 30), np.arange(0.0, 360, 45)


def _analyses(members=0, **coords):
    """As `bench run --save-analyses` writes them: humidity lacks 500 hPa."""
    rng = np.random.default_rng(3)
    head = {"time": TIMES, **({"number": np.arange(members)} if members else {})}
    space = {"latitude": LATITUDE, "longitude": LONGITUDE, **coords}
    shape = tuple(len(v) for v in head.values())
    level = {"level": np.array([500, 850])}

    def field(mean, *extra):
        dims = (*head, *extra, *space)
        sizes = (*shape, *(2 for _ in extra), *(len(v) for v in space.values()))
        return dims, (mean + rng.normal(size=sizes)).astype(np.float32)

    q = field(0.005, "level")
    q[1][..., 0, :, :] = np.nan
    return xr.Dataset(
        {
            "temperature": (*field(270, "level"), {"units": "K"}),
            "specific_humidity": (*q, {"units": "kg kg-1", "levels_without_data": [500]}),
            "mean_sea_level_pressure": (*field(101000), {"units": "Pa"}),
        },
        {**head, **level, **space},
    )


def _write(dataset, path):
    dataset.to_zarr(path, consolidated=False)
    return path


@pytest.mark.parametrize("members", [0, 3])
def test_the_layout_is_that_of_weatherbench_2(tmp_path, monkeypatch, members):
    monkeypatch.setattr(wb2_export, "CHUNK_BYTES", 4 * 2 * 6 * 8 * 3 * max(1, members))  # three times a chunk
    dataset = _analyses(members)
    target = tmp_path / "out" / "wb2.zarr"
    export_wb2(_write(dataset, tmp_path / "xa.zarr"), target)
    assert [path.name for path in target.parent.iterdir()] == ["wb2.zarr"]
    assert json.loads((target / ".zgroup").read_text())["zarr_format"] == 2
    assert "temperature/.zarray" in json.loads((target / ".zmetadata").read_text())["metadata"]
    with xr.open_zarr(target, consolidated=True) as found:
        number = ("number",) if members else ()
        horizontal = ("longitude", "latitude")
        assert found["temperature"].dims == ("time", *number, "prediction_timedelta", "level", *horizontal)
        assert found["mean_sea_level_pressure"].dims == ("time", *number, "prediction_timedelta", *horizontal)
        assert {variable.dtype for variable in found.data_vars.values()} == {np.dtype("float32")}
        assert found["prediction_timedelta"].values.tolist() == [0]
        assert found["prediction_timedelta"].dtype == "timedelta64[ns]"
        assert found["level"].dtype == np.int32
        assert found["temperature"].encoding["chunks"] == (3, *([members] if members else []), 1, 2, 8, 6)
        assert found["time"].encoding["chunks"] == (7,)
        for name in ("time", "latitude", "longitude", "level"):
            assert np.array_equal(found[name].values, dataset[name].values), name
        for name in dataset.data_vars:
            mine = found[name].isel(prediction_timedelta=0).transpose(*dataset[name].dims).values
            assert np.array_equal(mine, dataset[name].values, equal_nan=True), name
            assert found[name].attrs["units"] == dataset[name].attrs["units"]


def test_what_is_exported_can_be_read_and_exported_again(tmp_path):
    first = _write(_analyses(2), tmp_path / "xa.zarr")
    export_wb2(first, tmp_path / "one.zarr")
    export_wb2(tmp_path / "one.zarr", tmp_path / "two.zarr")
    with xr.open_zarr(tmp_path / "one.zarr") as one, xr.open_zarr(tmp_path / "two.zarr") as two:
        xr.testing.assert_identical(one.load(), two.load())


def test_other_names_orders_and_units_become_those_of_weatherbench_2(tmp_path):
    plain = _analyses()[["temperature", "mean_sea_level_pressure"]]
    other = plain.rename(temperature="t", mean_sea_level_pressure="msl", latitude="lat", longitude="lon")
    other["t"] = (other["t"] - 273.15).assign_attrs(units="degC")
    other = other.isel(lat=slice(None, None, -1)).assign_coords(lon=(other["lon"] + 180) % 360 - 180).sortby("lon")
    other.to_netcdf(tmp_path / "xa.nc", engine="h5netcdf")
    export_wb2(tmp_path / "xa.nc", tmp_path / "wb2.zarr")
    with xr.open_zarr(tmp_path / "wb2.zarr") as found:
        assert np.array_equal(found["longitude"], LONGITUDE)
        assert np.array_equal(found["latitude"], LATITUDE)
        for name in plain.data_vars:
            mine = found[name].isel(prediction_timedelta=0).transpose(*plain[name].dims).values
            np.testing.assert_allclose(mine, plain[name].values, rtol=1e-6)


@pytest.mark.parametrize(
    ("longitude", "wanted"),
    [(np.arange(-20.0, 20, 5), np.arange(-20.0, 20, 5)), (np.arange(-120.0, -80, 5), np.arange(240.0, 280, 5))],
)
def test_regions_count_longitudes_from_0_to_360_unless_that_tears_them(tmp_path, longitude, wanted):
    export_wb2(_write(_analyses(longitude=longitude), tmp_path / "xa.zarr"), tmp_path / "wb2.zarr")
    with xr.open_zarr(tmp_path / "wb2.zarr") as found:
        assert np.array_equal(found["longitude"], wanted)


def test_a_damaged_store_leaves_nothing(tmp_path, monkeypatch):
    path = _write(_analyses(), tmp_path / "xa.zarr")
    monkeypatch.setattr(wb2_export, "CHUNK_BYTES", 1)
    block = wb2_export._block

    def breaks(ds, places, times):
        if times.start == 4:
            raise OSError("the disk is gone")
        return block(ds, places, times)

    monkeypatch.setattr(wb2_export, "_block", breaks)
    with pytest.raises(BenchError, match="breaks off while it is read"):
        export_wb2(path, tmp_path / "out" / "wb2.zarr")
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_there_is_not_replaced(tmp_path):
    path = _write(_analyses(), tmp_path / "xa.zarr")
    with pytest.raises(BenchError, match="exists already; name another file with --out"):
        export_wb2(path, path)


def test_forecasts_and_files_without_fields_are_refused(tmp_path):
    lead = np.array([0, 6]).astype("timedelta64[h]").astype("timedelta64[ns]")
    forecasts = _write(_analyses().expand_dims(prediction_timedelta=lead), tmp_path / "forecasts.zarr")
    with pytest.raises(BenchError, match="holds forecasts"):
        export_wb2(forecasts, tmp_path / "a.zarr")
    bare = _analyses()[["time", "latitude", "longitude"]].assign(orography=(("latitude",), LATITUDE))
    with pytest.raises(BenchError, match="holds no field"):
        export_wb2(_write(bare, tmp_path / "bare.zarr"), tmp_path / "b.zarr")
    assert not list(tmp_path.glob("*.part"))
    assert not list(tmp_path.glob(".*.part"))


def test_the_command_writes_one_file_or_a_folder(bench, tmp_path):
    one, two = (_write(_analyses(), tmp_path / f"{name}.zarr") for name in ("xa-3dvar", "xa-lo-sda"))
    assert bench("export-wb2", one, "--out", tmp_path / "one.zarr").exit_code == 0
    result = bench("export-wb2", one, two, "--out", tmp_path / "all")
    assert result.exit_code == 0, result.stderr
    assert {path.name for path in (tmp_path / "all").iterdir()} == {"xa-3dvar.zarr", "xa-lo-sda.zarr"}
    with xr.open_zarr(tmp_path / "all" / "xa-lo-sda.zarr") as found:
        assert found.sizes["prediction_timedelta"] == 1
    again = bench("export-wb2", one, "--out", tmp_path / "one.zarr")
    assert (again.exit_code, "exists already" in again.stderr) == (2, True)
    same = bench("export-wb2", one, tmp_path / "all" / "xa-3dvar.zarr", "--out", tmp_path / "third")
    assert (same.exit_code, "the same name" in same.stderr) == (2, True)
    absent = bench("export-wb2", tmp_path / "xa-3dvr.zarr", "--out", tmp_path / "fourth.zarr")
    assert (absent.exit_code, "did you mean" in absent.stderr) == (2, True)


@pytest.mark.parametrize("members", [0, 3])
def test_weatherbench_2_scores_it_as_a_forecast(tmp_path, members):
    schema = pytest.importorskip("weatherbench2.schema")
    metrics = pytest.importorskip("weatherbench2.metrics")
    truth = _analyses()[["temperature"]].transpose("time", "level", "longitude", "latitude")
    export_wb2(_write(_analyses(members)[["temperature"]], tmp_path / "xa.zarr"), tmp_path / "wb2.zarr")
    with xr.open_zarr(tmp_path / "wb2.zarr") as stored:
        forecast = schema.apply_time_conventions(stored, by_init=True)
        metric = metrics.EnsembleMeanMSE(ensemble_dim="number") if members else metrics.MSE()
        found = metric.compute(forecast, truth.sel(time=forecast.valid_time))["temperature"]
        assert found.dims == ("lead_time", "level")
        f = _analyses(members)["temperature"].astype(np.float64)
        error = (f.mean("number") if members else f) - truth["temperature"]
        weights = np.cos(np.deg2rad(truth["latitude"]))
        wanted = (error**2).weighted(weights).mean(("latitude", "longitude")).mean("time")
        # cells' areas differ from the cosine by less than a percent of each row's weight
        np.testing.assert_allclose(found.values[0], wanted.values, rtol=0.02, atol=1e-12)
