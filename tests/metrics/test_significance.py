"""The moving-block bootstrap: its blocks, its means and the coverage of its intervals."""

import math

import numpy as np
import pandas as pd
import pytest

from metrics import (
    block_length,
    bootstrap,
    find_score,
    interval,
    relative_error,
    resample_counts,
    resample_indices,
)


@pytest.mark.parametrize(
    ("periods", "freq", "expected"),
    [
        (400, "12h", 20),  # ten days
        (400, "1D", 10),
        (400, "30D", 8),  # 400^(1/3) = 7.37
        (27, "30D", 3),  # the root of a cube is not rounded up
        (40, "6h", 10),  # ten days are 40 cases: held to a quarter
        (3, "1D", 1),
        (1, "1D", 1),
    ],
)
def test_block_length(periods, freq, expected):
    assert block_length(pd.date_range("2020-01-01", periods=periods, freq=freq).values) == expected


def test_times_out_of_order_are_refused():
    with pytest.raises(ValueError, match="ascend"):
        block_length(np.array(["2020-01-02", "2020-01-01"], dtype="datetime64[ns]"))


def test_blocks_are_consecutive_and_do_not_wrap():
    n, length = 10, 4
    indices = resample_indices(n, length, 500, seed=3)
    assert indices.shape == (500, n)
    for start in range(0, n, length):
        block = indices[:, start : start + length]
        assert (np.diff(block, axis=1) == 1).all()
        assert set(block[:, 0]) == set(range(n - length + 1))


def test_the_seed_decides_the_resamples():
    first, again, other = (resample_indices(50, 5, 20, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("length", [0, 11])
def test_a_block_longer_than_the_series_is_refused(length):
    with pytest.raises(ValueError, match="block"):
        resample_indices(10, length, 1, 0)


def test_blocks_of_one_are_the_ordinary_bootstrap():
    # exactly numpy's draw with replacement, and exactly the mean of what was drawn
    indices = resample_indices(8, 1, 100, seed=4)
    np.testing.assert_array_equal(indices, np.random.Generator(np.random.PCG64(4)).integers(0, 8, size=(100, 8)))
    values = np.arange(8.0)[:, None] ** 2  # multiples of 1/8 sum without rounding
    samples = bootstrap(lambda m: m["x"], {"x": values}, resample_counts(indices))
    np.testing.assert_array_equal(samples, values[indices].mean(1))


def test_scores_are_taken_of_the_resampled_means():
    mse = np.random.default_rng(5).uniform(1, 4, size=(30, 3))
    indices = resample_indices(30, 4, 50, seed=5)
    samples = bootstrap(find_score("rmse"), {"mse": mse}, resample_counts(indices))
    # 30 terms, each rounded twice
    np.testing.assert_allclose(samples, np.sqrt(mse[indices].mean(1)), rtol=60 * np.finfo(float).eps)


def test_paired_difference_of_relative_errors():
    rng = np.random.default_rng(6)
    difficulty = rng.uniform(1, 20, size=(40, 1))
    statistics = {
        name: difficulty * rng.uniform(0.9, 1.1, size=(40, 3)) * s for name, s in zip("bxy", (4, 1, 1.2), strict=True)
    }
    indices = resample_indices(40, 5, 300, seed=7)

    def relative(means, name):
        return relative_error(np.sqrt(means[name]), np.sqrt(means["b"]))

    joint = bootstrap(lambda m: relative(m, "x") - relative(m, "y"), statistics, resample_counts(indices))
    x, y = (bootstrap(lambda m, k=k: relative(m, k), statistics, resample_counts(indices)) for k in "xy")
    np.testing.assert_array_equal(joint, x - y)
    low, high = interval(joint)
    # sqrt(1/4) - sqrt(1.2/4) = -0.048; the case's difficulty, common to all, cancels in every ratio
    assert low < 0.5 - math.sqrt(0.3) < high < 0
    raw_low, raw_high = interval(bootstrap(lambda m: np.sqrt(m["x"]).mean(-1), statistics, resample_counts(indices)))
    assert high - low < 0.1 * (raw_high - raw_low)


def test_interval_by_hand():
    low, high = interval(np.stack([np.arange(101.0), 2 * np.arange(101.0)], axis=1), level=0.9)
    np.testing.assert_allclose(low, [5, 10], rtol=1e-12)
    np.testing.assert_allclose(high, [95, 190], rtol=1e-12)


def expected_coverage(phi: float, n: int, length: int) -> float:
    """Coverage of a nominal 95 % interval of the mean of an AR(1) series, to first order.

    The block bootstrap's variance has the expectation sum_{|k|<l} (1 - |k|/l) gamma_k - (l/n) V instead of
    V = sum_k gamma_k (Künsch 1989), and the relative variance 4 l / (3 n), taken as a gamma distribution.
    """
    lags = np.arange(1, length)
    variance = 1 + 2 * phi / (1 - phi)
    ratio = (1 + 2 * np.sum((1 - lags / length) * phi**lags)) / variance - length / n
    shape = 3 * n / (4 * length)
    ratios = np.random.default_rng(0).gamma(shape, ratio / shape, size=20_000)
    return float(np.mean([math.erf(1.959964 * math.sqrt(r / 2)) for r in ratios]))


@pytest.mark.parametrize(("phi", "length"), [(0.0, 1), (0.5, 1), (0.5, 8), (0.8, 20)])
def test_coverage_on_autoregressive_series(phi, length):
    n, repetitions, burn_in = 400, 600, 100
    rng = np.random.default_rng(8)
    x = np.zeros((n + burn_in, repetitions))
    for i in range(1, n + burn_in):
        x[i] = phi * x[i - 1] + rng.normal(size=repetitions)
    indices = resample_indices(n, length, 1000, seed=9)
    low, high = interval(bootstrap(lambda m: m["x"], {"x": x[burn_in:]}, resample_counts(indices)))
    covered = np.mean((low < 0) & (high > 0))
    expected = expected_coverage(phi, n, length)
    # three binomial standard deviations, and one per cent for what is of second order
    assert abs(covered - expected) < 3 * math.sqrt(expected * (1 - expected) / repetitions) + 0.01


def test_the_theory_tells_blocks_from_single_cases():
    assert expected_coverage(0.5, 400, 1) < 0.76
    assert expected_coverage(0.5, 400, 8) > 0.90
