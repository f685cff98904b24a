"""Snapshots of a small world, and plug-ins that go wrong."""

import pytest

from benchmark.observing import ObservingSpec
from benchmark.running.planning import plan_run
from benchmark.running.request import RunRequest
from benchmark.running.snapshots import take_snapshot
from benchmark.training.context import open_context
from benchmark.worlds import load_spec

PLUGINS = """
import torch

from benchmark.problem import Analysis, Cost, Method


class Diverges(Method):
    name = "diverges"

    def analyse(self, problem, members, noise):
        return Analysis.of(torch.full_like(problem.background, torch.nan)[:, None], Cost())


class Fails(Method):
    name = "fails"

    def analyse(self, problem, members, noise):
        raise ArithmeticError("no such number")


class Far(Method):
    name = "far"

    def analyse(self, problem, members, noise):
        return Analysis.of((problem.background + 100)[:, None], Cost())
"""


class Silent:
    def start(self, label, steps, done):
        pass

    def step(self, count=1):
        pass


@pytest.fixture(scope="session")
def ring(tmp_path_factory):
    """The world on a ring, open."""
    return open_context(load_spec("gaussian-ring"), tmp_path_factory.mktemp("weights"), "cpu")


@pytest.fixture
def planned(ring):
    """(labels, fields of the request, settings of the observations) -> the plan; 6 cases, 20 % observed."""

    def go(*labels, observing=None, **fields):
        spec = ObservingSpec(**{"obs_frac": 0.2, **(observing or {})})
        request = RunRequest(world=ring.world.spec, observing=spec, methods=labels, **{"cases": 6, **fields})
        return plan_run(request, ring)

    return go


@pytest.fixture
def take(ring, planned):
    """The same, and a time -> the snapshot."""

    def go(*labels, time=None, **given):
        return take_snapshot(planned(*labels, **given), ring, Silent(), time)

    return go


@pytest.fixture
def plugins(tmp_path):
    """Class -> label."""
    (tmp_path / "wrong.py").write_text(PLUGINS)
    return lambda name: f"{tmp_path / 'wrong.py'}:{name}"
