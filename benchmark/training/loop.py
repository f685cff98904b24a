"""One training loop for every network: AdamW, one-cycle rate, moving average, checkpoints."""

__all__ = ["Plan", "Report", "train_network"]

import copy
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol

import pydantic
import torch
from torch import Tensor, nn

from benchmark.problem import hash_json, seed_from

from .checkpoint import load_checkpoint, save_checkpoint


class Plan(pydantic.BaseModel):
    """How a network is trained.

    Arguments:
        epochs: Passes over the archive.
        batch: Samples a step.
        rate: Peak learning rate of the one-cycle schedule (10 % linear warm-up, then a cosine to zero).
        weight_decay: AdamW's.
        average: Decay of the moving average of the weights a step; 0 keeps the last weights.
        seed: Of initial weights, order and noise.
        precision: Of the products while training: `bfloat16` takes half the time where the processor knows it.
            Weights, gradients and the trained network are in single precision either way.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    epochs: int = pydantic.Field(gt=0)
    batch: int = pydantic.Field(default=32, gt=0)
    rate: float = pydantic.Field(gt=0)
    weight_decay: float = pydantic.Field(default=0.01, ge=0)
    average: float = pydantic.Field(default=0.0, ge=0, lt=1)
    seed: int = 0
    precision: Literal["float32", "bfloat16"] = "float32"


class Report(Protocol):
    """Hears of progress."""

    def start(self, label: str, steps: int, done: int) -> None:
        """A network's training begins, or goes on after `done` steps."""

    def step(self) -> None:
        """One step done."""

    def note(self, text: str) -> None:
        """How it stands, such as the validation scores."""


Loss = Callable[[nn.Module, Tensor, torch.Generator], Tensor]


def train_network(
    module: nn.Module,
    loss: Loss,
    validate: Callable[[nn.Module], dict[str, float]],
    size: int,
    plan: Plan,
    label: str,
    checkpoint: Path,
    report: Report,
    origin: str = "",
) -> dict[str, Any]:
    """Trains in place and returns the history.

    A run that was killed resumes at its last whole epoch to the same result: order and noise of an epoch come
    from the seed and the epoch's number.

    Arguments:
        module: The network; it ends with the averaged weights, if any, and in evaluation mode.
        loss: (module, indices of the batch (batch,), generator) -> scalar.
        validate: Scores of the validation year.
        size: Number of training samples.
        plan: Epochs, rate and so on.
        label: For progress and for the checkpoint's identity.
        checkpoint: Its file; removed by the caller once the weights are stored.
        report: Hears of progress.
        origin: Hash of all else that decides the result: a checkpoint of another origin is not resumed.
    """
    started = time.monotonic()
    averaged = copy.deepcopy(module) if plan.average else module
    optimiser = torch.optim.AdamW(module.parameters(), lr=plan.rate, weight_decay=plan.weight_decay)
    batch = min(plan.batch, size)
    per_epoch = size // batch
    total = plan.epochs * per_epoch
    kind = next(module.parameters()).device.type
    half = plan.precision == "bfloat16"
    modules = {"module": module, "averaged": averaged} if plan.average else {"module": module}
    shapes = {k: list(v.shape) for k, v in module.state_dict().items()}
    identity = hash_json([label, plan.model_dump(), size, shapes, origin])
    progress = load_checkpoint(checkpoint, identity, modules, optimiser) or {"epoch": 0, "history": [], "seconds": 0.0}
    report.start(label, total, progress["epoch"] * per_epoch)
    before = progress["seconds"]
    for epoch in range(progress["epoch"], plan.epochs):
        # dropout draws from the global generator, the rest from the epoch's own
        torch.manual_seed(seed_from("dropout", plan.seed, label, epoch))
        generator = torch.Generator().manual_seed(seed_from("epoch", plan.seed, label, epoch))
        order = torch.randperm(size, generator=generator)
        module.train()
        total_loss = 0.0
        for number in range(per_epoch):
            step = epoch * per_epoch + number
            for group in optimiser.param_groups:
                group["lr"] = plan.rate * _one_cycle((step + 1) / total)
            with torch.autocast(kind, torch.bfloat16, enabled=half):
                value = loss(module, order[number * batch : (number + 1) * batch], generator)
            optimiser.zero_grad(set_to_none=True)
            value.backward()
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimiser.step()
            if plan.average:
                _move_average(averaged, module, min(plan.average, (1 + step) / (10 + step)))
            total_loss += value.item()
            report.step()
        averaged.eval()
        with torch.no_grad():
            scores = validate(averaged)
        progress["history"].append({"epoch": epoch + 1, "loss": total_loss / per_epoch, **scores})
        progress["epoch"] = epoch + 1
        progress["seconds"] = before + time.monotonic() - started
        save_checkpoint(checkpoint, identity, progress, modules, optimiser)
        report.note(f"epoch {epoch + 1}: " + ", ".join(f"{k} {v:.4f}" for k, v in scores.items()))
    if plan.average:
        module.load_state_dict(averaged.state_dict())
    module.eval()
    return progress


def _one_cycle(fraction: float, warm_up: float = 0.1) -> float:
    if fraction < warm_up:
        return fraction / warm_up
    return (1 + math.cos(math.pi * (fraction - warm_up) / (1 - warm_up))) / 2


@torch.no_grad()
def _move_average(averaged: nn.Module, module: nn.Module, decay: float) -> None:
    for old, new in zip(averaged.parameters(), module.parameters(), strict=True):
        old.lerp_(new, 1 - decay)
