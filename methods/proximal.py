"""The inner problem of a noise level: an analysis around a denoised increment, or a draw from its posterior.

    delta* = argmin 1/2 |R^-1/2 (y - H(x(delta)))|^2 + 1/2 (delta - delta_hat)^T C_t^-1 (delta - delta_hat)

with C_t = factor (B^-1 + sigma_t^-2)^-1, the covariance that is left at noise level sigma_t under a Gaussian prior.
Perturb and optimise (Papandreou & Yuille, 2010; Orieux, Feron & Giovannelli, 2012, doi:10.1109/LSP.2011.2179535): with
delta_hat + N(0, C_t) and y + N(0, R) in place of delta_hat and y, delta* is a draw from the posterior of which it is
the mean otherwise, exactly if H and the decoder are linear.
"""

__all__ = ["AnyGain", "Check", "adam_proximal", "gauss_newton_proximal", "proximal_guide"]

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from .adam import minimise
from .diffusion.reverse import Estimate, Guide, Reverse
from .priors.covariance import SpectralCovariance
from .priors.increment_space import IncrementSpace
from .priors.left_over import left_over

PROMISE = 0.1
"""Error of the linearisation [observation error std] up to which a Gauss-Newton step counts as converged."""


class AnyGain(Protocol):
    """The Kalman gain at a linearisation point, in the state or in a latent."""

    def forward(self, delta: Tensor) -> Tensor:
        """G delta: (case, member, n) to (case, member, value)."""

    def apply(self, innovation: Tensor, sigma: float, factor: float = 1.0) -> Tensor:
        """C G^T (G C G^T + R)^-1 innovation: (case, member, value) to (case, member, n)."""

    def root(self, noise: Tensor, sigma: float, factor: float = 1.0) -> Tensor:
        """C^1/2 noise, shape (case, member, n)."""


Check = Callable[[Tensor], Tensor]
"""Innovation at delta*, (case, member, value) -> whether the inner problem converged, (case, member)."""

Correction = Callable[[Tensor, float], tuple[Tensor, Check]]
"""(delta_hat (case, member, n), sigma) -> delta*, same shape, and how to tell whether it converged."""


def gauss_newton_proximal(
    space: IncrementSpace,
    gain: AnyGain,
    factor: float,
    steps: int,
    *,
    relinearise: Callable[[Tensor], AnyGain] | None = None,
    draws: Reverse | None = None,
    discrepancy: bool = False,
) -> Correction:
    """Gauss-Newton steps with true innovations; chord iterations where the Jacobian is frozen.

    Members of a case share the linearisation, so a member costs one decoder call a step. Converged is a member
    whose innovations are what the last step promised, to a tenth of the observation error in the mean square.

    Arguments:
        space: The cases' increments.
        gain: Where it is linearised.
        factor: Factor on C_t.
        steps: Iterations.
        relinearise: The gain at the members' mean, shape (case, 1, n), asked for at every step; None to keep the gain.
        draws: Where perturbations come from, for a draw in place of the mean; None for none.
        discrepancy: Whether a member that fits its observations as closely as their errors allow, J_o <= values / 2, is
            left as it is (Morozov, 1966).
    """
    observations = space.problem.observations
    count = observations.mask.sum(1)[:, None].clamp_min(1)
    R_root = torch.where(observations.mask, observations.error_std, 0.0)[:, None]

    def correct(delta_hat: Tensor, sigma: float) -> tuple[Tensor, Check]:
        eps = delta_hat.new_zeros(())
        if draws is not None:
            delta_hat, eps = delta_hat + gain.root(draws.fresh(), sigma, factor), R_root * draws.values()
        delta, promised = delta_hat, eps
        for _ in range(steps):
            at = gain if relinearise is None else relinearise(delta.mean(1, keepdim=True))
            innovation = space.innovation(delta) + eps
            following = delta_hat + at.apply(innovation + at.forward(delta - delta_hat), sigma, factor)
            if discrepancy:
                fits = (observations.precision[:, None] * innovation.square()).sum(-1, keepdim=True) <= count[..., None]
                following = torch.where(fits, delta, following)
            promised = innovation - at.forward(following - delta) - eps
            delta = following

        def check(innovation: Tensor) -> Tensor:
            broken = observations.precision[:, None] * (innovation - promised).square()
            return broken.sum(-1) / count <= PROMISE**2

        return delta, check

    return correct


def adam_proximal(
    space: IncrementSpace,
    covariance: SpectralCovariance,
    factor: float,
    rate: float,
    steps: int,
    *,
    draws: Reverse | None = None,
    discrepancy: bool = False,
) -> Correction:
    """Adam in the control variable v = C_t^{-1/2} (delta - delta_hat); converged as `minimise` says.

    Arguments:
        space: The cases' increments.
        covariance: B of scaled increments.
        factor: Factor on C_t.
        rate: Learning rate.
        steps: Iterations.
        draws, discrepancy: As in `gauss_newton_proximal`; the discrepancy ends a member's iterations.
    """
    observations = space.problem.observations
    R_root = torch.where(observations.mask, observations.error_std, 0.0)[:, None]
    goal = observations.mask.sum(1)[:, None] / 2

    def correct(delta_hat: Tensor, sigma: float) -> tuple[Tensor, Check]:
        def root(v: Tensor) -> Tensor:
            return covariance.map_modes(lambda b: left_over(sigma, factor)(b).sqrt(), v)

        eps = delta_hat.new_zeros(())
        if draws is not None:
            delta_hat, eps = delta_hat + root(draws.fresh()), R_root * draws.values()

        def objective(v: Tensor) -> Tensor:
            space.cost.network_backwards += v.shape[1]
            misfit = space.misfit(delta_hat + root(v), eps)
            if discrepancy:
                # what is fitted well enough has no gradient, and no later iterate is better
                misfit = misfit.clamp_min(goal)
            return v.square().sum(-1) / 2 + misfit

        v, converged = minimise(objective, delta_hat.new_zeros(delta_hat.shape), rate, steps)
        return delta_hat + root(v), lambda innovation: converged

    return correct


def proximal_guide(reverse: Reverse, correct: Correction) -> Guide:
    """Every level's estimate is the inner problem's solution around the denoised increment."""

    def guide(delta_t: Tensor, sigma: Tensor) -> Estimate:
        delta, check = correct(reverse.denoise(delta_t, sigma), float(sigma))
        return Estimate(delta, check=check)

    return guide
