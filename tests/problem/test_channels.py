"""Names of channels, and selecting by them."""

import pytest

from benchmark.problem import BenchError, Channel, describe, parse_channel, select_channels

CHANNELS = (Channel("z", 500), Channel("z", 850), Channel("t", 850), Channel("t2m"), Channel("u10"), Channel("u", 850))


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("z500", Channel("z", 500)),
        (" geopotential_500 ", Channel("z", 500)),
        ("z_500hPa", Channel("z", 500)),
        ("t1000", Channel("t", 1000)),
        ("specific_humidity_850", Channel("q", 850)),
        ("msl", Channel("msl")),
        ("2m_temperature", Channel("t2m")),
        ("t2m", Channel("t2m")),
        ("u10", Channel("u10")),
        ("u850", Channel("u", 850)),
        ("10m_u_component_of_wind", Channel("u10")),
        ("x1", Channel("x1")),
    ],
)
def test_parse(text: str, channel: Channel) -> None:
    assert parse_channel(text) == channel


@pytest.mark.parametrize(
    "channel", [Channel("z", 500), Channel("t2m"), Channel("u10"), Channel("rain"), Channel("q", 1000)]
)
def test_both_names_lead_back(channel: Channel) -> None:
    assert parse_channel(channel.name) == parse_channel(channel.long_name) == channel


def test_names_and_units() -> None:
    assert (str(Channel("z", 500)), Channel("z", 500).long_name, Channel("z", 500).unit) == (
        "z500",
        "geopotential_500",
        "m2 s-2",
    )
    assert Channel("rain").unit == ""
    assert describe("air_temperature").low == 150


@pytest.mark.parametrize(
    ("names", "indices"),
    [
        (["z"], (0, 1)),
        (["temperature", "z500", "z"], (0, 1, 2)),
        (["t2m"], (3,)),
        (["u10"], (4,)),
        (["u"], (5,)),
        ([], ()),
    ],
)
def test_select(names: list[str], indices: tuple[int, ...]) -> None:
    assert select_channels(names, CHANNELS) == indices


def test_select_gives_the_nearest_names() -> None:
    with pytest.raises(BenchError, match=r"'temprature' in this world; did you mean 'temperature'"):
        select_channels(["z500", "temprature"], CHANNELS)
    with pytest.raises(BenchError, match=r"'z700' in this world; did you mean .*'z500'"):
        select_channels(["z700"], CHANNELS)
    with pytest.raises(BenchError, match=r"'#' in this world; known: 10m_u_component_of_wind, 2m_temperature"):
        select_channels(["#"], CHANNELS)
