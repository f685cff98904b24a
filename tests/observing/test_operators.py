"""Operators through the observing system: what is observed where, in which unit, under which hash."""

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.observing.brightness import BrightnessTemperature
from benchmark.problem import BenchError, Channel, Grid, LinearOperator, Need, Normalisation

GRID = Grid(tuple(-84.375 + 11.25 * i for i in range(16)), tuple(11.25 * i for i in range(32)))
POINTS = 512
LEVELS = (850, 500)
CHANNELS = (*(Channel(name, level) for name in "tuvq" for level in LEVELS), Channel("z", 250), Channel("u", 250))
MEAN = (282.0, 256.0, 1.5, 10.0, 0.0, 0.0, 7.5e-3, 1.5e-3, 1e5, 16.0)
STD = (3.0, 2.5, 4.0, 6.0, 3.0, 8.0, 1.2e-3, 1e-3, 700.0, 8.0)
T850, T500, U850, U500, V850, V500, Q850, Q500 = range(8)
TIMES = (np.datetime64("2009-01-01T12:00", "ns") + np.arange(4) * np.timedelta64(1, "D")).astype("datetime64[ns]")
TRUTH = torch.randn(4, 10, 16, 32, generator=torch.Generator().manual_seed(5))
PHYSICAL = TRUTH.double().numpy() * np.array(STD)[:, None, None] + np.array(MEAN)[:, None, None]


def system(channels=CHANNELS, **settings):
    chosen = [CHANNELS.index(c) for c in channels]
    normalisation = Normalisation(tuple(MEAN[i] for i in chosen), tuple(STD[i] for i in chosen))
    return ObservingSystem(ObservingSpec.make(**settings), GRID, channels, normalisation, "toy")


def points(observations):
    """Flat grid index of every value of grid points, shape (case, n)."""
    rows = np.rint((observations.latitude.numpy() + 84.375) / 11.25).astype(int)
    return rows * 32 + np.rint(observations.longitude.numpy() / 11.25).astype(int)


def at(channel, place):
    return np.take_along_axis(PHYSICAL[:, channel].reshape(4, -1), place, axis=1)


@pytest.fixture
def stations(tmp_path) -> Path:
    file = tmp_path / "stations.csv"
    file.write_text("id,lat,lon\na,10,20\nb,-40.5,100\nc,0,359\n")
    return file


NETWORKS = ["random", "columns", "grid", "stations"]
NONLINEAR = ["wind-speed", "arctan", "brightness"]


def test_what_was_observed_before_there_were_operators_is_observed_still():
    # hashes of version 0.1 before it had operators
    channels = (Channel("z", 500), Channel("t", 850), Channel("msl"))
    truth = torch.randn(32, 3, 16, 32, generator=torch.Generator().manual_seed(5))[:1]
    spec = ObservingSpec.make()
    old = ObservingSystem(spec, GRID, channels, Normalisation((5.5e4, 280.0, 1.01e5), (800.0, 4.0, 900.0)), "toy")
    assert old.observe(truth, TIMES[:1]).hashes == ("363475aa5239d0aa3791b910f4b45c79cb8c5b7cbcca9e2acc492edee0a8b87d",)
    assert "operator" not in spec.identity()
    assert ObservingSpec.make(operator="state").identity() == spec.identity()


def test_another_operator_is_another_observing_system():
    specs = [ObservingSpec.make(operator=name) for name in ("state", *NONLINEAR)]
    assert [spec.identity().get("operator") for spec in specs] == [None, *NONLINEAR]
    latitudes = [system(operator=name, obs_vars="u,v").observe(TRUTH, TIMES).latitude for name in ("state", "arctan")]
    assert not torch.equal(*latitudes)


def test_only_the_state_itself_is_linear():
    assert system().offers == {Need.LINEAR_OPERATOR}
    assert isinstance(system().observe(TRUTH, TIMES).operator, LinearOperator)
    assert all(system(operator=name).offers == frozenset() for name in NONLINEAR)


@pytest.mark.parametrize("network", ["random", "columns", "grid"])
def test_wind_speed_is_that_of_both_components(network):
    observations = system(operator="wind-speed", network=network, obs_frac=0.1, obs_std=0).observe(TRUTH, TIMES)
    place = points(observations)
    assert set(observations.channel.unique().tolist()) == {U850, U500}  # u250 has no v
    for u, v in ((U850, V850), (U500, V500)):
        mask = (observations.channel == u).numpy()
        unit = np.sqrt((STD[u] ** 2 + STD[v] ** 2) / 2)
        speed, mean = np.hypot(at(u, place), at(v, place)), np.hypot(MEAN[u], MEAN[v])
        # 0.01 m/s in quadrature to at least 0.1 m/s, and values up to 10 in single precision
        np.testing.assert_allclose(observations.values.numpy()[mask], ((speed - mean) / unit)[mask], atol=2e-4)
    assert observations.values.shape == (4, round(0.1 * 2 * POINTS)) or network != "random"


def test_wind_speed_of_some_levels():
    observations = system(operator="wind-speed", obs_vars="u,v500", obs_frac=0.1).observe(TRUTH, TIMES)
    assert observations.values.shape == (4, round(0.1 * POINTS))
    assert set(observations.channel.unique().tolist()) == {U500}


def test_wind_speed_at_ten_metres():
    normalisation = Normalisation((0.0, 0.0), (3.0, 3.0))
    spec = ObservingSpec.make(operator="wind-speed", obs_std=0)
    found = ObservingSystem(spec, GRID, (Channel("v10"), Channel("u10")), normalisation, "toy")
    observations = found.observe(TRUTH[:1, :2], TIMES[:1])
    u, v = (3 * TRUTH[0, i].flatten()[points(observations)[0]].double() for i in (1, 0))
    want = (torch.hypot(u, v).square() + 1e-4).sqrt() - 0.01
    torch.testing.assert_close(observations.values[0].double(), want / 3, atol=1e-6, rtol=0)
    assert set(observations.channel.unique().tolist()) == {1}


def test_arctan_is_of_the_normalised_value():
    observations = system(operator="arctan", obs_frac=0.1, obs_std=0).observe(TRUTH, TIMES)
    assert observations.values.shape == (4, round(0.1 * 10 * POINTS))
    flat = TRUTH.flatten(1)
    index = observations.channel * POINTS + torch.from_numpy(points(observations))
    torch.testing.assert_close(observations.values, torch.arctan(flat.gather(1, index)), atol=1e-6, rtol=0)
    some = system(operator="arctan", obs_frac=0.1, obs_vars="z,t850").observe(TRUTH, TIMES)
    assert set(some.channel.unique().tolist()) == {T850, 8}


def test_weights_of_a_column_by_hand():
    """Layers of 675 to 1025 hPa (850) and 325 to 675 (500), from above; q of 1 and 8 g/kg."""
    model = BrightnessTemperature.on((500, 850))
    assert model.thickness == pytest.approx((35000.0, 35000.0))
    mass = 35000 / 9.80665
    upper = np.exp(-(0.2 * 1e-3 + 3e-5) * mass)
    q = torch.tensor([1e-3, 8e-3], dtype=torch.float64)
    # the lower layer's own emission and what shines through it are both of the lowest temperature
    assert model.weights(q).tolist() == pytest.approx([1 - upper, upper], rel=1e-12)
    column = torch.tensor([250.0, 280.0, 1e-3, 8e-3], dtype=torch.float64)
    assert model(column).item() == pytest.approx(280 - 30 * (1 - upper), rel=1e-12)


def test_weights_of_three_levels_sum_to_one_and_humidity_hides_what_is_below():
    model = BrightnessTemperature.on((250, 500, 850))
    assert model.thickness == pytest.approx((25000.0, 30000.0, 35000.0))
    q = torch.tensor([1e-4, 1.5e-3, 7.5e-3], dtype=torch.float64)
    depth = (0.2 * q.numpy() + 3e-5) * np.array(model.thickness) / 9.80665
    tau = np.exp(-np.cumsum(depth))
    assert model.weights(q).tolist() == pytest.approx([1 - tau[0], tau[0] - tau[1], tau[1]], rel=1e-12)
    moist = model.weights(q * torch.tensor([1.0, 2.0, 1.0]))
    assert moist[2] < model.weights(q)[2]
    assert moist.sum().item() == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize(("network", "count"), [("random", 51), ("columns", 51), ("grid", None)])
def test_brightness_is_one_value_a_column(network, count):
    observations = system(operator="brightness", network=network, obs_frac=0.1, obs_std=0).observe(TRUTH, TIMES)
    place = points(observations)
    assert count is None or observations.values.shape == (4, count)
    assert len(np.unique(place[0])) == place.shape[1]
    # of the mean profile w(500) = 1 - exp(-(0.2 * 1.5e-3 + 3e-5) * 3569) = 0.69
    assert set(observations.channel.unique().tolist()) == {T500}
    upper = np.exp(-(0.2 * at(Q500, place) + 3e-5) * 35000 / 9.80665)
    mean = np.exp(-(0.2 * MEAN[Q500] + 3e-5) * 35000 / 9.80665)
    found = (1 - upper) * at(T500, place) + upper * at(T850, place)
    found -= (1 - mean) * MEAN[T500] + mean * MEAN[T850]
    np.testing.assert_allclose(observations.values, found / np.sqrt((3.0**2 + 2.5**2) / 2), atol=1e-5)


@pytest.mark.parametrize("operator", NONLINEAR)
@pytest.mark.parametrize("network", NETWORKS)
def test_values_are_those_of_the_operator_and_a_case_is_its_own(network, operator, stations):
    files = {"stations": stations} if network == "stations" else {"obs_frac": 0.05}
    found = system(operator=operator, network=network, **files)
    for exact in (True, False):
        settings = {"operator": operator, "network": network, **files, "obs_std": 0 if exact else 0.05}
        observations = system(**settings).observe(TRUTH, TIMES)
        error = observations.innovation(TRUTH)
        n = error.numel()
        # exact values differ by roundings of 250 K in single precision over 2.8 K
        assert error.abs().max() < 5e-5 if exact else abs(error.std() - 0.05) < 4 * 0.05 / (2 * n) ** 0.5 + 0.05 / n
    batch = found.observe(TRUTH, TIMES)
    alone = found.observe(TRUTH[2:3], TIMES[2:3])
    assert alone.hashes == batch.hashes[2:3]
    assert torch.equal(alone.operator(TRUTH[2:3])[0], batch.operator(TRUTH)[2])


def test_a_station_sees_the_interpolated_column(stations):
    observations = system(operator="brightness", network="stations", stations=stations, obs_std=0).observe(TRUTH, TIMES)
    plain = system(network="stations", stations=stations, obs_std=0, obs_vars="t,q").observe(TRUTH, TIMES)
    column = plain.values.view(4, 4, 3).double()  # t850, t500, q850, q500 of three stations
    t850, t500, _, q500 = (column[:, i] * STD[c] + MEAN[c] for i, c in enumerate((T850, T500, Q850, Q500)))
    upper = torch.exp(-(0.2 * q500 + 3e-5) * 35000 / 9.80665)
    mean = np.exp(-(0.2 * MEAN[Q500] + 3e-5) * 35000 / 9.80665)
    want = (1 - upper) * t500 + upper * t850 - (1 - mean) * MEAN[T500] - mean * MEAN[T850]
    torch.testing.assert_close(observations.values.double(), want / np.sqrt((9 + 6.25) / 2), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("operator", "obs_std", "unit"),
    [("wind-speed", {"u": 1.0}, np.sqrt((4.0**2 + 3.0**2) / 2)), ("brightness", {"t": 0.5}, np.sqrt(15.25 / 2) / 0.5)],
)
def test_errors_in_the_unit_of_the_quantity(operator, obs_std, unit):
    names = {} if operator == "brightness" else {"obs_vars": "u850,v850"}
    observations = system(operator=operator, obs_std=obs_std, obs_frac=0.1, **names).observe(TRUTH, TIMES)
    np.testing.assert_allclose(observations.error_std, 1 / unit, rtol=1e-6)
    plain = system(operator=operator, obs_frac=0.1, **names).observe(TRUTH, TIMES)
    assert torch.all(plain.error_std == 0.05)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"operator": "wind"}, "operator='wind': .*choose one of state, wind-speed, arctan, brightness"),
        ({"operator": "brightness", "obs_vars": "t"}, "obs_vars='t': .*reads the temperature .* none with operator"),
        ({"operator": "arctan", "obs_std": {"t": 1}}, "obs_std=.*has no physical unit; give a number"),
        ({"operator": "wind-speed", "obs_vars": "u"}, "needs u and v of the same level .* u850, u500, u250; name both"),
        ({"operator": "wind-speed", "obs_vars": "u850,v500"}, "needs u and v of the same level"),
        ({"operator": "brightness", "obs_frac": 1e-4}, "observes nothing here: there are 512 values"),
    ],
)
def test_errors_say_what_to_do(settings, message):
    with pytest.raises(BenchError, match=message):
        system(**settings)


def test_a_world_without_the_channels_is_told():
    with pytest.raises(
        BenchError, match="t and q\\) together at two levels or more, and this world has t850, q850, q500"
    ):
        system((CHANNELS[T850], CHANNELS[Q850], CHANNELS[Q500]), operator="brightness")
    with pytest.raises(BenchError, match="take a world that has them, or another operator"):
        system((CHANNELS[T850],), operator="wind-speed")


def test_one_line_descriptions(stations):
    assert system(operator="wind-speed").description() == "random 1 % of wind speed of all levels, std 0.05"
    some = system(operator="wind-speed", obs_vars="u850,v850", obs_std={"u": 1.0})
    assert some.description() == "random 1 % of wind speed of u850, v850, std u 1 m s-1"
    assert system(operator="arctan").description() == "random 1 % of arctan of all variables, std 0.05"
    found = system(operator="brightness", network="stations", stations=stations)
    assert found.description() == "3 stations of stations.csv: brightness temperature, std 0.05"
