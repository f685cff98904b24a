"""Years, days of year and hours of times, without leaving numpy."""

__all__ = ["day_of_year", "hour_of", "is_leap", "say", "year_of"]

import numpy as np


def year_of(times: np.ndarray) -> np.ndarray:
    """Calendar year, int64, same shape."""
    return times.astype("datetime64[Y]").astype(np.int64) + 1970


def day_of_year(times: np.ndarray) -> np.ndarray:
    """1 on 1 January, 366 on 31 December of a leap year; same shape."""
    days = times.astype("datetime64[D]")
    return (days - times.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64) + 1


def hour_of(times: np.ndarray) -> np.ndarray:
    """UTC hour 0..23, minutes dropped; same shape."""
    return (times.astype("datetime64[h]") - times.astype("datetime64[D]").astype("datetime64[h]")).astype(np.int64)


def is_leap(years: np.ndarray) -> np.ndarray:
    """Whether the Gregorian years have 366 days."""
    return (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))


def say(time: np.datetime64) -> str:
    """A time as messages show it: `2008-03-01T12:00`."""
    return str(time.astype("datetime64[m]"))
