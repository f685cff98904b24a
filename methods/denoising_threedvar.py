"""Denoising 3D-Var: at every noise level of a reverse diffusion, a small 3D-Var around the denoised state.

This project's own. With the denoised increment x_hat = E[delta | delta_t, xb] as background and the covariance that is
left at noise level sigma under a Gaussian prior, C_t = (B^-1 + sigma^-2)^-1, as metric,

    x* = argmin 1/2 |R^-1/2 (y - H x(delta))|^2 + 1/2 (delta - x_hat)^T C_t^-1 (delta - x_hat)

For a Gaussian prior x* is E[delta | delta_t, y], so the reverse process samples the posterior of 3D-Var; a learned
denoiser adds what is not Gaussian or depends on the flow. It contains 3D-Var: with one level, at a sigma far above B's
stds, x* is its analysis.

A learned prior leaves less than B of the background's error, and elsewhere: with `metric=corrected-error`, B in C_t is
the covariance of E[x | xb] - x.

`perturb` makes x* a draw from p(delta | delta_t, y) in place of its mean (perturb and optimise; Papandreou & Yuille,
2010; Orieux, Feron & Giovannelli, 2012, doi:10.1109/LSP.2011.2179535): x_hat gets a draw from N(0, C_t), y one from
N(0, R). With it re-noising is exact too for a Gaussian prior, at any number of levels.
"""

__all__ = ["DenoisingThreeDVar", "LatentDenoisingThreeDVar"]

import dataclasses
from collections.abc import Mapping

import torch
from torch import Tensor

from benchmark.problem import BenchError, Choice, Component, Real, Whole

from .diffusion.method import DIFFUSION_DEFAULTS, LatentDiffusion, StateDiffusion
from .diffusion.reverse import STEPS, Guide, Reverse
from .diffusion.state_gain import Conditional, StateGain
from .diffusion.state_space import StateSpace
from .gauss_newton import gain_at
from .priors.background_error import BackgroundError
from .priors.corrected_error import CorrectedError
from .priors.gaussian_prior import GaussianPrior
from .priors.latent_prior import LatentPrior
from .priors.latent_space import LatentSpace
from .priors.state_prior import StatePrior
from .proximal import gauss_newton_proximal, proximal_guide


class DenoisingThreeDVar(StateDiffusion):
    """
    Parameters:
        prior: `learned`, or `gaussian`: the same without its network.
        metric: Of which error C_t is made: `background-error`, B, or `corrected-error`, what is left of it.
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
        "metric": "background-error",
        "factor": 1.0,
        "perturb": False,
        "inner": 2,
    }
    search = {  # noqa: RUF012
        "levels": Whole(2, 64, log=True),
        "sigma_end": Real(0.05, 1.0, log=True),
        "step": Choice(*STEPS),
        "metric": Choice(BackgroundError.name, CorrectedError.name),
        "b_scale": Real(0.1, 5.0, log=True),
        "factor": Real(0.1, 5.0, log=True),
    }
    nonlinear = frozenset({"inner"})

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("prior", "learned", "gaussian")
        self.require_choice("metric", BackgroundError.name, CorrectedError.name)
        gaussian, remaining = self["prior"] == "gaussian", self["metric"] == CorrectedError.name
        if gaussian and remaining:
            raise BenchError(f"{self.name}: a Gaussian prior leaves B's own error; take metric=background-error.")
        prior = BackgroundError.name if gaussian else StatePrior.name
        self.components = (prior, CorrectedError.name) if remaining else (prior,)

    def load(self, parts: Mapping[str, Component]) -> None:
        """The Gaussian prior takes the place of the learned one, if it is asked for."""
        if self["prior"] == "gaussian":
            background_error = parts[BackgroundError.name]
            assert isinstance(background_error, BackgroundError)
            parts = {StatePrior.name: GaussianPrior(background_error.covariance)}
        super().load(parts)
        prior: StatePrior = self.parts[StatePrior.name]
        error = prior.covariance
        if self["metric"] == CorrectedError.name:
            remaining: CorrectedError = self.parts[CorrectedError.name]
            left = remaining.covariance
            error = dataclasses.replace(left, scale=left.scale / prior.scale.view(left.scale.shape))
        self._left = Conditional(error)

    def guide(self, reverse: Reverse) -> Guide:
        space = reverse.space
        assert isinstance(space, StateSpace)
        linear = space.problem.observations.operator.linear
        nothing = torch.zeros(reverse.cases, 1, space.size, device=space.problem.device)

        def at(point: Tensor) -> StateGain:
            return StateGain.at(space, self._left, point)

        return proximal_guide(
            reverse,
            gauss_newton_proximal(
                space,
                at(nothing),
                self["factor"],
                1 if linear else self["inner"],
                relinearise=None if linear else at,
                draws=reverse if self["perturb"] else None,
            ),
        )


class LatentDenoisingThreeDVar(LatentDiffusion):
    """The same in a latent, around the background's own linearisation of the decoder.

    Parameters as those of `denoising-3dvar`, which has the rest of them; `inner` are chord iterations here, whatever H.
    """

    name = "latent-denoising-3dvar"
    paper = "this project"
    defaults = {  # noqa: RUF012
        **{k: v for k, v in DenoisingThreeDVar.defaults.items() if k not in ("prior", "metric")},
        "sigma_start": 10.0,
        "inner": 1,
    }
    search = {  # noqa: RUF012
        **{k: v for k, v in DenoisingThreeDVar.search.items() if k != "metric"},
        "sigma_end": Real(0.1, 1.0, log=True),
    }

    def guide(self, reverse: Reverse) -> Guide:
        space, prior = reverse.space, self.parts[LatentPrior.name]
        assert isinstance(space, LatentSpace)
        nothing = torch.zeros(reverse.cases, 1, space.size, device=space.problem.device)
        gain = gain_at(space, prior.covariance, nothing)
        draws = reverse if self["perturb"] else None
        return proximal_guide(reverse, gauss_newton_proximal(space, gain, self["factor"], self["inner"], draws=draws))
