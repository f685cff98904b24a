"""Sorted members of every point, by a sorting network.

The network's exchanges are whole fields, so that the processor compares many points at once: several times faster than
sorting the few members of each point. K. E. Batcher (1968), Sorting networks and their applications,
https://doi.org/10.1145/1468075.1468121.
"""

__all__ = ["exchanges", "sorted_members"]

import functools
from collections.abc import Iterator

import numpy as np


def sorted_members(members: np.ndarray) -> list[np.ndarray]:
    """
    Arguments:
        members: Shape (member, ...). It stays as it is.

    Returns:
        For each rank the field of its values, lowest first. Where a member of several is NaN, two ranks at least are.
    """
    ranks = [member.copy() for member in members]
    spare = np.empty_like(ranks[0])
    for low, high in exchanges(len(ranks)):
        np.minimum(ranks[low], ranks[high], out=spare)
        np.maximum(ranks[low], ranks[high], out=ranks[high])
        ranks[low], spare = spare, ranks[low]
    return ranks


@functools.cache
def exchanges(n: int) -> tuple[tuple[int, int], ...]:
    """Pairs (low, high) to be put in order one after the other, which sort n values: Batcher's odd-even merge sort."""
    return tuple(_exchanges(n))


def _exchanges(n: int) -> Iterator[tuple[int, int]]:
    sorted_run = 1
    while sorted_run < n:
        step = sorted_run
        while step >= 1:
            for start in range(step % sorted_run, n - step, 2 * step):
                for low in range(start, min(start + step, n - step)):
                    if low // (2 * sorted_run) == (low + step) // (2 * sorted_run):
                        yield low, low + step
            step //= 2
        sorted_run *= 2
