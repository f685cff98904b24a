"""The cycling protocol."""

import numpy as np
import pytest
import torch

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.problem import Analysis, CaseNoise, Cost, Method, Problem
from benchmark.running.cycled import _rows, standard_error
from benchmark.running.cycling import Series, cycle
from benchmark.worlds import load_spec, open_world
from benchmark.worlds.cycled import CycledWorld
from methods.registry import find_method

LETKF = {"centre": "ensemble", "inflation": 1.04, "rotate": True, "unit": "cells", "radius": 6.0}


@pytest.fixture(scope="module")
def world() -> CycledWorld:
    opened = open_world(load_spec("lorenz96"))
    assert isinstance(opened, CycledWorld)
    return opened


def system_of(world, **settings):
    spec = ObservingSpec.make(**{**world.spec.observing, **settings})
    return ObservingSystem(spec, world.grid, world.channels, world.normalisation, world.name)


def run(world, name, seeds, cycles=20, ensemble=10, observing=None, **parameters):
    method = find_method(name)(**parameters)
    method.load({part: world.provide(part) for part in method.components})
    return cycle(method, world, system_of(world, **(observing or {})), seeds, cycles, ensemble)


@pytest.mark.parametrize(("name", "parameters"), [("letkf", LETKF), ("enkf", {"centre": "ensemble"}), ("3dvar", {})])
@pytest.mark.parametrize("observing", [{}, {"network": "random", "obs_frac": 0.5}])
def test_a_seed_does_not_know_of_the_others(world, name, parameters, observing):
    several = run(world, name, [0, 1, 2], observing=observing, **parameters)
    alone = run(world, name, [1], observing=observing, **parameters)
    # chaos doubles rounding every eight cycles
    np.testing.assert_allclose(several.analysis[:, 1], alone.analysis[:, 0], atol=1e-3)
    np.testing.assert_allclose(several.forecast[:3, 1], alone.forecast[:3, 0], atol=1e-5)
    assert abs(several.analysis[5:, 0] - several.analysis[5:, 1]).max() > 1e-3


def test_an_analysis_is_better_than_its_forecast(world):
    series = run(world, "letkf", range(8), cycles=60, **LETKF)
    assert series.analysis[20:].mean() < 0.97 * series.forecast[20:].mean()
    assert 0.15 < series.analysis[20:].mean() < 0.3
    assert not series.lost.any()
    assert series.spread.shape == (60, 8)


class Breaks(Method):
    """Analyses of the second run are not finite from the fifth cycle on."""

    name = "breaks"

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        self.calls += 1
        states = problem.observations.values.reshape(problem.background.shape)[:, None].clone()
        if self.calls == 5:
            states[1] = torch.nan
        return Analysis.of(states, Cost())


def test_a_run_that_breaks_is_counted_and_the_others_go_on(world):
    series = cycle(Breaks(), world, system_of(world), [0, 1, 2], 12, 1)
    assert series.lost.tolist() == [False, True, False]
    assert np.isfinite(series.analysis).all()
    # the others take the observations as they are, whose error has std 1
    assert series.analysis[:, [0, 2]].mean() == pytest.approx(1.0, abs=0.08)


def test_a_run_that_loses_the_truth_for_a_tenth_of_it_is_told_from_one_that_finds_it_again():
    analysis = np.full((110, 4), 0.2)
    analysis[50:53, 1] = 2.0  # lost and found
    analysis[80:, 2] = 1.2
    analysis[100, 3] = np.nan
    series = Series(analysis, analysis, analysis, np.zeros(4, dtype=bool), 1.0)
    rows = _rows(series, [5, 6, 7, 8], 10, 1.0, "id", "etkf")
    status = rows.drop_duplicates("seed").set_index("seed")["status"]
    assert status.to_dict() == {5: "ok", 6: "ok", 7: "diverged", 8: "diverged"}


def test_the_standard_error_of_a_correlated_series():
    rng = np.random.default_rng(0)
    series = np.zeros((20000, 4))
    for t in range(1, len(series)):
        series[t] = 0.8 * series[t - 1] + 0.6 * rng.standard_normal(4)
    # of an AR(1) process of unit variance: sqrt((1 + a) / (1 - a) / n)
    np.testing.assert_allclose(standard_error(series), (9 / 20000) ** 0.5, rtol=0.35)
