"""A process that does units: what it keeps, how many threads it has, and that it ends with its parent."""

__all__ = ["begin", "few_threads", "work"]

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

from ..workshop import Finished, Unit, Workshop

LIBRARIES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
PARENT_POLL_S = 0.5

_workshop: Workshop | None = None
_busy = threading.Lock()


def work(unit: Unit, threads: int) -> Finished:
    """Does a unit with what this process has kept from earlier ones.

    Arguments:
        unit: What to do.
        threads: Of an analysis. Sums are rounded in another order with another number, so it is the same for all.

    Raises:
        BenchError: If it cannot be done; the message says why.
    """
    global _workshop
    import torch

    # a cluster's worker may have several threads, and what is kept is not made for that
    with _busy:
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        _workshop = _workshop or Workshop()
        return _workshop.perform(unit)


def begin(parent: int) -> None:
    """Readies a process of this machine: it leaves Ctrl-C to its parent, and ends when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_POLL_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def few_threads(threads: int) -> Iterator[None]:
    """Processes that are started meanwhile load their numerical libraries with so many threads."""
    before = {name: os.environ.get(name) for name in LIBRARIES}
    os.environ.update(dict.fromkeys(LIBRARIES, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
