"""What a sweep costs beside its methods, and what a second worker brings."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

BENCH = Path(sys.executable).with_name("bench")

# A method that takes as long as one is told, of the processor's time or not.
PLUGIN = """
import os
import time

from benchmark.problem import Analysis, Cost, Method


class Slow(Method):
    name = "slow"
    defaults = {"seconds": 0.05}

    def analyse(self, problem, members, noise):
        until = time.process_time() + self["seconds"] * len(problem)
        while time.process_time() < until:
            problem.background.sum()
        return Analysis.of(problem.background[:, None].clone(), Cost())
"""

OVERHEAD = """
import json
import sys
import time

import metrics
from benchmark.running import analysing, cases, scoring, workshop
from benchmark.running.store import ResultStore
from benchmark.running.sweeping.plan import plan_sweep
from benchmark.running.sweeping.settings import expand
from benchmark.running.sweeping.spec import SweepSpec
from benchmark.running.sweeping.sweep import run_sweep
from benchmark.running.sweeping.worker import work
from benchmark.running.workshop import Workshop

spent = {"method": 0.0, "truth": 0.0, "scoring": 0.0}


def timed(owner, name, what):
    plain = getattr(owner, name)

    def measured(*given, **named):
        started = time.perf_counter()
        try:
            return plain(*given, **named)
        finally:
            spent[what] += time.perf_counter() - started

    setattr(owner, name, measured)


timed(workshop, "analyse_batch", "method")
timed(cases.Cases, "problem", "truth")
timed(scoring.Scoring, "rows", "scoring")
timed(workshop, "observation_statistics", "scoring")


class Silent:
    def begin(self, count): ...
    def advance(self, entry, done, total, count): ...
    def fail(self, failure): sys.exit(failure.reason)


class Inline:
    workers = 1

    def run(self, units):
        for unit in units:
            yield unit, work(unit, 1)


fields, out = json.loads(sys.argv[1]), sys.argv[2]
common = {"out": out, "weights": None, "device": "cpu", "fresh": False}
store, home = ResultStore(out), Workshop()
plan = plan_sweep(expand(SweepSpec.model_validate(fields), {}, common), store, home, lambda done, total: None)
# the world is opened once a process, which is no part of a case's cost
work(next(plan.units()), 1)
spent.update(dict.fromkeys(spent, 0.0))
started = time.perf_counter()
report = run_sweep(plan, store, Inline(), Silent())
print(json.dumps([report.computed, time.perf_counter() - started, spent]))
"""


@pytest.fixture
def slow(tmp_path):
    (tmp_path / "slow.py").write_text(PLUGIN)
    return f"{tmp_path / 'slow.py'}:Slow"


def test_the_runner_takes_less_than_three_hundredths_of_a_thousand_cases(slow, tmp_path):
    """Everything but methods, the truth and the scores: planning, units, files. The method takes what 3D-Var takes on
    the twin."""
    fields = {"methods": [f"{slow}[seconds=0.02]"], "worlds": ["gaussian"], "obs_frac": 0.01, "cases": 1000}
    command = [sys.executable, "-c", OVERHEAD, json.dumps(fields), str(tmp_path / "out")]
    result = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    computed, seconds, spent = json.loads(result.stdout)
    assert computed == 3000
    overhead = seconds - sum(spent.values())
    told = ", ".join(f"{name} {value:.2f} s" for name, value in spent.items())
    print(f"\n{seconds:.2f} s: {told}, runner {overhead:.2f} s ({overhead / seconds:.1%})")
    assert overhead < 0.03 * seconds


def test_two_workers_do_at_least_1_7_times_the_work_of_one(slow, tmp_path):
    """Start-up, which is once a sweep, is taken out: by a sweep of one case of each experiment."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is one core only")
    seconds = {}
    for workers in (1, 2):
        for cases in (workers, 400):
            out = tmp_path / f"{workers}-{cases}"
            common = ("--method", slow, "--world", "gaussian", "--chunk", "8", "--workers", str(workers))
            started = time.perf_counter()
            subprocess.run(
                [BENCH, "sweep", *common, "--cases", str(cases), "--out", out, "--json"], capture_output=True, check=True
            )
            seconds[workers, cases] = time.perf_counter() - started
    one, two = (seconds[n, 400] - seconds[n, n] for n in (1, 2))
    print(f"\none worker {one:.1f} s, two workers {two:.1f} s: {one / two:.2f} times")
    assert one / two >= 1.7
