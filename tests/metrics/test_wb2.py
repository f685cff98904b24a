"""Files in WeatherBench 2 layout: how they are aligned, streamed and refused."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from benchmark.problem import BenchError
from metrics import score_files, wb2
from metrics.reading import Fields

TIMES = pd.date_range("2019-12-30", periods=6, freq="12h")
LATITUDE = np.array([-60.0, -20.0, 20.0, 60.0])
LONGITUDE = np.arange(0.0, 360, 45)
NAMES = ("rmse", "rmse_per_case", "mae", "bias", "acc")


def dataset(seed, longitude=LONGITUDE):
    rng = np.random.default_rng(seed)
    dims = ["time", "level", "latitude", "longitude"]
    coords = {"time": TIMES, "level": [500, 850], "latitude": LATITUDE, "longitude": longitude}
    shape = [len(coords[d]) for d in dims]
    return xr.Dataset(
        {
            "geopotential": (dims, rng.normal(size=shape)),
            "2m_temperature": (["time", *dims[2:]], rng.normal(size=[shape[0], *shape[2:]])),
        },
        coords=coords,
    )


def climatology_of(data):
    rng = np.random.default_rng(9)
    clim = data.isel(time=0, drop=True).expand_dims(hour=[0, 12], dayofyear=np.arange(1, 367))
    return clim.map(lambda field: field.copy(data=rng.normal(size=field.shape)))


@pytest.fixture
def analysis():
    return dataset(1)


@pytest.fixture
def truth():
    return dataset(2)


@pytest.fixture
def climatology(truth):
    return climatology_of(truth)


def same(scores, expected):
    """Equal up to the order of summation: 200 points of order one."""
    assert set(scores) == set(expected)
    for name, channels in expected.items():
        assert scores[name] == pytest.approx(channels, rel=1e-12, abs=1e-13)


def west_counted(data):
    return data.assign_coords(longitude=(data["longitude"] + 180) % 360 - 180).sortby("longitude")


def test_one_case_by_hand():
    # two equal latitudes: every point weighs the same; errors 1, 2, 3, 4
    coords = {"time": TIMES[:1], "latitude": [-45.0, 45.0], "longitude": [0.0, 90.0]}
    dims = list(coords)
    x = xr.Dataset({"t2m": (dims, np.zeros((1, 2, 2)))}, coords=coords)
    xa = xr.Dataset({"t2m": (dims, np.array([[[1.0, 2.0], [3.0, 4.0]]]))}, coords=coords)
    scores = score_files(xa, x)
    expected = {"rmse": np.sqrt(7.5), "rmse_per_case": np.sqrt(7.5), "mae": 2.5, "bias": 2.5}
    same(scores, {name: {"2m_temperature": value} for name, value in expected.items()})


@pytest.mark.parametrize("region", ["global", "tropics", "europe", "ausnz"])
@pytest.mark.parametrize("other", ["analysis", "truth", "climatology"])
def test_order_of_coordinates_does_not_matter(analysis, truth, climatology, other, region):
    data = {"analysis": analysis, "truth": truth, "climatology": climatology}
    if region == "europe":
        data = {k: v.assign_coords(latitude=LATITUDE - 10) for k, v in data.items()}
    expected = score_files(**data, region=region)
    turned = west_counted(data[other]).isel(latitude=slice(None, None, -1), level=slice(None, None, -1))
    turned = turned.transpose("longitude", "latitude", ...).rename(latitude="lat", longitude="lon")
    same(score_files(**{**data, other: turned}, region=region), expected)


def test_a_limited_area_across_greenwich_stays_in_one_piece():
    """Its outer columns must not be charged with the rest of the circle."""
    west = np.array([-30.0, -10.0, 0.0, 10.0])
    xa, x = dataset(1, west), dataset(2, west)
    xa, x = (d.isel(longitude=slice(0, 4)) for d in (xa, x))
    expected = score_files(xa, x)
    wrapped = [d.assign_coords(longitude=d["longitude"] % 360).sortby("longitude") for d in (xa, x)]
    same(score_files(*wrapped), expected)
    # column widths 20, 15, 10, 10: the square error of z500 by hand
    error = (xa - x)["geopotential"].sel(level=500).values
    rows = np.diff(np.sin(np.deg2rad([-90, -40, 0, 40, 90])))
    mse = (error**2 * rows[:, None] * np.array([20, 15, 10, 10])).sum((1, 2)) / rows.sum() / 55
    assert score_files(xa, x)["rmse"]["geopotential_500"] == pytest.approx(np.sqrt(mse.mean()), rel=1e-12)


@pytest.mark.parametrize("chunk_bytes", [1, 2 * 2 * 4 * 8 * 8, 2**25])
@pytest.mark.parametrize("store", ["netcdf", "zarr", "memory"])
def test_streaming(analysis, truth, climatology, tmp_path, monkeypatch, store, chunk_bytes):
    expected = score_files(analysis, truth, climatology)
    sources = {"analysis": analysis, "truth": truth, "climatology": climatology}
    if store != "memory":
        for name, data in sources.items():
            sources[name] = tmp_path / name
            if store == "netcdf":
                data.to_netcdf(sources[name], engine="h5netcdf")
            else:
                data.to_zarr(sources[name], consolidated=False)
    cases = []
    read = Fields.read

    def watched(self, *arguments):
        values = read(self, *arguments)
        cases.append(len(values))
        return values

    monkeypatch.setattr(wb2, "CHUNK_BYTES", chunk_bytes)
    monkeypatch.setattr(Fields, "read", watched)
    same(score_files(**sources), expected)
    # six times; two levels of 4 x 8 numbers of 8 bytes are 512 bytes a time, the surface half of it
    assert max(cases) == {1: 1, 1024: 4, 2**25: 6}[chunk_bytes]


def test_memory_does_not_grow_with_time(tmp_path, monkeypatch):
    """Of ten times as many times, and none is in memory but the few that are read."""
    monkeypatch.setattr(wb2, "CHUNK_BYTES", 2**18)

    def peak(count):
        grid = {"latitude": np.linspace(-87, 87, 59), "longitude": np.arange(0, 360, 3.0)}
        coords = {"time": pd.date_range("2020", periods=count), **grid}
        shape = [len(axis) for axis in coords.values()]
        paths = [tmp_path / f"{name}{count}.zarr" for name in ("analysis", "truth")]
        for path, value in zip(paths, (281.0, 280.0), strict=True):
            data = xr.Dataset({"2m_temperature": (list(coords), np.full(shape, value, dtype=np.float32))}, coords)
            data.to_zarr(path, zarr_format=2, encoding={"2m_temperature": {"chunks": (1, *shape[1:])}})
        tracemalloc.start()
        try:
            assert score_files(*paths)["bias"] == pytest.approx({"2m_temperature": 1.0}, rel=1e-12)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(2)  # what is imported and kept at first use
    few, many = peak(20), peak(200)
    # 200 times of the two fields are 11 MB
    assert many < few + 1e6


def test_only_common_times_and_channels_count(analysis, truth, climatology):
    expected = score_files(analysis.isel(time=[1, 3, 4]).drop_vars("2m_temperature"), truth, climatology)
    shuffled = truth.isel(time=[4, 0, 3, 1], level=[1, 0]).drop_vars("2m_temperature")
    later = analysis.isel(time=[1, 2, 3, 4, 5])
    same(score_files(later, shuffled, climatology), expected)
    assert set(expected) == set(NAMES)
    assert set(expected["acc"]) == {"geopotential_500", "geopotential_850"}


def test_variables_may_go_by_short_names(analysis, truth):
    renamed = analysis.rename({"geopotential": "z", "2m_temperature": "t2m", "time": "valid_time"})
    same(score_files(renamed, truth), score_files(analysis, truth))


def test_levels_may_be_variables_of_their_own(analysis, truth):
    levels = {f"z{level}": truth["geopotential"].sel(level=level, drop=True) for level in (850, 500)}
    apart = truth.drop_vars("level")[["2m_temperature"]].assign(levels)
    for pair in ((analysis, apart), (apart, analysis)):
        assert score_files(*pair)["mae"] == pytest.approx(score_files(analysis, truth)["mae"], rel=1e-12)


def test_levels_that_a_file_only_pads_are_not_scored(analysis, truth):
    padded = analysis.copy(deep=True)
    level = int(padded["level"][0])
    padded["geopotential"] = padded["geopotential"].where(padded["level"] != level)
    with pytest.raises(BenchError, match=f"geopotential_{level} holds values that are not finite"):
        score_files(padded, truth)
    padded["geopotential"].attrs["levels_without_data"] = [level]
    scores = score_files(padded, truth)
    assert f"geopotential_{level}" not in scores["rmse"]
    assert len(scores["rmse"]) > 1


def test_another_unit_on_one_side_is_refused(analysis, truth):
    warm = [ds.assign({"2m_temperature": ds["2m_temperature"] * 0 + 288.0}) for ds in (analysis, truth)]
    assert score_files(*warm)["rmse"]["2m_temperature"] == 0
    celsius = warm[0].assign({"2m_temperature": warm[0]["2m_temperature"] - 273.15})
    with pytest.raises(BenchError, match=r"mean of 2m_temperature is 14\.85 in the analysis and 288 in the truth"):
        score_files(celsius, warm[1])


def test_climatology_of_hour_and_day(analysis, truth, climatology):
    """An analysis that departs from the truth along the anomaly correlates fully; 1 January follows 31 December."""
    days = xr.DataArray(TIMES.day_of_year.to_numpy(), dims="time")
    hours = xr.DataArray(TIMES.hour.to_numpy(), dims="time")
    c = climatology.sel(dayofyear=days, hour=hours).drop_vars(["dayofyear", "hour"])
    assert set(days.values) == {364, 365, 1}
    scores = score_files(c + 2 * (truth - c), truth, climatology)
    assert scores["acc"] == pytest.approx(dict.fromkeys(scores["acc"], 1.0), rel=1e-13)


def test_members(analysis, truth):
    """Two members 4 apart: their mean's scores, and what they have besides."""
    ensemble = xr.concat([analysis + 1, analysis - 3], dim="member")
    scores, expected = score_files(ensemble, truth), score_files(analysis - 1, truth)
    same({name: scores.pop(name) for name in expected}, expected)
    assert set(scores) == {"rmse_member", "spread", "spread_skill", "mse_debiased", "crps", "energy_score"}
    for channel, rmse in expected["rmse"].items():
        skill = [score_files(analysis + shift, truth)["mae"][channel] for shift in (1, -3)]
        assert scores["spread"][channel] == pytest.approx(np.sqrt(8), rel=1e-12)
        assert scores["mse_debiased"][channel] == pytest.approx(rmse**2 - 4, rel=1e-12)
        assert scores["spread_skill"][channel] == pytest.approx(np.sqrt(8 * 3 / 2) / rmse, rel=1e-12)
        assert scores["crps"][channel] == pytest.approx(np.mean(skill) - 2, rel=1e-11)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.assign_coords(time=TIMES + pd.Timedelta("1h")), "no time in common"),
        (lambda d: d.rename({"geopotential": "a", "2m_temperature": "b"}), r"a_500.*no channel in common"),
        (lambda d: d.assign_coords(level=[50000, 85000]).drop_vars("2m_temperature"), "levels in hPa"),
        (lambda d: d.isel(latitude=slice(1, None)), "grids differ: 3 x 8 points"),
        (lambda d: d.assign_coords(latitude=LATITUDE + 0.01), "grids differ"),
        (lambda d: d.where(d["time"] != TIMES[3]), "analysis's geopotential_500 holds values that are not finite"),
        (lambda d: d.expand_dims(prediction_timedelta=2), "'prediction_timedelta', which cannot be scored"),
        (lambda d: d.isel(time=0), "no dimension 'time'"),
        (lambda d: d.assign_coords(time=np.arange(6)), "standard calendar"),
        (lambda d: d.drop_vars("longitude"), "no coordinate values for 'longitude'"),
        (lambda d: d.isel(longitude=0), "no dimension 'longitude'"),
        (lambda d: d.mean("longitude").assign_coords(longitude=LONGITUDE), "holds no field of time"),
        (lambda d: d.assign_coords(latitude=[-60, -20, -20, 60]), "remove duplicates"),
    ],
)
def test_refused_analysis(analysis, truth, change, message):
    with pytest.raises(BenchError, match=message):
        score_files(change(analysis), truth)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.sel(hour=[0]), "no hour 12"),
        (lambda c: c.sel(dayofyear=slice(1, 364)), "no dayofyear 365"),
        (lambda c: c.drop_vars("2m_temperature"), "lacks 2m_temperature"),
        (lambda c: c.isel(longitude=slice(4)), "grids differ: 4 x 4 points"),
        (lambda c: c.isel(hour=0), "no dimension 'hour'"),
        (lambda c: c * np.nan, "climatology's geopotential_500 holds values"),
    ],
)
def test_refused_climatology(analysis, truth, climatology, change, message):
    with pytest.raises(BenchError, match=message):
        score_files(analysis, truth, change(climatology))


def test_an_ensemble_is_no_truth(analysis, truth):
    with pytest.raises(BenchError, match="truth is an ensemble"):
        score_files(analysis, truth.expand_dims(number=2))


def test_an_unknown_region_is_refused(analysis, truth):
    with pytest.raises(BenchError, match="did you mean 'tropics'"):
        score_files(analysis, truth, region="tropic")


def test_units_that_the_files_say_are_converted(analysis, truth):
    """Heights [gpm], levels [Pa] and degrees Celsius score like geopotential, hPa and kelvin."""
    other = analysis.assign(geopotential=analysis["geopotential"] / 9.80665, t2m=analysis["2m_temperature"] - 273.15)
    other = other.drop_vars("2m_temperature").assign_coords(level=[50000.0, 85000.0]).rename(geopotential="gh")
    for name, unit in (("gh", "gpm"), ("t2m", "degC"), ("level", "Pa")):
        other[name].attrs["units"] = unit
    scores, expected = score_files(other, truth), score_files(analysis, truth)
    for name, channels in expected.items():
        # Adding 273.15 to numbers of order one rounds them at 3e-14.
        assert scores[name] == pytest.approx(channels, abs=1e-12)


@pytest.mark.parametrize("role", ["truth", "climatology"])
def test_only_the_analysis_may_be_an_ensemble(analysis, truth, climatology, role):
    data = {"truth": truth, "climatology": climatology}
    with pytest.raises(BenchError, match=f"The {role} is an ensemble"):
        score_files(analysis, **(data | {role: data[role].expand_dims(member=2)}))


def test_a_damaged_file_ends_with_a_message(analysis, truth, tmp_path):
    analysis.to_zarr(tmp_path / "a.zarr", zarr_format=2)
    for chunk in (tmp_path / "a.zarr" / "geopotential").glob("[0-9]*"):
        chunk.write_bytes(b"garbage")
    with pytest.raises(BenchError, match="'analysis' breaks off while it is read"):
        score_files(tmp_path / "a.zarr", truth)


def test_turned_files_are_read_alike(analysis, truth, climatology, tmp_path):
    """Reversed, rolled and shuffled on disk, where each order becomes an index of the store."""
    expected = score_files(analysis, truth, climatology)
    paths = {}
    for name, data in (("analysis", analysis), ("truth", truth), ("climatology", climatology)):
        turned = west_counted(data).isel(latitude=slice(None, None, -1), level=slice(None, None, -1))
        turned = turned.isel(time=[3, 0, 5, 2, 4, 1]) if "time" in turned.dims else turned
        paths[name] = tmp_path / f"{name}.zarr"
        turned.transpose("longitude", "latitude", ...).to_zarr(paths[name], zarr_format=2)
    same(score_files(**paths), expected)
