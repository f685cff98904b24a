"""The reward for accuracy: how close the analysis is to the truth."""

__all__ = ["AnalysisError"]

import numpy as np
from torch import Tensor

from benchmark.worlds import Split

from ..context import Context
from ..denoising import importance_of_errors
from .reward import Reward, relative_error


class AnalysisError(Reward):
    """Minus the error relative to that of the training years' backgrounds, channels alike."""

    name = "analysis"

    def __init__(self, context: Context, split: Split) -> None:
        super().__init__(context, split)
        self.importance = importance_of_errors(context)

    def __call__(self, states: Tensor, truth: Tensor, times: np.ndarray) -> Tensor:
        return -relative_error(states - truth[:, None], self.importance)
