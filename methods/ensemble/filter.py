"""An ensemble filter: from background members to analysis members."""

__all__ = ["FILTER_DEFAULTS", "EnsembleFilter", "Members"]

import abc
import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor

from benchmark.problem import Analysis, BenchError, CaseNoise, Choice, Cost, Method, Need, Problem, Range, Real

from .background import centred
from .inflation import mean_preserving_rotation, relax

FILTER_DEFAULTS: dict[str, Any] = {
    "centre": "background",
    "prior_inflation": 1.0,
    "inflation": 1.0,
    "rtpp": 0.0,
    "rtps": 0.0,
    "rotate": False,
}


@dataclasses.dataclass(frozen=True)
class Members:
    """An ensemble as its mean and anomalies, and what the instruments would see of it.

    Arguments:
        mean: Shape (case, channel, latitude, longitude) [normalised].
        anomalies: A, shape (case, member, channel, latitude, longitude).
        observed: Y, whitened by R^-1/2, zero where padded, shape (case, member, value).
        innovation: d, likewise, shape (case, value).
    """

    mean: Tensor
    anomalies: Tensor
    observed: Tensor
    innovation: Tensor

    @classmethod
    def of(cls, problem: Problem, states: Tensor) -> "Members":
        """
        Arguments:
            problem: Gives y, R and H.
            states: Shape (case, member, channel, latitude, longitude).
        """
        observations = problem.observations
        weight = observations.precision.sqrt()[:, None]
        mean = states.mean(1)
        # the mean of what the members see, not what their mean would see (Hunt et al., 2007)
        misfit = weight * observations.innovation(states)
        innovation = misfit.mean(1)
        return cls(mean, states - mean[:, None], innovation[:, None] - misfit, innovation)


class EnsembleFilter(Method):
    """
    Parameters:
        centre: What the members are centred on before the update: the `background`, or their own mean (`ensemble`).
        prior_inflation: Factor on the background's anomalies.
        inflation: Factor on the analysis anomalies, after the update.
        rtpp: Relaxation of the analysis anomalies to the background's, 0 to 1.
        rtps: Relaxation of the analysis spread to the background's, 0 to 1.
        rotate: Whether the analysis anomalies are rotated at random, the mean kept.
    """

    family = "ensemble"
    uses_adjoint = False
    point = False
    default_members = 20
    needs: ClassVar[frozenset[Need]] = frozenset({Need.ENSEMBLE})
    defaults = FILTER_DEFAULTS
    # the other parameters act on the members after the update, and leave the mean of a single analysis as it is
    search: ClassVar[Mapping[str, Range]] = {
        "prior_inflation": Real(0.01, 3.0, log=True),
        "centre": Choice("background", "ensemble"),
    }

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("centre", "background", "ensemble")
        self.uses_background = self["centre"] == "background"
        for key in ("rtpp", "rtps"):
            if not 0 <= self[key] <= 1:
                raise BenchError(f"{self.name}: {key} is a weight from 0 to 1, not {self[key]:g}.")

    @abc.abstractmethod
    def update(self, problem: Problem, members: Members, noise: CaseNoise) -> tuple[Tensor, Tensor]:
        """Analysis mean (case, channel, latitude, longitude) and anomalies (case, member, ...)."""

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        """Returns as many members as the background ensemble has: they are made together."""
        centre, anomalies = centred(self, problem)
        size = anomalies.shape[1]
        background = Members.of(problem, centre + self["prior_inflation"] * anomalies)
        xa, anomalies = self.update(problem, background, noise)
        anomalies = self["inflation"] * relax(anomalies, background.anomalies, self["rtpp"], self["rtps"])
        if self["rotate"]:
            rotation = mean_preserving_rotation(noise.randn(size - 1, size - 1).to(anomalies))
            anomalies = (rotation @ anomalies.flatten(2)).view_as(anomalies)
        return Analysis.of(xa[:, None] + anomalies, Cost(operator_calls=float(size)))


def combine(weights: Tensor, anomalies: Tensor) -> Tensor:
    """Sums of anomalies: (case, k, member) and (case, member, ...) to (case, k, ...)."""
    return (weights @ anomalies.flatten(2)).unflatten(2, anomalies.shape[2:])


def global_products(members: Members) -> tuple[Tensor, Tensor]:
    """Y Y^T (case, member, member) and Y d (case, member), in double precision.

    They sum over all values, so a case's rounding would otherwise depend on its padding.
    """
    Y, d = members.observed.double(), members.innovation.double()
    return Y @ Y.mT, (Y @ d[..., None]).squeeze(-1)
