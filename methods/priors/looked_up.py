"""What an observation operator sees of covariances that are looked up point by point."""

__all__ = ["LookedUp"]

import dataclasses
from typing import Protocol

from torch import Tensor

from benchmark.problem import LinearOperator


class Table(Protocol):
    """A covariance C that knows those of any two points."""

    def between(self, operator: LinearOperator) -> Tensor: ...
    def apply(self, x: Tensor) -> Tensor: ...


@dataclasses.dataclass(frozen=True)
class LookedUp:
    """H C H^T and C H^T for any such covariance, as `SeenModes` has them for those of the same modes.

    Arguments:
        operator: H.
    """

    operator: LinearOperator

    def between(self, C: Table) -> Tensor:
        """H C H^T, shape (case, value, value), float64."""
        return C.between(self.operator)

    def spread(self, C: Table, weights: Tensor) -> Tensor:
        """C H^T weights: (case, member, value) to (case, member, n)."""
        return C.apply(self.operator.adjoint(weights).flatten(2))
