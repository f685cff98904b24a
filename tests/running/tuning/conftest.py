"""Tunings on the small world: of 3dvar, and of a method whose score and cost are known by its one parameter."""

import json
import os

import pytest

from benchmark.observing import ObservingSpec
from benchmark.running.tuning.request import TuneRequest
from benchmark.running.tuning.tuning import tune
from benchmark.worlds import load_spec

# Its error is least at by = 1, its cost grows with it, and at both ends it fails, each time in another way.
PLUGIN = """
import os
import time

from benchmark.problem import Analysis, BenchError, Cost, Method, Real


class Nudge(Method):
    name = "nudge"
    defaults = {"by": 0.8, "off": 0.0}
    search = {"by": Real(0.0, 2.0)}

    def analyse(self, problem, members, noise):
        time.sleep(float(os.environ.get("NUDGE_SLEEP_S", "0")))
        if self["by"] > 1.8:
            raise BenchError("That is too far; go less far.")
        xa = problem.background + (self["by"] - 1.0) ** 2
        if self["by"] < 0.2:
            xa = xa * float("nan")
        elif self["by"] < 0.4:
            first = problem.times == problem.times.min()
            xa[first] = float("nan")
        return Analysis.of(xa[:, None], Cost(network_forwards=100.0 * self["by"]))
"""


class Silent:
    def start(self, label, steps, done):
        pass

    def step(self, count=1):
        pass

    def note(self, text):
        pass


@pytest.fixture(scope="session")
def nudge(tmp_path_factory):
    """The plug-in, as the user names it."""
    file = tmp_path_factory.mktemp("plugin") / "nudge.py"
    file.write_text(PLUGIN)
    return f"{file}:Nudge"


@pytest.fixture(scope="session")
def ask(small_world):
    """(folder, methods, fields) -> the request; 6 cases, 10 % observed."""

    def make(out, *methods, **fields):
        return TuneRequest(
            methods=methods,
            out=out,
            weights=small_world.weights,
            device="cpu",
            **{
                "world": load_spec(small_world.world),
                "observing": (ObservingSpec(obs_frac=0.1),),
                "trials": 4,
                "cases": 6,
                **fields,
            },
        )

    return make


@pytest.fixture(scope="session")
def search(ask):
    """(folder, method, fields) -> its tuning."""

    def go(out, method, **fields):
        (tuning,) = tune(ask(out, method, **fields), Silent())
        return tuning

    return go


@pytest.fixture(scope="session")
def timeless():
    """Trials without the seconds that they took."""

    def of(tuning):
        trials = json.loads(tuning.model_dump_json())["trials"]
        for trial in trials:
            del trial["seconds"]
            for score in trial["scores"]:
                del score["seconds"]
        return trials

    return of


@pytest.fixture
def environment():
    return {**os.environ, "OMP_NUM_THREADS": "1"}
