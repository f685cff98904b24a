"""Proposals: inside their ranges, reproducible, and better than chance where there is something to learn."""

import math

import pytest

from benchmark.problem import Choice, Real, Whole
from benchmark.running.tuning.budget import Budget
from benchmark.running.tuning.proposing import STARTUP, propose
from benchmark.running.tuning.record import Trial

SPACE = {"scale": Real(0.01, 100.0, log=True), "levels": Whole(2, 64, log=True), "step": Choice("one", "other")}
SCALE = {"scale": SPACE["scale"]}
SEEDS = range(30)


def trial(number, outcome="ok", mean=0.5, calls=0.0, **parameters):
    return Trial(number=number, parameters=parameters, outcome=outcome, mean=mean, seconds=0.0, calls=calls)


def scales(count=30):
    return [10 ** (-2 + 4 * (i + 0.5) / count) for i in range(count)]


def test_proposals_lie_in_their_ranges_with_three_digits():
    found = [propose(SPACE, [], Budget(), seed) for seed in SEEDS]
    assert all(list(values) == list(SPACE) for values in found)
    assert all(span.holds(values[key]) for values in found for key, span in SPACE.items())
    assert all(float(f"{values['scale']:.3g}") == values["scale"] for values in found)
    assert {values["step"] for values in found} == {"one", "other"}
    # half of the draws of a logarithmic range lie below its geometric mean: 15 of 30, std 2.7
    assert 5 < sum(values["scale"] < 1 for values in found) < 25


def test_a_proposal_is_made_by_the_trials_before_and_its_seed():
    trials = [trial(i, mean=math.log10(x) ** 2, scale=x) for i, x in enumerate(scales())]
    assert propose(SCALE, trials, Budget(), 3) == propose(SCALE, trials, Budget(), 3)
    assert propose(SCALE, trials, Budget(), 3) != propose(SCALE, trials, Budget(), 4)
    worse = [*trials[:-1], trial(29, mean=-1.0, scale=trials[-1].parameters["scale"])]
    assert propose(SCALE, trials, Budget(), 3) != propose(SCALE, worse, Budget(), 3)


def test_the_search_goes_where_scores_are_good():
    """Drawn at random |log10 scale| would be 1 in the mean, of a range from -2 to 2."""
    trials = [trial(i, mean=math.log10(x) ** 2, scale=x) for i, x in enumerate(scales())]
    found = [abs(math.log10(propose(SCALE, trials, Budget(), seed)["scale"])) for seed in SEEDS]
    assert sum(found) / len(found) < 0.5


@pytest.mark.parametrize("outcome", ["over-budget", "diverged", "failed"])
def test_the_search_leaves_where_nothing_can_be_chosen(outcome):
    """Scores get better with the scale, but above 1 nothing can be chosen; at random half would lie there."""
    from benchmark.running.tuning.record import FractionScore

    lost = FractionScore(
        obs_frac=0.1, relative_error=0.1, low=None, high=None, seconds=0.0, calls=0.0, diverged=2, experiment=""
    )
    trials = []
    for i, x in enumerate(scales()):
        bad = trial(i, outcome, None if outcome == "failed" else 1 / x, calls=20.0, scale=x)
        bad = bad.model_copy(update={"scores": (lost,)})
        trials.append(bad if x > 1 else trial(i, mean=1 / x, calls=5.0, scale=x))
    found = [propose(SCALE, trials, Budget(calls=10.0), seed)["scale"] for seed in SEEDS]
    assert sum(x > 1 for x in found) < 10
    assert sum(x > 0.1 for x in found) > 20


def test_nothing_is_learnt_of_a_setting_outside_the_range():
    outside = [trial(i, mean=0.1, scale=1e6) for i in range(2 * STARTUP)]
    assert propose(SCALE, outside, Budget(), 5) == propose(SCALE, [], Budget(), 5)
