"""Small 3D-Vars in the increments of the state, one for every noise level."""

__all__ = ["Conditional", "StateGain"]

import functools
from typing import Any

import torch
from torch import Tensor

from benchmark.problem import LinearOperator
from methods.priors.background_error import Covariance
from methods.priors.left_over import left_over

from .state_space import StateSpace

LEVELS = 64
"""Covariances that are kept: on a sphere each has a table of some sixty megabytes."""

MOST_NUMBERS = 2**26
"""Of the matrices of all cases; where there are more, a case is solved for by itself and nothing of it is kept."""


class Conditional:
    """C = factor (B^-1 + sigma^-2)^-1, the covariance that is left at a noise level under a Gaussian prior.

    Arguments:
        B: Covariance of scaled increments.
    """

    def __init__(self, B: Covariance) -> None:
        self.B = B
        self.at = functools.lru_cache(LEVELS)(self._at)

    def _at(self, sigma: float, factor: float = 1.0) -> Covariance:
        return self.B.mapped(left_over(sigma, factor))


class StateGain:
    """K = C G^T (G C G^T + R)^-1, solved in observation space, where C gives covariances of points.

    Arguments:
        space: The cases' increments.
        G: The observation operator of scaled increments.
        left: Gives C.
    """

    def __init__(self, space: StateSpace, G: LinearOperator, left: Conditional) -> None:
        observations = space.problem.observations
        self.space, self.G, self.left = space, G, left
        self.R = torch.where(observations.mask, observations.error_std, 1.0).double().square()
        cases, values = self.R.shape
        # together while that takes little memory: a few thousand values make a matrix of a hundred megabytes
        together = self.R.numel() * (len(left.B.modes) + values) <= MOST_NUMBERS
        self._groups = [slice(0, cases)] if together else [slice(case, case + 1) for case in range(cases)]
        self._kept: Any = left.B.seen_by(G) if together else None

    @classmethod
    def at(cls, space: StateSpace, left: Conditional, point: Tensor) -> "StateGain":
        """Linearised at delta, shape (case, 1, n)."""
        return cls(space, space.tangent(point), left)

    def forward(self, delta: Tensor) -> Tensor:
        """G delta: (case, member, n) to (case, member, value)."""
        return self.space.forward(self.G, delta)

    def apply(self, innovation: Tensor, sigma: float, factor: float = 1.0) -> Tensor:
        """K innovation: (case, member, value), zero where padded, to (case, member, n)."""
        C: Any = self.left.at(sigma, factor)
        parts = []
        for group in self._groups:
            seen = C.seen_by(self.G.select(group)) if self._kept is None else self._kept
            L, failed = torch.linalg.cholesky_ex(seen.between(C) + torch.diag_embed(self.R[group]))
            weights = torch.cholesky_solve(innovation[group].double().mT, L).mT.to(innovation)
            # a case that went wrong is its own: the others of its batch have their analysis
            weights = torch.where(failed[:, None, None] > 0, torch.nan, weights)
            parts.append(seen.spread(C, weights))
        return torch.cat(parts)

    def root(self, noise: Tensor, sigma: float, factor: float = 1.0) -> Tensor:
        """C^1/2 noise, shape (case, member, n)."""
        return self.left.at(sigma, factor).sqrt(noise)
