"""A method on trial: a few cases of a small world that knows its background error covariance, and the method."""

__all__ = ["Trial"]

import copy
import functools
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.problem import Analysis, CaseNoise, Method, Need, Problem, seed_from
from benchmark.training.context import Context, SilentReport, open_workspace
from benchmark.training.recipes import prepare
from benchmark.worlds import Gaussian, GaussianSpec

from ..cases import make_problem
from ..experiment import choose_times
from .alterations import keep_first

OBSERVED = 0.2
"""Share of the state that is observed in the ordinary cases; every case has fewer values than the one before."""


class Trial:
    """One instance of a method is tried on all problems, as in a run; a problem is copied before it is handed over, so
    that a method that spoils it does not break other clauses than that.

    Arguments:
        method: Not yet fitted.
        spec: The world's description.
        weights: Folder for the components that are made for it.
        cases: How many cases.
        members: How many members are asked for.
        ensemble: How many background members there are, for methods that need them.

    Raises:
        BenchError: If the world has not so many cases.
    """

    def __init__(
        self, method: Method, spec: GaussianSpec, weights: Path, *, cases: int, members: int, ensemble: int
    ) -> None:
        self.method, self.members, self.ensemble = method, members, ensemble
        world, store = open_workspace(spec, weights, "cpu")
        assert isinstance(world, Gaussian)
        self.world, self.name = world, world.name
        self._context = Context(world, store, torch.device("cpu"), SilentReport())
        self.times = choose_times(world.times("test"), cases)

    def prepare(self) -> None:
        """Gives the method its components and fits it.

        Raises:
            BenchError: If a component cannot be had.
        """
        prepare(self.method, self._context)

    @property
    def filters(self) -> bool:
        """Whether the method makes analysis members from background members, all together."""
        return Need.ENSEMBLE in self.method.needs and not self.method.point

    @property
    def samples(self) -> bool:
        """Whether the method draws as many members as it is asked for."""
        return not self.method.point and not self.filters

    @property
    def expected_members(self) -> int:
        """How many members an analysis has."""
        return 1 if self.method.point else self.ensemble if self.filters else self.members

    @functools.cached_property
    def problem(self) -> Problem:
        """The ordinary cases, with a number of observed values that falls from case to case but is never zero."""
        problem = self._observe(OBSERVED)
        most = problem.observations.values.shape[1]
        falling = torch.linspace(most, max(1, most // 4), len(problem)).long()
        return keep_first(problem, falling)

    @functools.cached_property
    def fully_observed(self) -> Problem:
        """The same cases with every state value observed."""
        return self._observe(1.0)

    def truth(self) -> Tensor:
        """Of the cases, drawn anew at every call so that none lies about while a method analyses; shape (case,
        channel, latitude, longitude) [normalised]."""
        return self.world.truth(self.times)

    @functools.cached_property
    def ordinary(self) -> Analysis:
        """The method's analysis of the ordinary cases."""
        return self.analyse(self.problem)

    def analyse(self, problem: Problem, members: int | None = None, seed: int = 0) -> Analysis:
        """The method's analysis of a copy of a problem; a case has the same random stream in every batch.

        Arguments:
            problem: The cases.
            members: How many members are asked for, if not as many as usual.
            seed: Another one gives other random streams.
        """
        return self.analyse_itself(copy.deepcopy(problem), members, seed)

    def analyse_itself(self, problem: Problem, members: int | None = None, seed: int = 0) -> Analysis:
        """The same of the problem itself, not of a copy."""
        noise = self.noise(problem.times, seed)
        with torch.no_grad():
            return self.method.analyse(problem, self.members if members is None else members, noise)

    def noise(self, times: np.ndarray, seed: int = 0) -> CaseNoise:
        """The random streams of some cases."""
        return CaseNoise([seed_from("contract", self.name, time, seed) for time in times.astype("datetime64[s]")])

    def at(self, case: int) -> str:
        """A case in words."""
        return f"case {case} ({self.times[case].astype('datetime64[D]')})"

    def _observe(self, fraction: float) -> Problem:
        world = self.world
        system = ObservingSystem(
            ObservingSpec(obs_frac=fraction), world.grid, world.channels, world.normalisation, world.name
        )
        size = self.ensemble if Need.ENSEMBLE in self.method.needs else 0
        return make_problem(world, system, self.times, size)[1]
