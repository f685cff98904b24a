"""The real reanalysis beside the checkout, and a small made-up region as data sets."""

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

SHARED = Path(__file__).resolve().parents[2] / "shared"

LATITUDE = np.array([40.0, 43.0, 46.0, 49.0])
LONGITUDE = np.array([-6.0, -3.0, 0.0, 3.0, 6.0, 9.0])
# Steps are powers of two, so that packed numbers decode without rounding.
CHANNELS = {"z500": (54000.0, 0.5, "m2 s-2"), "t850": (280.0, 2.0**-6, "K"), "msl": (101000.0, 0.25, "Pa")}


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; absent on a machine that only has the checkout."""
    folder = SHARED / "data"
    if not (folder / "era_interim_euroatlantic_2000_2009.nc").exists():
        message = f"the reference data are not in {folder}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture
def region() -> Callable[..., xr.Dataset]:
    """Daily fields at 12 UTC from `first` to `last` year; a date's field is the same whatever the span."""

    def make(first: int = 2001, last: int = 2004) -> xr.Dataset:
        times = np.arange(f"{first}-01-01T12", f"{last + 1}-01-01T12", 24, dtype="datetime64[h]")
        data = {}
        for i, (name, (offset, step, units)) in enumerate(CHANNELS.items()):
            fields = [
                np.random.default_rng([i, int(t.astype(int))]).integers(-2000, 2000, (len(LATITUDE), len(LONGITUDE)))
                for t in times
            ]
            values = (offset + step * np.stack(fields)).astype(np.float32)
            data[name] = (("time", "latitude", "longitude"), values, {"units": units})
        coords = {"time": times.astype("datetime64[ns]"), "latitude": LATITUDE, "longitude": LONGITUDE}
        return xr.Dataset(data, coords)

    return make


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., str]:
    """Writes a data set as NetCDF and returns the path."""

    count = itertools.count()

    def write(ds: xr.Dataset, name: str = "", **options: object) -> str:
        name = name or f"fields{next(count)}.nc"
        ds.to_netcdf(tmp_path / name, engine="h5netcdf", **options)
        return str(tmp_path / name)

    return write
