"""Fits the covariances of optimal interpolation to the statistics of station pairs."""

__all__ = ["PairStatisticsRecipe", "PairStatisticsSettings"]

import time

import pydantic

from benchmark.weights import Card
from methods.priors.pair_statistics import PairStatistics

from .context import Context


class PairStatisticsSettings(pydantic.BaseModel):
    """
    Arguments:
        stations: Most grid points that are taken as stations.
        times: Most times of the archive, spread evenly.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    stations: int = pydantic.Field(default=256, gt=1)
    times: int = pydantic.Field(default=2000, gt=1)


class PairStatisticsRecipe:
    """Covariances by distance of the training archive's out-of-sample errors, and of its climatology's."""

    kind = PairStatistics
    quick = True

    def needs(self, context: Context) -> tuple[str, ...]:
        return ("forecaster",)

    def run(self, context: Context) -> Card:
        settings, archive = context.settings(self.kind.name, PairStatisticsSettings), context.archive
        started = time.monotonic()  # the archive's backgrounds are no part of the fit, and take a hundred times as long
        component = self.kind.fit(archive, settings.stations, settings.times)
        scores = {
            f"share of the variance by length [km], {first_guess}": {
                f"{length:.0f}": round(share, 4)
                for length, share in zip([0.0, *B.lengths.tolist()], B.shares.tolist(), strict=True)
            }
            for first_guess, B in component.covariances.items()
        }
        depends = self.needs(context)
        return context.save(component, started, depends=depends, training=settings.model_dump(), scores=scores)
