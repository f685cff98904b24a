"""Trains the diffusion priors of the state: of background increments, and of the climate."""

__all__ = ["ClimatePriorRecipe", "StatePriorRecipe", "StatePriorSettings"]

import abc
import math
import time
from typing import Any

import pydantic
import torch
from torch import Tensor, nn

from benchmark.problem import Archive, seed_from
from benchmark.weights import Card
from methods.priors.backbone import seasonal_features
from methods.priors.background_error import BackgroundError
from methods.priors.state_prior import ClimatePrior, StatePrior

from .context import Context
from .denoiser import train_denoiser
from .denoising import denoising_errors, importance_of_errors
from .loop import Plan
from .rolling import rolled


class StatePriorSettings(pydantic.BaseModel):
    """
    Arguments:
        plan: How the denoiser is trained.
        condition_noise: Std of white noise on the background while training [normalised]: without it the network knows
            a training day by its background, and its increment by heart.
        rolled: Whether every sample is rolled to a random longitude while training; the network learns nothing of the
            mountains then. For grids that go around the globe.
        sigma_min, sigma_max, backbone: See `StatePrior`.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    plan: Plan = Plan(epochs=40, rate=1e-3, weight_decay=0.1, average=0.999)
    condition_noise: float = pydantic.Field(default=0.0, ge=0)
    rolled: bool = False
    sigma_min: float = 0.02
    sigma_max: float = 20.0
    backbone: dict[str, Any] = {"kind": "convolutional", "patch": 3, "width": 64, "blocks": 1, "dropout": 0.5}


class _FieldPriorRecipe(abc.ABC):
    """By denoising score matching on the training years."""

    quick = False
    kind: type[StatePrior] | type[ClimatePrior]

    @abc.abstractmethod
    def make(self, context: Context, settings: StatePriorSettings) -> StatePrior | ClimatePrior:
        """The untrained prior."""

    @abc.abstractmethod
    def needs(self, context: Context) -> tuple[str, ...]:
        """Components that must be there before."""

    @abc.abstractmethod
    def importance(self, context: Context) -> Tensor:
        """Weights of the square errors of scaled increments, shape (channel, latitude, 1) or broadcast with it."""

    def run(self, context: Context) -> Card:
        started = time.monotonic()
        settings = context.settings(self.kind.name, StatePriorSettings)
        torch.manual_seed(seed_from(self.kind.name, settings.plan.seed))
        module = self.make(context, settings).to(context.device)
        importance = self.importance(context).to(context.device)
        train, other = (_Increments(module, a, context.device) for a in (context.archive, context.validation))

        def loss(module: nn.Module, batch: Tensor, generator: torch.Generator) -> Tensor:
            delta, condition, season = train.take(batch)
            if settings.rolled:
                points = torch.randint(delta.shape[-1], (len(batch),), generator=generator)
                delta, condition = rolled(delta, points), rolled(condition, points)
            blur = torch.randn(condition.shape, generator=generator).to(condition)
            condition = condition + settings.condition_noise * blur
            u = torch.rand(len(batch), generator=generator).to(delta)
            noise = torch.randn(delta.shape, generator=generator).to(delta)
            return module.loss(delta, condition, season, u, noise, importance)  # type: ignore[operator]

        def errors(module: Any, at_most: int | None) -> dict[str, dict[str, float]]:
            return other.denoising(module, importance, at_most)

        return train_denoiser(
            module, loss, errors, len(context.archive.truth), context, settings, self.needs(context), started
        )


class StatePriorRecipe(_FieldPriorRecipe):
    """Of the archive's out-of-sample increments."""

    kind = StatePrior

    def needs(self, context: Context) -> tuple[str, ...]:
        return ("forecaster", BackgroundError.name)

    def make(self, context: Context, settings: StatePriorSettings) -> StatePrior:
        world = context.world
        shape = (len(world.channels), *world.grid.shape)
        levels = {"sigma_min": settings.sigma_min, "sigma_max": settings.sigma_max}
        module = StatePrior(shape, world.grid.periodic, backbone=settings.backbone, **levels)
        module.attach({BackgroundError.name: context.require(BackgroundError)})
        return module

    def importance(self, context: Context) -> Tensor:
        """Weights that make the mean square the relative error's: of fields, and an increment is one over S."""
        B = context.require(BackgroundError).covariance
        scale = B.scale.view(len(context.world.channels), *context.world.grid.shape)
        return importance_of_errors(context) * scale.cpu().square()


class ClimatePriorRecipe(_FieldPriorRecipe):
    """Of the truth's departures from the climatology."""

    kind = ClimatePrior

    def needs(self, context: Context) -> tuple[str, ...]:
        return ()

    def make(self, context: Context, settings: StatePriorSettings) -> ClimatePrior:
        world, archive = context.world, context.archive
        shape = (len(world.channels), *world.grid.shape)
        square = torch.zeros(shape)
        for truth, climatology in zip(archive.truth.split(256), archive.climatology.split(256), strict=True):
            square += (truth - climatology).square().sum(0)
        std = (square / len(archive.truth)).mean(-1, keepdim=True).sqrt()
        levels = {"sigma_min": settings.sigma_min, "sigma_max": settings.sigma_max}
        return ClimatePrior(shape, std, world.grid.periodic, backbone=settings.backbone, **levels)

    def importance(self, context: Context) -> Tensor:
        """By area."""
        return torch.as_tensor(context.world.grid.cell_area, dtype=torch.float32)


class _Increments:
    """Scaled increments of an archive, made when they are asked for: whole archives take gigabytes."""

    def __init__(self, module: StatePrior | ClimatePrior, archive: Archive, device: torch.device) -> None:
        self.archive, self.device, self.conditional = archive, device, module.conditional
        self.scale = module.scale.to(device)
        self.season = seasonal_features(archive.times)

    def take(self, index: Tensor | slice) -> tuple[Tensor, Tensor, Tensor]:
        """Increments, backgrounds' departures from the climatology, and seasons of some times."""
        archive = self.archive
        truth, background, climatology = (
            x[index].to(self.device) for x in (archive.truth, archive.background, archive.climatology)
        )
        start = background if self.conditional else climatology
        return (truth - start) / self.scale, background - climatology, self.season[index].to(self.device)

    def denoising(
        self, module: StatePrior | ClimatePrior, importance: Tensor, at_most: int | None = None
    ) -> dict[str, dict[str, float]]:
        """Mean square errors of the network and of the Gaussian denoiser, as `denoising_errors` has them."""
        every = 1 if at_most is None else math.ceil(len(self.archive.truth) / at_most)
        increments, condition, season = self.take(slice(None, None, every))

        def network(noisy: Tensor, sigma: Tensor, part: slice) -> Tensor:
            return module.denoise(noisy, sigma, condition[part], season[part])

        def gaussian(noisy: Tensor, sigma: Tensor, part: slice) -> Tensor:
            return module.gaussian(noisy, sigma)

        def measure(error: Tensor) -> Tensor:
            return (importance * error.square()).flatten(1).mean(1)

        return denoising_errors(network, gaussian, increments, measure, (module.sigma_min, module.sigma_max))
