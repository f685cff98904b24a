"""The inner problem of a diffusion step: an analysis around a denoised increment.

    delta* = argmin 1/2 |R^-1/2 (y - H(x(delta)))|^2 + 1/2 (delta - delta_hat)^T C_t^-1 (delta - delta_hat)

with C_t = (B^-1 + sigma_t^-2)^-1, the covariance that is left at noise level sigma_t under a Gaussian prior.
"""

__all__ = ["adam_proximal", "gauss_newton_proximal"]

from collections.abc import Callable

from torch import Tensor

from .adam import minimise
from .gain import Gain
from .gauss_newton import Linearisation
from .priors.covariance import SpectralCovariance
from .priors.latent_space import LatentSpace

Correction = Callable[[Tensor, float], Tensor]


def gauss_newton_proximal(
    space: LatentSpace, covariance: SpectralCovariance, factor: float, linear: Linearisation, steps: int
) -> Correction:
    """Chord iterations: true innovations, and a Jacobian frozen where `linear` was found.

    Members of a case share the linearisation, so a member costs one decoder call a step.

    Arguments:
        space: The cases' latent space.
        covariance: B of scaled increments.
        factor: Factor on C_t.
        linear: Where H(x(delta)) is linearised.
        steps: Iterations.

    Returns:
        (delta_hat (case, member, n), sigma) -> delta*, same shape.
    """
    gain = Gain(linear.jacobian, covariance, space.problem.observations)

    def correct(delta_hat: Tensor, sigma: float) -> Tensor:
        delta = delta_hat
        for _ in range(steps):
            innovation = space.innovation(delta) + (delta - delta_hat) @ linear.jacobian.mT
            delta = delta_hat + gain.apply(innovation, sigma, factor)
        return delta

    return correct


def adam_proximal(
    space: LatentSpace, covariance: SpectralCovariance, factor: float, rate: float, steps: int
) -> Correction:
    """Adam in the control variable v = C_t^{-1/2} (delta - delta_hat); arguments as above."""

    def correct(delta_hat: Tensor, sigma: float) -> Tensor:
        def root(v: Tensor) -> Tensor:
            return covariance.map_modes(lambda b: (factor * b / (1 + b / sigma**2)).sqrt(), v)

        def objective(v: Tensor) -> Tensor:
            space.cost.network_backwards += v.shape[1]
            return v.square().sum(-1) / 2 + space.misfit(delta_hat + root(v))

        v, _ = minimise(objective, delta_hat.new_zeros(delta_hat.shape), rate, steps)
        return delta_hat + root(v)

    return correct
