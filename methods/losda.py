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

import torch
from torch import Tensor

from benchmark.problem import Analysis, BenchError, CaseNoise, Choice, Cost, Method, Problem, Real, Whole

from .diffusion.reverse import Estimate, Reverse, noise_levels
from .gauss_newton import gain_at, outer_loops
from .krylov_gain import KrylovGain
from .priors.autoencoder import Autoencoder
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
        solver: Inner solver of `hard`: `gauss-newton` (the gain, from the decoder's Jacobian), `cg` (the same by
            conjugate gradients and products with that Jacobian) or `adam`.
        b_scale: Factor on the covariance of all increments that the prior knows: backgrounds of the training years
            may be worse than those of a forecaster that has seen them all; tuned on the validation year.
        prior_scale: Factor on C_t; tuned likewise.
        inner: Inner iterations a level: Gauss-Newton steps, Adam steps or guidance steps.
        perturb: Whether delta* is a draw from the posterior of its inner problem in place of the mean (perturb and
            optimise), which makes the members samples.
        discrepancy: Whether a member is no longer moved at a level once it fits its observations as closely as their
            errors allow, J_o <= values / 2 (Morozov, 1966).
        iterations: Conjugate gradients of an inner iteration, for `cg`.
        loops: Outer loops of a 3D-Var that finds where to linearise (`gauss-newton` only); 0 for the background. With a
            nonlinear observation operator there is at least one.
        antithetic: Whether members come in pairs of opposite noise (Hammersley & Morton, 1956); each is as
            likely as before, and their mean has less sampling error.
        rate: Adam's rate, or the fraction of a Polyak step for `guided`.
    """

    name = "lo-sda"
    paper = "Fei et al. 2025"
    paper_url = "https://arxiv.org/abs/2510.22562"
    family = "diffusion"
    uses_adjoint = True
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
        "perturb": False,
        "discrepancy": False,
        "iterations": 10,
        "loops": 0,
        "antithetic": True,
        "rate": 0.1,
    }
    search = {  # noqa: RUF012
        "variant": Choice("hard", "guided"),
        "levels": Whole(2, 32, log=True),
        "sigma_end": Real(0.05, 0.5, log=True),
        "b_scale": Real(0.1, 5.0, log=True),
        "inner": Whole(1, 5),
        "rate": Real(0.05, 2.0, log=True),
    }
    components = (Autoencoder.name, LatentPrior.name)

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("variant", "hard", "guided")
        self.require_choice("step", "renoise", "deterministic")
        self.require_choice("metric", "covariance", "identity")
        self.require_choice("solver", "gauss-newton", "cg", "adam")

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        prior: LatentPrior = self.parts[LatentPrior.name]
        cost = Cost()
        space = LatentSpace(problem, self.parts[Autoencoder.name], prior.scale * self["b_scale"] ** 0.5, cost)
        reverse = Reverse(space, prior, members, noise, self["antithetic"])
        B = prior.covariance if self["metric"] == "covariance" else SpectralCovariance.identity(space.size)
        B = B.to(problem.device)
        factor, inner = self["prior_scale"], self["inner"]
        options = {"draws": reverse if self["perturb"] else None, "discrepancy": self["discrepancy"]}
        if self["variant"] == "hard" and self["solver"] == "gauss-newton":
            loops = max(self["loops"], 0 if problem.observations.operator.linear else 1)
            start = outer_loops(space, B, loops, tolerance=1e-3)
            cost.iterations += start.iterations
            correct = gauss_newton_proximal(space, gain_at(space, B, start.point), factor, inner, **options)
        elif self["variant"] == "hard" and self["solver"] == "cg":
            point = torch.zeros(len(problem), 1, space.size, device=problem.device)
            correct = gauss_newton_proximal(
                space, KrylovGain(space, B, point, self["iterations"]), factor, inner, **options
            )
        else:
            correct = adam_proximal(space, B, factor, self["rate"], inner, **options)
        if not prior.sigma_min <= self["sigma_end"] <= self["sigma_start"] <= prior.sigma_max:
            raise BenchError(
                f"{self.name}: sigma_start={self['sigma_start']:g}, sigma_end={self['sigma_end']:g}, but the prior was "
                f"trained from {prior.sigma_max:g} down to {prior.sigma_min:g}; stay between these."
            )
        sigmas = noise_levels(self["sigma_start"], self["sigma_end"], self["levels"], problem.device)

        def guide(delta_t: Tensor, sigma: Tensor) -> Estimate:
            if self["variant"] == "guided":
                for _ in range(inner):
                    delta_t = self._guide(reverse, delta_t, sigma)
                return Estimate(reverse.denoise(delta_t, sigma), noisy=delta_t)
            delta, check = correct(reverse.denoise(delta_t, sigma), float(sigma))
            return Estimate(delta, check=check)

        step = "renoise" if self["step"] == "renoise" else "probability-flow"
        last = reverse.run(guide, sigmas, step)
        cost.iterations += self["levels"] * inner
        states = space.state(last.mean)
        converged = None if last.check is None else last.check(problem.observations.innovation(states)).all(1)
        return Analysis.of(states, cost, converged)

    def _guide(self, reverse: Reverse, delta_t: Tensor, sigma: Tensor) -> Tensor:
        """One gradient step of J_o(delta_hat(delta_t)), of a fraction of Polyak's length towards the noise level.

        J_o of the true state is about n / 2, so a step that aims at that value (Polyak, 1987) needs no tuned
        length, fits no noise, and is each member's own.
        """
        space = reverse.space
        goal = space.problem.observations.mask.sum(1)[:, None] / 2
        with torch.enable_grad():
            delta_t = delta_t.detach().requires_grad_()
            misfit = space.misfit(reverse.denoise(delta_t, sigma))
            (gradient,) = torch.autograd.grad(misfit.sum(), delta_t)
        space.cost.network_backwards += 2 * delta_t.shape[1]
        length = (misfit.detach() - goal).clamp_min(0) / gradient.square().sum(-1).clamp_min(1e-12)
        return delta_t.detach() - self["rate"] * length[..., None] * gradient
