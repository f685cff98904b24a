"""The reverse process that every diffusion method shares.

Increments delta = (x - x0) / S are noised to delta_t = delta + sigma_t noise (variance exploding; Song et al., 2021,
https://arxiv.org/abs/2011.13456). From the largest sigma to the smallest a method says what it makes of delta_t, its
estimate x_hat of E[delta | delta_t, y], and the process goes on from there by one of three steps:

    probability-flow   x_hat + s (delta_t - x_hat)                                   (DDIM; Song, Meng & Ermon, 2021)
    stochastic         x_hat + s^2 (delta_t - x_hat) + sigma' sqrt(1 - s^2) noise    (DDPM; Ho, Jain & Abbeel, 2020)
    renoise            x_hat + sigma' noise

with s = sigma' / sigma. The first two sample the posterior in the limit of many levels if the estimate is exact.
Re-noising starts anew from the estimate at every level: members lose the spread about it, and their errors with it.
"""

__all__ = ["PRECISIONS", "STEPS", "Estimate", "Guide", "Prior", "Reverse", "noise_levels", "with_jumps"]

import dataclasses
import itertools
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from benchmark.problem import CaseNoise
from methods.priors.backbone import seasonal_features
from methods.priors.increment_space import IncrementSpace

STEPS = ("probability-flow", "stochastic", "renoise")
PRECISIONS = ("float32", "bfloat16")


class Prior(Protocol):
    """A denoiser of increments."""

    def denoise(self, delta_t: Tensor, sigma: Tensor, condition: Tensor, season: Tensor) -> Tensor: ...


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What a method makes of a noise level.

    Arguments:
        mean: x_hat, its estimate of E[delta | delta_t, y], shape (case, member, n).
        noisy: delta_t, where the method has moved it; None where it has not.
        kick: What is added after the step; None for nothing.
        end: What the process ends with if this level is the last; None for the mean.
        check: Innovations of the analyses, (case, member, value) -> which of them are converged, (case, member); None
            where nothing is iterated.
    """

    mean: Tensor
    noisy: Tensor | None = None
    kick: Tensor | None = None
    end: Tensor | None = None
    check: Callable[[Tensor], Tensor] | None = None


Guide = Callable[[Tensor, Tensor], Estimate]
"""(delta_t (case, member, n), sigma ()) -> what the method makes of it."""


def noise_levels(start: float, end: float, count: int, device: torch.device) -> Tensor:
    """`count` noise levels with equal ratios, falling, shape (count,)."""
    return start * (end / start) ** torch.linspace(0, 1, count, device=device)


def with_jumps(sigmas: Tensor, length: int, times: int) -> Tensor:
    """Noise levels with RePaint's jumps: every `length` steps are gone `times` times, each time from the noise level
    where they began (Lugmayr et al., 2022, https://arxiv.org/abs/2201.09865).

    Arguments:
        sigmas: Noise levels, falling, shape (level,).
    """
    levels, begin = [0], 0
    while begin < len(sigmas) - 1:
        end = min(begin + length, len(sigmas) - 1)
        down = list(range(begin + 1, end + 1))
        levels += down + [level for _ in range(times - 1) for level in (begin, *down)]
        begin = end
    return sigmas[levels]


class Reverse:
    """The reverse process of a batch of cases and members.

    Arguments:
        space: What the increments are of.
        prior: The denoiser.
        members: Members a case.
        noise: The cases' own.
        antithetic: Whether members come in pairs of opposite noise (Hammersley & Morton, 1956): each is as likely as
            before, and their mean has less sampling error.
        precision: One of `PRECISIONS`: the digits of the network's matrix products and convolutions. All else has 32
            bits.
    """

    def __init__(
        self,
        space: IncrementSpace,
        prior: Prior,
        members: int,
        noise: CaseNoise,
        antithetic: bool = False,
        precision: str = "float32",
    ) -> None:
        self.space, self.prior, self.members, self.antithetic = space, prior, members, antithetic
        self._half = precision == "bfloat16"
        problem = space.problem
        self.cases = len(problem)
        self._season = seasonal_features(problem.times).to(problem.device).repeat_interleave(members, 0)
        self._condition = space.condition.repeat_interleave(members, 0)
        self._pairs = (members + 1) // 2 if antithetic else members
        self._streams = noise.members(self._pairs)

    def fresh(self) -> Tensor:
        """Standard normal numbers, shape (case, member, n)."""
        return self._mirrored(self._streams.randn(self.space.size).view(self.cases, self._pairs, self.space.size))

    def values(self) -> Tensor:
        """Standard normal numbers for observed values, shape (case, member, value), zero where padded."""
        mask = self.space.problem.observations.mask.repeat_interleave(self._pairs, 0)
        draws = self._streams.values(mask, 1).view(self.cases, self._pairs, -1)
        return self._mirrored(draws)

    def _mirrored(self, draws: Tensor) -> Tensor:
        if self.antithetic:
            draws = torch.stack((draws, -draws), dim=2).flatten(1, 2)[:, : self.members]
        return draws

    def denoise(self, delta_t: Tensor, sigma: Tensor) -> Tensor:
        """E[delta | delta_t], shape (case, member, n)."""
        self.space.cost.network_forwards += self.members
        flat = delta_t.reshape(-1, *self._condition.shape[1:])
        with torch.autocast(flat.device.type, torch.bfloat16, enabled=self._half):
            return self.prior.denoise(flat, sigma, self._condition, self._season).reshape(delta_t.shape)

    def linearised(self, delta_t: Tensor, sigma: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """E[delta | delta_t] and v -> J^T v with its Jacobian J, all of shape (case, member, n)."""
        with torch.enable_grad():
            delta_t = delta_t.detach().requires_grad_()
            mean = self.denoise(delta_t, sigma)

        def pullback(v: Tensor) -> Tensor:
            self.space.cost.network_backwards += self.members
            return torch.autograd.grad(mean, delta_t, v, retain_graph=True)[0]

        return mean.detach(), pullback

    def run(self, guide: Guide, sigmas: Tensor, step: str) -> Estimate:
        """The last level's estimate.

        Arguments:
            guide: The method.
            sigmas: Noise levels, shape (level,), falling but for jumps back, over which noise is added.
            step: One of `STEPS`.
        """
        delta_t = sigmas[0] * self.fresh()
        for sigma, following in itertools.pairwise(sigmas):
            if following > sigma:
                delta_t = delta_t + (following**2 - sigma**2).sqrt() * self.fresh()
                continue
            estimate = guide(delta_t, sigma)
            noisy = delta_t if estimate.noisy is None else estimate.noisy
            delta_t = self.step(estimate.mean, noisy, sigma, following, step)
            if estimate.kick is not None:
                delta_t = delta_t + estimate.kick
        return guide(delta_t, sigmas[-1])

    def step(self, x_hat: Tensor, delta_t: Tensor, sigma: Tensor, following: Tensor, step: str) -> Tensor:
        """delta at the next noise level, shape (case, member, n)."""
        s = following / sigma
        if step == "probability-flow":
            return x_hat + s * (delta_t - x_hat)
        if step == "stochastic":
            return x_hat + s**2 * (delta_t - x_hat) + following * (1 - s**2).sqrt() * self.fresh()
        return x_hat + following * self.fresh()
