"""Results in memory: what tables, pages, submissions and comparisons of results are made from.

A store keeps every statistic of every case and region; a result set keeps of each experiment the statistics of one
region by case, from which scores, intervals and paired tests follow, and the means of those that have bins.
"""

__all__ = ["BACKGROUND", "OF_EVERY_METHOD", "OF_THE_BACKGROUND", "STATISTICS", "Result", "ResultSet", "Values"]

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from benchmark.problem import hash_json
from metrics import SCORES, SPECIAL_SCORES

BACKGROUND = "background"
CLIMATOLOGY = "climatology"

OF_EVERY_METHOD = ("spectrum_analysis", "spectrum_error", "rank_histogram")
OF_THE_BACKGROUND = ("spectrum_truth", "spectrum_background_error")
"""The same for all methods, so they are kept once."""

STATISTICS = tuple(dict.fromkeys(n for s in (*SCORES, *SPECIAL_SCORES) if not s.binned for n in s.statistics))
"""Those that are kept by case."""

Values = Mapping[str, Mapping[str, np.ndarray]]
"""Statistic -> channel -> values."""


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
    """The results of an experiment.

    Arguments:
        id: The experiment's id.
        label: The method's label, such as `lo-sda[levels=20]`.
        facts: What the experiment is, flat: `world.name`, `observing.obs_frac`, `method.parameters.levels`, ...
        times: Valid times of its cases, ascending, datetime64[s], shape (case,).
        status: What became of each case: `ok`, `not-converged`, `diverged`; shape (case,).
        observations: sha256 of each case's observations, shape (case,).
        values: Statistic -> channel -> one value a case in physical units, shape (case,).
        bins: Statistic -> channel -> means over the cases, shape (bin,): spectra, rank histograms.
        observation_space: Statistic -> quantity -> mean over all observed values.
        cost: Means over the cases: `seconds_per_case`, `network_calls`, ...
        provenance: `version`, `commit`, `dirty`, `data_hash`, `weights_hash`, `trials`, `members`, `values`, ...
        card: Of its method.
    """

    id: str
    label: str
    facts: Mapping[str, Any]
    times: np.ndarray
    status: np.ndarray
    observations: np.ndarray
    values: Values
    bins: Values
    observation_space: Mapping[str, Mapping[str, float]]
    cost: Mapping[str, float]
    provenance: Mapping[str, Any]
    card: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def world(self) -> str:
        """The name of its world."""
        return str(self.facts.get("world.name", ""))

    @property
    def method(self) -> str:
        """The name of its method."""
        return str(self.facts.get("method.name", ""))

    @property
    def members(self) -> int:
        """How many members it returned."""
        return int(self.facts.get("method.members", 1))

    @property
    def channels(self) -> tuple[str, ...]:
        """The world's channels, in its order."""
        return tuple(self.values["mse"])

    @property
    def diverged(self) -> int:
        """How many of its cases did."""
        return int((self.status == "diverged").sum())

    @property
    def not_converged(self) -> int:
        """How many of its cases did not."""
        return int((self.status == "not-converged").sum())

    @property
    def observation_hash(self) -> str:
        """Of the observations of all cases: the one that `bench run` prints."""
        return hash_json([str(digest) for digest in self.observations])

    @property
    def kind(self) -> str:
        """`reference` (ignores the observations) and `oracle` (sees the truth) are shown and never ranked; all others
        are a `method`."""
        family = str(self.card.get("family", ""))
        if family in ("reference", "oracle"):
            return family
        return "reference" if self.method in (BACKGROUND, CLIMATOLOGY) else "method"


@dataclasses.dataclass(frozen=True, eq=False)
class ResultSet:
    """
    Arguments:
        region: Where the statistics were taken.
        results: By world, setting and method, as they were read.
        where: Where it comes from, for messages.
    """

    region: str
    results: tuple[Result, ...]
    where: str = ""

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def only(self, wanted: Callable[[Result], bool]) -> "ResultSet":
        """Those that meet a condition."""
        return dataclasses.replace(self, results=tuple(result for result in self.results if wanted(result)))
