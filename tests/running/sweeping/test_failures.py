"""What cannot be done is told, and what can be is done."""

import errno
import json
import os
import subprocess
import sys
import textwrap

import pytest

from benchmark.running.store import StoreError

OTHERS = ("--where", "method=3dvar,letkf,shift,background,climatology")


def test_a_method_that_raises_fails_alone(bench, inline, flags, odd, exported, undisturbed, tmp_path):
    result = bench(*flags(tmp_path, "--method", odd("Raiser")))
    assert result.exit_code == 1
    told = " ".join(result.stdout.split())
    reason = f"Method '{odd('Raiser')}' failed (RuntimeError: the dog ate it)"
    for fraction in ("0.1", "0.3"):
        assert f"failed tiny, obs_frac {fraction}: {odd('Raiser')}: 24 cases not done: {reason}" in told
    assert exported(tmp_path, *OTHERS) == undisturbed


def test_an_experiment_that_has_failed_is_not_tried_again_and_the_next_sweep_tries_it(sweep, odd, tmp_path):
    found = sweep(tmp_path, methods=[odd("Raiser"), "3dvar"], obs_frac=0.1)
    (failure,) = found.report.failures
    assert (failure.entry.label, failure.cases) == (odd("Raiser"), 24)
    assert found.progress.failures == [failure]
    last = found.progress.counts[-1]
    assert (last.experiments, last.of_experiments, last.units, last.of_units) == (3, 4, 18, 24)
    again = sweep(tmp_path, methods=[odd("Raiser"), "3dvar"], obs_frac=0.1)
    assert again.report.computed == 0
    assert len(again.report.failures) == 1


def test_a_method_that_diverges_everywhere_does_not_hide_the_others(bench, inline, flags, odd, tmp_path):
    result = bench(*flags(tmp_path, "--method", odd("Lost")))
    assert result.exit_code == 0, result.stderr
    rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines() if line.strip()}
    assert rows["background"] == ["1.0000", "1.0000"]
    found = json.loads(bench(*flags(tmp_path, "--method", odd("Lost"), "--json")).stdout)
    for setting in found["settings"]:
        assert setting["diverged"] == [odd("Lost")]
        assert setting["cases"] == 24
        assert odd("Lost") not in setting["methods"]


def test_results_that_cannot_be_written_stop_the_sweep_and_it_goes_on_after(
    sweep, exported, undisturbed, tmp_path, monkeypatch
):
    fsync, calls = os.fsync, []

    def full(file):
        calls.append(file)
        if len(calls) > 30:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(file)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"cannot be written, the disk is full: make room and run the command again"):
        sweep(tmp_path)
    monkeypatch.undo()
    assert len(calls) == 31
    assert not [file for file in tmp_path.rglob("*") if file.name.endswith(".tmp")]
    # ten descriptions, then results
    assert len(list(tmp_path.rglob("*.parquet"))) == 20
    assert sweep(tmp_path).report.computed == 4 * 40
    assert exported(tmp_path) == undisturbed


def test_a_disk_that_takes_no_large_file(flags, sweep, exported, undisturbed, tmp_path):
    # the system itself refuses: a description fits, a file of results does not, in this process and in its workers
    limited = f"""
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))
        from benchmark.cli import main
        main({flags(tmp_path / "out", "--workers", 1)!r})
    """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(limited)], capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 2, result.stderr
    (message,) = [line for line in result.stderr.splitlines() if line.startswith("bench: ")]
    assert ".parquet cannot be written, File too large: choose another folder and run the command again" in message
    assert "Traceback" not in result.stderr
    assert {file.name for file in (tmp_path / "out").rglob("*") if file.is_file()} == {"experiment.json"}
    assert sweep(tmp_path / "out").report.computed == 10 * 24
    assert exported(tmp_path / "out") == undisturbed


@pytest.mark.parametrize("out", ["/proc/none", "{folder}/a-file", "{folder}/a-file/below"])
def test_a_folder_that_cannot_be_written(bench, flags, tmp_path, out):
    (tmp_path / "a-file").write_text("")
    result = bench(*flags(out.format(folder=tmp_path)))
    assert result.exit_code == 2
    assert "name a folder for the results" in result.stderr or "choose another folder" in result.stderr


def test_memory_is_not_shared_by_workers(bench, flags):
    result = bench(*flags("memory://results"))
    assert result.exit_code == 2
    assert "seen by one process only" in result.stderr
    assert "name a folder" in result.stderr
