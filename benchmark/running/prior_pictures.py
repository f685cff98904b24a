"""Samples of a world's priors beside the validation year, which none of them was fitted on."""

__all__ = ["prior_pictures"]

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import torch

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.pictures.samples import samples_picture
from benchmark.problem import BenchError, CaseNoise, Cost, Problem
from benchmark.training.context import Context
from benchmark.training.recipes import find_recipe
from methods.diffusion.prior_members import prior_members, unobserved
from methods.diffusion.state_space import StateSpace
from methods.priors.autoencoder import Autoencoder
from methods.priors.increment_space import IncrementSpace
from methods.priors.latent_prior import LatentPrior
from methods.priors.latent_space import LatentSpace
from methods.priors.state_prior import ClimatePrior, StatePrior

from .cases import make_problem
from .experiment import choose_times

BATCH = 16
START = {StatePrior.name: 100.0, LatentPrior.name: 10.0, ClimatePrior.name: 100.0}
"""First noise level, far above the prior's stds."""
END = 0.05


@torch.no_grad()
def prior_pictures(context: Context, folder: Path, cases: int, levels: int) -> Iterator[Path]:
    """Writes a picture for each of `state-prior`, `latent-prior` and `climate-prior` that the world has: one sample of
    increments a case beside truth - background, or of anomalies beside truth - climatology.

    Arguments:
        context: World, weights and device.
        folder: Where to write.
        cases: Times, spread evenly over the validation year.
        levels: Noise levels of a sample.

    Raises:
        BenchError: If the world has none of them, or a file cannot be written.
    """
    world = context.fields
    names = [name for name in START if context.store.find(name) is not None]
    if not names:
        raise BenchError(
            f"The world '{world.name}' has no diffusion prior; train one with: "
            f"bench train denoising-3dvar --world {world.name}"
        )
    observing = ObservingSystem(ObservingSpec.make(), world.grid, world.channels, world.normalisation, world.name)
    times = choose_times(world.times("validate"), cases)
    for name in names:
        prior = context.require(find_recipe(name).kind)
        assert isinstance(prior, StatePrior | LatentPrior | ClimatePrior)
        # opened once: a latent prior comes with an autoencoder
        parts = (context.require(Autoencoder),) if isinstance(prior, LatentPrior) else ()  # type: ignore[type-abstract]
        drawn, real = [], []
        for first in range(0, len(times), BATCH):
            truth, problem = make_problem(world, observing, times[first : first + BATCH])
            noise = CaseNoise(range(first, first + len(problem)))
            start = problem.climatology if name == ClimatePrior.name else problem.background
            unseen = unobserved(problem).to(context.device)
            space = _space(prior, unseen, *parts)
            states = prior_members(space, prior, 1, noise, (START[name], END, levels))[:, 0].cpu()
            drawn.append(states - start)
            real.append(truth - start)
        yield samples_picture(
            torch.cat(drawn).double().numpy(),
            torch.cat(real).double().numpy(),
            world.grid,
            [c.name for c in world.channels],
            folder / f"{name}.png",
        )


def _space(
    prior: StatePrior | LatentPrior | ClimatePrior, problem: Problem, autoencoder: Autoencoder | None = None
) -> IncrementSpace:
    """What the prior's increments are of."""
    if autoencoder is not None:
        return LatentSpace(problem, autoencoder, prior.scale, Cost())
    start: Literal["background", "climatology"] = "climatology" if isinstance(prior, ClimatePrior) else "background"
    return StateSpace(problem, prior.scale, Cost(), start)
