"""What dies costs time and nothing else: whole sweeps, workers, and methods that take their worker along."""

import contextlib
import os
import random
import signal
import time

import pandas as pd
import pytest

from benchmark.running.store import ResultStore

KILLS = 20
WORKERS_END_S = 5


def chunks(out):
    return len(list(out.glob("*/*.parquet")))


def test_twenty_kills_at_random_moments_change_no_bit(
    fork, flags, sweep, children, alive, until, exported, undisturbed, tmp_path
):
    rng = random.Random(1)
    out = tmp_path / "killed"
    at_work = 0
    for _ in range(KILLS):
        if chunks(out) > 40:  # there is to be something to do up to the last kill
            for file in rng.sample(sorted(out.glob("*/*.parquet")), 30):
                file.unlink()
        process = fork(flags(out, "--workers", 2), SHIFT_SLEEP_S="0.1")
        time.sleep(rng.uniform(0.1, 0.8))
        workers = children(process.pid)
        with contextlib.suppress(ProcessLookupError):  # it may have come to its end by then
            os.kill(process.pid, signal.SIGKILL)
        ended = (process.pid, *workers)
        until(lambda pids=ended: not any(map(alive, pids)), WORKERS_END_S)
        at_work += bool(workers)
    assert at_work >= KILLS / 2, "the kills have met no work"
    done = chunks(out)
    assert sweep(out).report.computed == (60 - done) * 4
    assert chunks(out) == 60
    assert exported(out) == undisturbed


def test_two_sweeps_at_once_count_nothing_twice(fork, flags, exported, undisturbed, tmp_path):
    out = tmp_path / "both"
    both = [fork(flags(out, "--workers", workers), SHIFT_SLEEP_S="0.01") for workers in (1, 2)]
    assert [process.wait() for process in both] == [0, 0]
    assert exported(out) == undisturbed
    assert not list(out.rglob("*.tmp"))
    for experiment in ResultStore(out).experiments():
        rows = pd.concat([pd.read_parquet(file) for file in (out / experiment).glob("*.parquet")])
        assert not rows.duplicated(["time", "channel", "region", "statistic", "bin"]).any()


def test_a_worker_that_is_killed_costs_only_time(command, flags, children, until, exported, undisturbed, tmp_path):
    out = tmp_path / "out"
    process = command(flags(out, "--workers", 2), SHIFT_SLEEP_S="0.1")
    until(lambda: chunks(out) >= 3, 90, process.poll)
    victim, *_ = workers_of(process, children)
    os.kill(victim, signal.SIGKILL)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert "failed" not in stderr
    assert "10/10 experiments done" in stderr
    assert exported(out) == undisturbed


def test_workers_of_a_killed_command_end_and_the_next_one_goes_on(
    command, flags, sweep, children, alive, until, exported, undisturbed, tmp_path
):
    out = tmp_path / "out"
    process = command(flags(out, "--workers", 2), SHIFT_SLEEP_S="0.1")
    until(lambda: chunks(out) >= 3, 90, process.poll)
    workers = workers_of(process, children)
    process.kill()
    until(lambda: not any(alive(pid) for pid in workers), WORKERS_END_S)
    done = chunks(out)
    assert done < 60
    assert sweep(out).report.computed == (60 - done) * 4
    assert exported(out) == undisturbed


def workers_of(process, children):
    """Its children but the one that multiprocessing keeps for its own ends."""
    found = []
    for pid in sorted(children(process.pid)):
        with open(f"/proc/{pid}/cmdline") as file:  # noqa: PTH123
            if "spawn_main" in file.read():
                found.append(pid)
    assert len(found) == 2
    return found


@pytest.mark.parametrize("name", ["Killer", "Leaver"])
def test_a_method_that_ends_its_process_fails_alone(fork, flags, odd, exported, undisturbed, tmp_path, name):
    out = tmp_path / "out"
    process = fork(flags(out, "--method", odd(name), "--workers", 2))
    assert process.wait() == 1
    told = " ".join(process.log.read_text().split())
    for fraction in ("0.1", "0.3"):
        assert f"tiny, obs_frac {fraction}: {odd(name)}: 24 cases not done: its worker died each time" in told
    assert "try a smaller --chunk, or fewer --workers" in told
    others = ("--where", "method=3dvar,letkf,shift,background,climatology")
    assert exported(out, *others) == undisturbed
