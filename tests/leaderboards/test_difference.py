"""What changed between two result sets."""

import numpy as np
import pytest

from benchmark.running.results.result_set import ResultSet
from leaderboards.difference import Change, difference_of


def changes(before, after):
    return {(one.label, one.axes["obs_frac"]): one for one in difference_of(before, after)}


def replaced(results, new):
    kept = [new if (r.label, r.facts) == (new.label, new.facts) else r for r in results]
    return ResultSet(results.region, tuple(kept), "there")


def test_nothing_changes_between_a_set_and_itself(some):
    assert {one.change for one in difference_of(some, some)} == {Change.SAME}


def test_what_is_clearly_lower_is_better_and_the_other_way_round_worse(some, make, change):
    old = next(r for r in some if r.label == "poor")
    better = change(old, values={**old.values, "mse": {c: v * 0.9 for c, v in old.values["mse"].items()}})
    found = changes(some, replaced(some, better))["poor", 0.01]
    assert found.change is Change.BETTER
    assert found.after / found.before == pytest.approx(np.sqrt(0.9))
    assert found.high < 0
    assert changes(replaced(some, better), some)["poor", 0.01].change is Change.WORSE


def test_what_moves_within_its_noise_has_moved_and_no_more(some, change):
    old = next(r for r in some if r.label == "poor")
    noise = np.random.default_rng(0).normal(1, 0.05, len(old.times))
    moved = change(old, values={**old.values, "mse": {c: v * noise for c, v in old.values["mse"].items()}})
    found = changes(some, replaced(some, moved))["poor", 0.01]
    assert found.change is Change.MOVED
    assert found.low < 0 < found.high


def test_rounding_is_no_change(some, change):
    old = next(r for r in some if r.label == "poor")
    moved = change(old, values={**old.values, "mse": {c: v * (1 + 1e-6) for c, v in old.values["mse"].items()}})
    assert changes(some, replaced(some, moved))["poor", 0.01].change is Change.SAME


def test_what_came_and_went(some):
    less = some.only(lambda r: r.label != "poor" and r.facts["observing.obs_frac"] == 0.01)
    assert changes(less, some)["poor", 0.01].change is Change.ADDED
    assert changes(some, less)["poor", 0.01].change is Change.REMOVED
    assert changes(some, less)["good", 0.1].change is Change.REMOVED


def test_what_differs_in_the_method_is_named(some, change):
    old = next(r for r in some if r.label == "poor")
    other = change(old, facts={**old.facts, "method.version": 2})
    after = ResultSet("global", tuple(other if r is old else r for r in some), "there")
    found = changes(some, after)["poor", 0.01]
    assert found.change is Change.SAME
    assert found.facts == ("method.version",)


def test_other_observations_cannot_be_compared(some, change):
    after = tuple(change(r, observations=r.observations[::-1].copy()) for r in some)
    found = difference_of(some, ResultSet("global", after, "there"))
    assert {one.change for one in found} == {Change.NOT_COMPARABLE}
    assert found[0].facts == ("other observations",)


def test_a_method_that_begins_to_diverge_has_moved(some, make):
    broken = make("poor", 0.96, diverged=1)
    after = ResultSet("global", tuple(broken if r.id == broken.id else r for r in some), "there")
    found = changes(some, after)["poor", 0.01]
    assert found.change is Change.MOVED
    assert "diverged 0 -> 1" in found.facts
