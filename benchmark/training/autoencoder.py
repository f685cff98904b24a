"""Trains the autoencoder on anomalies of truth and backgrounds."""

__all__ = ["AutoencoderRecipe", "AutoencoderSettings"]

import math
import time
from typing import Any, Literal

import pydantic
import torch
from torch import Tensor, nn

from benchmark.problem import Archive, seed_from
from benchmark.weights import Card
from methods.priors.autoencoder import Autoencoder
from methods.priors.background_error import BackgroundError
from methods.priors.patch_autoencoder import PatchAutoencoder
from methods.priors.spectral_autoencoder import SpectralAutoencoder

from .context import Context
from .loop import Plan, train_network

SCORE = "reconstruction RMSE, validation truth"


class AutoencoderSettings(pydantic.BaseModel):
    """
    Arguments:
        kind: `patch`, or `spectral` on a grid that goes around the globe; the latter has no other settings but
            `modes`, how many of the background error's modes it takes, and nothing to train.
        plan: How it is trained.
        latent_channels, patch, recon_std, backbone: See `Autoencoder`.
        mix: Whether samples are also mixed in pairs, cos(a) x + sin(a) x': the archive's covariance, more states.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    kind: Literal["patch", "spectral"] = "patch"
    modes: int = pydantic.Field(default=2000, gt=0)
    plan: Plan = Plan(epochs=12, rate=3e-3, average=0.999)
    latent_channels: int = pydantic.Field(default=8, gt=0)
    patch: int = pydantic.Field(default=2, gt=0)
    recon_std: float = pydantic.Field(default=0.01, gt=0)
    backbone: dict[str, Any] = {"kind": "convolutional", "width": 48, "blocks": 1}
    mix: bool = True


class AutoencoderRecipe:
    """By the evidence lower bound, on the training years; a spectral one from the background error covariance."""

    kind = Autoencoder
    quick = False

    def needs(self, context: Context) -> tuple[str, ...]:
        spectral = context.settings(self.kind.name, AutoencoderSettings).kind == "spectral"
        return ("forecaster", "background-error") if spectral else ("forecaster",)

    def run(self, context: Context) -> Card:
        started = time.monotonic()
        world, device = context.world, context.device
        settings = context.settings(self.kind.name, AutoencoderSettings)
        if settings.kind == "spectral":
            return self._cut(context, settings, started)
        torch.manual_seed(seed_from("autoencoder", settings.plan.seed))
        module = PatchAutoencoder(
            len(world.channels),
            world.grid.shape,
            settings.latent_channels,
            settings.patch,
            settings.recon_std,
            world.grid.periodic,
            settings.backbone,
        ).to(device)
        area = torch.as_tensor(world.grid.cell_area, dtype=torch.float32, device=device)
        states = torch.cat((_truth(context.archive), _background(context.archive)))
        other = _truth(context.validation)
        names = [c.name for c in world.channels]

        def loss(module: nn.Module, batch: Tensor, generator: torch.Generator) -> Tensor:
            assert isinstance(module, PatchAutoencoder)
            x = states[batch]
            if settings.mix:
                angle = 2 * math.pi * torch.rand(len(x), 1, 1, 1, generator=generator)
                x = angle.cos() * x + angle.sin() * x[torch.randperm(len(x), generator=generator)]
            noise = torch.randn(len(x), *module.latent_shape, generator=generator)
            return module.loss(x.to(device), area, noise.to(device))

        def validate(module: nn.Module) -> dict[str, float]:
            assert isinstance(module, PatchAutoencoder)
            rmse = reconstruction_rmse(module, other, area)
            return dict(zip(names, rmse, strict=True))

        file = context.checkpoint(self.kind.name)
        origin = context.origin(settings, self.needs(context))
        progress = train_network(
            module, loss, validate, len(states), settings.plan, "autoencoder", file, context.report, origin
        )
        scores = {SCORE: validate(module), "history": progress["history"]}
        module.eval().requires_grad_(False).to("cpu")
        depends, training = self.needs(context), settings.model_dump()
        card = context.save(module, started, progress["seconds"], depends, training=training, scores=scores)
        file.unlink(missing_ok=True)
        return card

    def _cut(self, context: Context, settings: AutoencoderSettings, started: float) -> Card:
        """A spectral autoencoder: the leading modes of what is there."""
        module = SpectralAutoencoder(settings.modes)
        module.attach({BackgroundError.name: context.require(BackgroundError)})
        area = torch.as_tensor(context.world.grid.cell_area, dtype=torch.float32, device=context.device)
        rmse = reconstruction_rmse(module, _truth(context.validation), area)
        names = [c.name for c in context.world.channels]
        training, scores = (
            {"kind": settings.kind, "modes": settings.modes},
            {SCORE: dict(zip(names, rmse, strict=True))},
        )
        return context.save(module, started, None, self.needs(context), training=training, scores=scores)


def reconstruction_rmse(module: Autoencoder, anomalies: Tensor, area: Tensor) -> list[float]:
    """Area-weighted RMSE of D(E(x)) for each channel [normalised]."""
    total = torch.zeros(anomalies.shape[1], dtype=torch.float64)
    for part in anomalies.split(256):
        x = part.to(area.device)
        error = module.decode(module.encode(x)) - x
        total += (area * error.square()).mean((2, 3)).sum(0).double().cpu()
    return (total / len(anomalies)).sqrt().tolist()


def _truth(archive: Archive) -> Tensor:
    return archive.truth - archive.climatology


def _background(archive: Archive) -> Tensor:
    return archive.background - archive.climatology
