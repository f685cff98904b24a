"""What every diffusion method is made of: parameters of the reverse process, and a guide."""

__all__ = ["DIFFUSION_DEFAULTS", "LatentDiffusion", "StateDiffusion"]

import abc
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from benchmark.problem import Analysis, BenchError, CaseNoise, Component, Cost, Method, Problem
from methods.priors.autoencoder import Autoencoder
from methods.priors.increment_space import IncrementSpace
from methods.priors.latent_prior import LatentPrior
from methods.priors.latent_space import LatentSpace
from methods.priors.state_prior import StatePrior

from .compiling import compile_denoiser
from .reverse import PRECISIONS, STEPS, Guide, Prior, Reverse, noise_levels
from .state_space import StateSpace

DIFFUSION_DEFAULTS: dict[str, Any] = {
    "levels": 32,
    "sigma_start": 100.0,
    "sigma_end": 0.05,
    "step": "stochastic",
    "antithetic": False,
    "b_scale": 1.0,
    "precision": "float32",
    "compile": False,
}


class Diffusion(Method):
    """
    Parameters:
        levels: Noise levels of the reverse process.
        sigma_start, sigma_end: First and last noise level [std of a scaled increment].
        step: From an estimate to the next level: `probability-flow`, `stochastic` or `renoise`; see `Reverse`.
        antithetic: Whether members come in pairs of opposite noise.
        b_scale: Factor on the covariance of all increments that the prior knows.
        precision: Of the network: `float32`, or `bfloat16` where the processor has it and time counts.
        compile: Whether the network is compiled, which takes a minute and pays in long runs; see `compile_denoiser`.
    """

    family = "diffusion"
    uses_adjoint = True
    point = False
    default_members = 8
    defaults = DIFFUSION_DEFAULTS
    technical = frozenset({"precision", "compile"})

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("step", *STEPS)
        self.require_choice("precision", *PRECISIONS)
        if self["sigma_end"] >= self["sigma_start"]:
            raise BenchError(f"{self.name}: sigma_end={self['sigma_end']:g} is not below sigma_start.")

    def load(self, parts: Mapping[str, Component]) -> None:
        super().load(parts)
        if self["compile"]:
            for part in parts.values():
                compile_denoiser(part)

    @abc.abstractmethod
    def open(self, problem: Problem, cost: Cost) -> tuple[IncrementSpace, Prior]:
        """The space that the increments are in, and their prior."""

    @abc.abstractmethod
    def guide(self, reverse: Reverse) -> Guide:
        """What the method makes of a noise level."""

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        cost = Cost()
        space, prior = self.open(problem, cost)
        reverse = Reverse(space, prior, members, noise, self["antithetic"], self["precision"])
        sigmas = noise_levels(self["sigma_start"], self["sigma_end"], self["levels"], problem.device)
        sigmas = self.schedule(sigmas)
        last = reverse.run(self.guide(reverse), sigmas, self["step"])
        cost.iterations += len(sigmas)
        states = space.state(last.mean if last.end is None else last.end)
        converged = None if last.check is None else last.check(problem.observations.innovation(states)).all(1)
        return Analysis.of(states, cost, converged)

    def schedule(self, sigmas: Tensor) -> Tensor:
        """The noise levels in the order in which they are gone through, shape (level,)."""
        return sigmas


class StateDiffusion(Diffusion):
    """In the state itself."""

    components: tuple[str, ...] = (StatePrior.name,)

    def open(self, problem: Problem, cost: Cost) -> tuple[IncrementSpace, Prior]:
        prior: StatePrior = self.parts[StatePrior.name]
        return StateSpace(problem, prior.scale * self["b_scale"] ** 0.5, cost), prior


class LatentDiffusion(Diffusion):
    """In a latent."""

    components = (Autoencoder.name, LatentPrior.name)

    def open(self, problem: Problem, cost: Cost) -> tuple[IncrementSpace, Prior]:
        prior: LatentPrior = self.parts[LatentPrior.name]
        space = LatentSpace(problem, self.parts[Autoencoder.name], prior.scale * self["b_scale"] ** 0.5, cost)
        return space, prior
