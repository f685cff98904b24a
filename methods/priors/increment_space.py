"""What an increment says of the observations, whatever space it is in."""

__all__ = ["IncrementSpace"]

import abc

from torch import Tensor

from benchmark.problem import Cost, Problem


class IncrementSpace(abc.ABC):
    """Increments delta of a batch of cases as control variable.

    Attributes:
        condition: What a prior of them is given of the background, shape (case, ...).
        size: n, of one increment.

    Arguments:
        problem: The cases.
        cost: Where calls are counted, a case's share.
    """

    condition: Tensor
    size: int

    def __init__(self, problem: Problem, cost: Cost) -> None:
        self.problem, self.cost = problem, cost

    @abc.abstractmethod
    def state(self, delta: Tensor) -> Tensor:
        """x(delta): (case, member, n) -> (case, member, channel, latitude, longitude) [normalised]."""

    def innovation(self, delta: Tensor) -> Tensor:
        """y - H(x(delta)): (case, member, n) -> (case, member, value), zero where padded."""
        self.cost.operator_calls += delta.shape[1]
        return self.problem.observations.innovation(self.state(delta))

    def misfit(self, delta: Tensor, eps: Tensor | float = 0.0) -> Tensor:
        """J_o = 1/2 |R^-1/2 (y + eps - H x(delta))|^2, shape (case, member).

        Arguments:
            delta: Shape (case, member, n).
            eps: Perturbations of the observations, broadcast with (case, member, value).
        """
        precision = self.problem.observations.precision[:, None]
        return (precision * (self.innovation(delta) + eps).square()).sum(-1) / 2
