"""Quasi-Newton loops for a decoder that is nearly linear: its exact gradient, and the Hessian of its linear part.

    z <- z - a P grad J(z),    P = (I + G^T R^-1 G)^-1 = I - G^T (G G^T + R)^-1 G,    G = H_x S L

with S L the linear part of the decoder (see `LeadingModes`) and a from step halving (see `descend`). They end where
Gauss-Newton's do, where grad J = 0, and no Jacobian of a network is formed: a loop takes one vector-Jacobian product,
however many values there are. The entries of G G^T are covariances of B and looked up.
"""

__all__ = ["quasi_newton"]

import torch
from torch import Tensor

from .outer_loops import Solution, descend
from .priors.error_space import ErrorSpace

ROUNDING = 1e-4
"""Relative error of J in single precision."""


def quasi_newton(space: ErrorSpace, loops: int, tolerance: float) -> Solution:
    """Minimises J = 1/2 |z|^2 + J_o(z) from z = 0, each case by itself.

    Arguments:
        space: The cases' latents.
        loops: Most loops.
        tolerance: Relative fall of J below which a case has converged and stops.
    """
    observations, modes = space.problem.observations, space.vae.modes
    R = torch.where(observations.mask, observations.error_std, 1.0).double().square()
    factors: list[Tensor] = []

    def inner(point: Tensor, moved: Tensor) -> tuple[Tensor, Tensor]:
        H = space.tangent(point)
        if not (factors and observations.operator.linear):
            # one case at a time: a few thousand values make a matrix of a hundred megabytes
            parts = [modes.gram(H.select(slice(case, case + 1)))[0] for case in range(len(R))]
            matrices = (space.std**2 * gram + torch.diag(r) for gram, r in zip(parts, R, strict=True))
            factors[:] = [_factor(matrix) for matrix in matrices]
        with torch.enable_grad():
            z = point.detach().requires_grad_()
            (slope,) = torch.autograd.grad(space.misfit(z).sum(), z)
        space.cost.network_backwards += 1
        gradient = point + slope
        seen = H(modes.scale * modes.root(space.std * gradient.squeeze(1)))
        space.cost.operator_calls += 2
        weights = [torch.cholesky_solve(d.double()[:, None], L)[:, 0] for d, L in zip(seen, factors, strict=True)]
        back = modes.root_adjoint(modes.scale * H.adjoint(torch.stack(weights).to(point)))
        target = point - (gradient - space.std * back[:, None])
        return target, target

    start = observations.error_std.new_zeros(len(R), 1, space.size)
    return descend(start, inner, space.misfit, loops, tolerance, ROUNDING)


def _factor(matrix: Tensor) -> Tensor:
    """Its Cholesky factor, NaN if there is none: a case that went wrong is its own."""
    L, failed = torch.linalg.cholesky_ex(matrix)
    return L if failed == 0 else torch.full_like(L, torch.nan)
