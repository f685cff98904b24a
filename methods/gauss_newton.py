"""Gauss-Newton outer loops in an increment that is decoded: a small 3D-Var around a point, solved by its gain."""

__all__ = ["gain_at", "outer_loops"]

from torch import Tensor

from .gain import Gain
from .outer_loops import Solution, descend
from .priors.covariance import SpectralCovariance
from .priors.decoded_space import DecodedSpace
from .priors.latent_space import LatentSpace
from .priors.spectral_autoencoder import SpectralAutoencoder
from .spectral_gain import SpectralGain

ROUNDING = 1e-4
"""Relative error of J in single precision."""


def gain_at(space: DecodedSpace, covariance: SpectralCovariance, point: Tensor) -> Gain | SpectralGain:
    """The gain of a 3D-Var linearised at delta.

    Arguments:
        space: The cases' increments.
        covariance: B of scaled increments.
        point: delta, shape (case, 1, n).
    """
    observations = space.problem.observations
    if isinstance(space, LatentSpace) and isinstance(space.autoencoder, SpectralAutoencoder):
        return SpectralGain(space.autoencoder, space.scale.flatten()[0], space.tangent(point), observations)
    return Gain(space.jacobian(point), covariance, observations)


def outer_loops(space: DecodedSpace, covariance: SpectralCovariance, loops: int, tolerance: float) -> Solution:
    """Minimises J = 1/2 delta^T B^-1 delta + J_o(delta) from delta = 0, as `descend` does, with the minimum

        delta* = K (y - H(x(delta)) + G delta)

    of the 3D-Var linearised at delta.

    Arguments:
        space: The cases' increments.
        covariance: B of scaled increments.
        loops: Most outer loops.
        tolerance: Relative fall of J below which a case has converged and stops.
    """
    gain: Gain | SpectralGain | None = None

    def inner(point: Tensor, moved: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal gain
        gain = gain_at(space, covariance, point) if gain is None else gain.relinearised(space, point, moved)
        return gain.solve(space.innovation(point) + gain.forward(point))

    error_std = space.problem.observations.error_std
    start = error_std.new_zeros(len(error_std), 1, space.size)
    return descend(start, inner, space.misfit, loops, tolerance, ROUNDING)
