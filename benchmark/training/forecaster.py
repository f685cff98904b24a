"""Trains the forecast network and its cross-fitted copies."""

__all__ = ["ForecasterRecipe", "ForecasterSettings"]

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


class ForecasterSettings(pydantic.BaseModel):
    """
    Arguments:
        plan: How each network is trained.
        backbone: Settings of the `Backbone`.
        noise: Std of the noise added to its input states, against over-fitting [normalised].
        blocks: Number of blocks of years to leave out in turn; at most the number of training years.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    plan: Plan = Plan(epochs=18, rate=2e-3, weight_decay=0.1)
    backbone: dict[str, Any] = {"kind": "convolutional", "patch": 2, "width": 32, "blocks": 1, "dropout": 0.2}
    noise: float = 0.1
    blocks: int = pydantic.Field(default=7, ge=2)


class ForecasterRecipe:
    """Anomaly persistence plus a network, one lead time ahead, by least squares."""

    kind = ForecastNetworks
    needs = ()
    quick = False

    def run(self, context: Context) -> Card:
        started = time.monotonic()
        world = context.world
        background = world.spec.background
        if background.kind != "forecaster":
            raise BenchError(
                f"The background of the world '{world.name}' is '{background.kind}': there is no forecaster to train."
            )
        settings = context.settings(self.kind.name, ForecasterSettings)
        data, other = _Samples(context, "train"), _Samples(context, "validate")
        years = sorted(set(year_of(data.times).tolist()))
        if len(years) < 2:
            raise BenchError("Cross-fitting needs two or more training years; name more in the world file.")
        blocks = [part.tolist() for part in np.array_split(years, min(settings.blocks, len(years)))]
        networks = self.kind(
            blocks,
            background.lead_h,
            channels=len(world.channels),
            shape=world.grid.shape,
            history=data.history,
            periodic=world.grid.periodic,
            backbone=settings.backbone,
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

            def loss(module: nn.Module, batch: Tensor, generator: torch.Generator, seen: np.ndarray = seen) -> Tensor:
                past, target, season = data.take(seen[batch.numpy()])
                noise = settings.noise * torch.randn(past.shape, generator=generator)
                error = module(past + noise.to(past), season) - target
                return (area * error.square()).mean()

            def validate(module: nn.Module) -> dict[str, float]:
                rmse = other.rmse(module, np.arange(len(other.times)), area)
                return dict(zip(names, rmse, strict=True))

            said = f"forecaster, {'without ' + ', '.join(map(str, left_out)) if left_out else 'all years'}"
            file = context.checkpoint(f"forecaster-{label}")
            progress = train_network(
                network, loss, validate, len(seen), settings.plan, said, file, context.report, origin
            )
            seconds += progress["seconds"]
            scores[label] = progress["history"][-1]
            network.to("cpu")
        networks.eval().requires_grad_(False)
        # scored as it will be loaded, in half precision
        world.use_forecaster(rounded(networks).to(context.device))
        for split in ("train", "validate"):
            std = world.archive(split).error_std().tolist()
            scores[f"background error std, {split}"] = dict(zip(names, std, strict=True))
        card = context.save(networks, started, seconds, training=settings.model_dump(), scores=scores)
        for label in (FINAL, *map(str, range(len(blocks)))):
            context.checkpoint(f"forecaster-{label}").unlink(missing_ok=True)
        return card


def _fresh(networks: ForecastNetworks, label: str) -> nn.Module:
    """The network of a label with weights that depend on the seed and the label alone."""
    fresh = networks.build()
    networks.networks[label] = fresh
    return fresh


class _Samples:
    """Past anomalies, targets and seasons of a split, kept as one array of anomalies."""

    def __init__(self, context: Context, split: Any) -> None:
        world = context.world
        self.device = context.device
        self.times = world.times(split)
        self.history = int(world.spec.background.settings.get("history", 1))
        lead = np.timedelta64(world.spec.background.lead_h, "h")
        self.all = np.unique(np.concatenate([self.times - k * lead for k in range(self.history + 1)]))
        self.anomalies = world.truth(self.all) - world.climatology(self.all)
        self.places = [np.searchsorted(self.all, self.times - k * lead) for k in range(self.history + 1)]
        self.season = seasonal_features(self.times)

    def take(self, index: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """Past (case, history, channel, ...), target (case, channel, ...), season (case, 4)."""
        past = torch.stack([self.anomalies[place[index]] for place in self.places[1:]], dim=1)
        target = self.anomalies[self.places[0][index]]
        return past.to(self.device), target.to(self.device), self.season[index].to(self.device)

    def touches(self, years: list[int]) -> np.ndarray:
        """Which samples have their target or an input in these years, bool."""
        return np.any([np.isin(year_of(self.all[place]), years) for place in self.places], axis=0)

    def rmse(self, module: nn.Module, index: np.ndarray, area: Tensor) -> list[float]:
        """Area-weighted RMSE of each channel."""
        total = torch.zeros(self.anomalies.shape[1], dtype=torch.float64)
        for i in range(0, len(index), 256):
            past, target, season = self.take(index[i : i + 256])
            error = module(past, season) - target
            total += (area * error.square()).mean((2, 3)).sum(0).double().cpu()
        return (total / len(index)).sqrt().tolist()
