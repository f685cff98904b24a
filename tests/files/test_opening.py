import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from benchmark.files import open_fields, open_forecasts, opening
from benchmark.problem import BenchError

Maker = Callable[..., xr.Dataset]
Saver = Callable[..., str]


def forecasts(ds: xr.Dataset, leads_h: list[int]) -> xr.Dataset:
    """Every date's field as the forecast of every lead that is valid then, plus its lead in hours."""
    starts = ds.time.values
    parts = [ds + lead for lead in leads_h]
    parts = [p.assign_coords(time=starts - np.timedelta64(lead, "h")) for p, lead in zip(parts, leads_h, strict=True)]
    lead = xr.DataArray(np.array(leads_h, "timedelta64[h]").astype("timedelta64[ns]"), dims="prediction_timedelta")
    return xr.concat(parts, lead.rename("prediction_timedelta"), join="inner")


def test_a_missing_file_gets_the_nearest_names(region: Maker, save: Saver, tmp_path: Path) -> None:
    save(region(2001, 2001), "era_fields.nc")
    with pytest.raises(BenchError, match=r"no file .*did you mean 'era_fields.nc'\? Give the data with --data PATH"):
        open_fields(str(tmp_path / "era_feilds.nc"))
    with pytest.raises(BenchError, match="is empty or does not exist"):
        open_fields(str(tmp_path / "nowhere" / "x.nc"))


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"<!DOCTYPE html>", r"neither NetCDF nor a Zarr store.*error page"),
        (b"GRIB....", r"is GRIB; convert it first"),
        (b"", r"neither NetCDF nor"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), r"cannot be read .*fetch it again"),
    ],
)
def test_an_unreadable_file(tmp_path: Path, head: bytes, message: str) -> None:
    file = tmp_path / "fields.nc"
    file.write_bytes(head)
    with pytest.raises(BenchError, match=message):
        open_fields(str(file))


def test_a_truncated_file_and_an_empty_folder(region: Maker, save: Saver, tmp_path: Path) -> None:
    file = Path(save(region(2001, 2001)))
    file.write_bytes(file.read_bytes()[:20000])
    with pytest.raises(BenchError, match="cannot be read"):
        open_fields(str(file))
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(BenchError, match="cannot be read"):
        open_fields(str(tmp_path / "empty.zarr"))


def test_classic_netcdf_and_urls(region: Maker, tmp_path: Path) -> None:
    ds = region(2001, 2001)
    ds.to_netcdf(tmp_path / "classic.nc", engine="scipy")
    ds.to_netcdf(tmp_path / "modern.nc", engine="h5netcdf")
    ds.to_zarr(tmp_path / "store.zarr", zarr_format=2)
    for url in (f"{tmp_path}/classic.nc", f"local://{tmp_path}/modern.nc", f"local://{tmp_path}/store.zarr"):
        np.testing.assert_array_equal(open_fields(url)["z500"].values, ds["z500"].values)


@pytest.mark.parametrize("version", [2, 3])
def test_a_zipped_store(region: Maker, tmp_path: Path, version: int) -> None:
    ds = region(2001, 2001)
    ds.to_zarr(tmp_path / "store.zarr", zarr_format=version, consolidated=False)
    packed = shutil.make_archive(str(tmp_path / "store.zarr"), "zip", tmp_path / "store.zarr")
    np.testing.assert_array_equal(open_fields(packed)["z500"].values, ds["z500"].values)


def test_closing_the_fields_closes_the_file(region: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    stored, closed = region(2001, 2001), []
    stored.set_close(lambda: closed.append(True))
    monkeypatch.setattr(opening, "_open", lambda path: stored)
    with open_fields("fields.nc"):
        assert closed == []
    assert closed == [True]


def test_a_missing_package_and_an_absent_remote_store() -> None:
    with pytest.raises(BenchError, match=r"cannot be read .*check the address and the network"):
        open_fields("memory://nothing/here.zarr")
    with pytest.raises(BenchError, match=r"cannot be (opened|read)"):
        open_fields("nonsense://bucket/x.zarr")


def test_forecasts_are_found_by_lead_and_shifted_to_valid_time(region: Maker, save: Saver) -> None:
    ds = region(2001, 2001)
    path = save(forecasts(ds, [24, 48, 72]), "forecasts.nc")
    out = open_forecasts(path, 48)
    assert out["time"].values[0] == np.datetime64("2001-01-01T12") - np.timedelta64(24, "h") + np.timedelta64(48, "h")
    same = ds.sel(time=out["time"].values)
    np.testing.assert_allclose(out["t850"].values - same["t850"].values, 48, rtol=1e-5)


def test_forecasts_and_fields_are_not_mixed_up(region: Maker, save: Saver) -> None:
    ds = region(2001, 2001)
    truth, archive = save(ds, "truth.nc"), save(forecasts(ds, [24, 48]), "forecasts.nc")
    with pytest.raises(BenchError, match=r"no forecasts of 36 h; it has 24, 48 h\. Set the background's lead_h"):
        open_forecasts(archive, 36)
    with pytest.raises(BenchError, match=r"has no lead times.*'persistence' or 'forecaster'"):
        open_forecasts(truth, 24)
    with pytest.raises(BenchError, match=r"holds forecasts \(it has 2 lead times\)"):
        open_fields(archive)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"no file .*absent\.nc"):
        open_fields(tmp_path / "absent.nc")


@pytest.mark.parametrize("name", ["text.nc", "text", "folder", "folder.zarr"])
def test_what_is_neither_netcdf_nor_zarr_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.startswith("text"):
        path.write_text("not a file of numbers")
    else:
        path.mkdir()
    with pytest.raises(BenchError, match="cannot be read as a"):
        open_fields(path)
