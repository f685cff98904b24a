"""Error bars and paired differences by the moving-block bootstrap over cases.

H. R. Künsch (1989), The jackknife and the bootstrap for general stationary observations, Annals of
Statistics 17, https://doi.org/10.1214/aos/1176347265. Consecutive cases share their weather, so cases are
resampled in blocks: single ones would give error bars that are too short. Two methods are compared on the
same resamples, which takes the cases' common difficulty out of their difference.
"""

__all__ = ["block_length", "bootstrap", "interval", "resample_counts", "resample_indices", "resampled_means"]

import math
from collections.abc import Callable, Mapping

import numpy as np

# Flow errors decorrelate over about a synoptic-to-Rossby time scale; ten days cover it.
MEMORY_NS = np.timedelta64(10, "D").astype("timedelta64[ns]").astype(np.int64)


def block_length(times: np.ndarray) -> int:
    """How many consecutive cases a block spans.

    The rate n^(1/3) minimises the error of the variance estimate (Künsch 1989); a block must in addition outlast the
    weather's memory, so it covers ten days. At least four blocks fit in the series, else every resample
    would be nearly the series itself.

    Arguments:
        times: Ascending valid times, shape (case,), datetime64.
    """
    n = len(times)
    if n < 2:
        return 1
    steps = np.diff(np.asarray(times).astype("datetime64[ns]").astype(np.int64))
    if np.any(steps <= 0):
        raise ValueError("the times of the cases must ascend: blocks are runs of consecutive cases")
    within = math.ceil(MEMORY_NS / np.median(steps))
    # the root of a cube may come out a hair above the integer
    return max(1, min(max(math.ceil(round(n ** (1 / 3), 9)), within), n // 4))


def resample_indices(n: int, length: int, draws: int, seed: int) -> np.ndarray:
    """Cases of every resample: non-circular moving blocks, laid end to end and cut to n.

    Arguments:
        n: Number of cases, in time order.
        length: Consecutive cases a block, 1..n.
        draws: Number of resamples.
        seed: Of numpy's PCG64; the same seed gives two methods the same resamples.

    Returns:
        Shape (draws, n), int64.
    """
    if not 1 <= length <= n:
        raise ValueError(f"a block of {length} cases cannot be cut from {n}")
    rng = np.random.Generator(np.random.PCG64(seed))
    starts = rng.integers(0, n - length + 1, size=(draws, -(-n // length)))
    return (starts[:, :, None] + np.arange(length)).reshape(draws, -1)[:, :n]


def resample_counts(indices: np.ndarray) -> np.ndarray:
    """How often every case stands in every resample, over the number of cases: a mean is then a product.

    Arguments:
        indices: From `resample_indices`, shape (draws, case).

    Returns:
        Shape (draws, case), float64; rows sum to one.
    """
    draws, n = indices.shape
    flat = indices + n * np.arange(draws)[:, None]
    return np.bincount(flat.ravel(), minlength=draws * n).reshape(draws, n) / n


def resampled_means(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Means over the cases of every resample: (case, ...) and (draws, case) to (draws, ...)."""
    return np.tensordot(counts, np.asarray(values, dtype=np.float64), axes=1)


def bootstrap(
    function: Callable[[Mapping[str, np.ndarray]], np.ndarray],
    statistics: Mapping[str, np.ndarray],
    counts: np.ndarray,
) -> np.ndarray:
    """A function of mean statistics, on every resample of the cases.

    For a paired comparison, put the statistics of both methods (and of the background) under names of their own and
    let `function` form the difference; or call twice with the same `counts` and subtract.

    Arguments:
        function: From means by name, each of shape (draws, ...), to samples; a `Score` is one.
        statistics: Per-case values by name, each of shape (case, ...).
        counts: From `resample_counts`, shape (draws, case).

    Returns:
        What `function` gives, first axis draws.
    """
    return function({name: resampled_means(values, counts) for name, values in statistics.items()})


def interval(samples: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Percentile interval over the first axis.

    Arguments:
        samples: Shape (draws, ...).
        level: Probability inside.

    Returns:
        Low and high bound, each of shape (...).
    """
    tail = (1 - level) / 2
    low, high = np.quantile(samples, [tail, 1 - tail], axis=0)
    return low, high
