"""Trains the VAE of background errors."""

__all__ = ["ErrorVAERecipe", "ErrorVAESettings"]

import time
from typing import Any

import pydantic
import torch
from torch import Tensor, nn

from benchmark.problem import Archive, seed_from
from benchmark.weights import Card
from methods.priors.background_error import BackgroundError
from methods.priors.error_vae import ErrorVAE

from .context import Context
from .loop import Plan, train_network
from .rolling import rolled

SCORE = "minus the evidence lower bound, validation [nats a value]"
AT_ONCE = 64


class ErrorVAESettings(pydantic.BaseModel):
    """
    Arguments:
        plan: How the decoder is trained. There are few samples, so a small network and an early end are what keeps
            it from learning them by heart.
        modes: How many of the background error's modes it takes.
        rolled: Whether every sample is rolled to a random longitude while training; the network learns nothing of the
            mountains then. For grids that go around the globe.
        backbone: See `ErrorVAE`.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    plan: Plan = Plan(epochs=30, rate=2e-3, weight_decay=0.1, average=0.99)
    modes: int = pydantic.Field(default=400, gt=0)
    rolled: bool = False
    backbone: dict[str, Any] = {"kind": "convolutional", "patch": 3, "width": 32, "blocks": 1, "levels": 1}


class ErrorVAERecipe:
    """By the evidence lower bound, on the training years' out-of-sample errors.

    Squares count alike at every point of the grid: weights of area or channel would make it no bound of a likelihood,
    and no longer comparable with the Gaussian's.
    """

    kind = ErrorVAE
    quick = False

    def needs(self, context: Context) -> tuple[str, ...]:
        return ("forecaster", BackgroundError.name)

    def run(self, context: Context) -> Card:
        started = time.monotonic()
        world, device = context.world, context.device
        settings = context.settings(self.kind.name, ErrorVAESettings)
        torch.manual_seed(seed_from(self.kind.name, settings.plan.seed))
        shape = (len(world.channels), *world.grid.shape)
        module = ErrorVAE.around(
            context.require(BackgroundError),
            shape,
            settings.modes,
            periodic=world.grid.periodic,
            backbone=settings.backbone,
        ).to(device)
        scale = module.modes.scale
        other = context.validation
        size = len(context.archive)

        def loss(module: nn.Module, batch: Tensor, generator: torch.Generator) -> Tensor:
            scaled = _increments(context.archive, batch, device) / scale
            if settings.rolled:
                points = torch.randint(scaled.shape[-1], (len(batch),), generator=generator)
                scaled = rolled(scaled, points)
            assert isinstance(module, ErrorVAE)
            noise = torch.randn(len(batch), module.size, generator=generator).to(device)
            return module.bound(scaled, noise).mean()

        def validate(module: nn.Module, gaussian: bool = False) -> float:
            assert isinstance(module, ErrorVAE)
            generator = torch.Generator().manual_seed(seed_from("error-vae", "validation"))
            total = 0.0
            for part in torch.arange(len(other)).split(AT_ONCE):
                noise = torch.randn(len(part), module.size, generator=generator).to(device)
                scaled = _increments(other, part, device) / module.modes.scale
                total += float(module.bound(scaled, noise, gaussian).double().sum())
            return total / len(other)

        with torch.no_grad():
            gaussian = validate(module, gaussian=True)

        def scores(module: nn.Module) -> dict[str, float]:
            return {"minus ELBO": validate(module), "Gaussian": gaussian}

        file, needs = context.checkpoint(self.kind.name), self.needs(context)
        origin = context.origin(settings, needs)
        progress = train_network(
            module, loss, scores, size, settings.plan, self.kind.name, file, context.report, origin
        )
        with torch.no_grad():
            found = {SCORE: {"network": validate(module), "gaussian": gaussian}, "history": progress["history"]}
        module.eval().requires_grad_(False).to("cpu")
        card = context.save(module, started, progress["seconds"], needs, training=settings.model_dump(), scores=found)
        file.unlink(missing_ok=True)
        return card


def _increments(archive: Archive, index: Tensor, device: torch.device) -> Tensor:
    """Truth minus background of some times; whole archives of them would take gigabytes more."""
    return (archive.truth[index] - archive.background[index]).to(device)
