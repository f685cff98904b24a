"""The Kalman gain by conjugate gradients: products with the decoder's Jacobian, which is never formed."""

__all__ = ["KrylovGain"]

import torch
from torch import Tensor

from .priors.covariance import SpectralCovariance
from .priors.latent_space import LatentSpace
from .priors.left_over import left_over
from .solvers import conjugate_gradients

TOLERANCE = 1e-6
"""Relative residual at which the conjugate gradients stop, if they come so far."""


class KrylovGain:
    """What `Gain` is, solved in observation space: (G C G^T + R) u = innovation by a few conjugate gradients.

    A product takes one vector-Jacobian and one Jacobian-vector product of the decoder, so many values cost no more than
    few; `Gain` takes one vector-Jacobian product a value.

    Arguments:
        space: The cases' latent space.
        covariance: B of the scaled increments (its scale is one).
        point: Where the decoder is linearised, shape (case, 1, n).
        iterations: Conjugate gradients a solution.
    """

    def __init__(self, space: LatentSpace, covariance: SpectralCovariance, point: Tensor, iterations: int) -> None:
        self.space, self.covariance, self.point, self.iterations = space, covariance, point, iterations
        observations = space.problem.observations
        self.mask = observations.mask[:, None]
        self.R = torch.where(observations.mask, observations.error_std, 1.0).square()[:, None]

    def _values(self, delta: Tensor) -> Tensor:
        """H(x(delta)), zero where padded."""
        return torch.where(self.mask, self.space.problem.observations.operator(self.space.state(delta)), 0.0)

    def forward(self, delta: Tensor) -> Tensor:
        """G delta: (case, member, n) to (case, member, value)."""
        point = self.point.repeat(1, delta.shape[1], 1)
        return torch.func.jvp(self._values, (point,), (delta,))[1]

    def adjoint(self, u: Tensor) -> Tensor:
        """G^T u: (case, member, value) to (case, member, n)."""
        with torch.enable_grad():
            point = self.point.expand(-1, u.shape[1], -1).detach().requires_grad_()
            self.space.cost.network_backwards += u.shape[1]
            return torch.autograd.grad(self._values(point), point, u)[0]

    def apply(self, innovation: Tensor, sigma: float, factor: float = 1.0) -> Tensor:
        """C G^T u, shape (case, member, n), with C = factor (B^-1 + sigma^-2)^-1."""

        def spread(u: Tensor) -> Tensor:
            return self.covariance.map_modes(left_over(sigma, factor), self.adjoint(u))

        def matrix(u: Tensor) -> Tensor:
            u = u.view_as(innovation)
            return (self.R * u + self.forward(spread(u))).flatten(0, 1)

        u, _, _ = conjugate_gradients(matrix, innovation.flatten(0, 1), TOLERANCE, self.iterations)
        return spread(u.view_as(innovation))

    def root(self, noise: Tensor, sigma: float, factor: float = 1.0) -> Tensor:
        """C^1/2 noise, shape (case, member, n)."""
        return self.covariance.map_modes(lambda v: left_over(sigma, factor)(v).sqrt(), noise)
