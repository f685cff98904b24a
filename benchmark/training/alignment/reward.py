"""What a reward is: a number that says how good an analysis is, larger for a better one."""

__all__ = ["Reward", "relative_error"]

import abc
from typing import ClassVar

import numpy as np
from torch import Tensor

from benchmark.worlds import Fields, Split

from ..context import Context


class Reward(abc.ABC):
    """
    Arguments:
        context: The training's surroundings.
        split: The years that the analyses are of.
    """

    name: ClassVar[str]

    def __init__(self, context: Context, split: Split) -> None:
        self.world, self.split = context.fields, split

    @classmethod
    def lacks(cls, world: Fields) -> str:
        """What the world lacks for this reward, empty if nothing."""
        return ""

    def available(self, times: np.ndarray) -> np.ndarray:
        """At which times there is what it is made from, bool."""
        return np.ones(len(times), dtype=bool)

    @abc.abstractmethod
    def __call__(self, states: Tensor, truth: Tensor, times: np.ndarray) -> Tensor:
        """Rewards of some analyses, shape (case, member), on the CPU.

        Arguments:
            states: Shape (case, member, channel, latitude, longitude) [normalised].
            truth: Shape (case, channel, latitude, longitude) [normalised].
            times: Their valid times, shape (case,), datetime64[ns].
        """


def relative_error(error: Tensor, importance: Tensor) -> Tensor:
    """Root of the weighted mean square over channels and points: (..., channel, latitude, longitude) -> (...).

    Arguments:
        error: [normalised].
        importance: `importance_of_errors`.
    """
    return (importance * error.square()).mean((-3, -2, -1)).sqrt()
