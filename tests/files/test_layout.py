import numpy as np
import pytest
import xarray as xr

from benchmark.files import standardise
from benchmark.problem import BenchError


def line(longitude: np.ndarray) -> xr.Dataset:
    """A field whose value is its longitude on the circle, in degrees."""
    longitude = np.asarray(longitude, float)
    values = np.broadcast_to(longitude % 360, (1, 2, len(longitude))).copy()
    coords = {"time": np.array(["2000-01-01"], "datetime64[ns]"), "lat": [10.0, 0.0], "lon": longitude}
    return xr.Dataset({"t850": (("time", "lat", "lon"), values)}, coords)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (np.arange(340, 375, 1.5), np.arange(-20, 15, 1.5)),
        (np.r_[np.arange(0, 15, 5), np.arange(340, 360, 5)], np.arange(-20, 15, 5)),
        (np.arange(-20, 15, 5), np.arange(-20, 15, 5)),
        (np.arange(170, 201, 10), np.arange(170, 201, 10)),
        (np.r_[170, 180, -170, -160], np.arange(170, 201, 10)),
        (np.arange(190, 241, 10), np.arange(-170, -119, 10)),
        (np.arange(180, 221, 10), np.arange(-180, -139, 10)),
        (np.arange(0, 360, 45), np.arange(0, 360, 45)),
        (np.arange(-180, 180, 45), np.arange(0, 360, 45)),
        (np.arange(-180, 181, 45), np.arange(0, 360, 45)),
        (np.arange(0, 361, 45), np.arange(0, 360, 45)),
        (np.arange(-157.5, 180, 45), np.arange(22.5, 360, 45)),
        (np.arange(315, -1, -45), np.arange(0, 360, 45)),
        (np.array([350.0]), np.array([-10.0])),
    ],
)
def test_longitudes_come_out_ascending_and_contiguous(given: np.ndarray, wanted: np.ndarray) -> None:
    ds = standardise(line(given), "x")
    np.testing.assert_allclose(ds["longitude"], wanted)
    np.testing.assert_allclose(ds["t850"].values, np.broadcast_to(wanted % 360, (1, 2, len(wanted))))


def test_float32_coordinates_give_the_same_grid() -> None:
    fine = np.arange(-3, 4) / 10
    one = standardise(line(fine), "x")
    other = standardise(line(fine).assign_coords(lon=fine.astype(np.float32)), "x")
    np.testing.assert_array_equal(one["longitude"], other["longitude"])


def test_latitude_ascends_with_its_data() -> None:
    ds = line([0.0, 10.0])
    ds["t850"][:] = np.array([100.0, 0.0])[None, :, None]
    out = standardise(ds, "x")
    np.testing.assert_array_equal(out["latitude"], [0, 10])
    np.testing.assert_array_equal(out["t850"][0, :, 0], [0, 100])


def test_coordinates_are_known_by_their_attributes_too() -> None:
    ds = line([0.0, 10.0]).rename(lat="rlat", lon="east", time="when")
    ds["rlat"].attrs["units"] = "degrees_north"
    ds["east"].attrs["standard_name"] = "longitude"
    ds = ds.expand_dims(pl=[85000.0])
    ds["pl"].attrs["units"] = "Pa"
    out = standardise(ds, "x")
    assert set(out.dims) == {"time", "level", "latitude", "longitude"}
    np.testing.assert_array_equal(out["level"], [850])


@pytest.mark.parametrize(
    ("values", "units", "hpa"),
    [
        ([100000.0, 50000.0], "", [1000, 500]),
        ([1000.0, 500.0], "", [1000, 500]),
        ([500.0, 850.0], "millibars", [500, 850]),
        ([1000.0, 500.0], "Pa", [10, 5]),
    ],
)
def test_levels_come_out_in_hpa(values: list[float], units: str, hpa: list[float]) -> None:
    ds = line([0.0]).expand_dims(plev=values)
    ds["plev"].attrs["units"] = units
    np.testing.assert_allclose(standardise(ds, "x")["level"], hpa)


def test_what_cannot_be_put_in_order_is_refused() -> None:
    ds = line([0.0, 10.0])
    with pytest.raises(BenchError, match=r"no one-dimensional latitude coordinate.*regular latitude-longitude"):
        standardise(ds.rename(lat="j").drop_vars("j"), "x")
    curvilinear = ds.rename(lat="j", lon="i").drop_vars(["j", "i"])
    curvilinear = curvilinear.assign_coords(lat=(("j", "i"), np.eye(2)), lon=(("j", "i"), np.eye(2)))
    with pytest.raises(BenchError, match=r"dimensions: time, j, i\); .*interpolate the fields"):
        standardise(curvilinear, "x")
    twice = xr.concat([ds, ds], "time")
    with pytest.raises(BenchError, match=r"1 times more than once, first 2000-01-01T00:00.*drop_duplicates"):
        standardise(twice, "x")
    with pytest.raises(BenchError, match=r"not dates of the Gregorian calendar.*convert_calendar"):
        standardise(ds.convert_calendar("noleap", use_cftime=True), "x")
    with pytest.raises(BenchError, match=r"not dates"):
        standardise(ds.assign_coords(time=[3.0]), "x")


def test_float64_coordinates_keep_the_digits_that_decide_areas() -> None:
    # A third of a degree to 1e-9; float32 of it differs by 1e-8 and comes out to 1e-5.
    third = np.arange(5) / 3
    assert np.abs(standardise(line(third), "x")["longitude"].values - third).max() <= 5e-10
    coarse = standardise(line(third).assign_coords(lon=third.astype(np.float32)), "x")
    np.testing.assert_array_equal(coarse["longitude"], [0, 0.33333, 0.66667, 1, 1.33333])


def test_a_climatology_is_sorted_by_hour_and_day() -> None:
    daily = line([5.0, 0.0]).isel(time=0).expand_dims(hour=[0, 12], dayofyear=[1, 2, 3])
    out = standardise(daily, "x", ("hour", "dayofyear"))
    assert dict(out.sizes) == {"hour": 2, "dayofyear": 3, "latitude": 2, "longitude": 2}
    np.testing.assert_array_equal(out["t850"][1, 2, 0], [0, 5])
    assert "time" not in out.coords
    with pytest.raises(BenchError, match=r"no one-dimensional dayofyear coordinate.*rename it to 'dayofyear'\.$"):
        standardise(daily.drop_vars("dayofyear").rename(dayofyear="d"), "x", ("hour", "dayofyear"))


@pytest.mark.parametrize("name", ["number", "member", "realization"])
def test_members_have_one_name_with_values_or_without(name: str) -> None:
    for members in (2, [7, 9]):
        assert standardise(line([0.0]).expand_dims({name: members}), "x").sizes["number"] == 2


def test_a_coordinate_along_time_is_not_the_members() -> None:
    ds = line([0.0])
    out = standardise(ds.assign_coords(member=("time", [3])), "x")
    assert dict(out.sizes) == {"time": 1, "latitude": 2, "longitude": 1}


def test_strictly_a_single_value_is_no_dimension_and_no_unit_is_hpa() -> None:
    ds = line([0.0]).expand_dims(plev=[50000.0])
    assert standardise(ds.isel(time=0), "x").sizes["time"] == 1
    with pytest.raises(BenchError, match=r"no dimension 'time', only the one value 2000-01-01.*expand_dims\('time'\)"):
        standardise(ds.isel(time=0), "x", strict=True)
    np.testing.assert_array_equal(standardise(ds, "x", strict=True)["level"], [50000])
    ds["plev"].attrs["units"] = "Pa"
    np.testing.assert_array_equal(standardise(ds, "x", strict=True)["level"], [500])


def test_a_dimension_without_values_is_named() -> None:
    with pytest.raises(BenchError, match="no coordinate values for 'lat'; add them"):
        standardise(line([0.0]).drop_vars("lat"), "x")
