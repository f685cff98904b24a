"""What the training years say of a world, for those who have only its test cases."""

__all__ = ["Statistics"]

import dataclasses

from benchmark.problem import Normalisation

from .climatology import Climatology
from .harmonics import HarmonicClimatology


@dataclasses.dataclass(frozen=True)
class Statistics:
    """
    Arguments:
        climatology: Mean state by time.
        normalisation: Mean and std of every channel.
        training_hash: sha256 of the training and validation fields.
    """

    climatology: Climatology | HarmonicClimatology
    normalisation: Normalisation
    training_hash: str
