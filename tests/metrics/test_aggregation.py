"""Aggregation does not depend on chunks or order."""

import numpy as np
import pytest

from benchmark.problem import BenchError
from metrics import State

VALUES = np.random.default_rng(1).normal(size=(23, 4)) + 5
WEIGHTS = np.random.default_rng(2).uniform(0.5, 2, size=23)
# 23 additions of positive numbers err by at most 23 units in the last place
TOLERANCE = 23 * np.finfo(float).eps


def test_weighted_mean_by_hand():
    state = State.from_values(np.array([[1.0, 10.0], [4.0, 20.0]]), [1, 2])
    np.testing.assert_array_equal(state.total, [9, 50])
    assert state.weight == 3
    np.testing.assert_allclose(state.mean(), [3, 50 / 3], rtol=1e-15)


@pytest.mark.parametrize("size", [1, 7, 23])
@pytest.mark.parametrize("backwards", [False, True])
def test_any_chunks_in_any_order(size, backwards):
    chunks = [slice(i, i + size) for i in range(0, 23, size)]
    state = State.zero()
    for chunk in reversed(chunks) if backwards else chunks:
        state += State.from_values(VALUES[chunk], WEIGHTS[chunk])
    np.testing.assert_allclose(state.mean(), np.average(VALUES, axis=0, weights=WEIGHTS), rtol=2 * TOLERANCE)


def test_grouping_of_additions():
    a, b, c = (State.from_values(VALUES[i : i + 7], 0.5) for i in (0, 7, 14))
    left, right = (a + b) + c, a + (b + c)
    np.testing.assert_allclose(left.total, right.total, rtol=TOLERANCE)
    assert left.weight == right.weight == 10.5


def test_zero_changes_nothing():
    state = State.from_values(VALUES)
    for total in (state + State.zero(), State.zero() + state):
        np.testing.assert_array_equal(total.total, state.total)
        assert total.weight == 23


def test_a_nan_case_makes_its_channel_nan():
    values = VALUES.copy()
    values[3, 1] = np.nan
    assert np.isnan(State.from_values(values).mean()).tolist() == [False, True, False, False]


def test_no_cases_have_no_mean():
    with pytest.raises(BenchError, match="no cases"):
        State.zero().mean()
