"""Trains the forecast network and its cross-fitted copies."""

__all__ = ["ForecasterRecipe", "ForecasterSettings"]

import functools
import time
from typing import Any

import numpy as np
import pydantic
import torch
from torch import Tensor, nn

from benchmark.files.dates import year_of
from benchmark.problem import BenchError, seed_from
from benchmark.weights import Card, rounded
from benchmark.worlds.forecaster import FINAL, ForecastNetworks
from methods.priors.backbone import seasonal_features

from .context import Context
from .loop import Plan, train_network

PART = 1000


class ForecasterSettings(pydantic.BaseModel):
    """
    Arguments:
        plan: How each network is trained, one step ahead.
        finish: How it is trained on, `rollout` steps ahead, the loss their mean; None for not at all. One step alone
            makes forecasts that are too sharp: damping them would lower their error without an observation.
        backbone: Settings of the `Backbone`.
        noise: Std of the noise added to its input states, against over-fitting [normalised].
        equal_steps: Whether the cross-fitted networks, which see fewer years, get more epochs for it, so that they
            are trained as long as the final one.
        rollout: Steps ahead that `finish` looks.
        blocks: Number of blocks of years to leave out in turn; at most the number of training years.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    plan: Plan = Plan(epochs=18, rate=2e-3, weight_decay=0.1)
    backbone: dict[str, Any] = {"kind": "convolutional", "patch": 2, "width": 32, "blocks": 1, "dropout": 0.2}
    noise: float = pydantic.Field(default=0.1, ge=0)
    equal_steps: bool = False
    finish: Plan | None = None
    rollout: int = pydantic.Field(default=1, gt=0)
    blocks: int = pydantic.Field(default=7, ge=2)


class ForecasterRecipe:
    """Anomaly persistence plus a network, a step (or some) ahead, by least squares."""

    kind = ForecastNetworks
    quick = False

    def needs(self, context: Context) -> tuple[str, ...]:
        return ()

    def run(self, context: Context) -> Card:
        started = time.monotonic()
        world = context.fields
        background = world.spec.background
        if background.kind != "forecaster":
            raise BenchError(
                f"The background of the world '{world.name}' is '{background.kind}': there is no forecaster to train."
            )
        settings = context.settings(self.kind.name, ForecasterSettings)
        ahead = settings.rollout if settings.finish else 1
        data, other = (_Samples(context, split, ahead) for split in ("train", "validate"))
        years = sorted(set(year_of(data.times).tolist()))
        if len(years) < 2:
            raise BenchError("Cross-fitting needs two or more training years; name more in the world file.")
        blocks = [part.tolist() for part in np.array_split(years, min(settings.blocks, len(years)))]
        conserved = [[c.name for c in world.channels].index(name) for name in background.conserve]
        kept = {"conserved": conserved, "row_area": world.grid.row_area.tolist()} if conserved else {}
        networks = self.kind(
            blocks,
            background.lead_h,
            background.step_h,
            channels=len(world.channels),
            shape=world.grid.shape,
            history=background.history,
            periodic=world.grid.periodic,
            backbone=settings.backbone,
            **kept,
        )
        area = torch.as_tensor(world.grid.cell_area, dtype=torch.float32, device=context.device)
        names = [c.name for c in world.channels]
        origin = context.origin(settings)
        scores: dict[str, Any] = {}
        seconds = 0.0
        for label, left_out in [(FINAL, []), *((str(i), block) for i, block in enumerate(blocks))]:
            torch.manual_seed(seed_from("forecaster", settings.plan.seed, label))
            network = _fresh(networks, label).to(context.device)
            seen = np.flatnonzero(~data.touches(left_out))

            def loss(
                module: nn.Module, batch: Tensor, generator: torch.Generator, steps: int = 1, seen: np.ndarray = seen
            ) -> Tensor:
                past, targets, seasons = data.take(seen[batch.numpy()], steps)
                noise = settings.noise * torch.randn(past.shape, generator=generator)
                past = past + noise.to(past)
                total = torch.zeros((), device=context.device)
                for target, season in zip(targets, seasons, strict=True):
                    following = module(past, season)
                    total = total + (area * (following - target).square()).mean()
                    past = torch.cat((following[:, None], past[:, :-1]), dim=1)
                return total / steps

            def validate(module: nn.Module, steps: int = 1) -> dict[str, float]:
                rmse = other.rmse(module, np.arange(len(other.times)), area, steps)
                return dict(zip(names, rmse, strict=True))

            said = f"forecaster, {'without ' + ', '.join(map(str, left_out)) if left_out else 'all years'}"
            for plan, steps in ((settings.plan, 1), (settings.finish, settings.rollout)):
                if plan is None:
                    continue
                told, file = (said, "") if plan is settings.plan else (f"{said}, {steps} steps", "-finish")
                longer = round(plan.epochs * len(data.times) / len(seen))
                progress = train_network(
                    network,
                    functools.partial(loss, steps=steps),
                    functools.partial(validate, steps=steps),
                    len(seen),
                    plan.model_copy(update={"epochs": longer} if settings.equal_steps else {}),
                    told,
                    context.checkpoint(f"forecaster-{label}{file}"),
                    context.report,
                    origin,
                )
                seconds += progress["seconds"]
                scores[f"{label}, {steps} steps" if file else label] = progress["history"][-1]
            network.to("cpu")
        networks.eval().requires_grad_(False)
        # scored as it will be loaded, in half precision
        context.use_forecaster(rounded(networks))
        for split, archive in (("train", context.archive), ("validate", context.validation)):
            std = archive.error_std().tolist()
            scores[f"background error std, {split}"] = dict(zip(names, std, strict=True))
        card = context.save(networks, started, seconds, training=settings.model_dump(), scores=scores)
        for label in (FINAL, *map(str, range(len(blocks)))):
            for file in ("", "-finish"):
                context.checkpoint(f"forecaster-{label}{file}").unlink(missing_ok=True)
        return card


def _fresh(networks: ForecastNetworks, label: str) -> nn.Module:
    """The network of a label with weights that depend on the seed and the label alone."""
    fresh = networks.build()
    networks.networks[label] = fresh
    return fresh


class _Samples:
    """Past anomalies, targets and seasons of a split, kept as one array of anomalies."""

    def __init__(self, context: Context, split: Any, rollout: int = 1) -> None:
        world, background = context.fields, context.fields.spec.background
        self.device = context.device
        step = np.timedelta64(background.step_h, "h")
        ends = world.forecast_times(split)
        # the first of a sample's targets, so that all the following are there too
        self.times = ends[np.all([np.isin(ends + k * step, ends) for k in range(rollout)], axis=0)]
        ages = range(rollout - 1, -background.history - 1, -1)
        self.all = np.unique(np.concatenate([self.times + k * step for k in ages]))
        # by parts: truth, climatology and their difference at once would be three archives in memory
        parts = np.array_split(self.all, max(1, len(self.all) // PART))
        self.anomalies = torch.empty(len(self.all), len(world.channels), *world.grid.shape)
        torch.cat([world.truth(part) - world.climatology(part) for part in parts], out=self.anomalies)
        self.places = {k: np.searchsorted(self.all, self.times + k * step) for k in ages}
        self.step = step

    def take(self, index: np.ndarray, ahead: int = 1) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Past (case, history, channel, ...), and for every step target (case, channel, ...) and season (case, 4)."""
        past = torch.stack([self.anomalies[self.places[k][index]] for k in sorted(self.places)[::-1] if k < 0], dim=1)
        steps = range(ahead)
        targets = [self.anomalies[self.places[k][index]].to(self.device) for k in steps]
        seasons = [seasonal_features(self.times[index] + k * self.step).to(self.device) for k in steps]
        return past.to(self.device), targets, seasons

    def touches(self, years: list[int]) -> np.ndarray:
        """Which samples have a target or an input in these years, bool."""
        return np.any([np.isin(year_of(self.all[place]), years) for place in self.places.values()], axis=0)

    def rmse(self, module: nn.Module, index: np.ndarray, area: Tensor, ahead: int = 1) -> list[float]:
        """Area-weighted RMSE of each channel after some steps."""
        total = torch.zeros(self.anomalies.shape[1], dtype=torch.float64)
        for i in range(0, len(index), 256):
            past, targets, seasons = self.take(index[i : i + 256], ahead)
            for season in seasons:
                past = torch.cat((module(past, season)[:, None], past[:, :-1]), dim=1)
            total += (area * (past[:, 0] - targets[-1]).square()).mean((2, 3)).sum(0).double().cpu()
        return (total / len(index)).sqrt().tolist()
