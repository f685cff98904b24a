"""Fits the regression from which the planet's own model starts its forecasts."""

__all__ = ["PlanetColumnsRecipe"]

import time

from benchmark.problem import BenchError
from benchmark.weights import Card
from benchmark.worlds.planet import PlanetSettings
from benchmark.worlds.planet.forecaster import PlanetColumns, fit_columns

from .context import Context


class PlanetColumnsRecipe:
    """A year of the planet, from another seed than the archive's."""

    kind = PlanetColumns
    quick = False

    def needs(self, context: Context) -> tuple[str, ...]:
        return ()

    def run(self, context: Context) -> Card:
        started = time.monotonic()
        spec = context.fields.spec
        if spec.background.kind != "planet" or spec.planet is None:
            raise BenchError(f"The background of the world '{spec.name}' is not its planet's model; nothing to fit.")
        columns = fit_columns(PlanetSettings.read(spec.planet, spec.name), context.world.normalisation)
        scores = {"left over / std, by variable and layer": [round(v, 4) for v in columns.spread.tolist()]}
        return context.save(columns, started, scores=scores)
