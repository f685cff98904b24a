"""The scaled increment of the state itself as control variable."""

__all__ = ["StateSpace"]

import dataclasses
from typing import Literal

from torch import Tensor

from benchmark.problem import Cost, LinearOperator, Problem


class StateSpace:
    """The increments of a batch of cases, as `LatentSpace` has them for a latent.

        x(delta) = x0 + S delta

    Arguments:
        problem: The cases.
        scale: S, shape (channel, latitude, longitude), or flattened.
        cost: Where calls are counted, a case's share.
        start: x0: `background` or `climatology`.
    """

    def __init__(
        self, problem: Problem, scale: Tensor, cost: Cost, start: Literal["background", "climatology"] = "background"
    ) -> None:
        self.problem, self.cost = problem, cost
        self.scale = scale.to(problem.background).view(problem.background.shape[1:])
        self.start = getattr(problem, start)
        self.condition = problem.background - problem.climatology
        self.shape = tuple(problem.background.shape[1:])
        self.size = problem.background[0].numel()

    def state(self, delta: Tensor) -> Tensor:
        """x(delta): (case, member, n) -> (case, member, channel, latitude, longitude) [normalised]."""
        return self.start[:, None] + self.scale * delta.unflatten(-1, self.shape)

    def innovation(self, delta: Tensor) -> Tensor:
        """y - H(x(delta)): (case, member, n) -> (case, member, value), zero where padded."""
        self.cost.operator_calls += delta.shape[1]
        return self.problem.observations.innovation(self.state(delta))

    def misfit(self, delta: Tensor) -> Tensor:
        """J_o = 1/2 |R^-1/2 (y - H x(delta))|^2, shape (case, member)."""
        precision = self.problem.observations.precision[:, None]
        return (precision * self.innovation(delta).square()).sum(-1) / 2

    def tangent(self, delta: Tensor) -> LinearOperator:
        """G = H_x S, the tangent of H(x(delta)) at delta of shape (case, 1, n)."""
        H = self.problem.observations.operator
        # a linear one is known without the state
        G = H if isinstance(H, LinearOperator) else H.tangent(self.state(delta).squeeze(1))
        return dataclasses.replace(G, weight=G.weight * self.scale.flatten()[G.index])

    def forward(self, G: LinearOperator, delta: Tensor) -> Tensor:
        """G delta: (case, member, n) -> (case, member, value)."""
        return G(delta.unflatten(-1, self.shape))
