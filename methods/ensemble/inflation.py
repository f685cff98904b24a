"""What is done to the analysis members after the update: inflation, relaxation, rotation.

Multiplicative inflation (Anderson & Anderson, 1999), relaxation to the prior perturbations (RTPP; Zhang, Snyder & Sun,
2004, doi:10.1175/1520-0493(2004)132<1238:IOIEAO>2.0.CO;2) and to the prior spread (RTPS; Whitaker & Hamill, 2012,
doi:10.1175/MWR-D-11-00276.1), and a random rotation that keeps the mean (Sakov & Oke, 2008,
doi:10.1175/2007MWR2021.1).
"""

__all__ = ["mean_preserving_rotation", "relax"]

import functools

import torch
from torch import Tensor


def relax(analysis: Tensor, background: Tensor, rtpp: float, rtps: float) -> Tensor:
    """Relaxed analysis anomalies.

    Arguments:
        analysis: Analysis anomalies, shape (case, member, channel, latitude, longitude).
        background: Those of the background, same shape.
        rtpp: Weight of the background's anomalies, 0 to 1.
        rtps: How far the analysis spread goes back to that of the background, 0 to 1.
    """
    if rtpp:
        analysis = (1 - rtpp) * analysis + rtpp * background
    if rtps:
        before, after = background.std(1, keepdim=True), analysis.std(1, keepdim=True)
        analysis = analysis * (1 + rtps * (before - after) / after.clamp_min(1e-12))
    return analysis


@functools.cache
def _basis(members: int) -> Tensor:
    """Orthonormal rows, the first of them constant, shape (member, member)."""
    start = torch.eye(members, dtype=torch.float64)
    start[:, 0] = 1.0
    q, r = torch.linalg.qr(start)
    return (q * r.diagonal().sign()).T.contiguous()


def mean_preserving_rotation(normal: Tensor) -> Tensor:
    """Random orthogonal matrices that leave the vector of ones alone.

    Arguments:
        normal: Standard normal numbers, shape (case, member - 1, member - 1).

    Returns:
        Shape (case, member, member).
    """
    q, r = torch.linalg.qr(normal)
    # without the signs the distribution would not be uniform (Mezzadri, 2007)
    q = q * r.diagonal(dim1=-2, dim2=-1).sign()[:, None, :]
    basis = _basis(normal.shape[-1] + 1).to(normal)
    rest = basis[1:]
    return basis[:1].T @ basis[:1] + rest.T @ q @ rest
