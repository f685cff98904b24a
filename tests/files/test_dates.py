import numpy as np
import pytest

from benchmark.files.dates import day_of_year, hour_of, is_leap, say, year_of


@pytest.mark.parametrize(
    ("time", "year", "day", "hour"),
    [
        ("1999-12-31T23:59", 1999, 365, 23),
        ("2000-02-29T00:00", 2000, 60, 0),
        ("2000-12-31T12:00", 2000, 366, 12),
        ("1900-03-01T06:00", 1900, 60, 6),
        ("1969-01-01T18:30", 1969, 1, 18),
    ],
)
def test_parts_of_a_time(time: str, year: int, day: int, hour: int) -> None:
    times = np.array([time], "datetime64[ns]")
    assert (year_of(times), day_of_year(times), hour_of(times)) == ([year], [day], [hour])
    assert say(times[0]) == time


def test_leap_years() -> None:
    assert is_leap(np.array([1900, 1999, 2000, 2004])).tolist() == [False, False, True, True]
