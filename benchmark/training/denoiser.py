"""Trains a denoiser, whatever it denoises, scores it by noise level, and stores it."""

__all__ = ["train_denoiser"]

from collections.abc import Callable
from typing import Any

import torch

from benchmark.weights import Card

from .context import Context
from .loop import Loss, train_network

AT_MOST = 400
"""Cases that are scored after an epoch; in the end all are."""

Errors = Callable[[Any, int | None], dict[str, dict[str, float]]]
"""(prior, how many cases at most, None for all) -> what `denoising_errors` returns for the validation year."""


def train_denoiser(
    module: Any,
    loss: Loss,
    errors: Errors,
    size: int,
    context: Context,
    settings: Any,
    needs: tuple[str, ...],
    started: float,
) -> Card:
    """
    Arguments:
        module: The prior, a network and a component.
        loss: What is minimised.
        errors: How it denoises the validation year.
        size: Number of training samples.
        context: The training's surroundings.
        settings: The recipe's; `plan` says how long and how.
        needs: Names of the components that it was made with.
        started: When the recipe began, `time.monotonic()`.
    """

    def validate(module: Any) -> dict[str, float]:
        ratios = [r["network"] / r["gaussian"] for r in errors(module, AT_MOST).values()]
        return {"denoising MSE over Gaussian": sum(ratios) / len(ratios)}

    file = context.checkpoint(module.name)
    origin = context.origin(settings, needs)
    progress = train_network(module, loss, validate, size, settings.plan, module.name, file, context.report, origin)
    with torch.no_grad():
        scores = {
            "denoising MSE, validation, by noise level": errors(module, None),
            "history": progress["history"],
        }
    module.eval().requires_grad_(False).to("cpu")
    card = context.save(module, started, progress["seconds"], needs, training=settings.model_dump(), scores=scores)
    file.unlink(missing_ok=True)
    return card
