"""Statistics: what is computed of one case, before any averaging over cases.

Non-linear steps that belong to a case (the root in `rmse_case`, the ratio in `acc`) are taken here; those
that belong to the mean over cases are taken in `scores`. Where the fields hold a NaN, the statistic is NaN:
a gap is never averaged around.
"""

__all__ = ["STATISTICS", "Statistic", "find_statistic"]

import abc
from typing import ClassVar

import numpy as np

from benchmark.problem import BenchError, closest


class Statistic(abc.ABC):
    """A number for every case and channel, already averaged over the region.

    Class attributes:
        name: Its name in result files.
        needs_climatology: Whether `climatology` must be given.
    """

    name: ClassVar[str]
    needs_climatology: ClassVar[bool] = False

    @abc.abstractmethod
    def compute(
        self, forecast: np.ndarray, truth: np.ndarray, climatology: np.ndarray | None, weights: np.ndarray
    ) -> np.ndarray:
        """
        Arguments:
            forecast: Shape (case, member, channel, latitude, longitude) [physical].
            truth: Shape (case, channel, latitude, longitude) [physical].
            climatology: Same shape as `truth` [physical], or None.
            weights: Area of the cells of a region, zero outside, shape (latitude, longitude).

        Returns:
            Shape (case, channel), float64.

        Raises:
            BenchError: If the statistic needs a climatology and there is none.
        """


def _mean(field: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area-weighted mean over the last two axes."""
    return np.tensordot(field, weights.astype(np.float64), axes=2) / weights.sum(dtype=np.float64)


def _error(forecast: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Member mean - truth, shape (case, channel, latitude, longitude), float64."""
    return forecast.mean(1, dtype=np.float64) - truth


class _MSE(Statistic):
    """Mean square error of the member mean."""

    name = "mse"

    def compute(
        self, forecast: np.ndarray, truth: np.ndarray, climatology: np.ndarray | None, weights: np.ndarray
    ) -> np.ndarray:
        return _mean(_error(forecast, truth) ** 2, weights)


class _RMSECase(Statistic):
    """Root of the case's mean square error of the member mean."""

    name = "rmse_case"

    def compute(
        self, forecast: np.ndarray, truth: np.ndarray, climatology: np.ndarray | None, weights: np.ndarray
    ) -> np.ndarray:
        return np.sqrt(_mean(_error(forecast, truth) ** 2, weights))


class _MAE(Statistic):
    """Mean absolute error of the member mean."""

    name = "mae"

    def compute(
        self, forecast: np.ndarray, truth: np.ndarray, climatology: np.ndarray | None, weights: np.ndarray
    ) -> np.ndarray:
        return _mean(np.abs(_error(forecast, truth)), weights)


class _Bias(Statistic):
    """Mean of member mean - truth."""

    name = "bias"

    def compute(
        self, forecast: np.ndarray, truth: np.ndarray, climatology: np.ndarray | None, weights: np.ndarray
    ) -> np.ndarray:
        return _mean(_error(forecast, truth), weights)


class _ACC(Statistic):
    """Anomaly correlation of the member mean; the anomalies' own spatial mean stays in, as in WeatherBench 2.

    NaN where either side has no anomaly at all, such as the climatology itself.
    """

    name = "acc"
    needs_climatology = True

    def compute(
        self, forecast: np.ndarray, truth: np.ndarray, climatology: np.ndarray | None, weights: np.ndarray
    ) -> np.ndarray:
        if climatology is None:
            raise BenchError("The anomaly correlation needs a climatology; give one, or leave 'acc' out.")
        f = _error(forecast, climatology)
        t = truth.astype(np.float64) - climatology
        with np.errstate(invalid="ignore"):
            return _mean(f * t, weights) / np.sqrt(_mean(f**2, weights) * _mean(t**2, weights))


class _MSEMember(Statistic):
    """Mean over the members of each one's own mean square error."""

    name = "mse_member"

    def compute(
        self, forecast: np.ndarray, truth: np.ndarray, climatology: np.ndarray | None, weights: np.ndarray
    ) -> np.ndarray:
        return _mean((forecast - truth[:, None].astype(np.float64)) ** 2, weights).mean(1)


class _Variance(Statistic):
    """Unbiased variance of the members (WeatherBench 2's `ensemble_variance`); zero for a single one."""

    name = "variance"

    def compute(
        self, forecast: np.ndarray, truth: np.ndarray, climatology: np.ndarray | None, weights: np.ndarray
    ) -> np.ndarray:
        if forecast.shape[1] == 1:
            # times zero, so that a NaN is not hidden
            return 0.0 * _mean(forecast[:, 0], weights)
        return _mean(forecast.var(1, ddof=1, dtype=np.float64), weights)


STATISTICS: tuple[Statistic, ...] = (_MSE(), _RMSECase(), _MAE(), _Bias(), _ACC(), _MSEMember(), _Variance())


def find_statistic(name: str) -> Statistic:
    """The statistic of that name.

    Raises:
        BenchError: If there is none; the nearest names are given.
    """
    for statistic in STATISTICS:
        if statistic.name == name:
            return statistic
    raise BenchError(f"No statistic is called '{name}'; {closest(name, [s.name for s in STATISTICS])}")
