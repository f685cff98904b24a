"""Samples the static ensemble of EnOI."""

__all__ = ["StaticEnsembleRecipe", "StaticEnsembleSettings"]

import time

import numpy as np
import pydantic

from benchmark.weights import Card
from methods.priors.static_ensemble import StaticEnsemble

from .context import Context


class StaticEnsembleSettings(pydantic.BaseModel):
    """
    Arguments:
        samples: Members, evenly spaced over the training years.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    samples: int = pydantic.Field(default=64, gt=1)


class StaticEnsembleRecipe:
    """Out-of-sample background errors of the training archive."""

    kind = StaticEnsemble
    quick = True

    def needs(self, context: Context) -> tuple[str, ...]:
        return ("forecaster",)

    def run(self, context: Context) -> Card:
        started = time.monotonic()
        settings = context.settings(self.kind.name, StaticEnsembleSettings)
        # only the chosen times: the whole archive's backgrounds may take minutes to make
        times = context.world.times("train")
        count = min(settings.samples, len(times))
        chosen = times[np.floor((np.arange(count) + 0.5) * len(times) / count).astype(int)]
        component = self.kind.fit(context.world.background(chosen), context.world.truth(chosen))
        return context.save(component, started, depends=self.needs(context), training=settings.model_dump())
