"""All statistics of a case in one pass."""

__all__ = ["Key", "Scorer"]

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.problem import BenchError, Channel, Grid

from .case_fields import CaseFields
from .domain import WHOLE, Domain, regions_on
from .statistic import Statistic
from .statistics import STATISTICS, find_statistic


@dataclasses.dataclass(frozen=True)
class Key:
    """What a number is of.

    Arguments:
        statistic: Name of a statistic.
        bin: Rank of a histogram, wavenumber of a spectrum, and 0 for statistics that have one number.
        channel: Its name; `wind500` for a wind vector and `layer500-850` for a layer between two levels.
        region: Name of the region.
    """

    statistic: str
    bin: int
    channel: str
    region: str


class Scorer:
    """Statistics of cases, each case on its own: its numbers are the same bits in any batch.

    Arguments:
        grid: The horizontal grid.
        channels: In the order of the fields.
        regions: Area of the cells of each region, zero outside, shape (latitude, longitude), by name; None is every
            named region that has points on the grid. Statistics of the whole grid come with the region `global` only.
        statistics: Names of those to compute; None is all of them.

    Raises:
        BenchError: If a statistic is unknown, or the weights of a region do not fit the grid.
    """

    def __init__(
        self,
        grid: Grid,
        channels: Sequence[Channel],
        regions: Mapping[str, np.ndarray] | None = None,
        statistics: Sequence[str] | None = None,
    ) -> None:
        self.domain = Domain(grid, tuple(channels), regions_on(grid) if regions is None else dict(regions))
        self.statistics = STATISTICS if statistics is None else tuple(find_statistic(name) for name in statistics)
        self._groups: dict[int, list[tuple[Statistic, list[Key]]]] = {}

    def keys(self, members: int) -> tuple[Key, ...]:
        """What the numbers of a case with so many members are of."""
        return tuple(key for _, keys in self._by_statistic(members) for key in keys)

    def weight(self, key: Key) -> float:
        """Area of the key's region, in cells of mean size."""
        return float(self.domain.areas[list(self.domain.regions).index(key.region)])

    def compute(
        self,
        members: np.ndarray,
        truth: np.ndarray,
        climatology: np.ndarray | None,
        background: np.ndarray | None,
    ) -> np.ndarray:
        """All in physical units, float32 or float64; the arithmetic is in float64.

        Arguments:
            members: Shape (case, member, channel, latitude, longitude).
            truth: Shape (case, channel, latitude, longitude).
            climatology, background: Shape of `truth`; None where no statistic needs them.

        Returns:
            Shape (case, key), float64, in the order of `keys`; NaN where the fields of the case hold a NaN.

        Raises:
            BenchError: If the fields do not fit the grid and the channels, or one that a statistic needs is None.
        """
        self._require_shapes(members, truth, climatology, background)
        groups = self._by_statistic(members.shape[1])
        values = np.empty((len(members), sum(len(keys) for _, keys in groups)))
        # what a case has none of, such as an anomaly, gives NaN without a warning; so do values that are not finite
        with np.errstate(all="ignore"):
            for i in range(len(members)):
                rest = [None if field is None else field[i] for field in (climatology, background)]
                case = CaseFields(self.domain, members[i], truth[i], *rest)
                np.concatenate([statistic.compute(case).ravel() for statistic, _ in groups], out=values[i])
        return values

    def _by_statistic(self, members: int) -> list[tuple[Statistic, list[Key]]]:
        """The statistics that there are, and the keys of each."""
        if members not in self._groups:
            self._groups[members] = self._list(members)
        return self._groups[members]

    def _list(self, members: int) -> list[tuple[Statistic, list[Key]]]:
        found = []
        for statistic in self.statistics:
            if members < statistic.least_members or not (statistic.regional or self.domain.whole is not None):
                continue
            regions = list(self.domain.regions) if statistic.regional else [WHOLE]
            places = statistic.places(self.domain, members)
            keys = [Key(statistic.name, number, channel, r) for number, channel in places for r in regions]
            if keys:
                found.append((statistic, keys))
        return found

    def _require_shapes(self, members: np.ndarray, truth: np.ndarray, *others: np.ndarray | None) -> None:
        expected = (len(members), len(self.domain.channels), *self.domain.grid.shape)
        shapes = [field.shape for field in (truth, *others) if field is not None]
        if members.ndim != 5 or members.shape[1] < 1 or any(s != expected for s in (members[:, 0].shape, *shapes)):
            raise BenchError(
                f"The scored fields have the shapes {members.shape} and {', '.join(map(str, shapes))}; that of the "
                f"members is to be (case, member, channel, latitude, longitude), and that of the others {expected}."
            )
