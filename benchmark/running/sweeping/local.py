"""Units on processes of this machine. A process that dies costs what it had in hand, which is done again."""

__all__ = ["LocalScheduler"]

import collections
import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from benchmark.problem import BenchError, first_line

from ..workshop import Finished, Unit
from .worker import begin, few_threads, work

QUEUED = 2
"""Units in hand a worker: one that is done, and one that waits."""

ALONE = 2
"""How often a unit is tried alone after a worker died that may have had it."""


class LocalScheduler:
    """
    Arguments:
        workers: Processes; None for one a core.
        threads: Of a worker.
    """

    def __init__(self, workers: int | None, threads: int) -> None:
        self.workers: int | None = workers or max(1, cores() // threads)
        self._threads = threads
        self._pool: ProcessPoolExecutor | None = None
        self._running: dict[Future[Finished], Unit] = {}

    def run(self, units: Iterable[Unit]) -> Iterator[tuple[Unit, Finished | BenchError]]:
        """Does the units; when a worker has died those in hand are done one at a time, so that the one to blame is
        known."""
        waiting = iter(units)
        suspects: collections.deque[Unit] = collections.deque()
        tries: collections.Counter[Any] = collections.Counter()
        given_up: set[str] = set()
        assert self.workers is not None
        try:
            with few_threads(self._threads):
                while True:
                    while suspects and suspects[0].experiment in given_up:
                        yield suspects.popleft(), BenchError(_DIED)
                    if suspects and not self._running:
                        self._submit(suspects.popleft())
                    while not suspects and not any(tries[unit.key] for unit in self._running.values()):
                        if len(self._running) >= self.workers * QUEUED or (unit := next(waiting, None)) is None:
                            break
                        self._submit(unit)
                    if not self._running:
                        return
                    for future in wait(self._running, return_when=FIRST_COMPLETED).done:
                        unit = self._running.pop(future)
                        outcome = _outcome(future)
                        if outcome is not None:
                            yield unit, outcome
                            continue
                        self._pool = None
                        tries[unit.key] += 1
                        if tries[unit.key] > ALONE:
                            given_up.add(unit.experiment)
                            yield unit, BenchError(_DIED)
                        else:
                            suspects.append(unit)
        finally:
            self._stop()

    def _submit(self, unit: Unit) -> None:
        for _ in range(2):
            if self._pool is None:
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(self.workers, context, initializer=begin, initargs=(os.getpid(),))
            try:
                self._running[self._pool.submit(work, unit, self._threads)] = unit
                return
            except BrokenProcessPool:
                # idle workers may die too
                self._pool = None
        raise BenchError(_DIED)

    def _stop(self) -> None:
        if self._pool is None:
            return
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._running:  # broken off: what they do now is done anew by the next sweep
            for process in processes:
                process.terminate()
        for process in processes:
            process.join()
        self._running.clear()


_DIED = (
    "its worker died each time, most often because the memory was used up (or somebody killed it); try a smaller "
    "--chunk, or fewer --workers"
)


def _outcome(future: Future[Finished]) -> Finished | BenchError | None:
    """None where the worker died."""
    try:
        return future.result()
    except BrokenProcessPool:
        return None
    except BenchError as error:
        return error
    except Exception as error:
        return BenchError(f"something unforeseen went wrong ({type(error).__name__}: {first_line(error)})")


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
