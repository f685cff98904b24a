"""Runs that are killed, and runs that meet: every case is computed, and none is counted twice."""

import shutil
import signal
import time

import pandas as pd
import pytest


def result_files(out):
    return [file for file in out.glob("*/*.parquet") if "shift" in (file.parent / "experiment.json").read_text()]


def done_days(out):
    times = [pd.read_parquet(file, columns=["time"])["time"] for file in result_files(out)]
    return {str(time.date()) for part in times for time in part}


def test_a_killed_run_computes_only_what_is_missing(start, perform, scores, shift, tmp_path, monkeypatch):
    out, log = tmp_path / "killed", tmp_path / "log"
    with start(out, shift, ("--chunk", "2"), SHIFT_SLEEP_S="0.2") as process:
        deadline = time.monotonic() + 120
        while len(result_files(out)) < 2 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    done = done_days(out)
    assert 4 <= len(done) < 12
    # what a kill within a write leaves behind
    (file, *_) = result_files(out)
    (file.parent / f".{file.name}.x1.tmp").write_bytes(file.read_bytes()[:500])

    monkeypatch.setenv("SHIFT_LOG", str(log))
    resumed = perform(out, shift, chunk=2).summary
    logged = log.read_text().split()
    assert len(logged) == len(set(logged)) == 12 - len(done)
    assert set(logged).isdisjoint(done)
    whole = perform(tmp_path / "whole", shift, chunk=2).summary
    assert scores(resumed) == scores(whole)


def test_two_runs_at_once_count_nothing_twice(start, perform, scores, shift, stored_rows, tmp_path):
    out = tmp_path / "both"
    runs = [start(out, shift, ("--chunk", chunk), SHIFT_SLEEP_S="0.05") for chunk in ("2", "3")]
    for process in runs:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr.decode()
    assert not list(out.rglob("*.tmp"))
    both = perform(out, shift)
    assert both.computed == 0
    whole = perform(tmp_path / "whole", shift, chunk=2).summary
    assert both.summary["cases"] == 12
    for label, found in whole["methods"].items():
        # the network that makes the backgrounds rounds differently in batches of two and three
        assert both.summary["methods"][label]["rmse"] == pytest.approx(found["rmse"], rel=1e-5)


def test_a_file_that_is_there_twice_changes_nothing(perform, shift, tmp_path):
    out = tmp_path / "results"
    first = perform(out, shift, chunk=4)
    for file in list(out.glob("*/*.parquet")):
        shutil.copy(file, file.with_name(f"again-{file.name}"))
    assert perform(out, shift).summary == first.summary
