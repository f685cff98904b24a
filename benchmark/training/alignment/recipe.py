"""Fine-tunes the latent prior by preferences between analyses that were drawn with it."""

__all__ = ["AlignedPriorRecipe", "AlignedPriorSettings"]

import time
from typing import Any

import pydantic
import torch
from torch import Tensor

from benchmark.problem import BenchError, seed_from
from benchmark.weights import Card
from benchmark.worlds import Split
from methods.priors.aligned_prior import AlignedPrior
from methods.priors.autoencoder import Autoencoder
from methods.priors.latent_prior import LatentPrior

from ..context import Context
from ..denoising import importance_of_errors
from ..latent_prior import Latents
from ..loop import Plan, train_network
from .analysis_error import AnalysisError
from .balance import Balance
from .candidates import CandidateSettings, draw_candidates
from .forecast_error import ForecastError
from .pair_data import PairData
from .preference_loss import preference_loss
from .preferences import prefer
from .reward import Reward

REWARDS: tuple[type[Reward], ...] = (AnalysisError, ForecastError, Balance)
AT_MOST = 128
"""Pairs and cases that are scored after an epoch; in the end all are."""


class AlignedPriorSettings(pydantic.BaseModel):
    """
    Arguments:
        candidates: Which analyses are drawn.
        weights: Of the rewards, by name; those that the world cannot give are left out.
        pairs: Most pairs a case.
        margin: By how much the rewards of a pair must differ [std of a reward within a case].
        rank: Of the adapters.
        beta: How sharply preferences are taken: the smaller, the further the prior may go from its reference.
        plan: How the adapters are trained; an epoch is a pass over all pairs.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    candidates: CandidateSettings = CandidateSettings()
    weights: dict[str, float] = {reward.name: 1.0 for reward in REWARDS}
    pairs: int = pydantic.Field(default=4, gt=0)
    margin: float = pydantic.Field(default=0.5, ge=0)
    rank: int = pydantic.Field(default=4, gt=0)
    beta: float = pydantic.Field(default=100.0, gt=0)
    plan: Plan = Plan(epochs=4, rate=1e-4, weight_decay=0.0)

    @pydantic.field_validator("weights")
    @classmethod
    def _known(cls, value: dict[str, float]) -> dict[str, float]:
        known = [reward.name for reward in REWARDS]
        if unknown := [name for name in value if name not in known]:
            raise ValueError(f"there is no reward '{unknown[0]}', only {', '.join(known)}")
        if min(value.values()) < 0 or max(value.values()) == 0:
            raise ValueError("weights are zero or more, and not all zero")
        return value


class AlignedPriorRecipe:
    """By Diffusion-DPO on pairs of analyses of the training years."""

    kind = AlignedPrior
    quick = False

    def needs(self, context: Context) -> tuple[str, ...]:
        return ("forecaster", Autoencoder.name, LatentPrior.name)

    def run(self, context: Context) -> Card:
        started = time.monotonic()
        world, settings = context.fields, context.settings(self.kind.name, AlignedPriorSettings)
        autoencoder = context.require(Autoencoder)  # type: ignore[type-abstract]
        reference = context.require(LatentPrior)
        importance = importance_of_errors(context).to(context.device) if autoencoder.whitens else None
        absent = {reward.name: why for reward in REWARDS if (why := reward.lacks(world))}
        kinds = [reward for reward in REWARDS if reward.name not in absent and settings.weights.get(reward.name)]
        if not kinds:
            raise BenchError(
                f"The world '{world.name}' has none of the rewards that have a weight "
                f"({'; '.join(f'{name}: {why}' for name, why in absent.items())}); give another one a weight."
            )
        weights = [settings.weights[reward.name] for reward in kinds]

        def pairs(split: Split) -> PairData:
            candidates = draw_candidates(context, split, settings.candidates, kinds, self.needs(context))
            chosen = prefer(candidates.rewards, weights, settings.pairs, settings.margin)
            if len(chosen) == 0:
                raise BenchError(
                    f"No two candidates of '{split}' differ by more than aligned-prior.margin={settings.margin:g}; "
                    "lower it, or draw more candidates."
                )
            archive = context.archive if split == "train" else context.validation
            return PairData(candidates, chosen, archive, autoencoder, context.device)

        train, other = pairs("train"), pairs("validate")
        validation = Latents(autoencoder, context.validation, context.device)
        validation.increments = validation.increments / reference.scale
        torch.manual_seed(seed_from(self.kind.name, settings.plan.seed))
        module = self.kind.of(reference, settings.rank).to(context.device)
        span = reference.sigma_max / reference.sigma_min

        def loss(module: Any, batch: Tensor, generator: torch.Generator) -> Tensor:
            sigma = reference.sigma_min * span ** torch.rand(len(batch), generator=generator)
            excess = train.excess(module, reference, batch, sigma, generator, importance)
            return preference_loss(excess, settings.beta)

        def validate(module: Any) -> dict[str, float]:
            return {
                "pairs ranked right": other.ranked_right(module, reference, importance, AT_MOST),
                "denoising MSE over reference": _ratio(validation, module, reference, importance, AT_MOST),
            }

        progress = train_network(
            *(module, loss, validate, len(train), settings.plan, self.kind.name, context.checkpoint(self.kind.name)),
            *(context.report, context.origin(settings, self.needs(context))),
        )
        with torch.no_grad():
            scores = {
                "rewards": [reward.name for reward in kinds],
                "rewards left out": absent,
                "pairs": {"train": len(train), "validate": len(other)},
                "diverged cases": {"train": train.diverged, "validate": other.diverged},
                "pairs are of": "the training years, which the latent prior was trained on too",
                "pairs ranked right, validation": other.ranked_right(module, reference, importance),
                "denoising MSE, validation, by noise level": _errors(validation, module, reference, importance),
                "history": progress["history"],
            }
        module.eval().requires_grad_(False).to("cpu")
        facts = {"training": settings.model_dump(), "scores": scores}
        seconds = train.seconds + other.seconds + progress["seconds"]
        card = context.save(module, started, seconds, self.needs(context), **facts)
        for label in (self.kind.name, "candidates-train", "candidates-validate"):
            context.checkpoint(label).unlink(missing_ok=True)
        return card


def _errors(
    latents: Latents, aligned: Any, reference: Any, importance: Tensor | None, at_most: int | None = None
) -> dict[str, dict[str, float]]:
    """Mean square denoising errors of both priors, with the same noise, by noise level."""
    after, before = (latents.denoising(prior, importance, at_most) for prior in (aligned, reference))
    return {level: {"aligned": after[level]["network"], "reference": before[level]["network"]} for level in after}


def _ratio(latents: Latents, aligned: Any, reference: Any, importance: Tensor | None, at_most: int) -> float:
    found = _errors(latents, aligned, reference, importance, at_most).values()
    return sum(errors["aligned"] / errors["reference"] for errors in found) / len(found)
