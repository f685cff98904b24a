"""Aggregation over cases: a weighted sum and its weight, which add up in any order and in any chunks."""

__all__ = ["State"]

import dataclasses
from collections.abc import Sequence

import numpy as np

from benchmark.problem import BenchError


@dataclasses.dataclass(frozen=True, eq=False)
class State:
    """What is known of a mean while cases are still coming in.

    Arguments:
        total: Weighted sum of the values over cases, shape (channel,) or any other; float64.
        weight: Sum of the weights.
    """

    total: np.ndarray
    weight: float

    @classmethod
    def zero(cls) -> "State":
        """The state before the first case; adding it changes nothing."""
        return cls(np.zeros(()), 0.0)

    @classmethod
    def from_values(cls, values: np.ndarray, weight: float | Sequence[float] | np.ndarray = 1.0) -> "State":
        """
        Arguments:
            values: Per-case statistics, shape (case, ...).
            weight: One weight for all cases, or one a case, shape (case,).
        """
        weights = np.broadcast_to(np.asarray(weight, dtype=np.float64), (len(values),))
        return cls(np.tensordot(weights, np.asarray(values, dtype=np.float64), axes=1), float(weights.sum()))

    def __add__(self, other: "State") -> "State":
        return State(self.total + other.total, self.weight + other.weight)

    def mean(self) -> np.ndarray:
        """Weighted mean over the cases, of the shape of `total`.

        Raises:
            BenchError: If no case has been added.
        """
        if self.weight == 0:
            raise BenchError(
                "There is no mean of no cases; check that the run finished and that its cases did not diverge."
            )
        return self.total / self.weight
