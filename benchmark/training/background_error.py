"""Fits the background error covariance of 3D-Var."""

__all__ = ["BackgroundErrorRecipe", "BackgroundErrorSettings"]

import time

import pydantic

from benchmark.weights import Card
from methods.priors.background_error import BackgroundError

from .context import Context


class BackgroundErrorSettings(pydantic.BaseModel):
    """
    Arguments:
        modes: EOFs that are stored; 3D-Var may use fewer.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    modes: int = pydantic.Field(default=500, gt=0)


class BackgroundErrorRecipe:
    """EOFs of the training archive's out-of-sample errors, by zonal wavenumber where longitudes go around."""

    kind = BackgroundError
    quick = True

    def needs(self, context: Context) -> tuple[str, ...]:
        return ("forecaster",)

    def run(self, context: Context) -> Card:
        started = time.monotonic()
        settings = context.settings(self.kind.name, BackgroundErrorSettings)
        component = self.kind.fit(context.archive, settings.modes)
        B = component.covariance
        names = [c.name for c in context.world.channels]
        std = context.archive.error_std().tolist()
        scores = {"error std": dict(zip(names, std, strict=True)), "variance in the modes": B.explained}
        depends = self.needs(context)
        return context.save(component, started, depends=depends, training=settings.model_dump(), scores=scores)
