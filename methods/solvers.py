"""Conjugate gradients for a batch of systems that must not know of each other."""

__all__ = ["conjugate_gradients"]

from collections.abc import Callable

import torch
from torch import Tensor


def conjugate_gradients(
    apply: Callable[[Tensor], Tensor], b: Tensor, tolerance: float, limit: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Solves A x = b for symmetric positive definite A (Hestenes & Stiefel, 1952), one system a row.

    A row that has reached its tolerance is frozen, so its solution is the same in any batch; so is one that meets a
    direction of no positive curvature, for then A is no covariance there. (azula's `cg` runs a fixed number of
    iterations and has no residual to stop at.)

    Arguments:
        apply: x -> A x, shape (case, n) to (case, n).
        b: Right-hand sides, shape (case, n).
        tolerance: Relative residual |b - A x| / |b| to reach.
        limit: Most iterations.

    Returns:
        Solutions (case, n), NaN where the iteration broke down; iterations (case,), converged (case,) bool.
    """
    x, r = torch.zeros_like(b), b.clone()
    p = r.clone()
    rho = r.square().sum(1)
    goal = tolerance**2 * rho
    iterations = torch.zeros(len(b), device=b.device)
    for _ in range(limit):
        active = rho > goal
        if not active.any():
            break
        Ap = apply(p)
        curvature = (p * Ap).sum(1)
        # not (curvature <= 0): what is not a number goes on, and is seen in the end
        active &= ~(curvature <= 0)
        alpha = torch.where(active, rho / curvature.clamp_min(1e-30), 0.0)
        x = x + alpha[:, None] * p
        r = r - alpha[:, None] * Ap
        new = r.square().sum(1)
        beta = torch.where(active, new / rho.clamp_min(1e-30), 0.0)
        p = torch.where(active[:, None], r + beta[:, None] * p, p)
        rho = torch.where(active, new, rho)
        iterations += active
    x = torch.where(torch.isfinite(rho)[:, None], x, torch.nan)
    return x, iterations, rho <= goal
