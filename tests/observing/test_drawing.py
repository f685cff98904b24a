"""Drawing points: exact numbers, no replacement, probabilities proportional to area."""

import numpy as np
import pytest
from scipy.stats import chi2

from benchmark.observing import draw_points
from benchmark.problem import Grid

CENTRES = tuple(-90 + 180 * (i + 0.5) / 32 for i in range(32))
GLOBE = Grid(CENTRES, tuple(5.625 * i for i in range(64)))


def _row_chi_square(weights: np.ndarray, draws: int, count: int) -> float:
    """Pearson's statistic of how often each latitude row was drawn against its share of the sphere."""
    rng = np.random.default_rng(20240229)
    points = np.concatenate([draw_points(count, weights, rng) for _ in range(draws)])
    observed = np.bincount(points // 64, minlength=32)
    edges = np.sin(np.deg2rad(np.linspace(-90, 90, 33)))
    expected = len(points) * np.diff(edges) / 2
    return float(((observed - expected) ** 2 / expected).sum())


def test_rows_are_drawn_in_proportion_to_their_area_at_the_1_per_mille_level() -> None:
    # Drawing without replacement spreads counts less than the multinomial law does, so the level is an upper bound.
    bound = chi2.ppf(0.999, df=31)
    assert _row_chi_square(GLOBE.cell_area.ravel(), draws=500, count=41) < bound
    assert _row_chi_square(np.ones(32 * 64), draws=500, count=41) > 10 * bound


@pytest.mark.parametrize(
    ("area", "count", "inclusion"),
    [
        ([1, 2, 3, 4], 2, [0.2, 0.4, 0.6, 0.8]),
        # 3 * 10 / 16 > 1 is sure; the rest share two draws: 2 * (1, 2, 3) / 6, and 3 becomes sure as well.
        ([1, 10, 2, 3], 3, [1 / 3, 1, 2 / 3, 1]),
        ([5, 5, 5], 1, [1 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_inclusion_probabilities_are_exact(area: list[float], count: int, inclusion: list[float]) -> None:
    rng = np.random.default_rng(7)
    draws = 8000
    drawn = np.zeros(len(area))
    for _ in range(draws):
        drawn[draw_points(count, np.array(area, float), rng)] += 1
    p = np.array(inclusion)
    # Four standard errors of a binomial share; a sure point has none.
    np.testing.assert_array_less(np.abs(drawn / draws - p), 4 * np.sqrt(p * (1 - p) / draws) + 1e-12)


def test_equal_areas_give_every_subset_the_same_chance() -> None:
    rng = np.random.default_rng(11)
    pairs = [tuple(draw_points(2, np.ones(4), rng).tolist()) for _ in range(3000)]
    counts = np.array([pairs.count((i, j)) for i in range(4) for j in range(i + 1, 4)])
    assert counts.sum() == 3000
    # Six pairs: four binomial standard errors are 4 * sqrt(3000 * 1/6 * 5/6) = 82.
    assert np.all(np.abs(counts - 500) < 82)


@pytest.mark.parametrize("count", [0, 1, 700, 2047, 2048])
def test_exactly_as_many_different_points_as_asked(count: int) -> None:
    points = draw_points(count, GLOBE.cell_area.ravel(), np.random.default_rng(count))
    assert len(points) == len(set(points.tolist())) == count
    assert np.all(np.diff(points) > 0)


def test_more_points_than_there_are() -> None:
    with pytest.raises(ValueError, match="5 of 4 points"):
        draw_points(5, np.ones(4), np.random.default_rng(0))
