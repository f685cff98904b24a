"""The scaled increment of the state itself as control variable."""

__all__ = ["StateSpace"]

import dataclasses
from typing import Literal

from torch import Tensor

from benchmark.problem import Cost, LinearOperator, Problem
from methods.priors.increment_space import IncrementSpace


class StateSpace(IncrementSpace):
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
        super().__init__(problem, cost)
        self.scale = scale.to(problem.background).view(problem.background.shape[1:])
        self.start = getattr(problem, start)
        self.condition = problem.background - problem.climatology
        self.shape = tuple(problem.background.shape[1:])
        self.size = problem.background[0].numel()

    def state(self, delta: Tensor) -> Tensor:
        return self.start[:, None] + self.scale * delta.unflatten(-1, self.shape)

    def tangent(self, delta: Tensor) -> LinearOperator:
        """G = H_x S, the tangent of H(x(delta)) at delta of shape (case, 1, n)."""
        H = self.problem.observations.operator
        # a linear one is known without the state
        G = H if isinstance(H, LinearOperator) else H.tangent(self.state(delta).squeeze(1))
        return dataclasses.replace(G, weight=G.weight * self.scale.flatten()[G.index])

    def forward(self, G: LinearOperator, delta: Tensor) -> Tensor:
        """G delta: (case, member, n) -> (case, member, value)."""
        return G(delta.unflatten(-1, self.shape))
