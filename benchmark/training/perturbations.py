"""Samples the perturbations of a world's background ensembles and finds their size on the validation year."""

__all__ = ["PerturbationsRecipe", "PerturbationsSettings", "spread_and_error"]

import time

import numpy as np
import pydantic
import torch

from benchmark.problem import BenchError
from benchmark.weights import Card
from benchmark.worlds import Fields
from benchmark.worlds.perturbations import Perturbations
from methods.priors.packed_fields import pack_fields, unpack_fields

from .context import Context

AT_ONCE = 8


class PerturbationsSettings(pydantic.BaseModel):
    """
    Arguments:
        samples: Training times whose departures from the climatology are kept.
        members: Members that the size is found with.
        cases: Validation cases that it is found on.
        size: First guess of the size [climatological std].
        trials: How often the size is corrected.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    samples: int = pydantic.Field(default=24, gt=2)
    members: int = pydantic.Field(default=20, gt=1)
    cases: int = pydantic.Field(default=24, gt=1)
    size: float = pydantic.Field(default=0.1, gt=0)
    trials: int = pydantic.Field(default=3, gt=0)


class PerturbationsRecipe:
    """The size is that for which, in the mean over channels, variance of the members and mean square error of the
    background agree."""

    kind = Perturbations
    quick = True

    def needs(self, context: Context) -> tuple[str, ...]:
        return ("forecaster",)

    def run(self, context: Context) -> Card:
        started = time.monotonic()
        world = context.fields
        if world.forecaster is None:
            raise BenchError(
                f"The world '{world.name}' has no forecaster, so it has no background ensemble; "
                "take a method that needs none, such as enoi."
            )
        settings = context.settings(self.kind.name, PerturbationsSettings)
        departures = _departures(world, settings.samples)
        times = world.times("validate")
        cases = times[np.floor((np.arange(settings.cases) + 0.5) * len(times) / settings.cases).astype(int)]
        size, tried = settings.size, []
        for _ in range(settings.trials):
            spread, error = spread_and_error(world, Perturbations(departures, size), cases, settings.members)
            ratio = float((spread / error).square().mean().sqrt())
            tried.append((size, ratio))
            size = _next(tried)
        component = self.kind(departures, size)
        world.use_perturbations(component)
        spread, error = spread_and_error(world, component, cases, settings.members)
        names = [c.name for c in world.channels]
        ratios = dict(zip(names, (spread / error).tolist(), strict=True))
        mean = float((spread / error).square().mean().sqrt())
        scores = {"size": size, "spread over error": ratios, "spread over error, all channels": mean}
        depends = self.needs(context)
        return context.save(component, started, depends=depends, training=settings.model_dump(), scores=scores)


def _departures(world: Fields, samples: int) -> torch.Tensor:
    """Departures from the climatology at evenly spaced training times, rounded as they are stored."""
    background = world.spec.background
    times = world.forecast_times("train")
    chosen = times[np.floor((np.arange(samples) + 0.5) * len(times) / samples).astype(int)]
    ages = [np.timedelta64(k * background.step_h, "h") for k in range(background.history)]
    found = torch.stack([world.truth(chosen - age) - world.climatology(chosen - age) for age in ages], dim=1)
    return unpack_fields(*pack_fields(found))


def _next(tried: list[tuple[float, float]]) -> float:
    """The size whose ratio should be one: proportional at first, then by the last two trials in logarithms."""
    (size, ratio), before = tried[-1], tried[-2:-1]
    power = 1.0
    if before and before[0][0] != size:
        power = float(np.log(ratio / before[0][1]) / np.log(size / before[0][0]))
    return size * ratio ** (-1 / float(np.clip(power, 0.3, 2.0)))


def spread_and_error(
    world: Fields, perturbations: Perturbations, times: np.ndarray, members: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Area-weighted spread of the members, times sqrt((M + 1) / M), and RMSE of the background, shape (channel,)
    [normalised]: the two agree where the background is like any member (Fortin et al., 2014,
    doi:10.1175/JHM-D-14-0008.1).
    """
    area = torch.as_tensor(world.grid.cell_area, dtype=torch.float64)
    variance, square = torch.zeros(len(world.channels)).double(), torch.zeros(len(world.channels)).double()
    world.use_perturbations(perturbations)
    for begin in range(0, len(times), AT_ONCE):
        some = times[begin : begin + AT_ONCE]
        ensemble = world.ensemble(some, members).double()
        error = (world.background(some) - world.truth(some)).double()
        variance += (area * ensemble.var(1)).mean((2, 3)).sum(0)
        square += (area * error.square()).mean((2, 3)).sum(0)
    return ((members + 1) / members * variance / len(times)).sqrt(), (square / len(times)).sqrt()
