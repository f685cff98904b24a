"""Paired tests: their level, Holm's correction, and the number of cases that a correlated series is worth."""

import numpy as np
import pytest

from metrics import effective_size, holm, p_value, resample_counts, resample_indices, resampled_means, student_interval


def series(n, phi, repetitions, seed):
    """AR(1) with unit innovations, shape (n, repetitions)."""
    rng = np.random.default_rng(seed)
    x = np.zeros((n + 100, repetitions))
    for i in range(1, n + 100):
        x[i] = phi * x[i - 1] + rng.normal(size=repetitions)
    return x[100:]


def test_holm_by_hand():
    # sorted .01 .02 .03 .2 times 4 3 2 1, never falling
    np.testing.assert_allclose(holm([0.03, 0.01, 0.2, 0.02]), [0.06, 0.04, 0.2, 0.06])
    np.testing.assert_allclose(holm([0.5, 0.9]), [1.0, 1.0])
    np.testing.assert_allclose(holm([0.04, np.nan, 0.03]), [0.06, np.nan, 0.06])
    assert holm([]).shape == (0,)


def test_holm_keeps_the_family_wise_level():
    rng = np.random.default_rng(1)
    wrong = [(holm(rng.uniform(size=20)) < 0.05).any() for _ in range(4000)]
    # exactly 1 - (1 - .05/20)^20 = .0488 for the smallest; three standard errors of 4000 trials
    assert np.mean(wrong) == pytest.approx(0.0488, abs=0.0102)


@pytest.mark.parametrize(("phi", "length"), [(0.0, 1), (0.5, 8)])
def test_p_values_of_equal_methods_are_below_a_level_that_often(phi, length):
    n, repetitions = 200, 800
    x = series(n, phi, repetitions, seed=2)
    counts = resample_counts(resample_indices(n, length, 500, seed=3))
    draws = resampled_means(x, counts)
    p = np.array([p_value(x[:, i].mean(), draws[:, i], n / length) for i in range(repetitions)])
    # a block bootstrap's variance is somewhat small, so the level is met from above
    assert 0.03 < (p < 0.05).mean() < 0.1


def test_p_value_at_its_ends():
    assert p_value(0.0, np.zeros(10), 8) == 1
    assert p_value(0.1, np.full(10, 0.1), 8) == 0
    assert np.isnan(p_value(0.1, np.arange(10.0), 1.5))
    draws = np.random.default_rng(4).normal(0.3, 0.01, 1000)
    few, many = p_value(0.3, draws, 4), p_value(0.3, draws, 50)
    assert many < few < 0.001
    assert p_value(-0.3, -draws, 50) == many


@pytest.mark.parametrize(("phi", "length"), [(0.0, 4), (0.6, 20)])
def test_effective_size_of_an_autoregressive_series(phi, length):
    n = 2000
    x = series(n, phi, 20, seed=5)
    counts = resample_counts(resample_indices(n, length, 400, seed=6))
    found = np.mean([effective_size(x[:, i], counts) for i in range(20)])
    assert found == pytest.approx(n * (1 - phi) / (1 + phi), rel=0.15)


def test_effective_size_of_few_or_equal_cases():
    counts = resample_counts(resample_indices(5, 1, 50, seed=7))
    assert effective_size(np.ones(5), counts) == 5
    assert effective_size(np.ones(1), np.ones((50, 1))) == 1


def test_the_interval_excludes_zero_where_the_p_value_is_below_the_level():
    draws = np.random.default_rng(8).normal(0.0, 1.0, 4000)
    for difference in (1.9, 2.1, 2.3, 2.5):
        low, high = student_interval(difference, draws, 9)
        assert (low > 0) == (p_value(difference, draws, 9) < 0.05)
        assert (low + high) / 2 == pytest.approx(difference)
    # 2.306 is Student's 97.5 % point with eight degrees of freedom
    assert high - low == pytest.approx(2 * 2.306 * draws.std(ddof=1), rel=1e-3)
    assert np.isnan(student_interval(1.0, draws, 1.9)).all()
