"""Scores: functions of the mean statistics."""

__all__ = ["SCORES", "SPECIAL_SCORES", "Score", "find_score", "relative_error"]

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from benchmark.problem import BenchError, closest

from .zonal_waves import bin_of


@dataclasses.dataclass(frozen=True)
class Score:
    """A number that tables show.

    Arguments:
        name: Its name in tables.
        statistics: Names of the statistics whose means it needs.
        function: From those means, each of shape (..., channel), to the score of the same shape.
        binned: Whether the means have a last axis of bins, all that there are in ascending order: of shape
            (..., channel, bin). The score has none.
    """

    name: str
    statistics: tuple[str, ...]
    function: Callable[[Mapping[str, np.ndarray]], np.ndarray]
    binned: bool = False

    def __call__(self, means: Mapping[str, np.ndarray]) -> np.ndarray:
        """The score, shape (..., channel), of mean statistics by name."""
        return self.function(means)


def _same(name: str) -> Score:
    """The mean of a statistic, under its name."""
    return Score(name, (name,), lambda m: m[name])


def _spread_skill(m: Mapping[str, np.ndarray]) -> np.ndarray:
    """Spread over RMSE, with the factor (M + 1) / M of the variance; 0 for a single member, NaN without an error.

    V. Fortin et al. (2014), Why should ensemble spread match the RMSE of the ensemble mean?, Journal of
    Hydrometeorology 15, https://doi.org/10.1175/JHM-D-14-0008.1.
    """
    variance_over_members = m["mse"] - m["mse_debiased"]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((m["variance"] + variance_over_members) / m["mse"])


def _effective_resolution(m: Mapping[str, np.ndarray]) -> np.ndarray:
    """The highest zonal wavenumber at which the error has less than half of the truth's power; 0 if there is none.

    M. Ballarotta et al. (2019), On the resolutions of ocean altimetry maps, Ocean Science 15,
    https://doi.org/10.5194/os-15-1091-2019: where the noise-to-signal ratio of the power spectra passes 0.5.
    """
    error, truth = m["spectrum_error"], m["spectrum_truth"]
    numbers = np.array([bin_of(i) for i in range(error.shape[-1])])
    highest = (numbers * (error < truth / 2)).max(axis=-1).astype(np.float64)
    return np.where(np.isnan(error + truth).any(axis=-1), np.nan, highest)


SCORES = (
    Score("rmse", ("mse",), lambda m: np.sqrt(m["mse"])),
    Score("rmse_per_case", ("rmse_case",), lambda m: m["rmse_case"]),
    *(_same("mae"), _same("bias"), _same("acc")),
    Score("rmse_member", ("mse_member",), lambda m: np.sqrt(m["mse_member"])),
    Score("spread", ("variance",), lambda m: np.sqrt(m["variance"])),
    Score("spread_skill", ("mse", "mse_debiased", "variance"), _spread_skill),
    _same("mse_debiased"),
    Score("crps", ("crps_skill", "crps_spread"), lambda m: m["crps_skill"] - m["crps_spread"] / 2),
    _same("energy_score"),
)
"""Of every channel and region."""

SPECIAL_SCORES = (
    Score("wind_rmse", ("wind_mse",), lambda m: np.sqrt(m["wind_mse"])),
    *(_same("geostrophic_correlation"), _same("hydrostatic_residual"), _same("negative_humidity")),
    Score("effective_resolution", ("spectrum_error", "spectrum_truth"), _effective_resolution, binned=True),
)
"""Of channels of their own, such as `wind500`, or of the whole grid only."""


def find_score(name: str) -> Score:
    """The score of that name.

    Raises:
        BenchError: If there is none; the nearest names are given.
    """
    known = (*SCORES, *SPECIAL_SCORES)
    for score in known:
        if score.name == name:
            return score
    raise BenchError(f"No score is called '{name}'; {closest(name, [s.name for s in known])}")


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
