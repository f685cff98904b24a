"""What is shown the truth: a row of the tables to hold analyses against, and no analysis itself."""

__all__ = ["Oracle"]

import abc
from typing import ClassVar

from torch import Tensor

from .analysis import Analysis
from .errors import BenchError
from .method import Method, Need
from .noise import CaseNoise
from .problem import Problem


class Oracle(Method):
    """A row that is made from the truth, and marked so.

    Only the built-in oracles are asked. The runner knows them by their classes and not by their names, and hands them
    the truth beside the `Problem`, which never holds it.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.TRUTH})
    assimilates = False

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        """
        Raises:
            BenchError: Always: a problem holds no truth.
        """
        raise BenchError(
            f"'{self.name}' is an oracle: it is made from the truth, which only 'bench run' on a world of independent "
            "cases shows to it; leave it out here."
        )

    @abc.abstractmethod
    def reconstruct(self, truth: Tensor, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        """What `analyse` is to a method.

        Arguments:
            truth: Shape (case, channel, latitude, longitude) [normalised].
            problem, members, noise: See `Method.analyse`.
        """
