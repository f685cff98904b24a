"""Arithmetic in one thread: its last bit does not depend on the number of cores, and small matrices are faster."""

__all__ = ["one_thread"]

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Within it torch computes in one thread on the CPU; the number of before is restored."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
