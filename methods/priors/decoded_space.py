"""Increments that a decoder turns into states: their tangent operators and Jacobians, by vector-Jacobian products."""

__all__ = ["DecodedSpace"]

import torch
from torch import Tensor

from benchmark.problem import LinearOperator

from .increment_space import IncrementSpace

AT_ONCE = 128
"""Vector-Jacobian products of all cases that are held in memory together."""


class DecodedSpace(IncrementSpace):
    """Increments whose state comes from a network; a subclass says which, and counts its forward calls."""

    def tangent(self, delta: Tensor) -> LinearOperator:
        """H's tangent linear operator at x(delta), for delta of shape (case, 1, n)."""
        operator = self.problem.observations.operator
        # of a linear one it is known without the state, and the decoder is not called
        return operator if isinstance(operator, LinearOperator) else operator.tangent(self.state(delta).squeeze(1))

    def jacobian(self, delta: Tensor) -> Tensor:
        """d H(x) / d delta at (case, 1, n): shape (case, value, n), by one vector-Jacobian product a value."""
        with torch.enable_grad():
            delta = delta.detach().requires_grad_()
            values = self.problem.observations.operator(self.state(delta)).squeeze(1)
            count = values.shape[1]
            directions = torch.eye(count, device=delta.device)[:, None].expand(-1, len(delta), -1)
            parts = [
                torch.autograd.grad(values, delta, part, retain_graph=True, is_grads_batched=True)[0]
                for part in directions.split(AT_ONCE)
            ]
        self.cost.network_backwards += count
        return torch.cat(parts).squeeze(2).transpose(0, 1) * self.problem.observations.mask[..., None]
