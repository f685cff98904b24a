"""Tests of paired differences on the draws of the block bootstrap, and what many of them at once are worth.

S. Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 65-70,
https://www.jstor.org/stable/4615733.
"""

__all__ = ["LEVEL", "effective_size", "holm", "p_value", "student_interval"]

from collections.abc import Sequence

import numpy as np
from scipy import special

from .significance import resampled_means

LEVEL = 0.05
"""Below this adjusted p-value a difference counts as significant."""


def p_value(difference: float, draws: np.ndarray, blocks: float) -> float:
    """Two-sided p-value of a difference that would be zero if two methods were equally good.

    The standard error is that of the bootstrap; Student's t with as many degrees of freedom as there are whole blocks,
    less one, allows for what so few blocks know of it. A share of draws beyond zero could not be told from
    nothing below one in some thousands, and a correction for hundreds of comparisons needs less.

    Arguments:
        difference: As observed.
        draws: The same on every resample, shape (draws,).
        blocks: How many blocks the cases make, such as cases / block length.

    Returns:
        1 where all draws equal the difference and it is zero, 0 where it is not; NaN with fewer than two blocks.
    """
    freedom = np.floor(blocks) - 1
    if freedom < 1:
        return float("nan")
    error = float(np.std(draws, ddof=1))
    if error == 0:
        return float(difference == 0)
    return float(2 * special.stdtr(freedom, -abs(difference) / error))


def student_interval(difference: float, draws: np.ndarray, blocks: float, level: float = 0.95) -> tuple[float, float]:
    """The interval that goes with `p_value`: it excludes zero where the p-value is below 1 - level.

    Arguments:
        difference: As observed.
        draws: The same on every resample, shape (draws,).
        blocks: How many blocks the cases make.
        level: Probability inside.

    Returns:
        Low and high bound; NaN with fewer than two blocks.
    """
    freedom = np.floor(blocks) - 1
    if freedom < 1:
        return float("nan"), float("nan")
    half = float(special.stdtrit(freedom, (1 + level) / 2) * np.std(draws, ddof=1))
    return difference - half, difference + half


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Holm's adjusted p-values: of all below alpha, one is wrong with a probability of at most alpha.

    Arguments:
        p_values: Of all comparisons that are looked at, shape (comparison,); NaN stays, and does not count.

    Returns:
        Shape (comparison,), in the same order; none is below its p-value, and none above 1.
    """
    p = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    order = np.argsort(p)[: int(np.isfinite(p).sum())]
    stepped = np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def effective_size(values: np.ndarray, counts: np.ndarray) -> float:
    """How many independent cases would give the mean the same standard error (cf. Zwiers & von Storch, 1995,
    https://doi.org/10.1175/1520-0442(1995)008<0336:TSCIAI>2.0.CO;2): the variance of a case over that of the mean.

    Arguments:
        values: One a case, shape (case,).
        counts: From `resample_counts`, shape (draws, case).

    Returns:
        At least 1, at most the number of cases; that number where all values are equal.
    """
    n = len(values)
    variance = float(np.var(values, ddof=1)) if n > 1 else 0.0
    of_mean = float(np.var(resampled_means(values, counts), ddof=1))
    return float(np.clip(variance / of_mean, 1, n)) if variance > 0 and of_mean > 0 else float(n)
