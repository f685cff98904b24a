"""Gauss-Newton outer loops in the latent increment: a small 3D-Var around a point, solved by its gain."""

__all__ = ["Linearisation", "outer_loops"]

import dataclasses

import torch
from torch import Tensor

from .gain import Gain
from .priors.covariance import SpectralCovariance
from .priors.latent_space import LatentSpace


@dataclasses.dataclass(frozen=True)
class Linearisation:
    """Where H(x(delta)) was linearised for every case, and its Jacobian there.

    Arguments:
        point: delta, shape (case, 1, n).
        jacobian: G, shape (case, value, n).
        cost_function: J at `point`, shape (case,).
        converged: Whether the last step was small, shape (case,).
        iterations: Outer loops done.
    """

    point: Tensor
    jacobian: Tensor
    cost_function: Tensor
    converged: Tensor
    iterations: int


def outer_loops(space: LatentSpace, covariance: SpectralCovariance, loops: int, tolerance: float) -> Linearisation:
    """Minimises J = 1/2 delta^T B^-1 delta + J_o(delta) by Gauss-Newton (Courtier et al., 1994), from delta = 0.

        delta <- K (y - H(x(delta)) + G delta)

    Each case keeps its best iterate and stops moving when a step no longer lowers J.

    Arguments:
        space: The cases' latent space.
        covariance: B of scaled increments.
        loops: Most outer loops.
        tolerance: Relative fall of J below which a case has converged.
    """

    def cost(delta: Tensor) -> Tensor:
        background = (delta * covariance.map_modes(torch.reciprocal, delta)).sum(-1) / 2
        return (background + space.misfit(delta)).squeeze(1)

    point = space.zb.new_zeros(len(space.zb), 1, space.size)
    best = cost(point)
    converged = torch.zeros(len(point), dtype=torch.bool, device=point.device)
    jacobian = space.jacobian(point)
    done = 0
    for done in range(1, loops + 1):
        right = space.innovation(point) + point @ jacobian.mT
        candidate = Gain(jacobian, covariance, space.problem.observations).apply(right)
        value = cost(candidate)
        better = (value < best) & ~converged
        converged = converged | (best - value < tolerance * best.clamp_min(1e-12))
        point = torch.where(better[:, None, None], candidate, point)
        best = torch.where(better, value, best)
        if done == loops or bool(converged.all()):
            break
        fresh = space.jacobian(point)
        jacobian = torch.where((better & ~converged)[:, None, None], fresh, jacobian)
    return Linearisation(point, jacobian, best, converged, done)
