"""Sweeps on dask and on Slurm: a cluster of this machine, and commands that take Slurm's place."""

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmark.problem import BenchError
from benchmark.running.sweeping.cluster import DaskScheduler
from benchmark.running.sweeping.scheduler import choose_scheduler

distributed = pytest.importorskip("distributed", reason="distributed is not installed: pip install assimbench[cluster]")

SBATCH = """#!/bin/bash
set -e
cp "${@: -1}" "$FAKE_SLURM/script-$$"
chmod +x "$FAKE_SLURM/script-$$"
setsid "$FAKE_SLURM/script-$$" > "$FAKE_SLURM/log-$$" 2>&1 < /dev/null &
echo $! > "$FAKE_SLURM/pid-$!"
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/bash
for job in "$@"; do kill -- "-$job" 2> /dev/null || true; done
"""


@pytest.fixture
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as found:
        yield found


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Commands of Slurm's names that start jobs here, and the folder of what they were given."""
    folder = tmp_path / "slurm"
    folder.mkdir()
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL), ("squeue", "#!/bin/bash\n")):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_SLURM", str(folder))
    yield folder
    for file in folder.glob("pid-*"):
        try:
            os.killpg(int(file.read_text()), signal.SIGKILL)
        except ProcessLookupError:
            continue


def test_dask_gives_the_same_bits_though_a_worker_is_killed(
    cluster, bench, flags, exported, undisturbed, until, fork, tmp_path
):
    out = tmp_path / "out"
    victim = next(iter(cluster.workers.values())).process.pid
    # the methods sleep in the workers, whose environment is older than this test
    process = fork(flags(out, "--scheduler", cluster.scheduler_address))
    until(lambda: len(list(out.glob("*/*.parquet"))) >= 5, 60, process.log.read_text)
    os.kill(victim, signal.SIGKILL)
    assert process.wait(90) == 0, process.log.read_text()
    assert exported(out) == undisturbed


def test_no_scheduler_at_an_address_is_told_in_time():
    scheduler = DaskScheduler("tcp://127.0.0.1:9", 1, timeout_s=1)
    started = time.monotonic()
    with pytest.raises(BenchError, match=r"No dask scheduler answers at tcp://127.0.0.1:9 .*start one with"):
        list(scheduler.run([]))
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("name", "workers", "settings", "message"),
    [
        ("nowhere", None, {}, "no scheduler 'nowhere'; choose local, slurm, or"),
        ("tcp://127.0.0.1:9", 2, {}, "--workers is for --scheduler local.*leave it out"),
        ("slurm", None, {}, "under 'slurm:', jobs, cores, memory, walltime"),
        ("slurm", None, {"jobs": "many"}, "jobs is 'many'; give a whole number"),
        ("slurm", None, {"jobs": 0}, "jobs is 0; give a whole number"),
    ],
)
def test_what_a_scheduler_lacks_is_told(slurm, name, workers, settings, message):
    pytest.importorskip("dask_jobqueue")
    with pytest.raises(BenchError, match=message):
        choose_scheduler(name, workers, 1, settings)


def test_slurm_that_is_not_here_is_told(monkeypatch):
    pytest.importorskip("dask_jobqueue")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BenchError, match="'sbatch', which is not here"):
        choose_scheduler("slurm", None, 1, {"jobs": 1})


def test_slurm_runs_a_sweep_with_the_settings_of_the_file_and_renews_jobs_that_end(
    bench, slurm, flags, exported, undisturbed, until, tmp_path, monkeypatch
):
    pytest.importorskip("dask_jobqueue")
    dask = pytest.importorskip("dask")
    monkeypatch.setattr("benchmark.running.sweeping.cluster.RENEW", "500ms")
    monkeypatch.setenv("SHIFT_SLEEP_S", "0.1")
    file = tmp_path / "sweep.yaml"
    file.write_text(
        f"slurm: {{jobs: 2, cores: 1, memory: 1GB, walltime: '00:10:00', queue: night, account: weather, "
        f"python: {sys.executable}, job_extra_directives: ['--qos=low'], interface: lo}}\n"
    )
    out = tmp_path / "out"
    sweep, *others = flags(out, "--scheduler", "slurm")

    def end_all_jobs():
        until(lambda: len(list(out.glob("*/*.parquet"))) >= 5, 60)
        for file in slurm.glob("pid-*"):
            os.killpg(int(file.read_text()), signal.SIGKILL)

    with dask.config.set({"distributed.deploy.lost-worker-timeout": "500ms"}), ThreadPoolExecutor(1) as pool:
        ended = pool.submit(end_all_jobs)
        result = bench(sweep, file, *others)
        ended.result()
    assert result.exit_code == 0, result.stderr
    assert exported(out) == undisturbed
    scripts = [script.read_text() for script in slurm.glob("script-*")]
    assert len(scripts) >= 4
    for line in ("-p night", "-A weather", "-t 00:10:00", "--mem=954M", "--qos=low", "--cpus-per-task=1"):
        assert f"#SBATCH {line}" in scripts[0]


def test_slurm_that_takes_no_job_is_told(bench, slurm, flags, tmp_path):
    pytest.importorskip("dask_jobqueue")
    (slurm / "sbatch").write_text("#!/bin/bash\necho 'Invalid account' >&2\nexit 1\n")
    file = tmp_path / "sweep.yaml"
    file.write_text("slurm: {jobs: 1, cores: 1, memory: 1GB}\n")
    sweep, *others = flags(tmp_path / "out", "--scheduler", "slurm")
    result = bench(sweep, file, *others)
    assert result.exit_code == 2
    assert "Slurm did not take the job" in result.stderr
    assert "Invalid account" in result.stderr


def test_settings_that_slurm_does_not_know_are_told(bench, slurm, flags, tmp_path):
    pytest.importorskip("dask_jobqueue")
    for text, message in (("jobs: 1, memory: 1GB", "cores"), ("jobs: 1, cores: 1, memory: 1GB, quue: x", "quue")):
        (tmp_path / "sweep.yaml").write_text(f"slurm: {{{text}}}\n")
        sweep, *others = flags(tmp_path / "out", "--scheduler", "slurm")
        result = bench(sweep, tmp_path / "sweep.yaml", *others)
        assert result.exit_code == 2, message
        assert message in result.stderr
        assert "docs/sweeps.md has an example" in result.stderr
