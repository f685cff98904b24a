"""Runs on the small world, by the command and by the function behind it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from benchmark.observing import ObservingSpec
from benchmark.running.executing import execute
from benchmark.running.request import RunRequest
from benchmark.worlds import load_spec

# A method that moves the background up by half a std, slowly if asked to, and logs the cases that it is given.
PLUGIN = """
import os
import time
from pathlib import Path

from benchmark.problem import Analysis, Cost, Method


class Shift(Method):
    name = "shift"
    defaults = {"by": 0.5}

    def analyse(self, problem, members, noise):
        for when in problem.times.astype("datetime64[D]"):
            time.sleep(float(os.environ.get("SHIFT_SLEEP_S", "0")))
            if "SHIFT_LOG" in os.environ:
                with Path(os.environ["SHIFT_LOG"]).open("a") as log:
                    log.write(f"{when}\\n")
        return Analysis.of((problem.background + self["by"])[:, None], Cost())
"""


class Silent:
    def start(self, label, steps, done):
        pass

    def step(self, count=1):
        pass


@pytest.fixture
def run(small_world, bench):
    """(folder, methods, options) -> the JSON object of `bench run`; 12 cases, 10 % observed."""

    def go(out, *methods, options=()):
        chosen = [word for method in methods for word in ("--method", method)]
        common = ("--cases", 12, "--obs-frac", 0.1, "--out", out, *small_world.options)
        result = bench("run", *chosen, *common, *options, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return go


@pytest.fixture
def perform(small_world):
    """(folder, methods, fields of the request) -> its outcome."""

    def go(out, *methods, **fields):
        request = RunRequest(
            world=load_spec(small_world.world),
            methods=methods,
            out=out,
            weights=small_world.weights,
            device="cpu",
            **{"cases": 12, "observing": ObservingSpec(obs_frac=0.1), **fields},
        )
        return execute(request, Silent())

    return go


@pytest.fixture
def shift(tmp_path):
    """The plug-in, as `--method` takes it."""
    file = tmp_path / "shift.py"
    file.write_text(PLUGIN)
    return f"{file}:Shift"


@pytest.fixture
def start(small_world):
    """Starts `bench run` as a process of its own: (folder, method, options, environment) -> process."""

    def go(out, method, options=(), **environment):
        command = [sys.executable, "-c", "from benchmark.cli import main; main()", "run", "--method", method]
        common = ["--cases", "12", "--obs-frac", "0.1", "--out", str(out), *small_world.options]
        return subprocess.Popen(
            [*command, *common, *options],
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    return go


@pytest.fixture
def scores():
    """Everything of a summary that does not tell how long it took."""

    def of(summary):
        timeless = {
            label: {k: v for k, v in found.items() if k != "cost"} for label, found in summary["methods"].items()
        }
        return {**summary, "methods": timeless}

    return of


@pytest.fixture
def stored_rows():
    """(folder, id) -> all rows of an experiment's files, in the order of the files."""

    def read(out: Path, experiment: str) -> pd.DataFrame:
        return pd.concat([pd.read_parquet(file) for file in sorted((out / experiment).glob("*.parquet"))])

    return read
