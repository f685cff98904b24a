"""Cycling: forecast, observe, analyse, again; many runs as the cases of one batch."""

__all__ = ["Cyclable", "Series", "calendar", "cycle"]

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from benchmark.observing import ObservingSystem
from benchmark.observing.networks import GridNetwork, StationsNetwork
from benchmark.problem import CaseNoise, Channel, Grid, Method, Need, Observations, Problem, seed_from

MIXER = 0x9E3779B97F4A7C15
DAY, MOMENT = np.timedelta64(1, "D"), np.timedelta64(1, "ms")


BLOCK = 64
"""Cycles whose observation errors are drawn together."""

SMALL = 8192
"""Numbers in all states below which one thread is faster than two."""


class Cyclable(Protocol):
    """What can be cycled."""

    name: str
    grid: Grid
    channels: tuple[Channel, ...]

    def starts(self, seeds: Sequence[int], members: int) -> Tensor: ...
    def advance(self, states: Tensor) -> Tensor: ...
    def mean_state(self) -> Tensor: ...


@dataclasses.dataclass(frozen=True)
class Series:
    """What a method's runs were like, one row a cycle, one column a seed.

    Arguments:
        analysis: RMSE of the members' mean after the analysis, shape (cycle, seed).
        forecast: The same before it.
        spread: Root of the mean variance of the analysis members; zero for a point method.
        lost: Seeds whose states ceased to be finite, shape (seed,).
        seconds: Wall time of a cycle of the batch.
    """

    analysis: np.ndarray
    forecast: np.ndarray
    spread: np.ndarray
    lost: np.ndarray
    seconds: float


def calendar(seed: int, cycle: int) -> np.datetime64:
    """A time of its own for every analysis, by which the places and errors of its observations are drawn."""
    return np.datetime64("2000-01-01", "ns") + seed * DAY + cycle * MOMENT


class Instruments:
    """Observes the truths of all seeds; a network that stays is drawn once."""

    def __init__(self, system: ObservingSystem, world: str, seeds: Sequence[int]) -> None:
        self.system, self.seeds = system, seeds
        self.noise = CaseNoise([seed_from("observations", world, system.spec.identity(), seed) for seed in seeds])
        self.stays = isinstance(system.network, GridNetwork | StationsNetwork)
        self._drawn: Observations | None = None
        self._std = self._errors = torch.zeros(0)

    def observe(self, truth: Tensor, cycle: int) -> Observations:
        """
        Arguments:
            truth: Shape (seed, channel, latitude, longitude).
            cycle: Number of the analysis.
        """
        if not self.stays:
            return self.system.observe(truth, np.array([calendar(seed, cycle) for seed in self.seeds]))
        if self._drawn is None:
            self._drawn = self.system.observe(truth, np.array([calendar(seed, 0) for seed in self.seeds]))
            std = torch.from_numpy(self.system.noise_std).float()
            self._std = std[self._drawn.channel]
        if cycle % BLOCK == 0:
            self._errors = self._std[:, None] * self.noise.randn(BLOCK, self._drawn.values.shape[1])
        values = self._drawn.operator(truth) + self._errors[:, cycle % BLOCK]
        return dataclasses.replace(self._drawn, values=values)


def cycle(
    method: Method, world: Cyclable, system: ObservingSystem, seeds: Sequence[int], cycles: int, ensemble: int
) -> Series:
    """Runs a method through `cycles` analyses.

    A method that needs an ensemble gets the forecasts of its own analysis members; any other gets the forecast of
    its analysis, the mean of its members.

    Arguments:
        method: Ready to run.
        world: What is cycled.
        system: What is observed of the truth.
        seeds: Runs; each has its own truth, observations and members, whatever the others are.
        cycles: How many analyses.
        ensemble: Members, for a method that needs them.
    """
    members = ensemble if Need.ENSEMBLE in method.needs else 1
    states = world.starts(seeds, members)
    instruments = Instruments(system, world.name, seeds)
    mean_state = world.mean_state()
    climatology = mean_state.expand(len(seeds), *mean_state.shape)
    bases = [seed_from("method", world.name, seed) for seed in seeds]
    analysis, forecast, spread = (torch.full((cycles, len(seeds)), torch.nan) for _ in range(3))
    lost = torch.zeros(len(seeds), dtype=torch.bool)
    times = np.array([calendar(seed, 0) for seed in seeds])
    started = time.perf_counter()
    with torch.no_grad(), one_thread(states.numel()):
        for number in range(cycles):
            # truth and members go through the model together
            states = world.advance(states)
            truth, background = states[:, 0], states[:, 1:]
            mean = background.mean(1) if members > 1 else background[:, 0]
            problem = Problem(
                mean,
                climatology,
                instruments.observe(truth, number),
                world.grid,
                world.channels,
                times + number * MOMENT,
                background if members > 1 else None,
            )
            noise = CaseNoise([(base + MIXER * number) % 2**63 for base in bases])
            found = method.analyse(problem, 1, noise).members
            if members == 1 and found.shape[1] > 1:
                found = found.mean(1, keepdim=True)
            finite = torch.isfinite(found).flatten(1).all(1)
            if not bool(finite.all()):
                lost |= ~finite
                found = torch.where(finite[:, None, None, None, None], found, mean_state)
            forecast[number] = _rms(mean - truth)
            centre = found.mean(1)
            analysis[number] = _rms(centre - truth)
            if members > 1:
                # var(1) takes four times as long
                squares = (found - centre[:, None]).square().flatten(1).mean(1)
                spread[number] = (squares * (members / (members - 1))).sqrt()
            states = torch.cat((truth[:, None], found), dim=1)
    seconds = (time.perf_counter() - started) / cycles
    a, f, s = (series.double().numpy() for series in (analysis, forecast, spread))
    return Series(a, f, s if members > 1 else np.zeros_like(s), lost.numpy(), seconds)


@contextlib.contextmanager
def one_thread(size: int) -> Iterator[None]:
    """Arrays so small are done before a second thread has woken up: with two, a cycle takes up to ten times as long."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1 if size < SMALL else threads)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _rms(x: Tensor) -> Tensor:
    return x.flatten(1).square().mean(1).sqrt()
