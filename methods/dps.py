"""DPS: diffusion posterior sampling.

Chung, Kim, Mccann, Klasky & Ye (2023), Diffusion posterior sampling for general noisy inverse problems,
https://arxiv.org/abs/2209.14687. After every step of the reverse process, with x_hat = E[delta | delta_t],

    delta_t' <- delta_t' - zeta grad_{delta_t} |y - H x(x_hat)|

the norm of a member's own innovation (not of the batch's, and not weighted by R: the observations have one error std).
"""

__all__ = ["DPS"]

import torch
from torch import Tensor

from benchmark.problem import Choice, Real, Whole

from .diffusion.method import DIFFUSION_DEFAULTS, LatentDiffusion, StateDiffusion
from .diffusion.reverse import STEPS, Estimate, Guide, Reverse


class DPS(StateDiffusion):
    """
    Parameters:
        zeta: Length of the guidance step; tuned on the validation year.
        levels, sigma_start, sigma_end, step, antithetic, b_scale: See `Diffusion`.
    """

    name = "dps"
    paper = "Chung et al. 2023"
    paper_url = "https://arxiv.org/abs/2209.14687"
    defaults = {**DIFFUSION_DEFAULTS, "levels": 64, "zeta": 1.0}  # noqa: RUF012
    search = {  # noqa: RUF012
        "levels": Whole(16, 256, log=True),
        "sigma_end": Real(0.05, 0.5, log=True),
        "step": Choice(*STEPS),
        "antithetic": Choice(False, True),
        "b_scale": Real(0.1, 5.0, log=True),
        "zeta": Real(0.01, 1000.0, log=True),
    }

    def guide(self, reverse: Reverse) -> Guide:
        space = reverse.space

        def guide(delta_t: Tensor, sigma: Tensor) -> Estimate:
            with torch.enable_grad():
                delta_t = delta_t.detach().requires_grad_()
                x_hat = reverse.denoise(delta_t, sigma)
                norm = torch.linalg.vector_norm(space.innovation(x_hat), dim=-1)
                (gradient,) = torch.autograd.grad(norm.sum(), delta_t)
            space.cost.network_backwards += reverse.members
            return Estimate(x_hat.detach(), kick=-self["zeta"] * gradient)

        return guide


class LatentDPS(LatentDiffusion):
    """DPS in a latent: its guide through denoiser and decoder. Parameters as those of `dps`."""

    name = "latent-dps"
    paper = "Chung et al. 2023"
    paper_url = "https://arxiv.org/abs/2209.14687"
    defaults = {**DPS.defaults, "sigma_start": 10.0, "sigma_end": 0.1}  # noqa: RUF012
    search = {  # noqa: RUF012
        **DPS.search,
        "sigma_end": Real(0.1, 0.5, log=True),
        "zeta": Real(0.01, 100.0, log=True),
    }
    guide = DPS.guide
