"""Ensemble statistics against their definitions, point by point, and against theory."""

import itertools
import math

import numpy as np
import pytest

from benchmark.problem import Channel, Grid
from metrics import Scorer
from metrics.sorting import exchanges, sorted_members

GRID = Grid((0.0,), tuple(np.arange(0.0, 360, 6.0)))


def compute(statistic, members, truth):
    """Members (member, point) and truth (point,) -> the statistic's numbers."""
    scorer = Scorer(GRID, [Channel("x")], statistics=[statistic], regions={"global": np.ones(GRID.shape)})
    return scorer.compute(members[None, :, None, None], truth[None, None, None], None, None)[0]


@pytest.mark.parametrize("n", [*range(1, 18), 31, 50])
def test_the_network_sorts(n):
    members = np.random.default_rng(n).integers(0, 9, size=(n, 200)).astype(np.float32)
    kept = members.copy()
    np.testing.assert_array_equal(sorted_members(members), np.sort(members, axis=0))
    np.testing.assert_array_equal(members, kept)


def test_the_network_is_batchers():
    # his counts of comparisons for 2, 4, 8 and 16 values
    assert [len(exchanges(n)) for n in (2, 4, 8, 16)] == [1, 5, 19, 63]


@pytest.mark.parametrize("n", [2, 3, 5, 8, 20])
def test_crps_by_its_double_sum(n):
    rng = np.random.default_rng(n)
    members, truth = rng.normal(size=(n, 60)) + 1e5, rng.normal(size=60) + 1e5
    pairs = [np.abs(a - b).mean() for a, b in itertools.permutations(members, 2)]
    assert compute("crps_spread", members, truth).item() == pytest.approx(np.mean(pairs), rel=1e-13)
    assert compute("crps_skill", members, truth).item() == pytest.approx(np.abs(members - truth).mean(), rel=1e-13)


def test_crps_of_a_gaussian():
    """Members and truth of N(0, 1): skill and spread are both 2 / sqrt(pi), whatever the number of members."""
    rng = np.random.default_rng(0)
    skill, spread = [], []
    for _ in range(300):
        members, truth = rng.normal(size=(3, 60)), rng.normal(size=60)
        skill.append(compute("crps_skill", members, truth).item())
        spread.append(compute("crps_spread", members, truth).item())
    # 54000 differences of standard deviation 0.85, three of a point dependent
    assert np.mean(skill) == pytest.approx(2 / math.sqrt(math.pi), abs=0.015)
    assert np.mean(spread) == pytest.approx(2 / math.sqrt(math.pi), abs=0.015)


def test_energy_score_by_its_definition():
    rng = np.random.default_rng(4)
    members, truth = rng.normal(size=(4, 60)), rng.normal(size=60)

    def norm(x):
        return np.sqrt(np.mean(x**2))

    expected = np.mean([norm(m - truth) for m in members])
    expected -= np.mean([norm(a - b) for a, b in itertools.pairwise(members)]) / 2
    assert compute("energy_score", members, truth).item() == pytest.approx(expected, rel=1e-13)


def test_ranks_are_counted():
    truth = np.zeros(60)
    members = np.ones((3, 60))
    members[:2, :15] = -1
    members[0, 15:45] = -1
    np.testing.assert_allclose(compute("rank_histogram", members, truth), [0.25, 0.5, 0.25, 0], rtol=1e-14)


def test_ties_are_shared_as_weatherbench2_shares_them_on_average():
    truth = np.zeros(60)
    members = np.zeros((3, 60))
    # all equal: every rank alike
    np.testing.assert_allclose(compute("rank_histogram", members, truth), [0.25] * 4, rtol=1e-14)
    # one below, one equal, one above: rank 1 or 2
    members[0], members[2] = -1, 1
    np.testing.assert_allclose(compute("rank_histogram", members, truth), [0, 0.5, 0.5, 0], rtol=1e-14)


def test_many_members_do_not_overflow_the_counts():
    members = np.full((300, 60), -1.0)
    shares = compute("rank_histogram", members, np.zeros(60))
    assert shares[300] == 1
    assert shares.sum() == 1
