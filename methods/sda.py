"""SDA: score-based data assimilation, with a prior of the climate or of background increments.

Rozet & Louppe (2023), Score-based data assimilation, https://arxiv.org/abs/2306.10574; Manshausen et al. (2024),
https://arxiv.org/abs/2406.16947, for the atmosphere. The likelihood of a noisy state is taken as Gaussian with a
variance that grows with the noise,

    p(y | delta_t) = N(y | H x(x_hat), R + gamma sigma^2 G G^T),   G = H S,   x_hat = E[delta | delta_t]

of which only the diagonal of G G^T is kept, and its gradient is added to the score,

    E[delta | delta_t, y] = x_hat + sigma^2 grad_{delta_t} log p(y | delta_t)

At every level Langevin corrections take delta_t closer to its distribution before the next step. The paper has gamma
from 1e-2 to 1e-1. Where many accurate values see one wave that may be too little: the gradient overshoots, and the
process diverges. For a Gaussian prior and values at grid points gamma = 1 bounds it, for what is left of B at a noise
level is never more than sigma^2.
"""

__all__ = ["SDA"]

from typing import Literal

import torch
from torch import Tensor

from benchmark.problem import Choice, Cost, Problem, Real, Whole

from .diffusion.method import DIFFUSION_DEFAULTS, StateDiffusion
from .diffusion.reverse import STEPS, Estimate, Guide, Prior, Reverse
from .diffusion.state_space import StateSpace
from .priors.increment_space import IncrementSpace
from .priors.state_prior import ClimatePrior, StatePrior


class SDA(StateDiffusion):
    """
    Parameters:
        prior: `climate`, p(x), as in the paper, or `background`, p(x | xb).
        gamma: How fast the likelihood's variance grows with the noise.
        corrections: Langevin steps a level.
        tau: Their length.
        levels, sigma_start, sigma_end, step, antithetic, b_scale: See `Diffusion`.
    """

    name = "sda"
    paper = "Rozet & Louppe 2023"
    paper_url = "https://arxiv.org/abs/2306.10574"
    defaults = {  # noqa: RUF012
        **DIFFUSION_DEFAULTS,
        "levels": 64,
        "prior": "climate",
        "gamma": 0.3,
        "corrections": 2,
        "tau": 0.25,
    }
    search = {  # noqa: RUF012
        "levels": Whole(16, 256, log=True),
        "sigma_end": Real(0.05, 0.5, log=True),
        "step": Choice(*STEPS),
        "gamma": Real(0.001, 3.0, log=True),
        "corrections": Whole(1, 5),
        "tau": Real(0.01, 1.0, log=True),
    }

    components = (ClimatePrior.name,)
    prior: Literal["background", "climatology"] = "climatology"

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("prior", "climate", "background")
        if self["prior"] == "background":
            self.components, self.prior = (StatePrior.name,), "background"

    def open(self, problem: Problem, cost: Cost) -> tuple[IncrementSpace, Prior]:
        if self["prior"] == "background":
            return super().open(problem, cost)
        prior: ClimatePrior = self.parts[ClimatePrior.name]
        return StateSpace(problem, prior.scale * self["b_scale"] ** 0.5, cost, "climatology"), prior

    def guide(self, reverse: Reverse) -> Guide:
        space = reverse.space
        assert isinstance(space, StateSpace)
        observations = space.problem.observations
        R = torch.where(observations.mask, observations.error_std, 1.0).square()[:, None]

        def guided(delta_t: Tensor, sigma: Tensor) -> Tensor:
            """E[delta | delta_t, y]."""
            with torch.enable_grad():
                delta_t = delta_t.detach().requires_grad_()
                x_hat = reverse.denoise(delta_t, sigma)
                G = space.tangent(x_hat.detach().mean(1, keepdim=True))
                variance = R + self["gamma"] * sigma**2 * G.weight.square().sum(-1)[:, None]
                log_p = -(space.innovation(x_hat).square() / variance).sum() / 2
                (gradient,) = torch.autograd.grad(log_p, delta_t)
            space.cost.network_backwards += reverse.members
            return x_hat.detach() + sigma**2 * gradient

        def guide(delta_t: Tensor, sigma: Tensor) -> Estimate:
            x_hat = guided(delta_t, sigma)
            for _ in range(self["corrections"]):
                score = (x_hat - delta_t) / sigma
                # of every member its own: the length is such that the move is of the size of the noise
                length = self["tau"] / score.square().mean(-1, keepdim=True).clamp_min(1e-12)
                delta_t = delta_t + sigma * (length * score + (2 * length).sqrt() * reverse.fresh())
                x_hat = guided(delta_t, sigma)
            return Estimate(x_hat, noisy=delta_t)

        return guide
