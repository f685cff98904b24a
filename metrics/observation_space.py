"""Statistics in observation space: an analysis against observed values, those that it used and those withheld from it.

With y a value, R the variance of its error, H the observation operator, xb the background, xa the mean of M members
xa_m, and every mean over the values of a case and quantity:

    misfit           <(y - H xa)^2 / R>
    innovation       <(y - H xb)^2 / R>
    desroziers       <(y - H xa) (y - H xb) / R>
    variance         <(1 + 1/M) V / R>,                   V the unbiased variance of H xa_m over the members
    chi2             <(y - H xa)^2 / (R + (1 + 1/M) V)>,  H xa the mean of H xa_m
    chi2_innovation  the same of the members of the background

The expectation of `desroziers` is 1 if the analysis is the best linear one and its R and B are right (Desroziers et
al., 2005, doi:10.1256/qj.05.108). Where the members and the truth are draws of one distribution, the
mean of M members misses the truth by (1 + 1/M) times its variance (Fortin et al., 2014, doi:10.1175/JHM-D-14-0008.1),
and the error of a value that the members did not see is independent of both: so

    E[(y - H xa)^2] = R + (1 + 1/M) E[V]

for withheld values, and for all values with the members of the background. `chi2` is above 1 for an ensemble that is
too confident. As V is an estimate in the denominator, its expectation is 1 only for many members, or V far below R;
with R = 0 it is (M - 1) / (M - 3). The ratio of means, misfit / (1 + variance), is free of that. Of values that the
analysis used, `misfit` and `chi2` are below 1: it has been drawn to their errors.
"""

__all__ = ["ObservationStatistics", "observation_statistics"]

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import Observations


@dataclasses.dataclass(frozen=True, eq=False)
class ObservationStatistics:
    """Statistics of cases in observation space, each with the number of values that it is the mean of.

    Arguments:
        keys: Statistic and quantity of each column; the same for every batch of an observing system.
        values: Shape (case, key), float64, free of units; zero where nothing was observed, NaN where the analysis is
            not finite.
        counts: Shape (case, key), int64: weights for a mean over cases.
    """

    keys: tuple[tuple[str, str], ...]
    values: np.ndarray
    counts: np.ndarray

    def mean(self) -> dict[tuple[str, str], float]:
        """Mean over all values of all cases, of every key that has any."""
        seen = self.counts > 0
        total = np.where(seen, self.values * self.counts, 0.0).sum(0)
        weight = self.counts.sum(0)
        return {key: float(t / w) for key, t, w in zip(self.keys, total, weight, strict=True) if w}


def observation_statistics(
    used: Observations,
    withheld: Observations | None,
    members: Tensor,
    background: Tensor,
    quantities: Mapping[int, str],
    ensemble: Tensor | None = None,
) -> ObservationStatistics:
    """Statistics of a batch of cases.

    Arguments:
        used: What the analysis was made with.
        withheld: Observations of the same cases that it was not made with: their `misfit`, `innovation`, `variance`
            and `chi2` end in `_withheld`. None if there are none.
        members: Of the analysis, shape (case, member, channel, latitude, longitude) [normalised]; a single one has no
            `variance` and no `chi2`.
        background: xb, shape (case, channel, latitude, longitude) [normalised].
        quantities: Name of what is observed, by the channel index in the observations.
        ensemble: Members of the background, of the shape of `members`, two or more; None leaves out `chi2_innovation`.
    """
    parts: list[tuple[str, Tensor, Tensor]] = []
    for suffix, y in (("", used), ("_withheld", withheld)):
        if y is None:
            continue
        found = _misfits(y, members.mean(1), background)
        if members.shape[1] > 1:
            found |= _consistency(y, members)
        if suffix:
            del found["desroziers"]  # its expectation is known for used values only
        elif ensemble is not None:
            found["chi2_innovation"] = _consistency(y, ensemble)["chi2"]
        numbers = _sums(y.mask.double(), y, quantities)
        parts += [(name + suffix, _sums(of_value, y, quantities), numbers) for name, of_value in found.items()]
    values = torch.cat([torch.where(n > 0, total / n.clamp(min=1), 0.0) for _, total, n in parts], 1)
    counts = torch.cat([n for _, _, n in parts], 1)
    keys = tuple((name, quantity) for name, _, _ in parts for quantity in quantities.values())
    return ObservationStatistics(keys, values.cpu().numpy(), counts.long().cpu().numpy())


def _misfits(y: Observations, xa: Tensor, xb: Tensor) -> dict[str, Tensor]:
    """Of every value, shape (case, n)."""
    departure, innovation = (y.innovation(x) / y.error_std.to(x) for x in (xa, xb))
    return {
        "misfit": departure.square(),
        "innovation": innovation.square(),
        "desroziers": departure * innovation,
    }


def _consistency(y: Observations, members: Tensor) -> dict[str, Tensor]:
    """Of every value, shape (case, n); one member at a time, so that no array has values and members."""
    mean = squares = torch.zeros_like(y.values, dtype=torch.float64)
    for i in range(members.shape[1]):  # Welford (1962)
        departure = y.innovation(members[:, i]).double() / y.error_std
        new = mean + (departure - mean) / (i + 1)
        squares = squares + (departure - mean) * (departure - new)
        mean = new
    count = members.shape[1]
    variance = (1 + 1 / count) * squares / (count - 1)
    return {"variance": variance, "chi2": mean.square() / (1 + variance)}


def _sums(of_value: Tensor, y: Observations, quantities: Mapping[int, str]) -> Tensor:
    """Sums over the values of each quantity, shape (case, quantity), float64."""
    # padding's channel is -1, the last entry, and goes into a column that is cut off
    column = torch.full((max(quantities) + 2,), len(quantities), device=y.channel.device)
    column[list(quantities)] = torch.arange(len(quantities), device=column.device)
    total = torch.zeros(len(of_value), len(quantities) + 1, dtype=torch.float64, device=of_value.device)
    return total.scatter_add(1, column[y.channel], of_value.double())[:, :-1]
