"""Scores: functions of the mean statistics."""

__all__ = ["SCORES", "Score", "find_score", "relative_error"]

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from benchmark.problem import BenchError, closest


@dataclasses.dataclass(frozen=True)
class Score:
    """A number that tables show.

    Arguments:
        name: Its name in tables.
        statistics: Names of the statistics whose means it needs.
        function: From those means, each of shape (..., channel), to the score of the same shape.
    """

    name: str
    statistics: tuple[str, ...]
    function: Callable[[Mapping[str, np.ndarray]], np.ndarray]

    def __call__(self, means: Mapping[str, np.ndarray]) -> np.ndarray:
        """The score, shape (..., channel), of mean statistics by name, each of that shape."""
        return self.function(means)


SCORES = (
    Score("rmse", ("mse",), lambda m: np.sqrt(m["mse"])),
    Score("rmse_per_case", ("rmse_case",), lambda m: m["rmse_case"]),
    Score("mae", ("mae",), lambda m: m["mae"]),
    Score("bias", ("bias",), lambda m: m["bias"]),
    Score("acc", ("acc",), lambda m: m["acc"]),
    Score("rmse_member", ("mse_member",), lambda m: np.sqrt(m["mse_member"])),
    Score("spread", ("variance",), lambda m: np.sqrt(m["variance"])),
)


def find_score(name: str) -> Score:
    """The score of that name.

    Raises:
        BenchError: If there is none; the nearest names are given.
    """
    for score in SCORES:
        if score.name == name:
            return score
    raise BenchError(f"No score is called '{name}'; {closest(name, [s.name for s in SCORES])}")


def relative_error(rmse_by_channel: np.ndarray, background_rmse_by_channel: np.ndarray) -> np.ndarray:
    """Mean over channels of RMSE / RMSE of the background: below 1 an analysis is better than its background.

    Arguments:
        rmse_by_channel: Shape (..., channel).
        background_rmse_by_channel: Shape (..., channel), of the same cases.

    Returns:
        Shape (...).

    Raises:
        BenchError: If the background has no error in a channel.
    """
    background = np.asarray(background_rmse_by_channel)
    if np.any(background == 0):
        raise BenchError(
            "The background equals the truth in a channel, so no error can be relative to it; "
            "check the world's background, or leave the channel out."
        )
    return np.mean(np.asarray(rmse_by_channel) / background, axis=-1)
