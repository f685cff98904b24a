"""What a sweep costs beside its methods, and what a second worker brings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(sys.executable).with_name("bench")

# A method that takes as long as it is told: of the processor's time, or waiting for another machine's, as it were.
PLUGIN = """
import time

from benchmark.problem import Analysis, Cost, Method


class Slow(Method):
    name = "slow"
    defaults = {"seconds": 0.05, "waits": False}

    def analyse(self, problem, members, noise):
        until = time.process_time() + self["seconds"] * len(problem)
        if self["waits"]:
            time.sleep(self["seconds"] * len(problem))
        while not self["waits"] and time.process_time() < until:
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
    """Everything but methods, the truth and the scores: units, files; of both baselines, which take no time, as well.
    The method takes what 3D-Var takes on the twin in the middle: 9 ms a case at 1 % observed, 62 ms at 10 %."""
    fields = {"methods": [f"{slow}[seconds=0.035]"], "worlds": ["gaussian"], "obs_frac": 0.01, "cases": 1000}
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


@pytest.mark.parametrize("waits", [True, False], ids=["waiting", "computing"])
def test_two_workers_do_at_least_1_7_times_the_work_of_one(slow, tmp_path, waits):
    """By when result files of the method appear, from the 24th to the 56th: start-up is over by then. A method that
    computes needs two cores that do nothing else."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is one core only")
    rates = []
    for workers in (1, 2):
        out = tmp_path / f"{workers}"
        what = ("--method", f"{slow}[waits={waits}]", "--world", "gaussian", "--cases", "256", "--chunk", "4")
        command = [BENCH, "sweep", *what, "--out", out, "--workers", str(workers), "--json"]
        subprocess.run(command, capture_output=True, check=True)
        (done,) = [folder for folder in out.iterdir() if '"slow"' in (folder / "experiment.json").read_text()]
        ended = sorted(file.stat().st_mtime for file in done.glob("*.parquet"))
        assert len(ended) == 64
        rates.append((56 - 24) / (ended[56] - ended[24]))
    print(f"\none worker {4 * rates[0]:.1f} cases a second, two {4 * rates[1]:.1f}: {rates[1] / rates[0]:.2f} times")
    assert rates[1] / rates[0] >= 1.7
