"""The ranking rule for missing cells."""

import numpy as np
import pytest

from leaderboards.comparing import Draws, rank
from leaderboards.comparing.estimates import Estimate

TIMES = np.arange("2012-01-01", "2012-12-26", 15, dtype="datetime64[D]").astype("datetime64[s]")


def cell(value, spread=0.001):
    draws = value + np.random.default_rng(round(value * 1e6)).normal(0, spread, 2000)
    return Estimate(value, value - 2 * spread, value + 2 * spread, draws)


def ranked(cells, rivals=None):
    return rank(cells, list(rivals if rivals is not None else cells), Draws(TIMES))


def test_only_easy_cells_win_nothing():
    """The easy column alone has a lower average than everybody's; it must not count."""
    cells = {"all": [cell(0.9), cell(0.5)], "easy": [None, cell(0.4)], "hard": [cell(0.8), None]}
    found = ranked(cells)
    assert [(r.label, r.rank) for r in found] == [("all", 1), ("easy", None), ("hard", None)]
    assert [r.mean is None for r in found] == [False, True, True]
    assert [r.cells for r in found] == [2, 1, 1]


def test_of_those_that_lack_cells_the_one_with_more_stands_first():
    cells = {"one": [cell(0.1), None, None], "two": [cell(0.9), cell(0.9), None], "all": [cell(0.99)] * 3}
    assert [r.label for r in ranked(cells)] == ["all", "two", "one"]


def test_a_method_that_is_no_rival_is_never_ranked():
    found = ranked({"oracle": [cell(0.1)], "method": [cell(0.9)]}, rivals=["method"])
    assert [(r.label, r.rank) for r in found] == [("method", 1), ("oracle", None)]


def test_the_mean_is_that_of_all_cells_with_its_interval():
    found = ranked({"a": [cell(0.8), cell(0.6)], "b": [cell(0.9), cell(0.9)]})
    assert found[0].mean.value == pytest.approx(0.7)
    assert found[0].mean.low < 0.7 < found[0].mean.high
    assert [r.tied for r in found] == [True, False]


def test_a_score_that_is_not_defined_is_a_missing_cell():
    found = ranked({"a": [cell(0.8), Estimate(float("nan"), 0, 0, np.zeros(2000))], "b": [cell(0.9), cell(0.9)]})
    assert [(r.label, r.rank) for r in found] == [("b", 1), ("a", None)]
