"""The latent increment as control variable: states, and their observed values, as functions of it."""

__all__ = ["LatentSpace"]

import torch
from torch import Tensor

from benchmark.problem import Cost, LinearOperator, Problem

from .autoencoder import Autoencoder
from .increment_space import IncrementSpace

AT_ONCE = 128
"""Vector-Jacobian products of all cases that are held in memory together."""


class LatentSpace(IncrementSpace):
    """The latent increments of a batch of cases.

        x(delta) = xb + D(zb + S delta) - D(zb),   zb = E(xb - climatology)

    so a zero increment is the background itself, with what the autoencoder cannot hold.

    Arguments:
        problem: The cases.
        autoencoder: E and D.
        scale: S, the std of every element of the increments, shape latent_shape.
        cost: Where network calls are counted, a case's share.
    """

    def __init__(self, problem: Problem, autoencoder: Autoencoder, scale: Tensor, cost: Cost) -> None:
        super().__init__(problem, cost)
        self.autoencoder, self.scale = autoencoder, scale
        self.zb = autoencoder.encode(problem.background - problem.climatology)
        self.offset = problem.background - autoencoder.decode(self.zb)
        self.condition = self.zb
        self.size = self.zb[0].numel()
        cost.network_forwards += 2

    def state(self, delta: Tensor) -> Tensor:
        cases, members, _ = delta.shape
        increment = delta.view(cases, members, *self.zb.shape[1:]) * self.scale
        latent = (self.zb[:, None] + increment).flatten(0, 1)
        self.cost.network_forwards += members
        return self.offset[:, None] + self.autoencoder.decode(latent).unflatten(0, (cases, members))

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
