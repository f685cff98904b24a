"""DAPS: decoupled annealing posterior sampling.

Zhang, Chu, Berner, Meng, Anandkumar & Song (2024), Improving diffusion inverse problem solving with decoupled noise
annealing, https://arxiv.org/abs/2407.01521. At every noise level the probability-flow ODE is followed to its end,
x_hat(delta_t), and the state given delta_t is taken as Gaussian around it; of the posterior

    p(delta | delta_t, y) ~ p(y | delta) N(delta; x_hat, C_t)

a sample is drawn, to which the next level's noise is added. The paper draws it by Langevin or Hamiltonian steps; here
it is drawn by perturb and optimise, to which they converge where H and the decoder are linear.

The paper has C_t = r_t^2 I. `metric=identity` takes r_t^2 = sigma^2 / (1 + sigma^2), what is left of an increment of
unit variance. With `metric=covariance`, C_t = (B^-1 + sigma^-2)^-1, and `ode=1`, so that x_hat = E[delta | delta_t],
it is exact for a Gaussian prior at any number of levels, and the same as `denoising-3dvar` with `perturb`.
"""

__all__ = ["DAPS", "LatentDAPS"]

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from benchmark.problem import Choice, Component, Range, Real, Whole

from .diffusion.method import DIFFUSION_DEFAULTS, LatentDiffusion, StateDiffusion
from .diffusion.reverse import Estimate, Guide, Reverse, noise_levels
from .diffusion.state_gain import Conditional, StateGain
from .diffusion.state_space import StateSpace
from .gauss_newton import gain_at
from .priors.covariance import SpectralCovariance
from .priors.latent_prior import LatentPrior
from .priors.latent_space import LatentSpace
from .priors.state_prior import StatePrior
from .proximal import AnyGain, gauss_newton_proximal

DEFAULTS: dict[str, Any] = {
    **DIFFUSION_DEFAULTS,
    "levels": 16,
    "sigma_end": 0.1,
    "step": "renoise",
    "metric": "identity",
    "factor": 1.0,
    "ode": 5,
    "inner": 2,
}


SEARCH: dict[str, Range] = {
    "levels": Whole(2, 64, log=True),
    "sigma_end": Real(0.1, 1.0, log=True),
    "metric": Choice("identity", "covariance"),
    "factor": Real(0.1, 5.0, log=True),
    "b_scale": Real(0.1, 5.0, log=True),
    "ode": Whole(1, 8, log=True),
}


class DAPS(StateDiffusion):
    """
    Parameters:
        metric: C_t: `identity` or `covariance`.
        factor: Factor on C_t; tuned on the validation year.
        ode: Steps of the probability-flow ODE a level; 1 for E[delta | delta_t].
        inner: Gauss-Newton steps a level under a nonlinear H.
        levels, sigma_start, sigma_end, step, antithetic, b_scale: See `Diffusion`.
    """

    name = "daps"
    paper = "Zhang et al. 2024"
    paper_url = "https://arxiv.org/abs/2407.01521"
    defaults = DEFAULTS
    search = SEARCH

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("metric", "identity", "covariance")

    def load(self, parts: Mapping[str, Component]) -> None:
        super().load(parts)
        B = self.parts[StatePrior.name].covariance
        self._left = Conditional(
            B if self["metric"] == "covariance" else SpectralCovariance.identity(B.scale.numel()).to(B.scale.device)
        )

    def guide(self, reverse: Reverse) -> Guide:
        space = reverse.space
        assert isinstance(space, StateSpace)
        linear = space.problem.observations.operator.linear

        def at(point: Tensor) -> StateGain:
            return StateGain.at(space, self._left, point)

        return _guide(self, reverse, at, 1 if linear else self["inner"], None if linear else at)


class LatentDAPS(LatentDiffusion):
    """DAPS in a latent. Parameters as those of `daps`; `inner` are chord iterations here, whatever H."""

    name = "latent-daps"
    paper = "Zhang et al. 2024"
    paper_url = "https://arxiv.org/abs/2407.01521"
    defaults = {**DEFAULTS, "sigma_start": 10.0, "inner": 1}  # noqa: RUF012
    search = SEARCH

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("metric", "identity", "covariance")

    def guide(self, reverse: Reverse) -> Guide:
        space = reverse.space
        assert isinstance(space, LatentSpace)
        B = self.parts[LatentPrior.name].covariance
        if self["metric"] == "identity":
            B = SpectralCovariance.identity(space.size).to(space.problem.device)
        return _guide(self, reverse, lambda point: gain_at(space, B, point), self["inner"], None)


def _guide(
    method: DAPS | LatentDAPS,
    reverse: Reverse,
    at: Callable[[Tensor], AnyGain],
    inner: int,
    relinearise: Callable[[Tensor], AnyGain] | None,
) -> Guide:
    nothing = torch.zeros(reverse.cases, 1, reverse.space.size, device=reverse.space.problem.device)
    correct = gauss_newton_proximal(
        reverse.space, at(nothing), method["factor"], inner, relinearise=relinearise, draws=reverse
    )

    def guide(delta_t: Tensor, sigma: Tensor) -> Estimate:
        steps = method["ode"] if sigma > method["sigma_end"] else 1
        levels = noise_levels(float(sigma), method["sigma_end"], steps, delta_t.device)
        at_level = delta_t
        for level, following in itertools.pairwise(levels):
            at_level = reverse.step(reverse.denoise(at_level, level), at_level, level, following, "probability-flow")
        delta, check = correct(reverse.denoise(at_level, levels[-1]), float(sigma))
        return Estimate(delta, check=check)

    return guide
