"""What a noise level leaves of a Gaussian prior's variances."""

__all__ = ["left_over"]

from collections.abc import Callable

from torch import Tensor


def left_over(sigma: float, factor: float = 1.0) -> Callable[[Tensor], Tensor]:
    """The eigenvalues of C = factor (B^-1 + sigma^-2)^-1 as a function of those of B.

    Arguments:
        sigma: Noise level; infinite for C = factor B.
        factor: Factor on C.
    """
    return lambda v: factor * v / (1 + v / sigma**2)
