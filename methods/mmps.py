"""MMPS: moment matching posterior sampling.

Rozet, Andry, Lanusse & Louppe (2024), Learning diffusion priors from observations by expectation maximization,
https://arxiv.org/abs/2405.13712; used by Appa (Andry et al., 2025). The distribution of the state given delta_t is
taken as Gaussian with the denoiser's own mean and covariance (Tweedie),

    x_hat = E[delta | delta_t],   V = sigma^2 d x_hat / d delta_t

    E[delta | delta_t, y] = x_hat + V G^T (R + G V G^T)^-1 (y - H x(x_hat))

solved by a few conjugate gradients in observation space, each of which takes a vector-Jacobian product. For a Gaussian
prior it is exact once they have converged.
"""

__all__ = ["MMPS"]

import torch
from torch import Tensor

from benchmark.problem import Choice, Real, Whole

from .diffusion.method import DIFFUSION_DEFAULTS, StateDiffusion
from .diffusion.reverse import STEPS, Estimate, Guide, Reverse
from .diffusion.state_space import StateSpace
from .solvers import conjugate_gradients

TOLERANCE = 1e-6
"""Relative residual at which the conjugate gradients stop, if they come so far."""


class MMPS(StateDiffusion):
    """
    Parameters:
        iterations: Conjugate gradients a level.
        levels, sigma_start, sigma_end, step, antithetic, b_scale: See `Diffusion`.
    """

    name = "mmps"
    paper = "Rozet et al. 2024"
    paper_url = "https://arxiv.org/abs/2405.13712"
    defaults = {**DIFFUSION_DEFAULTS, "iterations": 3}  # noqa: RUF012
    search = {  # noqa: RUF012
        "levels": Whole(4, 128, log=True),
        "sigma_end": Real(0.05, 0.5, log=True),
        "step": Choice(*STEPS),
        "antithetic": Choice(False, True),
        "b_scale": Real(0.1, 5.0, log=True),
        "iterations": Whole(1, 10),
    }

    def guide(self, reverse: Reverse) -> Guide:
        space = reverse.space
        assert isinstance(space, StateSpace)
        observations = space.problem.observations
        R = torch.where(observations.mask, observations.error_std, 1.0).square()[:, None]

        def guide(delta_t: Tensor, sigma: Tensor) -> Estimate:
            x_hat, pullback = reverse.linearised(delta_t, sigma)
            G = space.tangent(x_hat.mean(1, keepdim=True))

            def spread(u: Tensor) -> Tensor:
                """V G^T u."""
                return sigma**2 * pullback(G.adjoint(u).flatten(2))

            def matrix(u: Tensor) -> Tensor:
                """(R + G V G^T) u, a member a row."""
                u = u.view_as(d)
                return (R * u + space.forward(G, spread(u))).flatten(0, 1)

            d = space.innovation(x_hat)
            u, _, _ = conjugate_gradients(matrix, d.flatten(0, 1), TOLERANCE, self["iterations"])
            return Estimate(x_hat + spread(u.view_as(d)))

        return guide
