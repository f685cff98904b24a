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

from collections.abc import Mapping

import torch
from torch import Tensor

from benchmark.problem import Component

from .diffusion.method import DIFFUSION_DEFAULTS, StateDiffusion
from .diffusion.reverse import Estimate, Guide, Reverse
from .diffusion.state_gain import Conditional, StateGain
from .diffusion.state_space import StateSpace
from .priors.background_error import BackgroundError
from .priors.gaussian_prior import GaussianPrior
from .priors.state_prior import StatePrior


class DenoisingThreeDVar(StateDiffusion):
    """
    Parameters:
        prior: `learned`, or `gaussian`: the same without its network.
        factor: Factor on C_t; tuned on the validation year.
        perturb: Whether x* is a draw, in place of the mean.
        inner: Gauss-Newton steps a level under a nonlinear H, which is linearised where the members' mean is.
        levels, sigma_start, sigma_end, step, antithetic, b_scale: See `Diffusion`.
    """

    name = "denoising-3dvar"
    paper = "this project"
    defaults = {  # noqa: RUF012
        **DIFFUSION_DEFAULTS,
        "levels": 8,
        "sigma_end": 0.1,
        "step": "renoise",
        "antithetic": True,
        "prior": "learned",
        "factor": 1.0,
        "perturb": False,
        "inner": 2,
    }
    nonlinear = frozenset({"inner"})

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("prior", "learned", "gaussian")
        if self["prior"] == "gaussian":
            self.components = (BackgroundError.name,)

    def load(self, parts: Mapping[str, Component]) -> None:
        """The Gaussian prior takes the place of the learned one, if it is asked for."""
        if self["prior"] == "gaussian":
            background_error = parts[BackgroundError.name]
            assert isinstance(background_error, BackgroundError)
            parts = {StatePrior.name: GaussianPrior(background_error.covariance)}
        super().load(parts)
        self._left = Conditional(self.parts[StatePrior.name].covariance, self["factor"])

    def guide(self, reverse: Reverse) -> Guide:
        space = reverse.space
        assert isinstance(space, StateSpace)
        observations = space.problem.observations
        R_root = torch.where(observations.mask, observations.error_std, 0.0)[:, None]
        inner = 1 if observations.operator.linear else self["inner"]

        def guide(delta_t: Tensor, sigma: Tensor) -> Estimate:
            C = self._left.at(float(sigma))
            x_hat = reverse.denoise(delta_t, sigma)
            eps = torch.zeros(())
            if self["perturb"]:
                x_hat, eps = x_hat + C.sqrt(reverse.fresh()), R_root * reverse.values()
            x = x_hat
            for _ in range(inner):
                G = space.tangent(x.mean(1, keepdim=True))
                promised = space.forward(G, x - x_hat)
                x = x_hat + StateGain(G, observations).apply(space.innovation(x) + eps + promised, C)
            return Estimate(x)

        return guide
