from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from torch import Tensor

from benchmark.problem import BenchError
from benchmark.worlds import Fields, WorldSpec, fields, load_spec, reading

Maker = Callable[..., xr.Dataset]
Saver = Callable[..., str]
SpecMaker = Callable[..., WorldSpec]
WorldMaker = Callable[..., Fields]
DAY = np.timedelta64(24, "h")


def days(first: str, last: str) -> np.ndarray:
    return np.arange(f"{first}T12", f"{last}T12", 24, dtype="datetime64[h]").astype("datetime64[ns]")


class Recorder:
    """A forecaster that answers with the mean of its states and keeps what it was given."""

    lead_h = 24
    step_h = 24
    history = 2
    hash = "abc"

    def forecast(self, states: Tensor, climatology: Tensor, history_climatology: Tensor, times: np.ndarray) -> Tensor:
        self.given = (states, climatology, history_climatology, times)
        return states.mean(1)


def test_truth_is_normalised_and_round_trips(world: WorldMaker, region: Maker) -> None:
    w = world()
    times = w.times("test")[:5]
    truth = w.truth(times)
    assert truth.dtype == torch.float32
    assert truth.shape == (5, 3, 4, 6)
    physical = w.normalisation.denormalise(truth.double())
    source = region().sel(time=times)
    for i, name in enumerate(("z500", "t850", "msl")):
        std = w.normalisation.std[i]
        # Normalised values are below 4 and are rounded to float32 once.
        np.testing.assert_allclose(physical[:, i], source[name].values, atol=4 * 2**-23 * std)


def test_normalisation_by_hand(save: Saver, spec: SpecMaker) -> None:
    # Days alternate by +-2: the triangle of 61 days cancels that exactly (sin(15 pi) = 0 in Fejer's kernel),
    # so the departures are +-2. Row areas of latitudes 0, 30, 60 with cells from -15 to 75 degrees.
    times = days("2004-01-01", "2006-01-01")
    sign = np.where(np.arange(len(times)) % 2, -1.0, 1.0)[:, None, None]
    rows = np.array([0.0, 0.0, 6.0])[None, :, None]
    values = np.broadcast_to(280 + 2 * sign + rows, (len(times), 3, 4))
    coords = {"time": times, "latitude": [0.0, 30.0, 60.0], "longitude": [0.0, 5.0, 10.0, 15.0]}
    ds = xr.Dataset({"t850": (("time", "latitude", "longitude"), values, {"units": "K"})}, coords)
    ds = xr.concat([ds, ds.isel(time=[0]).assign_coords(time=days("2006-01-01", "2006-01-02"))], "time")
    w = Fields(spec(save(ds), channels=["t850"], train=2004, validate=2005, test=2006))
    sines = np.sin(np.deg2rad([-15, 15, 45, 75]))
    share = (sines[3] - sines[2]) / (sines[3] - sines[0])
    assert w.normalisation.mean[0] == pytest.approx(280 + 6 * share, rel=1e-9)
    assert w.normalisation.std[0] == pytest.approx(2, rel=1e-6)
    climatology = w.normalisation.denormalise(w.climatology(times[:2]))
    # float32 at 280 K.
    np.testing.assert_allclose(climatology[:, 0], 280 + np.broadcast_to(rows, (2, 3, 4)), atol=3e-5)


def test_persistence_is_the_truth_a_day_earlier(world: WorldMaker) -> None:
    w = world()
    times = w.times("validate")[:7]
    assert torch.equal(w.background(times), w.truth(times - DAY))
    assert not torch.equal(w.background(times), w.truth(times))


def test_a_split_has_the_times_with_a_background(world: WorldMaker, region: Maker) -> None:
    w = world()
    np.testing.assert_array_equal(w.times("train"), days("2001-01-02", "2003-01-01"))
    np.testing.assert_array_equal(w.times("validate"), days("2003-01-01", "2004-01-01"))
    np.testing.assert_array_equal(w.times("test"), days("2004-01-01", "2005-01-01"))
    gap = region().drop_sel(time=days("2004-03-05", "2004-03-07"))
    lost = np.isin(w.times("test"), world(gap, allow_gaps=True).times("test"), invert=True)
    np.testing.assert_array_equal(w.times("test")[lost], days("2004-03-05", "2004-03-08"))


def test_missing_times_are_refused(world: WorldMaker, region: Maker) -> None:
    gap = region().drop_sel(time=days("2004-03-05", "2004-03-07"))
    with pytest.raises(
        BenchError,
        match=r"lacks 2 times of 'test' .* first 2004-03-05T12:00, last 2004-03-06T12:00; .*'allow_gaps: true'",
    ):
        world(gap).times("test")
    assert len(world(gap).times("train")) == len(world().times("train"))


def test_many_lost_times_are_told_once(world: WorldMaker, region: Maker) -> None:
    sparse = region()
    test = sparse.time.dt.year == 2004
    sparse = sparse.isel(time=np.flatnonzero(~test | (np.arange(len(test)) % 10 != 0)))
    w = world(sparse, allow_gaps=True)
    with pytest.warns(UserWarning, match=r"\d+ of \d+ times of 'test' are left out.*first 2004-01-"):
        w.times("test")
    assert w._told == {"test"}


def test_a_lead_that_the_data_cannot_serve(world: WorldMaker) -> None:
    w = world(background={"kind": "persistence", "lead_h": 6})
    with pytest.raises(BenchError, match=r"No time of 'train' .*\(persistence, 6 h\).*Choose a lead_h"):
        w.times("train")


def test_the_training_years_never_reach_into_the_test_years(world: WorldMaker) -> None:
    w = world(train=[2001, 2003], validate=2004, test=2002)
    assert np.datetime64("2003-01-01T12") not in w.times("train")
    assert np.datetime64("2003-01-02T12") in w.times("train")
    assert np.datetime64("2004-01-01T12") in w.times("validate")
    assert np.datetime64("2002-01-01T12") in w.times("test")


def test_the_forecaster_gets_truth_and_climatology_of_its_history(world: WorldMaker) -> None:
    w = world(background={"kind": "forecaster", "settings": {"history": 2}})
    w = Fields(w.spec, Recorder())
    times = w.times("train")
    np.testing.assert_array_equal(times, days("2001-01-03", "2003-01-01"))
    times = times[:4]
    background = w.background(times)
    past = torch.stack([w.truth(times - DAY), w.truth(times - 2 * DAY)], 1)
    states, climatology, history_climatology, given_times = w.forecaster.given
    assert torch.equal(states, past)
    assert torch.equal(climatology, w.climatology(times))
    assert torch.equal(history_climatology[:, 1], w.climatology(times - 2 * DAY))
    np.testing.assert_array_equal(given_times, times)
    assert torch.equal(background, past.mean(1))


def test_batches_of_the_forecaster_are_joined_in_order(world: WorldMaker) -> None:
    w = Fields(world(background={"kind": "forecaster", "settings": {"history": 2}}).spec, Recorder())
    times = w.times("train")
    assert len(times) > 2 * 256
    want = (w.truth(times - DAY) + w.truth(times - 2 * DAY)) / 2
    torch.testing.assert_close(w.background(times), want, rtol=0, atol=1e-6)


def test_without_a_network_all_but_the_background_works(world: WorldMaker) -> None:
    w = world(background={"kind": "forecaster", "settings": {"history": 3}})
    times = w.times("train")
    assert times[0] == np.datetime64("2001-01-04T12")
    assert torch.isfinite(w.truth(times[:3])).all()
    with pytest.raises(BenchError, match="bench train forecaster --world region"):
        w.background(times[:3])
    with pytest.raises(BenchError, match="lead time is 24 h, but the world 'region' wants 48 h"):
        Fields(world(background={"kind": "forecaster", "lead_h": 48}).spec, Recorder())


def test_the_archive_holds_the_split_and_says_what_it_is_of(world: WorldMaker) -> None:
    w = world()
    archive = w.archive("validate")
    times = w.times("validate")
    np.testing.assert_array_equal(archive.times, times)
    assert torch.equal(archive.truth, w.truth(times))
    assert torch.equal(archive.background, w.truth(times - DAY))
    assert torch.equal(archive.climatology, w.climatology(times))
    other = world(background={"kind": "persistence", "lead_h": 48})
    assert other.training_hash == w.training_hash
    assert len({archive.hash, w.archive("train").hash, other.archive("validate").hash}) == 3
    with pytest.raises(BenchError, match=r"test years are for scoring.*'train' or 'validate'"):
        w.archive("test")


def test_years_without_data_are_named(world: WorldMaker) -> None:
    w = world(test=[2004, 2011, 2012])
    with pytest.raises(BenchError, match=r"no data in 2011, 2012, which 'test'.*spans 2001-01-01T12:00 to 2004-12-31"):
        w.times("test")
    assert len(w.times("train")) == 729


def test_more_test_years_leave_the_training_hash(region: Maker, save: Saver, spec: SpecMaker) -> None:
    short = Fields(spec(save(region(2001, 2004), "short.nc")))
    long = Fields(spec(save(region(2000, 2005), "long.nc"), test=[2000, 2004, 2005]))
    assert short.training_hash == long.training_hash
    assert short.archive("train").hash == long.archive("train").hash
    assert short.evaluation_hash != long.evaluation_hash


def test_the_hashes_notice_one_changed_value(region: Maker, world: WorldMaker) -> None:
    before = world()
    ds = region()
    ds["t850"][1300, 2, 2] += 1  # in 2004
    after = world(ds)
    assert after.training_hash == before.training_hash
    assert after.evaluation_hash != before.evaluation_hash
    ds["t850"][800, 2, 2] += 1  # in 2003
    assert world(ds).training_hash != before.training_hash
    one, other = world(channels=["t850"]), world(channels=["t700"], variables={"t700": "t850"})
    assert torch.equal(one.truth(one.times("test")), other.truth(other.times("test")))
    assert one.training_hash != other.training_hash


def test_memory_limits_change_no_number(world: WorldMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    roomy = world()
    times = roomy.times("test")[::50]
    want = (roomy.truth(times), roomy.training_hash, roomy.normalisation)
    monkeypatch.setattr(reading, "CACHE_BYTES", 0)
    monkeypatch.setattr(reading, "BATCH_BYTES", 10000)
    tight = world()
    got = (tight.truth(times), tight.training_hash, tight.normalisation)
    assert torch.equal(want[0], got[0])
    assert want[1] == got[1]
    np.testing.assert_allclose(want[2].std, got[2].std, rtol=1e-12)


def test_a_large_world_is_sampled_by_whole_days(world: WorldMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CACHE_BYTES", 0)
    monkeypatch.setattr(fields, "STATISTICS_BYTES", 0)
    monkeypatch.setattr(fields, "STATISTICS_TIMES", 146)
    monkeypatch.setattr(reading, "HASH_BYTES", 50 * 3 * 24 * 4)
    w = world()
    np.testing.assert_array_equal(w._statistics_times, days("2001-01-01", "2003-01-01")[::5])
    # White noise: the std of 146 * 24 values is known to 1 / sqrt(2 * 3504) = 1.2 %; smoothing takes another bit.
    exact = np.array([0.5, 2.0**-6, 0.25]) * 4000 / 12**0.5
    np.testing.assert_allclose(w.normalisation.std, exact, rtol=0.1)
    assert len(w.training_hash) == 64


def test_missing_values_end_with_a_message(world: WorldMaker, region: Maker) -> None:
    ds = region()
    ds["t850"][1200, 0, 0] = np.nan
    w = world(ds)
    assert torch.isfinite(w.truth(ds.time.values[:50])).all()
    with pytest.raises(BenchError, match=r"t850 .* has 1 missing values .* first 2004-04-15T12:00"):
        w.truth(w.times("test"))


def test_a_wrong_channel_ends_with_a_message(world: WorldMaker) -> None:
    with pytest.raises(BenchError, match=r"no variable for the channel z850.*did you mean 'z500'"):
        world(channels=["z850"])


@pytest.mark.real
def test_era_interim_as_shipped(shared_data: Path) -> None:
    spec = load_spec("era-interim-euroatlantic", data=shared_data / "era_interim_euroatlantic_2000_2009.nc")
    persistence = spec.background.model_copy(update={"kind": "persistence"})
    w = Fields(spec.model_copy(update={"background": persistence}))
    assert w.grid.latitude == tuple(30 + 1.5 * i for i in range(21))
    assert w.grid.longitude == tuple(-20 + 1.5 * i for i in range(24))
    assert [len(w.times(s)) for s in ("train", "validate", "test")] == [2556, 365, 731]
    # From a plain computation: WeatherBench 2's window written as loops over days, spherical row areas.
    np.testing.assert_allclose(w.normalisation.mean, [101643.548, 55668.505, 280.92966], rtol=1e-7)
    np.testing.assert_allclose(w.normalisation.std, [853.2629, 1018.6671, 3.628076], rtol=1e-6)
    archive = w.archive("train")
    np.testing.assert_allclose(archive.error_std(), [0.67542, 0.64416, 0.78379], atol=2e-5)
    # The data's README: 1-day persistence is 0.70 of the deseasonalised std.
    assert float(archive.error_std().mean()) == pytest.approx(0.70, abs=0.005)
