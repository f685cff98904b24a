"""One region in many files: the same grid, the same numbers, the same hashes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

from benchmark.worlds import Fields, WorldSpec

Maker = Callable[..., xr.Dataset]
SpecMaker = Callable[..., WorldSpec]


def north_to_south(ds: xr.Dataset, folder: Path) -> str:
    return netcdf(ds.isel(latitude=slice(None, None, -1)), folder)


def circle_from_zero(ds: xr.Dataset, folder: Path) -> str:
    return netcdf(ds.assign_coords(longitude=ds.longitude % 360).sortby("longitude"), folder)


def circle_without_break(ds: xr.Dataset, folder: Path) -> str:
    return netcdf(ds.assign_coords(longitude=ds.longitude + 360), folder)


def unsorted_times(ds: xr.Dataset, folder: Path) -> str:
    return netcdf(ds.isel(time=np.random.default_rng(0).permutation(ds.sizes["time"])), folder)


def packed(ds: xr.Dataset, folder: Path) -> str:
    def pack(step: float, offset: float) -> dict[str, object]:
        return {"dtype": "int16", "scale_factor": step, "add_offset": offset, "_FillValue": -32768}

    return netcdf(ds, folder, {"z500": pack(0.5, 54000.0), "t850": pack(2.0**-6, 280.0), "msl": pack(0.25, 101000.0)})


def chunked(ds: xr.Dataset, folder: Path) -> str:
    return netcdf(ds, folder, {v: {"chunksizes": (30, 2, 3), "zlib": True} for v in ds.data_vars})


def double_precision(ds: xr.Dataset, folder: Path) -> str:
    return netcdf(ds.astype(np.float64), folder)


def layered(ds: xr.Dataset) -> xr.Dataset:
    """Level as a dimension, 850 hPa before 500 hPa; what the region lacks is filled with other numbers."""
    z = xr.concat([ds["z500"] / 4, ds["z500"]], "level").assign_attrs(units="m2 s-2")
    t = xr.concat([ds["t850"], ds["t850"] - 20], "level").assign_attrs(units="K")
    out = xr.Dataset({"geopotential": z, "temperature": t, "mean_sea_level_pressure": ds["msl"]})
    return out.assign_coords(level=[850, 500])


def weatherbench_zarr2(ds: xr.Dataset, folder: Path) -> str:
    return zarr(layered(ds).transpose("time", "level", "longitude", "latitude"), folder, 2)


def weatherbench_zarr3(ds: xr.Dataset, folder: Path) -> str:
    return zarr(layered(ds).transpose("time", "level", "longitude", "latitude"), folder, 3)


def climate_data_store(ds: xr.Dataset, folder: Path) -> str:
    names = {"geopotential": "z", "temperature": "t", "mean_sea_level_pressure": "msl"}
    ds = layered(ds).rename(time="valid_time", level="pressure_level", **names).sortby("latitude", ascending=False)
    return netcdf(ds.assign_coords(number=0, expver="0001"), folder)


def cmip(ds: xr.Dataset, folder: Path) -> str:
    names = {"geopotential": "phi", "temperature": "ta", "mean_sea_level_pressure": "psl"}
    ds = layered(ds).rename(level="plev", latitude="lat", longitude="lon", **names)
    ds = ds.assign_coords(plev=ds["plev"] * 100.0, lon=ds["lon"] % 360).sortby("lon")
    ds["plev"].attrs["units"] = "Pa"
    return netcdf(ds, folder)


def netcdf(ds: xr.Dataset, folder: Path, encoding: dict[str, dict[str, object]] | None = None) -> str:
    ds.to_netcdf(folder / "layout.nc", engine="h5netcdf", encoding=encoding or {})
    return str(folder / "layout.nc")


def zarr(ds: xr.Dataset, folder: Path, version: int) -> str:
    chunks = {v: {"chunks": tuple(min(n, 100) for n in ds[v].shape)} for v in ds.data_vars}
    ds.to_zarr(folder / "layout.zarr", zarr_format=version, consolidated=version == 2, encoding=chunks)
    return str(folder / "layout.zarr")


@pytest.mark.parametrize(
    "layout",
    [
        north_to_south,
        circle_from_zero,
        circle_without_break,
        unsorted_times,
        packed,
        chunked,
        double_precision,
        weatherbench_zarr2,
        weatherbench_zarr3,
        climate_data_store,
        cmip,
    ],
)
def test_every_layout_gives_the_same_world(
    layout: Callable[[xr.Dataset, Path], str],
    region: Maker,
    spec: SpecMaker,
    world: Callable[..., Fields],
    tmp_path: Path,
) -> None:
    want = world()
    got = Fields(spec(layout(region(), tmp_path)))
    assert got.grid == want.grid
    for split in ("train", "validate", "test"):
        np.testing.assert_array_equal(got.times(split), want.times(split))
    times = want.times("test")[::30]
    assert torch.equal(got.truth(times), want.truth(times))
    assert torch.equal(got.background(times), want.background(times))
    assert torch.equal(got.climatology(times), want.climatology(times))
    assert got.training_hash == want.training_hash
    assert got.evaluation_hash == want.evaluation_hash
    assert got.archive("validate").hash == want.archive("validate").hash


def globe(longitude: np.ndarray) -> xr.Dataset:
    """A globe of 2001-2003 whose fields depend on date and place on the circle."""
    times = np.arange("2001-01-01T12", "2004-01-01T12", 24, dtype="datetime64[h]").astype("datetime64[ns]")
    latitude = np.array([-60.0, -20.0, 20.0, 60.0])
    noise = np.random.default_rng(0).standard_normal((len(times), 4, 8)).astype(np.float32)
    values = 280 + noise[:, :, (longitude % 360 / 45).astype(int)]
    coords = {"time": times, "latitude": latitude, "longitude": longitude}
    return xr.Dataset({"t850": (("time", "latitude", "longitude"), values, {"units": "K"})}, coords)


@pytest.mark.parametrize("longitude", [np.arange(-180.0, 180, 45), np.arange(-180.0, 181, 45), np.arange(0.0, 361, 45)])
def test_a_globe_is_the_same_from_any_meridian(longitude: np.ndarray, spec: SpecMaker, tmp_path: Path) -> None:
    years = {"channels": ["t850"], "train": 2001, "validate": 2002, "test": 2003}
    (tmp_path / "a").mkdir()
    want = Fields(spec(netcdf(globe(np.arange(0.0, 360, 45)), tmp_path / "a"), **years))
    got = Fields(spec(netcdf(globe(longitude), tmp_path), **years))
    assert got.grid == want.grid
    assert got.grid.periodic
    assert torch.equal(got.truth(want.times("test")), want.truth(want.times("test")))
    assert got.training_hash == want.training_hash
