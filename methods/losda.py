"""LO-SDA: latent optimisation inside the reverse diffusion, conditioned on the background.

Fei, Ling, Fan et al. (2025), LO-SDA: latent optimization for score-based atmospheric data assimilation,
https://arxiv.org/abs/2510.22562. In place of a guidance step, the latent is *optimised* at every noise level
so that the decoded state agrees with the observations. Two readings of that sentence are variants here:

`hard`: with the denoised increment delta_hat = E[delta | delta_t, zb] as a small 3D-Var's background,

    delta* = argmin 1/2 |R^-1/2 (y - H(x(delta)))|^2 + 1/2 (delta - delta_hat)^T C_t^-1 (delta - delta_hat),

then step to the next level from delta*. C_t is s_t^2 I, s_t^2 = sigma^2 / (1 + sigma^2), or the Gaussian
conditional covariance (B^-1 + sigma_t^-2)^-1, for which delta* is E[delta | delta_t, y] if the prior is Gaussian.

`guided`: K times a level, delta_t <- delta_t - step grad J_o(delta_hat(delta_t)), through denoiser and decoder.
"""

__all__ = ["LOSDA"]

from collections.abc import Callable

import torch
from torch import Tensor

from benchmark.problem import Analysis, BenchError, CaseNoise, Cost, Method, Problem

from .gauss_newton import gain_at, outer_loops
from .priors.autoencoder import Autoencoder
from .priors.backbone import seasonal_features
from .priors.covariance import SpectralCovariance
from .priors.latent_prior import LatentPrior
from .priors.latent_space import LatentSpace
from .proximal import adam_proximal, gauss_newton_proximal


class LOSDA(Method):
    """
    Parameters:
        variant: `hard` or `guided`.
        levels: Noise levels of the reverse process.
        sigma_start, sigma_end: First and last noise level [std of a latent increment].
        step: From delta* to the next level: `renoise` (delta* + sigma' noise) or `deterministic`
            (probability flow, delta* + sigma'/sigma (delta_t - delta*)).
        metric: C_t of `hard`: `covariance` or `identity`.
        solver: Inner solver of `hard`: `gauss-newton` or `adam`.
        b_scale: Factor on the covariance of all increments that the prior knows: backgrounds of the training years
            may be worse than those of a forecaster that has seen them all; tuned on the validation year.
        prior_scale: Factor on C_t; tuned likewise.
        inner: Inner iterations a level: Gauss-Newton steps, Adam steps or guidance steps.
        loops: Outer loops of a 3D-Var that finds where to linearise (Gauss-Newton only); 0 for the background. With a
            nonlinear observation operator there is at least one.
        antithetic: Whether members come in pairs of opposite noise (Hammersley & Morton, 1956); each is as
            likely as before, and their mean has less sampling error.
        rate: Adam's rate, or the fraction of a Polyak step for `guided`.
    """

    name = "lo-sda"
    paper = "Fei et al. 2025"
    point = False
    default_members = 8
    defaults = {  # noqa: RUF012
        "variant": "hard",
        "levels": 6,
        "sigma_start": 10.0,
        "sigma_end": 0.05,
        "step": "renoise",
        "metric": "covariance",
        "solver": "gauss-newton",
        "b_scale": 1.0,
        "prior_scale": 1.0,
        "inner": 1,
        "loops": 0,
        "antithetic": True,
        "rate": 0.1,
    }
    components = (Autoencoder.name, LatentPrior.name)

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("variant", "hard", "guided")
        self.require_choice("step", "renoise", "deterministic")
        self.require_choice("metric", "covariance", "identity")
        self.require_choice("solver", "gauss-newton", "adam")

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        prior: LatentPrior = self.parts[LatentPrior.name]
        cost = Cost()
        space = LatentSpace(problem, self.parts[Autoencoder.name], prior.scale * self["b_scale"] ** 0.5, cost)
        cases, size = len(problem), space.size
        season = seasonal_features(problem.times).to(problem.device).repeat_interleave(members, 0)
        zb = space.zb.repeat_interleave(members, 0)
        # members in pairs of opposite noise: the mean of a pair is free of what is linear in the noise
        pairs = (members + 1) // 2 if self["antithetic"] else members
        streams = noise.members(pairs)

        def fresh() -> Tensor:
            draws = streams.randn(size).view(cases, pairs, size)
            if self["antithetic"]:
                draws = torch.stack((draws, -draws), dim=2).flatten(1, 2)[:, :members]
            return draws

        def denoise(delta_t: Tensor, sigma: Tensor) -> Tensor:
            cost.network_forwards += members
            flat = prior.denoise(delta_t.reshape(-1, *prior.latent_shape), sigma, zb, season)
            return flat.view(cases, members, size)

        B = prior.covariance if self["metric"] == "covariance" else SpectralCovariance.identity(size)
        B = B.to(problem.device)
        factor, inner = self["prior_scale"], self["inner"]
        if self["variant"] == "hard" and self["solver"] == "gauss-newton":
            loops = max(self["loops"], 0 if problem.observations.operator.linear else 1)
            start = outer_loops(space, B, loops, tolerance=1e-3)
            cost.iterations += start.iterations
            correct = gauss_newton_proximal(space, gain_at(space, B, start.point), factor, inner)
        else:
            correct = adam_proximal(space, B, factor, self["rate"], inner)
        if not prior.sigma_min <= self["sigma_end"] <= self["sigma_start"] <= prior.sigma_max:
            raise BenchError(
                f"{self.name}: sigma_start={self['sigma_start']:g}, sigma_end={self['sigma_end']:g}, but the prior was "
                f"trained from {prior.sigma_max:g} down to {prior.sigma_min:g}; stay between these."
            )
        ratio = self["sigma_end"] / self["sigma_start"]
        sigmas = self["sigma_start"] * ratio ** torch.linspace(0, 1, self["levels"], device=problem.device)
        delta_t = sigmas[0] * fresh()
        delta, check = delta_t, None
        for level, sigma in enumerate(sigmas):
            if self["variant"] == "guided":
                for _ in range(inner):
                    delta_t = self._guide(space, denoise, delta_t, sigma)
                delta = denoise(delta_t, sigma)
            else:
                delta, check = correct(denoise(delta_t, sigma), float(sigma))
            if level + 1 < len(sigmas):
                following = sigmas[level + 1]
                if self["step"] == "renoise":
                    delta_t = delta + following * fresh()
                else:
                    delta_t = delta + following / sigma * (delta_t - delta)
        cost.iterations += self["levels"] * inner
        states = space.state(delta)
        converged = None if check is None else check(problem.observations.innovation(states)).all(1)
        return Analysis.of(states, cost, converged)

    def _guide(
        self, space: LatentSpace, denoise: Callable[[Tensor, Tensor], Tensor], delta_t: Tensor, sigma: Tensor
    ) -> Tensor:
        """One gradient step of J_o(delta_hat(delta_t)), of a fraction of Polyak's length towards the noise level.

        J_o of the true state is about n / 2, so a step that aims at that value (Polyak, 1987) needs no tuned
        length, fits no noise, and is each member's own.
        """
        goal = space.problem.observations.mask.sum(1)[:, None] / 2
        with torch.enable_grad():
            delta_t = delta_t.detach().requires_grad_()
            misfit = space.misfit(denoise(delta_t, sigma))
            (gradient,) = torch.autograd.grad(misfit.sum(), delta_t)
        space.cost.network_backwards += 2 * delta_t.shape[1]
        length = (misfit.detach() - goal).clamp_min(0) / gradient.square().sum(-1).clamp_min(1e-12)
        return delta_t.detach() - self["rate"] * length[..., None] * gradient
