"""Which cases have their analyses packed: who submits does not choose them."""

__all__ = ["LEAST_CASES", "RULE", "drawn_cases"]

import hashlib

import numpy as np

LEAST_CASES = 4
"""Of every experiment; all, where it has fewer."""

RULE = "of every experiment, the cases whose sha256 of (sha256 of all rows by case, id, time) is smallest"


def drawn_cases(times: np.ndarray, experiment: str, commitment: str, count: int) -> np.ndarray:
    """Some of an experiment's cases. The rows decide which: rows that are changed have others drawn.

    Arguments:
        times: Of all its cases, datetime64[s], ascending, shape (case,).
        experiment: Its id.
        commitment: Hash of all rows by case.
        count: How many; all, if there are not so many.

    Returns:
        Ascending, shape (drawn,).
    """
    told = np.datetime_as_string(times.astype("datetime64[s]"))
    ranks = [hashlib.sha256(f"{commitment}{experiment}{time}".encode()).hexdigest() for time in told]
    return times[np.sort(np.argsort(ranks)[:count])]
