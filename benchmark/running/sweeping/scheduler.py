"""Who does the units of a sweep."""

__all__ = ["Scheduler", "choose_scheduler"]

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from benchmark.problem import BenchError

from ..workshop import Finished, Unit
from .local import LocalScheduler


class Scheduler(Protocol):
    """
    Attributes:
        workers: How many units are done at once; None where that is not known before.
    """

    workers: int | None

    def run(self, units: Iterable[Unit]) -> Iterator[tuple[Unit, Finished | BenchError]]:
        """Does the units, in any order, and tells of each when it is done or cannot be."""


def choose_scheduler(name: str, workers: int | None, threads: int, slurm: Mapping[str, Any]) -> Scheduler:
    """
    Arguments:
        name: `local`, `slurm`, or the address of a dask scheduler such as `tcp://host:8786`.
        workers: Processes, for `local`; None for one a core.
        threads: Of a worker.
        slurm: Settings of the sweep's file.

    Raises:
        BenchError: If there is no such scheduler, or what it needs is not installed.
    """
    if name == "local":
        return LocalScheduler(workers, threads)
    if workers is not None:
        raise BenchError("--workers is for --scheduler local: a cluster says itself how many it has; leave it out.")
    from .cluster import DaskScheduler, SlurmScheduler

    if name == "slurm":
        return SlurmScheduler(slurm, threads)
    if "://" in name:
        return DaskScheduler(name, threads)
    raise BenchError(f"There is no scheduler '{name}'; choose local, slurm, or the address of one, tcp://HOST:PORT.")
