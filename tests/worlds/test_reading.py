from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from benchmark.files import open_fields
from benchmark.problem import BenchError, parse_channel
from benchmark.worlds import reading
from benchmark.worlds.reading import FieldReader

Maker = Callable[..., xr.Dataset]
Saver = Callable[..., str]
NAMES = ("msl", "z500")


def reader(path: str, **options: object) -> FieldReader:
    return FieldReader(open_fields(path), [parse_channel(n) for n in NAMES], path, **options)


@pytest.mark.parametrize("kept", [True, False])
def test_fields_come_in_the_order_asked_for(
    region: Maker, save: Saver, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    monkeypatch.setattr(reading, "CACHE_BYTES", 2**30 if kept else 0)
    ds = region(2001, 2001)
    source = reader(save(ds))
    source.keep(source.times)
    assert source.keeps(source.times) is kept
    rows = [200, 3, 3, 77]
    fields = source.read(source.times[rows])
    assert fields.dtype == np.float32
    np.testing.assert_array_equal(fields[:, 0], ds["msl"].values[rows])
    np.testing.assert_array_equal(fields[:, 1], ds["z500"].values[rows])


def test_only_what_is_asked_for_is_read(region: Maker, tmp_path: Path) -> None:
    ds = region(2001, 2001)
    ds.to_zarr(tmp_path / "f.zarr", zarr_format=2, encoding={v: {"chunks": (1, 4, 6)} for v in ds.data_vars})
    source = reader(str(tmp_path / "f.zarr"))
    for chunk in (tmp_path / "f.zarr").glob("*/[0-9]*.0.0"):
        if chunk.name != "5.0.0":
            chunk.write_bytes(b"garbage")
    np.testing.assert_array_equal(source.read(source.times[5:6])[0, 1], ds["z500"].values[5])
    with pytest.raises(BenchError, match=r"breaks off while it is read .*fetch it again"):
        source.read(source.times[4:5])


def test_missing_times_are_named(region: Maker, save: Saver) -> None:
    source = reader(save(region(2001, 2001).isel(time=[0, 1, 2, 5, 6])))
    wanted = np.arange("2001-01-03T12", "2001-01-07T12", 24, dtype="datetime64[h]").astype("datetime64[ns]")
    with pytest.raises(
        BenchError, match=r"no fields at 2001-01-04T12:00 \(and 1 more .*spans 2001-01-01T12:00 to 2001-01-07"
    ):
        source.read(wanted)


def test_missing_values_are_counted_where_they_were_read(region: Maker, save: Saver) -> None:
    ds = region(2001, 2001)
    ds["z500"][10, 0, :] = np.nan
    ds["z500"][12, 1, 1] = np.nan
    ds["msl"][50, 0, 0] = np.inf
    source = reader(save(ds))
    source.keep(source.times)
    source.read(source.times[:10])
    with pytest.raises(
        BenchError, match=r"z500 .* has 7 missing values .* at 2 of the 20 times read, first 2001-01-11T12:00"
    ):
        source.read(source.times[:20])
    with pytest.raises(BenchError, match=r"msl .* has 1 missing values"):
        source.read(source.times[40:60])


def test_units_are_converted_when_read(region: Maker, save: Saver) -> None:
    ds = region(2001, 2001)
    want = reader(save(ds)).read(ds.time.values[:4])
    ds["msl"] = (ds["msl"].astype(np.float64) / 100).assign_attrs(units="hPa")
    ds["z500"] = (ds["z500"].astype(np.float64) / 9.80665).assign_attrs(units="gpm")
    # One float32 rounding: 2^-24 relative.
    np.testing.assert_allclose(reader(save(ds, "other.nc")).read(ds.time.values[:4]), want, rtol=2**-23)


def test_hours_select_times_and_must_exist(region: Maker, save: Saver) -> None:
    ds = region(2001, 2001)
    ds = ds.assign_coords(time=ds.time.values + np.arange(365) % 2 * np.timedelta64(6, "h"))
    path = save(ds)
    source = reader(path, hours=[18])
    assert len(source.times) == 182
    np.testing.assert_array_equal(source.read(source.times[[1]])[0, 1], ds["z500"].values[3])
    with pytest.raises(BenchError, match=r"no times at the UTC hours \[0, 6\]; it has 12, 18"):
        reader(path, hours=[0, 6])
