"""Small 3D-Vars in the increments of the state, one for every noise level."""

__all__ = ["Conditional", "StateGain"]

import functools

import torch
from torch import Tensor

from benchmark.problem import LinearOperator, Observations
from methods.priors.background_error import Covariance

LEVELS = 64
"""Covariances that are kept: on a sphere each has a table of some sixty megabytes."""


class Conditional:
    """C = factor (B^-1 + sigma^-2)^-1, the covariance that is left at a noise level under a Gaussian prior.

    Arguments:
        B: Covariance of scaled increments.
        factor: Factor on C.
    """

    def __init__(self, B: Covariance, factor: float = 1.0) -> None:
        self.B, self.factor = B, factor
        self.at = functools.lru_cache(LEVELS)(self._at)

    def _at(self, sigma: float) -> Covariance:
        return self.B.mapped(lambda b: self.factor * b / (1 + b / sigma**2))


class StateGain:
    """K = C G^T (G C G^T + R)^-1, solved in observation space, where C gives covariances of points.

    Arguments:
        G: The observation operator of scaled increments.
        observations: Give R.
    """

    def __init__(self, G: LinearOperator, observations: Observations) -> None:
        self.G = G
        self.R = torch.where(observations.mask, observations.error_std, 1.0).double().square()

    def apply(self, innovation: Tensor, C: Covariance) -> Tensor:
        """K innovation: (case, member, value), zero where padded, to (case, member, n)."""
        weights = torch.empty_like(innovation)
        for case in range(len(innovation)):
            # one case at a time: a few thousand values make a matrix of a hundred megabytes
            gram = C.between(self.G.select(slice(case, case + 1)))[0] + torch.diag(self.R[case])
            L, failed = torch.linalg.cholesky_ex(gram)
            solved = torch.cholesky_solve(innovation[case].double().mT, L).mT
            # a case that went wrong is its own: the others of its batch have their analysis
            weights[case] = solved.to(weights) if failed == 0 else torch.nan
        return C.apply(self.G.adjoint(weights).flatten(2))
