"""Units on many machines, by dask.distributed: a cluster that is there, or jobs of Slurm."""

__all__ = ["DaskScheduler", "SlurmScheduler"]

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from benchmark.problem import BenchError, first_line

from ..workshop import Finished, Unit
from .worker import work

IN_HAND = 4
"""Units a worker thread that the scheduler knows of: enough that none waits, and no more."""

TIMEOUT_S = 30.0
"""How long a scheduler may take to answer."""

SUBMIT = "sbatch"
RENEW = "10s"
"""How often it is looked whether a job has ended."""

GPU = "GPU"
"""The resource that workers with a GPU are started with: `dask worker --resources GPU=1`."""


class DaskScheduler:
    """A scheduler that is there. Its workers see the same files under the same paths.

    Arguments:
        address: Such as `tcp://host:8786`.
        threads: Of an analysis.
        timeout_s: How long it may take to answer.

    Raises:
        BenchError: If dask.distributed is not installed.
    """

    def __init__(self, address: str, threads: int, timeout_s: float = TIMEOUT_S) -> None:
        self._address, self._threads, self._timeout_s = address, threads, timeout_s
        self.workers: int | None = None
        try:
            import distributed  # noqa: F401
        except ImportError:
            raise BenchError(
                "Many machines need dask.distributed; install it with: pip install assimbench[cluster]"
            ) from None

    def run(self, units: Iterable[Unit]) -> Iterator[tuple[Unit, Finished | BenchError]]:
        """Does the units. One whose worker died is done by another; dask gives it up after a few.

        Raises:
            BenchError: If the scheduler does not answer.
        """
        from distributed import Client

        try:
            client = Client(self._address, timeout=self._timeout_s, set_as_default=False)
        except (OSError, ValueError) as error:
            raise BenchError(
                f"No dask scheduler answers at {self._address} ({first_line(error)}); start one with: dask scheduler"
            ) from None
        with client:
            yield from self._through(client, iter(units))

    def _through(self, client: Any, units: Iterator[Unit]) -> Iterator[tuple[Unit, Finished | BenchError]]:
        from distributed import as_completed

        running: dict[Any, Unit] = {}
        done = as_completed(loop=client.loop)

        def submit() -> bool:
            if (unit := next(units, None)) is None:
                return False
            resources = {GPU: 1} if unit.request.device == "cuda" else None
            future = client.submit(work, unit, self._threads, pure=False, resources=resources)
            running[future] = unit
            done.add(future)
            return True

        while len(running) < self._window(client) and submit():
            pass
        for future in done:
            unit = running.pop(future)
            error = future.exception()
            yield unit, future.result() if error is None else _told(error)
            while len(running) < self._window(client) and submit():
                pass

    def _window(self, client: Any) -> int:
        self.workers = sum(client.nthreads().values()) or None
        return IN_HAND * max(1, self.workers or 1)


class SlurmScheduler:
    """Starts workers as jobs of Slurm, and a scheduler here.

    Arguments:
        settings: `jobs`, how many; the rest is for dask_jobqueue.SLURMCluster.
        threads: Of an analysis.

    Raises:
        BenchError: If there are no settings, dask-jobqueue is not installed, or Slurm is not here.
    """

    def __init__(self, settings: Mapping[str, Any], threads: int) -> None:
        if "jobs" not in settings:
            raise BenchError(
                "--scheduler slurm needs the settings of its jobs: in the sweep's file, under 'slurm:', jobs, cores, "
                "memory, walltime, and perhaps queue and account."
            )
        try:
            import dask_jobqueue  # noqa: F401
        except ImportError:
            raise BenchError("Slurm needs dask-jobqueue; install it with: pip install assimbench[cluster]") from None
        if not isinstance(settings["jobs"], int) or settings["jobs"] < 1:
            raise BenchError(f"slurm: jobs is {settings['jobs']!r}; give a whole number of jobs, one or more.")
        if shutil.which(SUBMIT) is None:
            raise BenchError(
                f"--scheduler slurm needs the command '{SUBMIT}', which is not here; run it where jobs start."
            )
        self._jobs = settings["jobs"]
        self._settings = {key: value for key, value in settings.items() if key != "jobs"}
        self._threads = threads
        self.workers: int | None = None

    def run(self, units: Iterable[Unit]) -> Iterator[tuple[Unit, Finished | BenchError]]:
        """Does the units, and ends the jobs.

        Raises:
            BenchError: If the jobs cannot be described or submitted.
        """
        from dask_jobqueue import SLURMCluster

        try:
            cluster = SLURMCluster(**self._settings)
        except (TypeError, ValueError, OSError, RuntimeError) as error:
            raise BenchError(f"slurm: {first_line(error)}; docs/sweeps.md has an example.") from error
        with contextlib.ExitStack() as stack:
            stack.callback(_close, cluster)
            self._submit(cluster)
            inner = DaskScheduler(cluster.scheduler_address, self._threads)
            for finished in inner.run(units):
                self.workers = inner.workers
                yield finished

    def _submit(self, cluster: Any) -> None:
        """Hands in the jobs, and another for each that ends before the sweep does: its time may be over.

        Raises:
            BenchError: If Slurm does not take them.
        """

        # as cluster.scale does, which does not tell what went wrong
        while len(cluster.worker_spec) < self._jobs:
            cluster.worker_spec.update(cluster.new_worker_spec())
        try:
            cluster.sync(cluster._correct_state)
        except (OSError, RuntimeError) as error:
            told = " ".join(str(error).split())
            raise BenchError(f"Slurm did not take the job ({told}); mend the settings under 'slurm:'.") from error
        cluster.adapt(minimum_jobs=self._jobs, maximum_jobs=self._jobs, interval=RENEW)


def _close(cluster: Any) -> None:
    # it asserts that every job was taken
    with contextlib.suppress(AssertionError):
        cluster.close()


def _told(error: Exception) -> BenchError:
    if isinstance(error, BenchError):
        return error
    return BenchError(f"something unforeseen went wrong ({type(error).__name__}: {first_line(error)})")
