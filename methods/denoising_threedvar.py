"""Denoising 3D-Var: at every noise level of a reverse diffusion, a small 3D-Var around the denoised state.

This project's own. With the denoised increment x_hat = E[delta | delta_t, xb] as background and the covariance that is
left at noise level sigma under a Gaussian prior, C_t = (B^-1 + sigma^-2)^-1, as metric,

    x* = argmin 1/2 |R^-1/2 (y - H x(delta))|^2 + 1/2 (delta - x_hat)^T C_t^-1 (delta - x_hat)

For a Gaussian prior x* is E[delta | delta_t, y], so the reverse process samples the posterior of 3D-Var; a learned
denoiser adds what is not Gaussian or depends on the flow. It contains 3D-Var: with one level, at a sigma far above B's
stds, x* is its analysis.

`perturb` makes x* a draw from p(delta | delta_t, y) in place of its mean (perturb and optimise; Papandreou & Yuille,
2010; Orieux, Feron & Giovannelli, 2012, doi:10.1109/LSP.2011.2179535): x_hat gets a draw from N(0, C_t), y one from
N(0, R). With it re-noising is exact too for a Gaussian prior, at any number of levels.
"""

__all__ = ["DenoisingThreeDVar"]

import torch
from torch import Tensor

from benchmark.problem import BenchError

from .diffusion.method import DIFFUSION_DEFAULTS, StateDiffusion
from .diffusion.reverse import Estimate, Guide, Reverse
from .diffusion.state_gain import Conditional, StateGain
from .diffusion.state_space import StateSpace


class DenoisingThreeDVar(StateDiffusion):
    """
    Parameters:
        factor: Factor on C_t.
        perturb: Whether x* is a draw, in place of the mean.
        levels, sigma_start, sigma_end, step, antithetic, b_scale: See `Diffusion`.
    """

    name = "denoising-3dvar"
    paper = "this project"
    defaults = {  # noqa: RUF012
        **DIFFUSION_DEFAULTS,
        "levels": 8,
        "step": "renoise",
        "antithetic": True,
        "factor": 1.0,
        "perturb": False,
    }

    def load(self, parts):  # type: ignore[no-untyped-def]
        super().load(parts)
        prior = self.parts[self.components[0]]
        self._left = Conditional(prior.covariance, self["factor"])

    def guide(self, reverse: Reverse) -> Guide:
        space = reverse.space
        assert isinstance(space, StateSpace)
        observations = space.problem.observations
        if not observations.operator.linear:
            raise BenchError("not yet")
        gain = StateGain(space.tangent(torch.zeros(0)), observations)
        std = torch.where(observations.mask, observations.error_std, 0.0)[:, None]

        def guide(delta_t: Tensor, sigma: Tensor) -> Estimate:
            C = self._left.at(float(sigma))
            x_hat = reverse.denoise(delta_t, sigma)
            if self["perturb"]:
                x_hat = x_hat + C.sqrt(reverse.fresh())
            innovation = space.innovation(x_hat)
            if self["perturb"]:
                innovation = innovation + std * reverse.values()
            return Estimate(x_hat + gain.apply(innovation, C))

        return guide
