import numpy as np
import pytest
import xarray as xr

from benchmark.files import Location, list_channels, locate, standardise
from benchmark.problem import BenchError, parse_channel


def dataset(mean: float = 55000.0, levels: tuple[float, ...] = (), units: str = "", **names: str) -> xr.Dataset:
    """Constant fields under the given names (value: standard_name), with a level dimension if levels are given."""
    dims = ("time", "level", "latitude", "longitude")
    coords = {"time": np.array(["2000-01-01"], "datetime64[ns]"), "latitude": [0.0, 1.0], "longitude": [0.0, 1.0]}
    ds = xr.Dataset(coords=coords)
    if levels:
        ds = ds.assign_coords(level=list(levels))
    for name, standard in names.items():
        used = [d for d in dims if d in ds.dims]
        ds[name] = (used, np.full([ds.sizes[d] for d in used], mean))
        ds[name].attrs = {"units": units, "standard_name": standard}
    return standardise(ds, "x")


def find(ds: xr.Dataset, channel: str, **names: str) -> Location:
    return locate(ds, parse_channel(channel), names, "file.nc")


@pytest.mark.parametrize(
    "name", ["z500", "Z500", "z_500", "geopotential_500", "gh500", "zg500", "hgt_500hPa", "phi500"]
)
def test_a_level_in_the_name(name: str) -> None:
    assert find(dataset(**{name: "", "z850": "", "msl": ""}), "z500") == Location(name, None, 1.0, 0.0)


@pytest.mark.parametrize("name", ["z", "geopotential", "Z", "zg", "phi"])
def test_a_level_dimension(name: str) -> None:
    ds = dataset(levels=(850.0, 500.0), **{name: ""})
    assert find(ds, "z500") == Location(name, 1, 1.0, 0.0)


@pytest.mark.parametrize(
    ("channel", "name", "mean"),
    [
        ("t2m", "2m_temperature", 280.0),
        ("t2m", "tas", 280.0),
        ("2m_temperature", "t2m", 280.0),
        ("msl", "psl", 1e5),
        ("msl", "SLP", 1e5),
        ("u10", "10m_u_component_of_wind", 3.0),
        ("sp", "surface_pressure", 9e4),
        ("tcwv", "tcwv", 20.0),
    ],
)
def test_surface_names(channel: str, name: str, mean: float) -> None:
    assert find(dataset(mean, **{name: ""}), channel).name == name


def test_a_standard_name_decides_where_names_do_not() -> None:
    assert find(dataset(1e5, p="air_pressure_at_mean_sea_level", q="specific_humidity"), "msl").name == "p"
    ds = dataset(280.0, levels=(850.0,), x1="air_temperature")
    assert find(ds, "t850") == Location("x1", 0, 1.0, 0.0)


def test_the_world_file_wins_over_guesses() -> None:
    assert find(dataset(z500="", odd=""), "z500", z500="odd").name == "odd"
    assert find(dataset(levels=(500.0,), odd=""), "z500", z="odd") == Location("odd", 0, 1.0, 0.0)


def test_an_unknown_variable_may_have_levels() -> None:
    ds = dataset(0.5, levels=(850.0, 700.0), r="")
    assert find(ds, "r700") == Location("r", 1, 1.0, 0.0)


@pytest.mark.parametrize(
    ("channel", "units", "raw", "si"),
    [
        ("msl", "hPa", 1013.0, 101300.0),
        ("msl", "Pa", 101300.0, 101300.0),
        ("t850", "degC", 10.0, 283.15),
        ("z500", "gpm", 5600.0, 5600 * 9.80665),
        ("z500", "m", 5600.0, 5600 * 9.80665),
        ("z500", "m**2 s**-2", 55000.0, 55000.0),
        ("q850", "g kg**-1", 8.0, 0.008),
        ("u850", "m s^-1", 8.0, 8.0),
        ("u850", "knots", 36.0, 18.52),
    ],
)
def test_known_units_are_converted(channel: str, units: str, raw: float, si: float) -> None:
    place = find(dataset(raw, units=units, **{channel: ""}), channel)
    assert place.factor * raw + place.offset == pytest.approx(si, rel=1e-12)


@pytest.mark.parametrize(
    ("channel", "units", "raw", "message"),
    [
        (
            "msl",
            "",
            1013.0,
            r"msl in 'file.nc' has mean 1013 \(no units attribute\).*looks like hpa.*units attribute to",
        ),
        ("msl", "Pa", 1013.0, r"mean 1013 Pa.*looks like hpa"),
        ("msl", "hPa", 101300.0, r"mean 101300 hPa.*looks like pa\b"),
        ("t850", "", 10.0, r"looks like degc"),
        ("t2m", "K", 12.0, r"mean 12 K.*looks like degc"),
        ("z500", "", 5600.0, r"mean 5600 .*looks like m\b"),
        ("z500", "m2 s-2", 5600.0, r"looks like m\b"),
        ("q850", "", 8.0, r"looks like g/kg"),
        ("msl", "", -9999.0, r"no known unit fits"),
    ],
)
def test_units_that_cannot_be_right(channel: str, units: str, raw: float, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        find(dataset(raw, units=units, **{channel: ""}), channel)


def test_an_unknown_variable_gets_the_nearest_names() -> None:
    with pytest.raises(BenchError, match=r"no variable for the channel t500.*did you mean.*'t850'.*variables:"):
        find(dataset(280.0, t850="", msl=""), "t500")


def test_a_missing_level_gets_the_levels_there_are() -> None:
    with pytest.raises(BenchError, match=r"no level 300 hPa for the channel z300; it has 500, 850 hPa"):
        find(dataset(levels=(850.0, 500.0), z=""), "z300")


def test_a_channel_without_its_level_gets_the_choice() -> None:
    with pytest.raises(BenchError, match=r"names none; write one of odd850, odd500"):
        find(dataset(levels=(850.0, 500.0), odd=""), "odd")


def test_several_candidates_are_not_guessed_among() -> None:
    with pytest.raises(
        BenchError, match=r"several fields for z500: z500, geopotential_500; .*variables: \{z500: NAME\}"
    ):
        find(dataset(z500="", geopotential_500=""), "z500")


def test_a_name_in_the_world_file_that_is_not_there() -> None:
    with pytest.raises(BenchError, match=r"no field 'zz5', which 'variables' gives for 'z500'; did you mean 'z500'"):
        find(dataset(z500=""), "z500", z500="zz5")


def test_a_further_dimension_is_refused_unless_it_has_one_entry() -> None:
    ds = dataset(z500="")
    with pytest.raises(BenchError, match=r"has the dimension 'number'.*ds.isel\(number=0\)"):
        find(standardise(ds.expand_dims(number=[3, 4]), "x"), "z500")
    assert find(ds.expand_dims(number=1), "z500").name == "z500"
    with pytest.raises(BenchError, match=r"has no dimension 'time'"):
        find(ds.isel(time=0, drop=True).assign_coords(time=ds.time), "z500")


def listed(ds: xr.Dataset, **options: object) -> dict[str, Location]:
    return {channel.name: place for channel, place in list_channels(ds, "file.nc", **options).items()}


def test_every_field_is_listed_with_its_levels() -> None:
    ds = dataset(levels=(850.0, 500.0), geopotential="", odd="")
    ds["2m_temperature"] = ds["odd"].isel(level=0, drop=True)
    ds["orography"] = ds["odd"].isel(level=0, time=0, drop=True)
    assert listed(ds) == {
        "z850": Location("geopotential", 0, 1.0, 0.0),
        "z500": Location("geopotential", 1, 1.0, 0.0),
        "odd850": Location("odd", 0, 1.0, 0.0),
        "odd500": Location("odd", 1, 1.0, 0.0),
        "t2m": Location("2m_temperature", None, 1.0, 0.0),
    }
    assert listed(ds, leading=("hour",)) == {}


def test_a_height_is_a_geopotential_only_with_its_unit() -> None:
    assert listed(dataset(units="gpm", levels=(500.0,), gh="")) == {"z500": Location("gh", 0, 9.80665, 0.0)}
    assert listed(dataset(levels=(500.0,), gh="")) == {"gh500": Location("gh", 0, 1.0, 0.0)}


def test_a_list_with_one_channel_twice_or_bare_levels_is_refused() -> None:
    with pytest.raises(BenchError, match=r"two fields for z500: z500 and geopotential_500; remove one"):
        listed(dataset(z500="", geopotential_500=""))
    with pytest.raises(BenchError, match=r"no coordinate values for 'level'; add them to the file \[hPa\]"):
        listed(dataset(levels=(500.0,), z="").drop_vars("level"))
