"""Scores of mean statistics, worked out by hand."""

import numpy as np
import pytest

from benchmark.problem import BenchError
from metrics import SCORES, SPECIAL_SCORES, STATISTICS, State, find_score, relative_error


def test_every_score_needs_known_statistics():
    known = {s.name for s in STATISTICS}
    for score in (*SCORES, *SPECIAL_SCORES):
        assert set(score.statistics) <= known
        assert find_score(score.name) is score


@pytest.mark.parametrize(
    ("name", "statistic", "expected"),
    [
        ("rmse", "mse", [3, 2]),
        ("rmse_per_case", "rmse_case", [9, 4]),
        ("mae", "mae", [9, 4]),
        ("bias", "bias", [9, 4]),
        ("acc", "acc", [9, 4]),
        ("rmse_member", "mse_member", [3, 2]),
        ("spread", "variance", [3, 2]),
        ("mse_debiased", "mse_debiased", [9, 4]),
        ("energy_score", "energy_score", [9, 4]),
        ("wind_rmse", "wind_mse", [3, 2]),
    ],
)
def test_function_of_the_mean(name, statistic, expected):
    score = find_score(name)
    assert score.statistics == (statistic,)
    np.testing.assert_array_equal(score({statistic: np.array([9.0, 4.0])}), expected)


def test_crps_is_skill_less_half_the_spread():
    means = {"crps_skill": np.array([2.0, 3.0]), "crps_spread": np.array([1.0, 0.0])}
    np.testing.assert_array_equal(find_score("crps")(means), [1.5, 3.0])


def test_spread_over_skill_of_fortin():
    """Of M = 4 members: sqrt((M + 1) / M * variance / mse); 1 where the truth is like a member."""
    variance, mse = np.array([4.0, 4.0, 0.0]), np.array([5.0, 20.0, 3.0])
    means = {"variance": variance, "mse": mse, "mse_debiased": mse - variance / 4}
    np.testing.assert_allclose(find_score("spread_skill")(means), [1, 0.5, 0], rtol=1e-14)
    perfect = {name: np.zeros(1) for name in means}
    assert np.isnan(find_score("spread_skill")(perfect))


def test_the_two_rmse_conventions_differ():
    mse = np.array([[1.0], [49.0]])
    rmse = find_score("rmse")({"mse": State.from_values(mse).mean()})
    per_case = find_score("rmse_per_case")({"rmse_case": State.from_values(np.sqrt(mse)).mean()})
    assert (rmse.item(), per_case.item()) == (5.0, 4.0)


def test_relative_error_is_the_mean_of_ratios():
    # ratios 1/2 and 1/4: their mean is 3/8, whatever the channels' units
    assert relative_error(np.array([1.0, 100.0]), np.array([2.0, 400.0])) == 0.375
    draws = relative_error(np.array([[1.0, 100.0], [2.0, 400.0]]), np.array([2.0, 400.0]))
    np.testing.assert_array_equal(draws, [0.375, 1.0])


def test_a_perfect_background_has_no_relative_error():
    with pytest.raises(BenchError, match="background"):
        relative_error(np.array([1.0, 1.0]), np.array([1.0, 0.0]))


def test_an_unknown_score_names_the_nearest():
    with pytest.raises(BenchError, match="did you mean 'spread'"):
        find_score("spred")
