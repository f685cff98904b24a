"""Weights of the members: the ensemble transform in the space that the members span.

Bishop, Etherton & Majumdar (2001), doi:10.1175/1520-0493(2001)129<0420:ASWTET>2.0.CO;2; the symmetric square root
of Hunt, Kostelich & Szunyogh (2007), doi:10.1016/j.physd.2006.11.008. With anomalies A and their observed values Y,
whitened by R^-1/2, one member a row,

    S = I + Y Y^T / (N - 1),   w = S^-1 Y d / (N - 1),   T = S^-1/2,   xa = mean + w A,   Aa = T A
"""

__all__ = ["inverse_root", "precision_matrix", "solve"]

import dataclasses
import functools
import math

import numpy as np
import torch
from numpy.polynomial.chebyshev import Chebyshev, cheb2poly
from torch import Tensor

EASY = 200.0
"""Bound on the largest eigenvalue up to which matrix products are faster than an eigendecomposition."""

RATIO = 1.1
"""Bounds are rounded up to its powers, so that few polynomials are made."""


def precision_matrix(products: Tensor) -> Tensor:
    """S = I + Y Y^T / (N - 1) from Y Y^T, shape (..., member, member)."""
    members = products.shape[-1]
    return products / (members - 1) + torch.eye(members, dtype=products.dtype, device=products.device)


def inverse_root(S: Tensor) -> Tensor:
    """S^-1/2, symmetric.

    Well-conditioned matrices by matrix products only: a polynomial Z, then Z (I + E/2 + 3/8 E^2) with E = I - Z S Z,
    which are the first terms of (I - E)^-1/2 and cube the error, until it is below rounding. Others by their
    eigenvectors. Both agree to rounding.

    Arguments:
        S: Symmetric, no eigenvalue below one, shape (..., n, n).
    """
    n = S.shape[-1]
    # all eigenvalues are at least one, so what the largest has beyond it is at most the Frobenius norm of the rest
    rest = S.clone()
    rest.diagonal(dim1=-2, dim2=-1).sub_(1.0)
    bound = 1.0 + float(torch.linalg.vector_norm(rest, dim=(-2, -1)).max()) if S.numel() else 1.0
    if not bound <= EASY:
        return _by_eigenvectors(S)
    start = _start(max(1, math.ceil(math.log(bound, RATIO))))
    S = S.reshape(-1, n, n)
    Z = start.polynomial(rest.view_as(S))
    error = start.error
    while error >= torch.finfo(S.dtype).eps:
        M = torch.bmm(torch.bmm(Z, S), Z)
        step = torch.baddbmm(M, M, M, beta=-10 / 8, alpha=3 / 8)
        step.diagonal(dim1=-2, dim2=-1).add_(15 / 8)
        Z = torch.bmm(Z, step)
        error = error**3
    return (Z + Z.mT).mul_(0.5).view_as(rest)


@dataclasses.dataclass(frozen=True)
class _Start:
    """The polynomial of degree nine that interpolates x^-1/2 at Chebyshev's points from one to a bound.

    Arguments:
        half: Half the interval's length.
        coefficients: By powers of t in [-1, 1], where x - 1 = half (t + 1).
        error: Largest |1 - x p(x)^2| on the interval.
    """

    half: float
    coefficients: tuple[float, ...]
    error: float

    def polynomial(self, rest: Tensor) -> Tensor:
        """p(S), by four products (Paterson & Stockmeyer, 1973, doi:10.1137/0202007).

        Arguments:
            rest: S - I, shape (matrix, n, n).
        """
        c = self.coefficients
        powers = torch.empty(3, *rest.shape, dtype=rest.dtype, device=rest.device)
        torch.mul(rest, 1 / self.half, out=powers[0]).diagonal(dim1=-2, dim2=-1).sub_(1.0)
        torch.bmm(powers[0], powers[0], out=powers[1])
        torch.bmm(powers[0], powers[1], out=powers[2])
        weights = torch.tensor([[c[1], c[2], 0.0], [c[4], c[5], 0.0], [c[7], c[8], c[9]]]).to(rest)
        parts = (weights @ powers.view(3, -1)).view_as(powers)
        for part, constant in zip(parts, c[:7:3], strict=True):
            part.diagonal(dim1=-2, dim2=-1).add_(constant)
        return torch.baddbmm(parts[0], powers[2], torch.baddbmm(parts[1], powers[2], parts[2]))


@functools.cache
def _start(step: int) -> _Start:
    """For eigenvalues from one to RATIO^step."""
    bound = RATIO**step
    p = Chebyshev.interpolate(lambda x: x**-0.5, 9, domain=[1.0, bound])
    x = np.linspace(1, bound, 2001)
    return _Start((bound - 1) / 2, tuple(cheb2poly(p.coef).tolist()), float(np.abs(1 - x * p(x) ** 2).max()))


def _by_eigenvectors(S: Tensor) -> Tensor:
    given = S
    S = S.double()  # no slower, and eigenvalues far below the largest keep their digits
    broken = ~torch.isfinite(S).flatten(-2).all(-1)
    # one case that went wrong must not end the others of its batch
    S = torch.where(broken[..., None, None], torch.eye(S.shape[-1], dtype=S.dtype, device=S.device), S)
    values, vectors = torch.linalg.eigh(S)
    root = (vectors * values.clamp_min(1.0).rsqrt()[..., None, :]) @ vectors.mT
    return torch.where(broken[..., None, None], torch.nan, root).to(given)


def solve(S: Tensor, b: Tensor) -> Tensor:
    """S^-1 b, worked in double precision; NaN where S is broken.

    Arguments:
        S: Symmetric positive definite, shape (..., n, n).
        b: Shape (..., n, k).
    """
    L, failed = torch.linalg.cholesky_ex(S.double())
    return torch.cholesky_solve(b.double(), torch.where(failed[..., None, None] > 0, torch.nan, L)).to(b)
