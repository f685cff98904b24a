"""The inner problem of a diffusion step: an analysis around a denoised increment.

    delta* = argmin 1/2 |R^-1/2 (y - H(x(delta)))|^2 + 1/2 (delta - delta_hat)^T C_t^-1 (delta - delta_hat)

with C_t = (B^-1 + sigma_t^-2)^-1, the covariance that is left at noise level sigma_t under a Gaussian prior.
"""

__all__ = ["Check", "adam_proximal", "gauss_newton_proximal"]

from collections.abc import Callable

from torch import Tensor

from .adam import minimise
from .gain import Gain
from .priors.covariance import SpectralCovariance
from .priors.latent_space import LatentSpace
from .spectral_gain import SpectralGain

PROMISE = 0.1
"""Error of the linearisation [observation error std] up to which a Gauss-Newton step counts as converged."""

Check = Callable[[Tensor], Tensor]
"""Innovation at delta*, (case, member, value) -> whether the inner problem converged, (case, member)."""

Correction = Callable[[Tensor, float], tuple[Tensor, Check]]
"""(delta_hat (case, member, n), sigma) -> delta*, same shape, and how to tell whether it converged."""


def gauss_newton_proximal(space: LatentSpace, gain: Gain | SpectralGain, factor: float, steps: int) -> Correction:
    """Chord iterations: true innovations, and a frozen Jacobian.

    Members of a case share the linearisation, so a member costs one decoder call a step. Converged is a member
    whose innovations are what the last step promised, to a tenth of the observation error in the mean square.

    Arguments:
        space: The cases' latent space.
        gain: Where it is linearised.
        factor: Factor on C_t.
        steps: Iterations.
    """
    observations = space.problem.observations

    def correct(delta_hat: Tensor, sigma: float) -> tuple[Tensor, Check]:
        delta, promised = delta_hat, delta_hat.new_zeros(())
        for _ in range(steps):
            innovation = space.innovation(delta)
            following = delta_hat + gain.apply(innovation + gain.forward(delta - delta_hat), sigma, factor)
            promised = innovation - gain.forward(following - delta)
            delta = following

        def check(innovation: Tensor) -> Tensor:
            count = observations.mask.sum(1)[:, None].clamp_min(1)
            broken = observations.precision[:, None] * (innovation - promised).square()
            return broken.sum(-1) / count <= PROMISE**2

        return delta, check

    return correct


def adam_proximal(
    space: LatentSpace, covariance: SpectralCovariance, factor: float, rate: float, steps: int
) -> Correction:
    """Adam in the control variable v = C_t^{-1/2} (delta - delta_hat); converged as `minimise` says.

    Arguments:
        space: The cases' latent space.
        covariance: B of scaled increments.
        factor: Factor on C_t.
        rate: Learning rate.
        steps: Iterations.
    """

    def correct(delta_hat: Tensor, sigma: float) -> tuple[Tensor, Check]:
        def root(v: Tensor) -> Tensor:
            return covariance.map_modes(lambda b: (factor * b / (1 + b / sigma**2)).sqrt(), v)

        def objective(v: Tensor) -> Tensor:
            space.cost.network_backwards += v.shape[1]
            return v.square().sum(-1) / 2 + space.misfit(delta_hat + root(v))

        v, converged = minimise(objective, delta_hat.new_zeros(delta_hat.shape), rate, steps)
        return delta_hat + root(v), lambda innovation: converged

    return correct
