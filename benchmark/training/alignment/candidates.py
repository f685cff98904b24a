"""Many analyses of the same days, drawn by a sampler with the prior that is to be aligned, and their rewards."""

__all__ = ["CandidateSettings", "Candidates", "draw_candidates"]

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pydantic
import torch
from torch import Tensor

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.problem import Archive, BenchError, CaseNoise, Method, Problem, hash_json, seed_from
from benchmark.worlds import Split
from benchmark.worlds.reading import evenly
from methods.priors.autoencoder import Autoencoder
from methods.priors.latent_prior import LatentPrior
from methods.registry import find_method

from ..context import Context
from .drawn import load_drawn, save_drawn
from .reward import Reward

CHUNK = 32
TOGETHER = {Autoencoder.name, LatentPrior.name}


class CandidateSettings(pydantic.BaseModel):
    """
    Arguments:
        cases: Cases of the training years, spread evenly.
        validation_cases: Cases of the validation year.
        members: Candidates a case.
        obs_frac, obs_std: Of the observations that they are drawn with; see `ObservingSpec`.
        method: The sampler, of the latent prior.
        parameters: Its parameters, where not those that the world gives it.
        seed: Of its random numbers.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    cases: int = pydantic.Field(default=512, gt=0)
    validation_cases: int = pydantic.Field(default=96, gt=0)
    members: int = pydantic.Field(default=8, ge=2)
    obs_frac: float = 0.01
    obs_std: float = 0.05
    method: str = "latent-dps"
    parameters: dict[str, Any] = {}
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class Candidates:
    """
    Arguments:
        times: Valid times, shape (case,), datetime64[ns].
        increments: Scaled latent increments of the analyses, shape (case, member, *latent_shape).
        rewards: Shape (case, member, reward).
        seconds: What it took to draw them, in all runs.
    """

    times: np.ndarray
    increments: Tensor
    rewards: Tensor
    seconds: float


def draw_candidates(
    context: Context, split: Split, settings: CandidateSettings, kinds: Sequence[type[Reward]], depends: tuple[str, ...]
) -> Candidates:
    """Draws them, or goes on where a run that was killed had come to.

    Observations are made as for a run. The truth goes into those and into the rewards, and nowhere else.

    Arguments:
        context: The training's surroundings.
        split: `train` or `validate`.
        settings: How many, by which method, from which observations.
        kinds: Rewards.
        depends: Names of the components that they are made with.

    Raises:
        BenchError: If the method samples no latent prior, or no case has what the rewards are made from.
    """
    world = context.fields
    archive = context.archive if split == "train" else context.validation
    count = settings.cases if split == "train" else settings.validation_cases
    rewards = [kind(context, split) for kind in kinds]
    possible = np.flatnonzero(np.all([reward.available(archive.times) for reward in rewards], axis=0))
    if len(possible) == 0:
        names = ", ".join(reward.name for reward in rewards)
        raise BenchError(
            f"No time of '{split}' in the world '{world.name}' has what the rewards ({names}) are made from; set the "
            "weight of the forecast's to 0, or give a file with more times."
        )
    archive = archive.select(possible[evenly(len(possible), min(count, len(possible)))])
    spec = ObservingSpec.make(obs_frac=settings.obs_frac, obs_std=settings.obs_std)
    system = ObservingSystem(spec, world.grid, world.channels, world.normalisation, world.name)
    method = _sampler(context, settings)
    words = [method.parameters, method.version, [reward.name for reward in rewards], archive.hash]
    identity = hash_json([context.origin(settings, depends), *words])
    file = context.checkpoint(f"candidates-{split}")
    increments, scores, before = load_drawn(file, identity) or (torch.empty(0), torch.empty(0), 0.0)
    started, seconds = time.monotonic(), before
    context.report.start(f"candidates of {split}", len(archive), len(scores))
    for begin in range(len(scores), len(archive), CHUNK):
        part = archive.select(slice(begin, begin + CHUNK))
        states = _analyse(context, method, system, part, settings)
        found = torch.stack([reward(states, part.truth, part.times) for reward in rewards], dim=-1)
        drawn = _increments(method.parts, part, states, context.device)
        increments, scores = torch.cat((increments, drawn)), torch.cat((scores, found))
        seconds = before + time.monotonic() - started
        save_drawn(file, identity, increments, scores, seconds)
        for _ in range(len(part)):
            context.report.step()
    return Candidates(archive.times, increments, scores, seconds)


def _sampler(context: Context, settings: CandidateSettings) -> Method:
    """The method with its components."""
    kind = find_method(settings.method)
    if set(kind.components) != TOGETHER or kind.point:
        raise BenchError(
            f"Training setting aligned-prior.candidates.method: '{settings.method}' draws no members by the latent "
            "prior; take one that does, such as latent-dps or lo-sda."
        )
    method = kind(**{**context.world.spec.methods.get(settings.method, {}), **settings.parameters})
    method.load(
        {
            Autoencoder.name: context.require(Autoencoder),  # type: ignore[type-abstract]
            LatentPrior.name: context.require(LatentPrior),
        }
    )
    return method


def _analyse(
    context: Context, method: Method, system: ObservingSystem, part: Archive, settings: CandidateSettings
) -> Tensor:
    """Analyses of some cases, shape (case, member, channel, latitude, longitude), on the CPU."""
    observations = system.observe(part.truth, part.times)
    problem = Problem(part.background, part.climatology, observations, part.grid, part.channels, part.times)
    stamps = part.times.astype("datetime64[s]")
    seeds = [seed_from("candidates", context.world.name, stamp, settings.seed) for stamp in stamps]
    with torch.no_grad():
        noise = CaseNoise(seeds, context.device)
        return method.analyse(problem.to(context.device), settings.members, noise).members.cpu()


def _increments(parts: Mapping[str, Any], part: Archive, states: Tensor, device: torch.device) -> Tensor:
    """Scaled latent increments of analyses, as the latent prior was trained on those of the truth."""
    autoencoder, prior = parts[Autoencoder.name], parts[LatentPrior.name]

    def encode(fields: Tensor) -> Tensor:
        return autoencoder.encode(fields.to(device))

    with torch.no_grad():
        zb = encode(part.background - part.climatology)
        z = encode((states - part.climatology[:, None]).flatten(0, 1)).unflatten(0, states.shape[:2])
        return ((z - zb[:, None]) / prior.scale).cpu()
