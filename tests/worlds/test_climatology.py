import numpy as np
import pytest

from benchmark.problem import BenchError
from benchmark.worlds.climatology import Climatology, window_weights


def days(first: str, last: str, hour: int = 12) -> np.ndarray:
    return (np.arange(first, last, dtype="datetime64[D]") + np.timedelta64(hour, "h")).astype("datetime64[ns]")


def points(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float32).reshape(-1, 1, 1, 1)


def test_the_window_is_a_triangle_of_mean_one() -> None:
    # Heights 0, 1/2, 1, 1/2, 0 have mean 2/5.
    np.testing.assert_allclose(window_weights(5), [0, 1.25, 2.5, 1.25, 0])
    weights = window_weights()
    assert len(weights) == 61
    assert weights.sum() == pytest.approx(61)


def test_an_annual_cycle_is_damped_by_the_fejer_kernel() -> None:
    # sum_j (1 - |j|/h) cos(j a) = sin^2(h a / 2) / (h sin^2(a / 2)), and the weights sum to h.
    times = days("2004-01-01", "2005-01-01")
    angle = 2 * np.pi / 366
    cycle = np.cos(angle * np.arange(366))
    damping = (np.sin(30 * angle / 2) / (30 * np.sin(angle / 2))) ** 2
    climatology = Climatology.fit([(times, points(cycle))], [12])
    np.testing.assert_allclose(climatology.mean[0, :, 0, 0, 0], damping * cycle, atol=2e-7)
    assert damping < 0.98


def test_a_year_without_leap_day_repeats_its_last_day() -> None:
    # A window of 3 has weights 0, 3, 0: no smoothing. 2003 has day 365 = 365 and, repeated, day 366 = 365;
    # 2004 has day 366 = 1366.
    plain, leap = days("2003-01-01", "2004-01-01"), days("2004-01-01", "2005-01-01")
    one = Climatology.fit([(plain, points(np.arange(1, 366)))], [12], window=3)
    np.testing.assert_allclose(one.mean[0, [0, 58, 59, 364, 365], 0, 0, 0], [1, 59, 60, 365, 365])
    both = Climatology.fit([(plain, points(np.arange(1, 366))), (leap, points(np.arange(1001, 1367)))], [12], window=3)
    np.testing.assert_allclose(both.mean[0, [0, 364, 365], 0, 0, 0], [501, 865, (365 + 1366) / 2])


def test_an_absent_day_has_no_weight() -> None:
    times = days("2004-01-01", "2005-01-01")
    values = np.arange(1.0, 367.0) ** 2
    keep = np.arange(1, 367) != 100
    climatology = Climatology.fit([(times[keep], points(values[keep]))], [12], window=5)
    # Weights 1/2, 1, 1/2 on days 99..101, of which 100 is absent; on days 98..100 for day 99.
    assert climatology.mean[0, 99, 0, 0, 0] == pytest.approx((99**2 + 101**2) / 2)
    assert climatology.mean[0, 98, 0, 0, 0] == pytest.approx((0.5 * 98**2 + 99**2) / 1.5)
    # Days 1 and 366 are neighbours.
    assert climatology.mean[0, 0, 0, 0, 0] == pytest.approx(0.25 * 366**2 + 0.5 * 1 + 0.25 * 4)


def test_hours_are_kept_apart_and_batches_do_not_matter() -> None:
    noon, midnight = days("2003-01-01", "2004-01-01"), days("2003-01-01", "2004-01-01", hour=0)
    times = np.concatenate([noon, midnight])
    values = points(np.concatenate([np.full(365, 3.0), np.full(365, 7.0)]))
    whole = Climatology.fit([(times, values)], [0, 12])
    parts = Climatology.fit([(times[i : i + 100], values[i : i + 100]) for i in range(0, 730, 100)], [12, 0])
    assert whole.hours == (0, 12)
    np.testing.assert_allclose(whole.mean[:, :, 0, 0, 0], np.repeat([[7.0], [3.0]], 366, 1))
    np.testing.assert_array_equal(whole.mean, parts.mean)
    at = whole.at(np.array(["2009-02-28T12", "2008-02-29T00"], "datetime64[ns]"))
    np.testing.assert_allclose(at[:, 0, 0, 0], [3, 7])


def test_a_day_is_found_by_its_number_in_its_own_year() -> None:
    times = days("2004-01-01", "2005-01-01")
    climatology = Climatology.fit([(times, points(np.arange(1, 367)))], [12], window=3)
    wanted = np.array(["2003-03-01T12", "2004-03-01T12", "2004-02-29T12", "2003-12-31T12"], "datetime64[ns]")
    np.testing.assert_allclose(climatology.at(wanted)[:, 0, 0, 0], [60, 61, 60, 365])


def test_missing_seasons_and_hours_are_named() -> None:
    summer = days("2003-05-01", "2003-09-01")
    with pytest.raises(BenchError, match=r"within 30 days of day 1 .* 12 UTC; give training years"):
        Climatology.fit([(summer, points(np.zeros(len(summer))))], [12])
    year = days("2003-01-01", "2004-01-01")
    climatology = Climatology.fit([(year, points(np.zeros(365)))], [12])
    with pytest.raises(BenchError, match=r"2008-03-01T06:00.*only have the hours 12 UTC"):
        climatology.at(np.array(["2008-03-01T06"], "datetime64[ns]"))
