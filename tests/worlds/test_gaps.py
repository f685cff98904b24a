import numpy as np
import pytest

from benchmark.worlds.gaps import missing_times

HOUR = np.timedelta64(1, "h")
START = np.datetime64("2001-01-01T00", "ns")
MONTHS = np.arange("2001-01", "2004-01", dtype="datetime64[M]").astype("datetime64[ns]")


def every(hours: int, count: int) -> np.ndarray:
    return START + hours * np.arange(count) * HOUR


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(every(24, 100), id="daily"),
        pytest.param(every(6, 400), id="six-hourly"),
        pytest.param(np.sort(np.concatenate([every(24, 50), every(24, 50) + 6 * HOUR])), id="0 and 6 UTC only"),
        pytest.param(every(168, 60), id="weekly"),
        pytest.param(MONTHS, id="monthly"),
    ],
)
def test_what_is_dropped_is_found_and_nothing_else(whole: np.ndarray) -> None:
    assert len(missing_times(whole)) == 0
    if whole is MONTHS:  # the day of a missing month is a guess, its number is not
        assert len(missing_times(np.delete(whole, [5, 20, 21]))) == 3
    else:
        dropped = [5, 20, 21, 22]
        np.testing.assert_array_equal(missing_times(np.delete(whole, dropped)), whole[dropped])


def test_what_lies_outside_is_not_missing() -> None:
    assert len(missing_times(every(24, 100)[10:90])) == 0
    assert len(missing_times(every(24, 1))) == 0
