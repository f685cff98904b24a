"""Memory does not grow with the number of cases or experiments."""

import json
import subprocess
import sys

import pytest

MOST_MB = 12
"""More than what the same sweep differs by from time to time."""

SWEEP = """
import json
import resource
import sys

from benchmark.running.store import ResultStore
from benchmark.running.sweeping.plan import plan_sweep
from benchmark.running.sweeping.settings import expand
from benchmark.running.sweeping.spec import SweepSpec
from benchmark.running.sweeping.sweep import run_sweep
from benchmark.running.sweeping.worker import work
from benchmark.running.workshop import Workshop


class Silent:
    def begin(self, count): ...
    def advance(self, entry, done, total, count): ...
    def fail(self, failure): sys.exit(failure.reason)


class Inline:
    workers = 1

    def run(self, units):
        for unit in units:
            yield unit, work(unit, 1)


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


fields, out = json.loads(sys.argv[1]), sys.argv[2]
common = {"out": out, "weights": None, "device": "cpu", "fresh": False}
store = ResultStore(out)
settings = expand(SweepSpec.model_validate(fields), {}, common)
plan = plan_sweep(settings, store, Workshop(), lambda done, total: None)
report = run_sweep(plan, store, Inline(), Silent())
print(json.dumps([report.computed, peak_mb()]))
"""


@pytest.fixture
def peak_mb(spec, tmp_path):
    """(fields of the sweep) -> cases that were computed, and the peak of the process that planned and did them."""
    count = iter(range(100))

    def measure(**fields):
        described = spec(methods=["3dvar"], **fields).model_dump(mode="json")
        command = [sys.executable, "-c", SWEEP, json.dumps(described), str(tmp_path / f"{next(count)}")]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return measure


def test_four_times_the_cases_or_the_experiments_take_no_more_memory(peak_mb):
    few = {"obs_frac": 0.1, "chunk": 8}
    computed, small = peak_mb(**few, seeds=[0, 1], cases=40)
    assert computed == 2 * 3 * 40
    computed, long = peak_mb(**few, seeds=[0, 1], cases=160)
    assert computed == 4 * 2 * 3 * 40
    computed, wide = peak_mb(**few, seeds=list(range(8)), cases=40)
    assert computed == 4 * 2 * 3 * 40
    # the rows of what is more would take 70 MB
    assert long - small < MOST_MB
    assert wide - small < MOST_MB
