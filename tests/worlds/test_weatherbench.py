"""The shipped world of WeatherBench 2's ERA5, on a small local archive of the same layout."""

from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

from benchmark.problem import BenchError, describe
from benchmark.worlds import Fields, WorldSpec, load_spec

LEVELS = np.array([250, 500, 850])
LATITUDE = np.array([-67.5, -22.5, 22.5, 67.5])
LONGITUDE = np.arange(0.0, 360, 45)
MEANS = {"t": 270.0, "u": 5.0, "v": 0.0, "q": 0.004, "msl": 101000.0, "t2m": 285.0}
STDS = {"z": 800.0, "t": 5.0, "u": 10.0, "v": 10.0, "q": 0.002, "msl": 900.0, "t2m": 6.0}
HEIGHTS = np.array([1.01e5, 5.5e4, 1.4e4])
ERROR_PER_H = 0.01  # of the std


def analyses() -> xr.Dataset:
    """Every fifth day of 2018-2022 at 00, 06, 12 and 18 UTC, (time, level, longitude, latitude)."""
    days = np.arange("2018-01-01", "2023-01-01", 5, dtype="datetime64[D]")
    times = (days[:, None] + np.arange(0, 24, 6).astype("timedelta64[h]")).ravel().astype("datetime64[ns]")
    rng = np.random.default_rng(0)
    ds = xr.Dataset(coords={"time": times, "level": LEVELS, "longitude": LONGITUDE, "latitude": LATITUDE})
    for short, std in STDS.items():
        layers = () if short in ("msl", "t2m") else ("level",)
        dims = ("time", *layers, "longitude", "latitude")
        noise = rng.standard_normal([ds.sizes[d] for d in dims])
        mean = HEIGHTS[:, None, None] if short == "z" else MEANS[short]
        known = describe(short)
        ds[known.long] = (dims, (mean + std * noise).astype(np.float32), {"units": known.unit})
    return ds


def forecasts(truth: xr.Dataset, leads_h: tuple[int, ...] = (24, 48, 72)) -> xr.Dataset:
    """By start and lead: the analysis valid then plus 1 % of a std for each hour of lead."""
    truth = truth.sel(time=np.isin(truth.time.dt.hour, [0, 12]))
    starts = truth.time.values - np.timedelta64(48, "h")
    parts = []
    for lead in leads_h:
        valid = starts + np.timedelta64(lead, "h")
        part = truth.reindex(time=valid).assign_coords(time=starts)
        for short, std in STDS.items():
            part[describe(short).long] = part[describe(short).long] + np.float32(lead * ERROR_PER_H * std)
        parts.append(part)
    delta = np.array(leads_h, "timedelta64[h]").astype("timedelta64[ns]")
    ds = xr.concat(parts, xr.DataArray(delta, dims="prediction_timedelta", name="prediction_timedelta"))
    return ds.transpose("time", "prediction_timedelta", "level", "longitude", "latitude")


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> WorldSpec:
    """The shipped description with both addresses replaced."""
    folder = tmp_path_factory.mktemp("weatherbench")
    truth = analyses()
    truth.to_zarr(folder / "era5.zarr", zarr_format=2)
    start = truth.time.values[40] - np.timedelta64(48, "h")
    forecasts(truth).drop_sel(time=start).to_zarr(folder / "pangu.zarr", zarr_format=2)
    spec = load_spec("era5-64x32", data=folder / "era5.zarr")
    background = spec.background.model_copy(update={"path": str(folder / "pangu.zarr")})
    return spec.model_copy(update={"background": background})


def test_the_background_is_the_forecast_of_48_h(local: WorldSpec) -> None:
    w = Fields(local)
    times = w.times("test")
    assert set(times.astype("datetime64[h]").astype(int) % 24) == {0, 12}
    assert len(times) == 2 * 73
    error = w.normalisation.denormalise(w.background(times).double()) - w.normalisation.denormalise(
        w.truth(times).double()
    )
    for i, channel in enumerate(w.channels):
        std = STDS[channel.variable]
        # Two float32 roundings of the value itself.
        rounding = 2**-22 * (abs(w.normalisation.mean[i]) + 5 * std)
        np.testing.assert_allclose(error[:, i], 48 * ERROR_PER_H * std, atol=rounding)


def test_the_channels_are_the_levels_they_say(local: WorldSpec) -> None:
    w = Fields(local)
    time = w.times("train")[:1]
    source = analyses().sel(time=time[0])
    truth = w.normalisation.denormalise(w.truth(time).double())[0]
    for i, channel in enumerate(w.channels):
        want = source[describe(channel.variable).long]
        want = want if channel.level is None else want.sel(level=channel.level)
        np.testing.assert_allclose(truth[i], want.transpose("latitude", "longitude"), rtol=1e-5, atol=1e-4)


def test_times_without_a_forecast_are_dropped(local: WorldSpec) -> None:
    w = Fields(local)
    absent = analyses().time.values[40]
    assert absent not in w.times("train")
    assert len(w.times("train")) == 2 * 220 - 1
    with pytest.raises(BenchError, match=r"no fields at 2018-02-20T00:00"):
        w.background(np.array([absent]))
    assert torch.isfinite(w.truth(np.array([absent]))).all()


def test_an_archive_on_another_grid_is_refused(local: WorldSpec, tmp_path: Path) -> None:
    forecasts(analyses()).isel(latitude=slice(1, None)).to_zarr(tmp_path / "other.zarr", zarr_format=2)
    background = local.background.model_copy(update={"path": str(tmp_path / "other.zarr")})
    with pytest.raises(BenchError, match=r"grid of \(3, 8\) points and the truth .* on \(4, 8\)"):
        Fields(local.model_copy(update={"background": background}))


def test_a_lead_time_that_the_archive_lacks(local: WorldSpec) -> None:
    background = local.background.model_copy(update={"lead_h": 36})
    with pytest.raises(BenchError, match=r"no forecasts of 36 h; it has 24, 48, 72 h"):
        Fields(local.model_copy(update={"background": background}))


def test_forecasts_count_by_content_and_test_years_only_for_the_evaluation(local: WorldSpec, tmp_path: Path) -> None:
    def with_forecasts(name: str, year: int, factor: float) -> Fields:
        archive = forecasts(analyses())
        valid = archive.time.dt.year == year
        archive["2m_temperature"] = archive["2m_temperature"] * xr.where(valid, np.float32(factor), np.float32(1))
        place = tmp_path / name / "pangu.zarr"
        archive.to_zarr(place, zarr_format=2)
        background = local.background.model_copy(update={"path": str(place)})
        return Fields(local.model_copy(update={"background": background}))

    same, again = with_forecasts("a", 2018, 1.0), with_forecasts("b", 2018, 1.0)
    assert same.fitting_identity == again.fitting_identity
    assert same.evaluation_hash == again.evaluation_hash
    fitted = with_forecasts("c", min(local.train), 1.01)
    assert fitted.fitting_identity != same.fitting_identity
    assert fitted.archive("train").hash != same.archive("train").hash
    tested = with_forecasts("d", max(local.test), 1.01)
    assert tested.fitting_identity == same.fitting_identity
    assert tested.evaluation_hash != same.evaluation_hash
