"""Fits the Gaussian prior of latent increments and trains the diffusion prior of the same."""

__all__ = ["LatentPriorRecipe", "LatentPriorSettings", "Latents"]

import math
import time
from typing import Any

import pydantic
import torch
from torch import Tensor, nn

from benchmark.problem import Archive, BenchError, seed_from
from benchmark.weights import Card
from methods.priors.autoencoder import Autoencoder
from methods.priors.backbone import seasonal_features
from methods.priors.covariance import SpectralCovariance
from methods.priors.latent_prior import LatentPrior
from methods.priors.spectral_autoencoder import SpectralAutoencoder

from .context import Context
from .denoiser import train_denoiser
from .denoising import denoising_errors, importance_of_errors
from .loop import Plan


class LatentPriorSettings(pydantic.BaseModel):
    """
    Arguments:
        plan: How the denoiser is trained.
        modes: Most modes of the covariance of latent increments.
        condition_noise: Noise on the background's latent while training, in its std: without it the network
            knows a training day by its background, and its increment by heart.
        rolled: Whether every sample is rolled to a random longitude while training, against the same; it learns
            nothing of the mountains then. For a spectral autoencoder.
        preconditioning, sigma_min, sigma_max, backbone: See `LatentPrior`.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    plan: Plan = Plan(epochs=40, rate=1e-3, weight_decay=0.1, average=0.999)
    modes: int = pydantic.Field(default=1024, gt=0)
    condition_noise: float = pydantic.Field(default=0.0, ge=0)
    rolled: bool = False
    preconditioning: str = "wiener"
    sigma_min: float = 0.02
    sigma_max: float = 20.0
    backbone: dict[str, Any] = {"kind": "convolutional", "width": 96, "blocks": 1, "levels": 2, "dropout": 0.5}


class LatentPriorRecipe:
    """By denoising score matching on the training years' out-of-sample increments."""

    kind = LatentPrior
    quick = False

    def needs(self, context: Context) -> tuple[str, ...]:
        return ("forecaster", "autoencoder")

    def run(self, context: Context) -> Card:
        started = time.monotonic()
        device = context.device
        settings = context.settings(self.kind.name, LatentPriorSettings)
        autoencoder = context.require(Autoencoder)  # type: ignore[type-abstract]
        longitudes = context.world.grid.shape[1]
        if settings.rolled and not isinstance(autoencoder, SpectralAutoencoder):
            raise BenchError("latent-prior.rolled=true needs a spectral autoencoder: autoencoder.kind=spectral.")
        train, other = (Latents(autoencoder, a, device) for a in (context.archive, context.validation))
        scale, covariance = torch.ones(autoencoder.latent_shape), SpectralCovariance.identity(train.zb[0].numel())
        shape, importance = None, None
        if autoencoder.whitens:
            shape = (len(context.world.channels), *context.world.grid.shape)
            importance = importance_of_errors(context).to(device)
        else:
            scale = train.increments.square().mean(0).sqrt()
            train.increments, other.increments = train.increments / scale, other.increments / scale
            flat = train.increments.flatten(1)
            covariance = SpectralCovariance.fit(flat.cpu(), torch.ones(flat.shape[1]), settings.modes)
        spread = train.zb.std(0)
        torch.manual_seed(seed_from("latent-prior", settings.plan.seed))
        module = self.kind(
            autoencoder.latent_shape,
            scale.cpu(),
            covariance,
            context.world.grid.periodic,
            settings.preconditioning,
            settings.sigma_min,
            settings.sigma_max,
            settings.backbone,
            shape,
        )
        module.attach({Autoencoder.name: autoencoder})
        module = module.to(device)

        def loss(module: nn.Module, batch: Tensor, generator: torch.Generator) -> Tensor:
            delta, zb, season = train.take(batch)
            if isinstance(autoencoder, SpectralAutoencoder) and settings.rolled:
                points = torch.randint(longitudes, (len(batch),), generator=generator).to(device)
                delta, zb = autoencoder.roll(delta, points), autoencoder.roll(zb, points)
            blur = settings.condition_noise * torch.randn(zb.shape, generator=generator)
            zb = zb + spread * blur.to(device)
            u = torch.rand(len(batch), generator=generator).to(device)
            noise = torch.randn(delta.shape, generator=generator).to(device)
            return module.loss(delta, zb, season, u, noise, importance)  # type: ignore[operator]

        def errors(module: Any, at_most: int | None) -> dict[str, dict[str, float]]:
            return other.denoising(module, importance, at_most)

        return train_denoiser(
            module, loss, errors, len(train.increments), context, settings, self.needs(context), started
        )


class Latents:
    """Latents of an archive."""

    def __init__(self, autoencoder: Autoencoder, archive: Archive, device: torch.device) -> None:
        self.autoencoder = autoencoder

        def encode(states: Tensor) -> Tensor:
            with torch.no_grad():
                parts = (states - archive.climatology).split(256)
                return torch.cat([autoencoder.encode(part.to(device)) for part in parts])

        self.zb = encode(archive.background)
        self.increments = encode(archive.truth) - self.zb
        self.season = seasonal_features(archive.times).to(device)

    def take(self, index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Increments, background latents and seasons of some times."""
        index = index.to(self.zb.device)
        return self.increments[index], self.zb[index], self.season[index]

    def denoising(
        self, module: nn.Module, importance: Tensor | None, at_most: int | None = None
    ) -> dict[str, dict[str, float]]:
        """Mean square error of the network and of the Gaussian denoiser, with the same noise, by noise level: of all
        cases, or of some that are spread evenly. With an importance it is that of the decoded increments."""

        def measure(error: Tensor) -> Tensor:
            fields = error if importance is None else importance.sqrt() * self.autoencoder.decode(error)
            return fields.square().flatten(1).mean(1)

        every = 1 if at_most is None else math.ceil(len(self.zb) / at_most)
        increments, zb, season = self.increments[::every], self.zb[::every], self.season[::every]
        B: SpectralCovariance = module.covariance  # type: ignore[assignment]

        def network(noisy: Tensor, sigma: Tensor, part: slice) -> Tensor:
            return module.denoise(noisy, sigma, zb[part], season[part])  # type: ignore[operator]

        def gaussian(noisy: Tensor, sigma: Tensor, part: slice) -> Tensor:
            return B.map_modes(lambda v: v / (v + sigma[:, None] ** 2), noisy.flatten(1)).view_as(noisy)

        bounds = (module.sigma_min, module.sigma_max)
        return denoising_errors(network, gaussian, increments, measure, bounds)  # type: ignore[arg-type]
