"""One case, and the fields that its statistics share: each is computed once, when it is first needed.

A case is small enough to stay in the processor's cache, which is why statistics go case by case; and so no number can
depend on the other cases of a batch.
"""

__all__ = ["CaseFields"]

import functools
import itertools
from collections.abc import Iterator

import numpy as np

from benchmark.problem import BenchError

from .domain import Domain
from .sorting import sorted_members
from .zonal_waves import ZonalWaves

CACHE_BYTES = 2**23
"""Members are sorted at so many points at once that all of them stay in the cache."""


class CaseFields:
    """
    Arguments:
        domain: What is scored.
        members: Shape (member, channel, latitude, longitude) [physical], float32 or float64.
        truth, climatology, background: Shape (channel, latitude, longitude) [physical]; the last two may be None where
            no statistic needs them.

    The fields are float64 and of shape (channel, point).
    """

    def __init__(
        self,
        domain: Domain,
        members: np.ndarray,
        truth: np.ndarray,
        climatology: np.ndarray | None,
        background: np.ndarray | None,
    ) -> None:
        self.domain = domain
        # contiguous, for the order of a sum over members follows that of the memory
        self.members = np.ascontiguousarray(members).reshape(*members.shape[:2], -1)
        self.truth = _flat(truth)
        self._climatology = climatology
        self._background = background
        self._means: dict[str, np.ndarray] = {}

    @property
    def size(self) -> int:
        """Number of members."""
        return len(self.members)

    @functools.cached_property
    def climatology(self) -> np.ndarray:
        """
        Raises:
            BenchError: If there is none.
        """
        if self._climatology is None:
            raise BenchError("The anomaly correlation needs a climatology; give one, or leave 'acc' out.")
        return _flat(self._climatology)

    @functools.cached_property
    def background(self) -> np.ndarray:
        """
        Raises:
            BenchError: If there is none.
        """
        if self._background is None:
            raise BenchError("Statistics of increments need a background; give one, or leave them out.")
        return _flat(self._background)

    def means(self, name: str) -> np.ndarray:
        """Area-weighted means of one of the fields below over all regions, shape (channel, region)."""
        if name not in self._means:
            self._means[name] = self._mean(getattr(self, name))
        return self._means[name]

    def _mean(self, field: np.ndarray) -> np.ndarray:
        return field @ self.domain.matrix / self.domain.areas

    @functools.cached_property
    def mean(self) -> np.ndarray:
        """Mean of the members."""
        if self.size == 1:
            return self.members[0].astype(np.float64, copy=False)
        return self.members.mean(0, dtype=np.float64)

    @functools.cached_property
    def error(self) -> np.ndarray:
        """Of the mean."""
        return self.mean - self.truth

    @functools.cached_property
    def squared_error(self) -> np.ndarray:
        """Of the mean."""
        return self.error * self.error

    @functools.cached_property
    def absolute_error(self) -> np.ndarray:
        """Of the mean."""
        return np.abs(self.error)

    @functools.cached_property
    def anomaly(self) -> np.ndarray:
        """Of the mean, from the climatology."""
        return self.mean - self.climatology

    @functools.cached_property
    def true_anomaly(self) -> np.ndarray:
        """Of the truth, from the climatology."""
        return self.truth - self.climatology

    @functools.cached_property
    def squared_anomaly(self) -> np.ndarray:
        """Of the mean."""
        return self.anomaly * self.anomaly

    @functools.cached_property
    def squared_true_anomaly(self) -> np.ndarray:
        """Of the truth."""
        return self.true_anomaly * self.true_anomaly

    @functools.cached_property
    def anomaly_product(self) -> np.ndarray:
        """Of the mean's and the truth's."""
        return self.anomaly * self.true_anomaly

    # Of the fields of all members only sums and means are kept: beside the members themselves they would take the most
    # memory, and one at a time they stay in the cache.

    def _member_errors(self) -> Iterator[np.ndarray]:
        """One after the other, in the same memory."""
        error = np.empty_like(self.truth)
        for member in self.members:
            yield np.subtract(member, self.truth, out=error)

    @functools.cached_property
    def mse_of_members(self) -> np.ndarray:
        """Over all regions, shape (member, channel, region)."""
        if self.size == 1:
            return self.means("squared_error")[None]
        return np.stack([self._mean(np.multiply(error, error, out=error)) for error in self._member_errors()])

    @functools.cached_property
    def mean_squares_of_steps(self) -> np.ndarray:
        """Of the difference of every two successive members, over all regions, shape (member - 1, channel, region)."""
        steps = (np.subtract(b, a, dtype=np.float64) for a, b in itertools.pairwise(self.members))
        return np.stack([self._mean(np.multiply(step, step, out=step)) for step in steps])

    @functools.cached_property
    def mean_absolute_member_error(self) -> np.ndarray:
        """Mean over the members."""
        total = np.zeros_like(self.truth)
        for error in self._member_errors():
            total += np.abs(error, out=error)
        return total / self.size

    @functools.cached_property
    def below_and_equal(self) -> tuple[np.ndarray, np.ndarray]:
        """How many members are below the truth, and how many equal to it, shape (channel, point) each, integer."""
        below, equal = np.zeros((2, *self.truth.shape), dtype=np.min_scalar_type(self.size))
        for error in self._member_errors():
            below += error < 0
            equal += error == 0
        return below, equal

    @functools.cached_property
    def variance(self) -> np.ndarray:
        """Unbiased, of two members or more."""
        total, departure = np.zeros_like(self.mean), np.empty_like(self.mean)
        for member in self.members:
            np.subtract(member, self.mean, out=departure)
            total += np.multiply(departure, departure, out=departure)
        return total / (self.size - 1)

    @functools.cached_property
    def mean_difference(self) -> np.ndarray:
        """Mean absolute difference of two members, over all pairs of different ones; of two members or more.

        From the sorted members: M. Zamo and P. Naveau (2018), Mathematical Geosciences 50,
        https://doi.org/10.1007/s11004-017-9709-7, appendix B.
        """
        M = self.size
        members = self.members.reshape(M, -1)
        total = np.zeros(members.shape[1])
        block = max(1, CACHE_BYTES // (8 * M))
        for start in range(0, len(total), block):
            ranks = sorted_members(members[:, start : start + block])
            part = total[start : start + block]
            for i in range(M // 2):
                difference = np.subtract(ranks[M - 1 - i], ranks[i], dtype=np.float64)
                difference *= M - 1 - 2 * i
                part += difference
        total *= 2 / (M * (M - 1))
        return total.reshape(self.truth.shape)

    @functools.cached_property
    def background_error(self) -> np.ndarray:
        """Background - truth."""
        return self.background - self.truth

    @functools.cached_property
    def increment(self) -> np.ndarray:
        """Mean - background."""
        return self.mean - self.background

    @property
    def zonal(self) -> ZonalWaves:
        """The grid's zonal transform, where it has one."""
        if self.domain.waves is None:
            raise BenchError("The grid's longitudes are not equally spaced, so it has no spectra; leave them out.")
        return self.domain.waves

    @functools.cached_property
    def waves_of_truth(self) -> np.ndarray:
        """Shape (channel, latitude, wavenumber)."""
        return self.zonal.transform(self.truth)

    @functools.cached_property
    def waves_of_error(self) -> np.ndarray:
        """Likewise. That of the error, and not of the mean, for the one is small beside the other."""
        return self.zonal.transform(self.error)

    @functools.cached_property
    def waves_of_background_error(self) -> np.ndarray:
        """Likewise."""
        return self.zonal.transform(self.background_error)

    @functools.cached_property
    def power_of_mean(self) -> np.ndarray:
        """Shape (channel, bin)."""
        return self.zonal.power(self.waves_of_truth + self.waves_of_error)


def _flat(field: np.ndarray) -> np.ndarray:
    """(channel, latitude, longitude) -> (channel, point), float64."""
    return np.ascontiguousarray(field, dtype=np.float64).reshape(len(field), -1)
