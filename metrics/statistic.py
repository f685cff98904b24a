"""What a statistic is: a number that is computed of one case, before any averaging over cases."""

__all__ = ["RegionalStatistic", "Statistic", "WholeGridStatistic"]

import abc
from typing import ClassVar

import numpy as np

from .case_fields import CaseFields
from .domain import Domain


class Statistic(abc.ABC):
    """Numbers of a case, already averaged over a region.

    Class attributes:
        name: Its name in result files.
        needs: Which of `climatology` and `background` must be given.
        least_members: There is none of fewer members.
        regional: Whether it is of every region, or of the whole grid only.
    """

    name: ClassVar[str]
    needs: ClassVar[frozenset[str]] = frozenset()
    least_members: ClassVar[int] = 1
    regional: ClassVar[bool]

    @abc.abstractmethod
    def places(self, domain: Domain, members: int) -> list[tuple[int, str]]:
        """Bin and channel of each of its numbers in a region; none where the grid or the channels do not allow it."""

    @abc.abstractmethod
    def compute(self, case: CaseFields) -> np.ndarray:
        """
        Returns:
            Shape (place, region) or, of the whole grid only, (place,), float64.
        """


class RegionalStatistic(Statistic):
    """One number for every channel and region."""

    regional = True

    def places(self, domain: Domain, members: int) -> list[tuple[int, str]]:
        return [(0, name) for name in domain.names]


class WholeGridStatistic(Statistic):
    """Numbers that are of the region `global` only, which is the whole grid."""

    regional = False
