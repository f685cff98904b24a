"""Statistics in observation space: by hand, and as theory expects them where the posterior is known."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.problem import CaseNoise, LinearOperator, Observations
from benchmark.running.cases import make_problem
from benchmark.worlds import load_spec, open_world
from methods.registry import find_method
from metrics import observation_statistics

# Two channels of two points. Case 0: both points of channel 0, one of channel 1. Case 1: one of channel 0, padding.
SHAPE = (2, 1, 2)
OBSERVATIONS = Observations(
    values=torch.tensor([[1.0, 2.0, 5.0], [4.0, 0.0, 0.0]]),
    error_std=torch.tensor([[0.5, 1.0, 2.0], [0.5, torch.inf, torch.inf]]),
    operator=LinearOperator(
        torch.tensor([[[0], [1], [3]], [[1], [0], [0]]]), torch.tensor([[[1.0]] * 3, [[1.0], [0.0], [0.0]]]), SHAPE
    ),
    channel=torch.tensor([[0, 0, 1], [0, -1, -1]]),
    latitude=torch.zeros(2, 3),
    longitude=torch.zeros(2, 3),
    hashes=("a", "b"),
)
NAMES = {0: "z500", 1: "t850"}
BACKGROUND = torch.tensor([[0.0, 1.0, 9.0, 1.0], [0.0, 3.0, 9.0, 9.0]]).reshape(2, *SHAPE)
# means 0.5, 2, 9, 3 and 0, 3.5, 9, 9; unbiased variances at the observed points 0.5, 0, 8 and 0.5
MEMBERS = torch.tensor(
    [[[0.0, 2.0, 9.0, 1.0], [1.0, 2.0, 9.0, 5.0]], [[0.0, 3.0, 9.0, 9.0], [0.0, 4.0, 9.0, 9.0]]]
).reshape(2, 2, *SHAPE)


def test_by_hand() -> None:
    found = observation_statistics(OBSERVATIONS, None, MEMBERS, BACKGROUND, NAMES)
    table = {key: (found.values[:, i].tolist(), found.counts[:, i].tolist()) for i, key in enumerate(found.keys)}
    assert table == {
        # departures / std: (0.5 / 0.5, 0), (2 / 2); (0.5 / 0.5)
        ("misfit", "z500"): ([0.5, 1.0], [2, 1]),
        ("misfit", "t850"): ([1.0, 0.0], [1, 0]),
        # innovations / std: (1 / 0.5, 1), (4 / 2); (1 / 0.5)
        ("innovation", "z500"): ([2.5, 4.0], [2, 1]),
        ("innovation", "t850"): ([4.0, 0.0], [1, 0]),
        ("desroziers", "z500"): ([1.0, 2.0], [2, 1]),
        ("desroziers", "t850"): ([2.0, 0.0], [1, 0]),
        # 3/2 variance / R: (3/2 * 0.5 / 0.25, 0), 3/2 * 8 / 4; 3/2 * 0.5 / 0.25
        ("variance", "z500"): ([1.5, 3.0], [2, 1]),
        ("variance", "t850"): ([3.0, 0.0], [1, 0]),
        ("chi2", "z500"): ([(1 / 4 + 0) / 2, 1 / 4], [2, 1]),
        ("chi2", "t850"): ([1 / 4, 0.0], [1, 0]),
    }
    mean = found.mean()
    assert mean["misfit", "z500"] == pytest.approx((2 * 0.5 + 1 * 1.0) / 3)
    assert mean["misfit", "t850"] == 1.0


def test_a_single_analysis_has_no_consistency_and_withheld_values_have_their_own_names() -> None:
    found = observation_statistics(OBSERVATIONS, OBSERVATIONS, MEMBERS[:, :1], BACKGROUND, NAMES, ensemble=MEMBERS)
    names = list(dict.fromkeys(name for name, _ in found.keys))
    assert names == ["misfit", "innovation", "desroziers", "chi2_innovation", "misfit_withheld", "innovation_withheld"]
    both = observation_statistics(OBSERVATIONS, OBSERVATIONS, MEMBERS, BACKGROUND, NAMES).mean()
    assert both["chi2_withheld", "z500"] == both["chi2", "z500"] == pytest.approx((1 / 4 + 1 / 4) / 3)
    assert ("desroziers_withheld", "z500") not in both
    # the background's members stand in for the analysis's
    assert found.mean()["chi2_innovation", "z500"] == both["chi2", "z500"]


def test_an_analysis_that_is_not_finite_spoils_its_own_case_only() -> None:
    members = MEMBERS.clone()
    members[0] = torch.nan
    found = observation_statistics(OBSERVATIONS, None, members, BACKGROUND, NAMES)
    misfit = [found.keys.index(("misfit", name)) for name in NAMES.values()]
    assert np.isnan(found.values[0, misfit]).all()
    assert found.values[1, misfit].tolist() == [1.0, 0.0]


def test_nothing_observed_weighs_nothing() -> None:
    nothing = Observations.none(BACKGROUND, ("a", "b"))
    found = observation_statistics(nothing, nothing, MEMBERS, BACKGROUND, NAMES)
    assert not found.counts.any()
    assert not found.values.any()
    assert found.mean() == {}


CASES = 256


@pytest.fixture(scope="module")
def ring():
    """(world, problem, withheld observations, quantities) of the world that knows its posterior."""
    world = open_world(load_spec("gaussian-ring"))
    spec = ObservingSpec.make(obs_frac=0.25, obs_std=0.2, withhold=0.3)
    system = ObservingSystem(spec, world.grid, world.channels, world.normalisation, world.name)
    times = world.times("test")[:CASES]
    truth, problem = make_problem(world, system, times)
    return world, problem, system.split(truth, times)[1], system.quantities


def analyse(world, problem, name, members=1):
    method = find_method(name)(**world.spec.methods.get(name, {}))
    method.load({key: world.provide(key) for key in method.components})
    with torch.no_grad():
        return method.analyse(problem, members, CaseNoise(range(len(problem)))).members


def mean_and_error(found, statistic, quantity):
    """Mean over all values, and its standard error from the cases, which are independent."""
    column = found.keys.index((statistic, quantity))
    values, counts = found.values[:, column], found.counts[:, column]
    mean = (values * counts).sum() / counts.sum()
    return mean, math.sqrt((counts**2 * (values - mean) ** 2).sum()) / counts.sum()


def test_samples_of_the_exact_posterior_are_reliable_on_withheld_values(ring) -> None:
    world, problem, withheld, quantities = ring
    members = analyse(world, problem, "exact", 40)
    found = observation_statistics(problem.observations, withheld, members, problem.background, quantities)
    assert list(quantities.values()) == ["z500", "t850"]
    confident = observation_statistics(
        problem.observations,
        withheld,
        members.mean(1, keepdim=True) + 0.5 * (members - members.mean(1, keepdim=True)),
        problem.background,
        quantities,
    )
    for quantity in quantities.values():
        value, error = mean_and_error(found, "chi2_withheld", quantity)
        assert error < 0.06
        # 40 members' variance in the denominator adds less than 2 / 37 to it: (M - 1) / (M - 3)
        assert 1 - 3.5 * error < value < 1 + 3.5 * error + 2 / 37
        mean = found.mean()
        ratio = mean["misfit_withheld", quantity] / (1 + mean["variance_withheld", quantity])
        assert abs(ratio - 1) < 3.5 * error
        # the values that it was drawn to are nearer than that, the same ones seen with half the spread further
        assert mean["chi2", quantity] < 1 - 3.5 * error
        too_confident, error = mean_and_error(confident, "chi2_withheld", quantity)
        assert too_confident > 1 + 3.5 * error
        assert mean["misfit_withheld", quantity] < mean["innovation_withheld", quantity]


def test_few_members_are_as_reliable_as_many(ring) -> None:
    world, problem, withheld, quantities = ring
    members = analyse(world, problem, "exact", 3)
    found = observation_statistics(problem.observations, withheld, members, problem.background, quantities)
    mean = found.mean()
    for quantity in quantities.values():
        error = mean_and_error(found, "misfit_withheld", quantity)[1] / mean["misfit_withheld", quantity]
        # without the factor (1 + 1/M) in the variance the ratio would be a quarter of its share above 1
        ratio = mean["misfit_withheld", quantity] / (1 + mean["variance_withheld", quantity])
        assert abs(ratio - 1) < 3.5 * error
        without = mean["misfit_withheld", quantity] / (1 + mean["variance_withheld", quantity] * 3 / 4)
        assert without > 1 + 3.5 * error


def test_desroziers_is_one_for_3dvar_with_the_exact_b(ring) -> None:
    world, problem, withheld, quantities = ring
    members = analyse(world, problem, "3dvar")
    found = observation_statistics(problem.observations, withheld, members, problem.background, quantities)
    # an R that is told four times too large is found out
    told = dataclasses.replace(problem.observations, error_std=2 * problem.observations.error_std)
    wrong = dataclasses.replace(problem, observations=told)
    other = observation_statistics(told, None, analyse(world, wrong, "3dvar"), problem.background, quantities)
    for quantity in quantities.values():
        value, error = mean_and_error(found, "desroziers", quantity)
        assert error < 0.05
        assert abs(value - 1) < 3.5 * error
        value, error = mean_and_error(other, "desroziers", quantity)
        assert value < 1 - 3.5 * error


def test_members_of_the_background_are_consistent_with_the_innovations(ring) -> None:
    world, problem, _, quantities = ring
    ensemble = world.ensemble(problem.times, 40)
    found = observation_statistics(
        problem.observations, None, problem.background[:, None], problem.background, quantities, ensemble
    )
    for quantity in quantities.values():
        value, error = mean_and_error(found, "chi2_innovation", quantity)
        assert 1 - 3.5 * error < value < 1 + 3.5 * error + 2 / 37
