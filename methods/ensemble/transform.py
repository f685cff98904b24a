"""Weights of the members: the ensemble transform in the space that the members span.

Bishop, Etherton & Majumdar (2001), doi:10.1175/1520-0493(2001)129<0420:ASWTET>2.0.CO;2; the symmetric square root
of Hunt, Kostelich & Szunyogh (2007), doi:10.1016/j.physd.2006.11.008. With anomalies A and their observed values Y,
whitened by R^-1/2, one member a row,

    S = I + Y Y^T / (N - 1),   w = S^-1 Y d / (N - 1),   T = S^-1/2,   xa = mean + w A,   Aa = T A
"""

__all__ = ["inverse_root", "precision_matrix", "solve"]

import torch
from torch import Tensor

EASY = 30.0
"""Bound on the largest eigenvalue up to which Newton's iteration is faster than an eigendecomposition."""


def precision_matrix(products: Tensor) -> Tensor:
    """S = I + Y Y^T / (N - 1) from Y Y^T, shape (..., member, member)."""
    members = products.shape[-1]
    return products / (members - 1) + torch.eye(members, dtype=products.dtype, device=products.device)


def inverse_root(S: Tensor) -> Tensor:
    """S^-1/2, symmetric.

    Well-conditioned matrices by the coupled Newton iteration (Denman & Beavers, 1976; Higham, 2008, Functions of
    Matrices, section 6.7), which is made of matrix products only; others by their eigenvectors. Both agree to rounding.

    Arguments:
        S: Symmetric, no eigenvalue below one, shape (..., n, n).
    """
    n = S.shape[-1]
    identity = torch.eye(n, dtype=S.dtype, device=S.device)
    # all eigenvalues are at least one, so what the largest has beyond it is at most the Frobenius norm of the rest
    bound = 1.0 + float((S - identity).square().sum((-2, -1)).max().sqrt()) if S.numel() else 1.0
    if not bound <= EASY:
        return _by_eigenvectors(S)
    centre = (1 + bound) / 2
    error = (bound - 1) / (bound + 1)
    Y = (S / centre).reshape(-1, n, n)
    Z = 1.5 * identity - 0.5 * Y
    error = (3 + error) * error**2 / 4
    Y = torch.bmm(Y, Z)
    while error >= torch.finfo(S.dtype).eps:
        T = torch.bmm(Z, Y).mul_(-0.5)
        T.diagonal(dim1=-2, dim2=-1).add_(1.5)
        Z = torch.bmm(T, Z)
        error = (3 + error) * error**2 / 4
        if error >= torch.finfo(S.dtype).eps:
            Y = torch.bmm(Y, T)
    return (Z + Z.mT).mul_(0.5 / centre**0.5).view_as(S)


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
