"""Scores of a setting's methods with their intervals, all on the same resamples of the cases."""

__all__ = ["RELATIVE", "Draws", "Estimate", "Quantity", "draws_of", "find_quantity", "quantities"]

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmark.problem import BenchError, closest
from benchmark.running.results.result_set import Result
from benchmark.running.score_values import FEWEST_CASES
from metrics import (
    SCORES,
    SPECIAL_SCORES,
    block_length,
    interval,
    resample_counts,
    resample_indices,
    resampled_means,
)

from .settings import Setting

DRAWS = 2000
RELATIVE = "relative_error"
"""RMSE over that of the background; without a channel the mean over all channels."""

DISTANCES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    **dict.fromkeys(
        (RELATIVE, "rmse", "rmse_per_case", "mae", "rmse_member", "crps", "energy_score", "wind_rmse"), lambda v: v
    ),
    "acc": lambda v: -v,
    "effective_resolution": lambda v: -v,
    "bias": np.abs,
    "spread_skill": lambda v: np.abs(np.log(np.maximum(v, 1e-12))),
}
"""From a score to what is the lower the better; of others nobody is best."""


@dataclasses.dataclass(frozen=True)
class Estimate:
    """
    Arguments:
        value: Over all cases.
        low, high: Bounds of the 95 % interval; NaN with too few cases.
        draws: On every resample, shape (draws,).
    """

    value: float
    low: float
    high: float
    draws: np.ndarray = dataclasses.field(repr=False)

    @property
    def defined(self) -> bool:
        """False for such as the ACC of the climatology."""
        return bool(np.isfinite(self.value))


@dataclasses.dataclass(frozen=True)
class Quantity:
    """What a table shows.

    Arguments:
        score: Its name.
        distance: From it to what is the lower the better; None where nobody is best.
    """

    score: str
    distance: Callable[[np.ndarray], np.ndarray] | None


def quantities() -> list[str]:
    """Names of all that a table can show."""
    return [RELATIVE, *(score.name for score in (*SCORES, *SPECIAL_SCORES) if not score.binned)]


def find_quantity(name: str) -> Quantity:
    """
    Raises:
        BenchError: If there is none of that name.
    """
    if name not in quantities():
        raise BenchError(f"No score is called '{name}'; {closest(name, quantities())}")
    return Quantity(name, DISTANCES.get(name))


class Draws:
    """The resamples of a setting's cases.

    Arguments:
        times: Of the cases.
        seed: Of the resampling; settings of equal times share their resamples.
    """

    def __init__(self, times: np.ndarray, seed: int = 0) -> None:
        length = block_length(times)
        self.cases, self.blocks = len(times), len(times) / length
        self.counts = resample_counts(resample_indices(len(times), length, DRAWS, seed))

    def estimate(self, value: float, samples: np.ndarray) -> Estimate:
        """With its interval, where there are enough cases."""
        low, high = self._bounds(samples)
        return Estimate(float(value), float(low), float(high), samples)

    def of(self, setting: Setting, result: Result, quantity: Quantity, channel: str | None) -> Estimate | None:
        """A score of a method.

        Arguments:
            setting: Whose background errors are relative to.
            result: One of its results.
            quantity: What is wanted.
            channel: Of which channel; None for the mean over channels, of relative errors alone.

        Returns:
            None where the method has no such score, or diverged in a case: a mean over fewer cases than those of the
            others is no score.
        """
        if result.diverged:
            return None
        if quantity.score == RELATIVE:
            return self._relative(setting, result, channel)
        return self._score(result, quantity, channel)

    def value_of(self, result: Result, quantity: Quantity, channel: str) -> float:
        """A score over all cases, without its interval; NaN where the method has none, or diverged in a case."""
        score = next(s for s in (*SCORES, *SPECIAL_SCORES) if s.name == quantity.score)
        if result.diverged or any(channel not in result.values.get(name, {}) for name in score.statistics):
            return float("nan")
        return float(score({name: result.values[name][channel].mean(0)[None] for name in score.statistics})[0])

    def relative(self, setting: Setting, result: Result) -> dict[str, Estimate]:
        """Relative errors of all channels at once; empty where the method diverged in a case."""
        if result.diverged:
            return {}
        value, samples = self._ratios(setting, result, setting.channels)
        low, high = self._bounds(samples)
        return {
            channel: Estimate(float(value[i]), float(low[i]), float(high[i]), samples[:, i])
            for i, channel in enumerate(setting.channels)
        }

    def _relative(self, setting: Setting, result: Result, channel: str | None) -> Estimate | None:
        if channel is not None and channel not in setting.channels:
            return None
        value, samples = self._ratios(setting, result, setting.channels if channel is None else (channel,))
        return self.estimate(float(np.mean(value)), samples.mean(axis=1))

    def _ratios(self, setting: Setting, result: Result, channels: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """RMSE over that of the background, shape (channel,), and on every resample, shape (draws, channel)."""
        own, other = (np.stack([r.values["mse"][c] for c in channels], axis=1) for r in (result, setting.background))
        if not other.any(axis=0).all():
            raise BenchError(
                f"The background of {setting.words(('world', 'obs_frac'))} equals the truth in a channel, so no error "
                "can be relative to it; check the world's background."
            )
        resampled = [resampled_means(part, self.counts) for part in (own, other)]
        return np.sqrt(own.mean(0) / other.mean(0)), np.sqrt(resampled[0] / resampled[1])

    def _bounds(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        low, high = interval(samples)
        return (low, high) if self.cases >= FEWEST_CASES else (low * np.nan, high * np.nan)

    def _score(self, result: Result, quantity: Quantity, channel: str | None) -> Estimate | None:
        score = next(s for s in (*SCORES, *SPECIAL_SCORES) if s.name == quantity.score)
        if channel is None or any(channel not in result.values.get(name, {}) for name in score.statistics):
            return None
        parts = {name: result.values[name][channel] for name in score.statistics}
        resampled = {name: resampled_means(part, self.counts)[:, None] for name, part in parts.items()}
        return self.estimate(self.value_of(result, quantity, channel), score(resampled)[:, 0])


def draws_of(times: np.ndarray) -> Draws:
    """The resamples of cases: made once for all settings that have the same.

    Arguments:
        times: Of the cases.
    """
    return _draws(times.astype("datetime64[s]").tobytes())


@functools.lru_cache(8)
def _draws(times: bytes) -> Draws:
    return Draws(np.frombuffer(times, dtype="datetime64[s]"))
