"""Gauss-Newton outer loops in the latent increment: a small 3D-Var around a point, solved by its gain."""

__all__ = ["Solution", "gain_at", "outer_loops"]

import dataclasses
import functools

import torch
from torch import Tensor

from benchmark.problem import LinearOperator

from .gain import Gain
from .priors.covariance import SpectralCovariance
from .priors.latent_space import LatentSpace
from .priors.spectral_autoencoder import SpectralAutoencoder
from .spectral_gain import SpectralGain

ROUNDING = 1e-4
"""Relative error of J in single precision."""


@dataclasses.dataclass(frozen=True)
class Solution:
    """Where the outer loops of every case ended.

    Arguments:
        point: delta, shape (case, 1, n).
        converged: Whether the last step was taken and lowered J by less than the tolerance, shape (case,).
        iterations: Outer loops done.
    """

    point: Tensor
    converged: Tensor
    iterations: int


def gain_at(space: LatentSpace, covariance: SpectralCovariance, point: Tensor) -> Gain | SpectralGain:
    """The gain of a 3D-Var linearised at delta.

    Arguments:
        space: The cases' latent space.
        covariance: B of scaled increments.
        point: delta, shape (case, 1, n).
    """
    observations, autoencoder = space.problem.observations, space.autoencoder
    operator = observations.operator
    if isinstance(autoencoder, SpectralAutoencoder) and isinstance(operator, LinearOperator):
        return SpectralGain(autoencoder, space.scale.flatten()[0], operator, observations)
    return Gain(space.jacobian(point), covariance, observations)


def outer_loops(space: LatentSpace, covariance: SpectralCovariance, loops: int, tolerance: float) -> Solution:
    """Minimises J = 1/2 delta^T B^-1 delta + J_o(delta) by Gauss-Newton (Courtier et al., 1994), from delta = 0.

        delta <- delta + a (K (y - H(x(delta)) + G delta) - delta)

    with a = 1, halved for a case after every step that would raise J; such a step is not taken.

    Arguments:
        space: The cases' latent space.
        covariance: B of scaled increments.
        loops: Most outer loops.
        tolerance: Relative fall of J below which a case has converged and stops.
    """
    cases = len(space.zb)
    point = space.zb.new_zeros(cases, 1, space.size)
    gradient = torch.zeros_like(point)  # B^-1 point, known without B^-1 and so without its rounding
    best = space.misfit(point).squeeze(1)
    converged = torch.zeros(cases, dtype=torch.bool, device=point.device)
    length = torch.ones_like(best)
    if loops < 1:
        return Solution(point, converged, 0)
    gain = gain_at(space, covariance, point)
    done = 0
    for done in range(1, loops + 1):
        target, slope = gain.solve(space.innovation(point) + gain.forward(point))
        a = length[:, None, None]
        candidate, dual = point + a * (target - point), gradient + a * (slope - gradient)
        value = ((candidate * dual).sum(-1) / 2 + space.misfit(candidate)).squeeze(1)
        # a rise within rounding is none: near the minimum a case alone and in a batch would part over it
        taken = (value <= best * (1 + ROUNDING)) & ~converged
        converged = converged | (taken & (best - value <= tolerance * best))
        point, gradient = (
            torch.where(taken[:, None, None], new, old) for new, old in ((candidate, point), (dual, gradient))
        )
        best = torch.where(taken, value, best)
        length = torch.where(taken, 1.0, length / 2)
        if done == loops or bool(converged.all()):
            break
        gain = gain.relinearised(functools.partial(space.jacobian, point), taken & ~converged)
    return Solution(point, converged, done)
