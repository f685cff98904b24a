"""A world that opens in no time, methods that misbehave, and sweeps: in this process, in forked ones, as commands."""

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import Result

from benchmark.problem import BenchError
from benchmark.running.store import ResultStore
from benchmark.running.sweeping.plan import SweepPlan, plan_sweep
from benchmark.running.sweeping.settings import expand
from benchmark.running.sweeping.spec import SweepSpec
from benchmark.running.sweeping.sweep import Count, Failure, SweepReport, run_sweep
from benchmark.running.sweeping.worker import work
from benchmark.running.workshop import Unit, Workshop

TINY = """\
name: tiny
kind: gaussian
title: A small Gaussian field
latitudes: 6
longitudes: 12
channels: [z500, t850]
mean: [54000, 280]
std: [600, 4]
correlation: [[1.0, 0.6], [0.6, 1.0]]
error_std: [0.40, 0.45]
climatology: {scale: 3, slope: 2, truncation: 5, white: 0.01}
background_error: {scale: 4, slope: 2, truncation: 5, white: 0.01}
train: 40
validate: 40
test: 400
"""

METHODS = """
import os
import signal
import time

import torch

from benchmark.problem import Analysis, Cost, Method


class Shift(Method):
    name = "shift"
    defaults = {"by": 0.5}

    def analyse(self, problem, members, noise):
        time.sleep(float(os.environ.get("SHIFT_SLEEP_S", "0")) * len(problem))
        return Analysis.of((problem.background + self["by"] * noise.randn(1)[:, :, None, None])[:, None], Cost())


class Killer(Shift):
    name = "killer"

    def analyse(self, problem, members, noise):
        os.kill(os.getpid(), signal.SIGKILL)


class Leaver(Shift):
    name = "leaver"

    def analyse(self, problem, members, noise):
        os._exit(3)


class Raiser(Shift):
    name = "raiser"

    def analyse(self, problem, members, noise):
        raise RuntimeError("the dog ate it")


class Lost(Shift):
    name = "lost"

    def analyse(self, problem, members, noise):
        return Analysis.of(torch.full_like(problem.background, torch.nan)[:, None], Cost())
"""

# Forks processes that have everything imported already: an interpreter takes seconds for that.
FORKER = """
import json
import multiprocessing
import os
import signal
import sys

import torch

import benchmark.running.results.exporting
import benchmark.running.sweeping.results
import leaderboards.sweep
from benchmark.cli import main

torch.set_num_threads(1)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    task = json.loads(line)
    pid = os.fork()
    if pid:
        print(pid, flush=True)
        continue
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(task["log"], os.O_WRONLY | os.O_CREAT)
    for number in (1, 2):
        os.dup2(log, number)
    os.environ.update(task["environment"])
    forked = multiprocessing.get_context("fork")
    multiprocessing.get_context = lambda method: forked
    code = 0
    try:
        main(task["arguments"])
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    with open(task["log"] + ".part", "w") as file:
        file.write(str(code))
    os.rename(task["log"] + ".part", task["log"] + ".code")
    os._exit(0)
"""


class Silent:
    """Keeps what it hears of progress."""

    def __init__(self) -> None:
        self.counts: list[Count] = []
        self.failures: list[Failure] = []

    def begin(self, count: Count) -> None:
        self.counts.append(count)

    def advance(self, entry: Any, done: int, total: int, count: Count) -> None:
        self.counts.append(count)

    def fail(self, failure: Failure) -> None:
        self.failures.append(failure)


class Inline:
    """Does the units in this process, in an order of one's own."""

    def __init__(self, order: Callable[[list[Unit]], Iterable[Unit]] = lambda units: units) -> None:
        self.workers = 1
        self._order = order

    def run(self, units: Iterable[Unit]) -> Iterator[tuple[Unit, Any]]:
        for unit in self._order(list(units)):
            try:
                outcome: Any = work(unit, 1)
            except BenchError as error:
                outcome = error
            yield unit, outcome


@dataclasses.dataclass
class Swept:
    """What a sweep in this process came to."""

    plan: SweepPlan
    report: SweepReport
    progress: Silent


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the world and the methods."""
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "tiny.yaml").write_text(TINY)
    (folder / "odd.py").write_text(METHODS)
    return folder


@pytest.fixture(scope="session")
def odd(ground: Path) -> Callable[[str], str]:
    """Name of a class -> the method, as `--method` takes it."""
    return lambda name: f"{ground / 'odd.py'}:{name}"


@pytest.fixture(scope="session")
def spec(ground: Path, odd: Callable[[str], str]) -> Callable[..., SweepSpec]:
    """(fields that are not as usual) -> a sweep: 5 methods at two fractions, 24 cases in 6 chunks; 60 units."""

    def make(**fields: Any) -> SweepSpec:
        usual = {"methods": ["3dvar", "letkf", odd("Shift")], "worlds": [str(ground / "tiny.yaml")]}
        usual |= {"obs_frac": [0.1, 0.3], "cases": 24, "chunk": 4, "ensemble": 5}
        return SweepSpec.model_validate({**usual, **fields})

    return make


@pytest.fixture(scope="session")
def flags(spec: Callable[..., SweepSpec]) -> Callable[..., list[str]]:
    """The same as arguments of `bench sweep`: (folder, flags) -> arguments."""

    def make(out: object, *more: object) -> list[str]:
        usual = spec()
        words = [word for method in usual.methods for word in ("--method", method)]
        words += [word for value in usual.obs_frac for word in ("--obs-frac", value)]
        given = ("--world", usual.worlds[0].world, "--cases", usual.cases, "--chunk", usual.chunk)
        return [str(w) for w in ("sweep", *words, *given, "--ensemble", 5, "--out", out, *more)]

    return make


@pytest.fixture(scope="session")
def sweep(spec: Callable[..., SweepSpec]) -> Iterator[Callable[..., Swept]]:
    """(folder, fields, order of the units, trials) -> what came out of a sweep in this process."""

    def go(
        out: object, fresh: bool = False, order: Any = lambda units: units, trials: Any = None, **fields: Any
    ) -> Swept:
        common = {"out": str(out), "weights": None, "device": "cpu", "fresh": fresh}
        settings = [one.with_trials(trials or {}) for one in expand(spec(**fields), {}, common)]
        store, progress = ResultStore(str(out)), Silent()
        plan = plan_sweep(settings, store, Workshop(), lambda done, total: None)
        return Swept(plan, run_sweep(plan, store, Inline(order), progress, fresh), progress)

    threads = torch.get_num_threads()
    yield go
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def exported(bench: Callable[..., Result], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    """(folder, options) -> `bench results export --no-timing`."""

    def read(out: object, *options: object) -> bytes:
        file = tmp_path_factory.mktemp("export") / "scores.csv"
        result = bench("results", "export", file, "--out", out, "--no-timing", *options)
        assert result.exit_code == 0, result.stderr
        return file.read_bytes()

    return read


@pytest.fixture(scope="session")
def undisturbed(sweep: Callable[..., Swept], exported: Callable[..., bytes], tmp_path_factory: Any) -> bytes:
    """The scores of the usual sweep."""
    out = tmp_path_factory.mktemp("undisturbed")
    assert sweep(out).report.computed == 10 * 24
    return exported(out)


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """`bench sweep` does its units in this process."""
    monkeypatch.setattr("benchmark.running.sweeping.scheduler.LocalScheduler", lambda workers, threads: Inline())


@dataclasses.dataclass
class Forked:
    """A command in a process of its own."""

    pid: int
    log: Path

    def wait(self, seconds: float = 60) -> int:
        """Its exit code."""
        code = self.log.with_name(f"{self.log.name}.code")
        wait_for(code.exists, seconds, lambda: self.log.read_text())
        return int(code.read_text())


@pytest.fixture(scope="session")
def fork(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Forked]]:
    """Starts a `bench` command in a forked process, whose workers are forked too: (arguments, environment)."""
    folder = tmp_path_factory.mktemp("forked")
    count = 0
    with subprocess.Popen(
        [sys.executable, "-c", FORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as process:
        assert process.stdin
        assert process.stdout

        def start(arguments: Sequence[str], **environment: str) -> Forked:
            nonlocal count
            count += 1
            task = {"arguments": list(arguments), "environment": environment, "log": str(folder / f"{count}.log")}
            process.stdin.write(json.dumps(task) + "\n")
            process.stdin.flush()
            return Forked(int(process.stdout.readline()), folder / f"{count}.log")

        yield start
        process.stdin.close()


@pytest.fixture
def command() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a `bench` command as a user does: (arguments, environment) -> process."""
    with contextlib.ExitStack() as stack:

        def start(arguments: Sequence[str], **environment: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", "from benchmark.cli import main; main()", *arguments],
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        yield start


@pytest.fixture(scope="session")
def children() -> Callable[[int], set[int]]:
    """Processes that a process has started and that are alive."""

    def of(pid: int) -> set[int]:
        found = set()
        for status in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                state, parent = status.read_text().rpartition(")")[2].split()[:2]
                if int(parent) == pid and state != "Z":
                    found.add(int(status.parent.name))
        return found

    return of


def is_alive(pid: int) -> bool:
    """Whether a process works still; one that only waits to be counted does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def wait_for(met: Callable[[], object], seconds: float, told: Callable[[], object] = str) -> None:
    """Waits until a condition is met.

    Raises:
        TimeoutError: If it is not.
    """
    deadline = time.monotonic() + seconds
    while not met():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not met in {seconds} s: {told()}")
        time.sleep(0.01)


@pytest.fixture(scope="session")
def until() -> Callable[..., None]:
    """Waits until a condition is met: (condition, seconds)."""
    return wait_for


@pytest.fixture(scope="session")
def alive() -> Callable[[int], bool]:
    """Whether a process works still."""
    return is_alive
