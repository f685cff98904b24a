"""Fits the covariance of what the state prior's conditional mean leaves of the background error."""

__all__ = ["CorrectedErrorRecipe", "CorrectedErrorSettings"]

import time
from typing import Literal

import numpy as np
import pydantic
import torch
from torch import Tensor

from benchmark.problem import Archive, CaseNoise, Cost, Observations, Problem, seed_from
from benchmark.weights import Card
from methods.diffusion.conditional_mean import conditional_mean
from methods.priors.background_error import BackgroundError
from methods.priors.corrected_error import CorrectedError
from methods.priors.covariance import SpectralCovariance
from methods.priors.state_prior import StatePrior
from methods.priors.zonal_covariance import ZonalCovariance

from .context import Context

BATCH = 64


class CorrectedErrorSettings(pydantic.BaseModel):
    """
    Arguments:
        modes: `fitted` for modes of its own, as many as B's, or `kept` for B's, with new variances.
        samples: Most times of the archive, spread evenly over it.
        draws: Members whose mean is the conditional mean.
        levels: Noise levels of each.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    modes: Literal["fitted", "kept"] = "fitted"
    samples: int = pydantic.Field(default=3000, gt=1)
    draws: int = pydantic.Field(default=2, gt=0)
    levels: int = pydantic.Field(default=8, gt=1)


class CorrectedErrorRecipe:
    """From the training years, which the prior has seen; its factor is for the validation year to tell."""

    kind = CorrectedError
    quick = True

    def needs(self, context: Context) -> tuple[str, ...]:
        return ("forecaster", BackgroundError.name, StatePrior.name)

    def run(self, context: Context) -> Card:
        started = time.monotonic()
        settings = context.settings(self.kind.name, CorrectedErrorSettings)
        prior, background_error = context.require(StatePrior), context.require(BackgroundError)
        archive = context.archive.select(_spread(len(context.archive), settings.samples))
        corrected, before = self._errors(context, archive, prior, settings)
        B = background_error.to("cpu").covariance
        if settings.modes == "kept":
            fitted = B.refitted(corrected.flatten(1))
            component = CorrectedError(fitted.variances, fitted.remainder)
        elif isinstance(B, ZonalCovariance):
            component = CorrectedError(fitted=BackgroundError(ZonalCovariance.fit(corrected, B.scale, len(B.modes))))
        else:
            own = SpectralCovariance.fit(corrected.flatten(1), B.scale, len(B.modes))
            component = CorrectedError(fitted=BackgroundError(own))
        ratio = (corrected.square().mean((0, 2, 3)) / before).sqrt().tolist()
        names = [c.name for c in context.world.channels]
        scores = {"error std after over before, training years": dict(zip(names, ratio, strict=True))}
        depends = self.needs(context)
        return context.save(component, started, depends=depends, training=settings.model_dump(), scores=scores)

    def _errors(
        self, context: Context, archive: Archive, prior: StatePrior, settings: CorrectedErrorSettings
    ) -> tuple[Tensor, Tensor]:
        """What is left of the errors, shape (time, channel, latitude, longitude), and their mean square before, shape
        (channel,)."""
        parts = []
        total = -(-len(archive) // BATCH)
        context.report.start(self.kind.name, total, 0)
        for begin in range(0, len(archive), BATCH):
            part = archive.select(slice(begin, begin + BATCH))
            background = part.background.to(context.device)
            problem = Problem(
                background,
                part.climatology.to(context.device),
                Observations.none(background, ("",) * len(part)),
                archive.grid,
                archive.channels,
                part.times,
            )
            noise = CaseNoise([seed_from(self.kind.name, int(t)) for t in part.times.astype(np.int64)], context.device)
            mean = conditional_mean(problem, prior, settings.draws, settings.levels, noise, Cost())
            parts.append(mean.cpu() - part.truth)
            context.report.step()
        before = (archive.background - archive.truth).square().mean((0, 2, 3))
        return torch.cat(parts), before


def _spread(size: int, most: int) -> list[int]:
    """At most so many indices, evenly over all."""
    return np.linspace(0, size - 1, min(size, most)).round().astype(int).tolist()
