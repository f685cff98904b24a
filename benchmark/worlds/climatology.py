"""Mean state by hour and day of year, smoothed as in WeatherBench 2."""

__all__ = ["WINDOW_DAYS", "Climatology", "window_weights"]

import dataclasses
from collections.abc import Iterable

import numpy as np

from benchmark.files.dates import day_of_year, hour_of, is_leap, say, year_of
from benchmark.problem import BenchError

DAYS = 366
WINDOW_DAYS = 61


def window_weights(size: int = WINDOW_DAYS) -> np.ndarray:
    """Triangular weights of mean 1, shape (size,): zero at both ends, largest in the middle.

    The window of WeatherBench 2's `compute_climatology` (Rasp et al. 2024, arXiv 2308.15560).
    """
    half = size // 2
    rise = np.linspace(0, 1, half + 1)
    weights = np.concatenate([rise, rise[-2::-1]])
    return weights / weights.mean()


@dataclasses.dataclass(frozen=True)
class Climatology:
    """Mean state by hour and day of year.

    Arguments:
        hours: UTC hours, ascending.
        mean: Shape (hour, 366, channel, latitude, longitude), float32 [physical].
    """

    hours: tuple[int, ...]
    mean: np.ndarray

    @classmethod
    def fit(
        cls, batches: Iterable[tuple[np.ndarray, np.ndarray]], hours: Iterable[int], window: int = WINDOW_DAYS
    ) -> "Climatology":
        """Weighted mean over all years and over the days of a triangular window, circular over 366 days.

        In a year without 29 February, day 366 holds what day 365 does (as in WeatherBench 2). Any other day
        that is absent has no weight, so a gap does not pull the mean towards anything.

        Arguments:
            batches: Pairs of times, shape (time,), and fields, shape (time, channel, latitude, longitude).
            hours: The hours that occur in them.
            window: Days in the window, odd.

        Raises:
            BenchError: If no day near some day of the year was given.
        """
        hours = tuple(sorted(set(hours)))
        total: np.ndarray | None = None
        count = np.zeros((len(hours), DAYS))
        for times, fields in batches:
            if total is None:
                total = np.zeros((len(hours), DAYS, *fields.shape[1:]))
            days, slots = day_of_year(times) - 1, np.searchsorted(hours, hour_of(times))
            repeats = (days == DAYS - 2) & ~is_leap(year_of(times))
            for k, (slot, day) in enumerate(zip(slots, days, strict=True)):
                for d in range(day, day + 1 + repeats[k]):
                    total[slot, d] += fields[k]
                    count[slot, d] += 1
        if total is None:
            raise BenchError("A climatology needs at least one time; check the training years.")
        circle = _circle(window)
        weight = count @ circle.T
        if not (weight > 0).all():
            slot, day = np.argwhere(weight <= 0)[0]
            raise BenchError(
                f"No training data within {window // 2} days of day {day + 1} of the year at {hours[slot]:02d} UTC; "
                "give training years that cover all seasons."
            )
        mean = np.empty(total.shape, np.float32)
        for slot in range(len(hours)):
            for channel in range(total.shape[2]):
                flat = total[slot, :, channel].reshape(DAYS, -1)
                smooth = (circle @ flat) / weight[slot][:, None]
                mean[slot, :, channel] = smooth.reshape(DAYS, *total.shape[3:])
        return cls(hours, mean)

    def at(self, times: np.ndarray) -> np.ndarray:
        """The climatology of each time, shape (case, channel, latitude, longitude), float32 [physical].

        Raises:
            BenchError: If the training years have nothing at a time's hour.
        """
        hours = hour_of(times)
        strange = ~np.isin(hours, self.hours)
        if strange.any():
            raise BenchError(
                f"There is no climatology at {say(times[strange][0])}: the training years only have the hours "
                f"{', '.join(f'{h:02d}' for h in self.hours)} UTC; set 'hours' in the world file to these."
            )
        return self.mean[np.searchsorted(self.hours, hours), day_of_year(times) - 1]


def _circle(window: int) -> np.ndarray:
    """Window weights as a circulant matrix, shape (366, 366): row = day wanted, column = day used."""
    circle = np.zeros((DAYS, DAYS))
    days = np.arange(DAYS)
    for offset, weight in enumerate(window_weights(window), start=-(window // 2)):
        circle[days, (days + offset) % DAYS] += weight
    return circle
