"""Numbers as text, with as many digits as their uncertainty bears."""

__all__ = ["interval_parts", "plain"]

import math

from ..comparing import Estimate


def interval_parts(estimate: Estimate) -> tuple[str, str, str]:
    """Value, low and high bound: two digits of the interval's width; the bounds are empty where there is none.

    Arguments:
        estimate: A score that is defined.
    """
    value, low, high = estimate.value, estimate.low, estimate.high
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return plain(value), "", ""
    digits = 1 - math.floor(math.log10(high - low))
    return tuple(_fixed(x, digits) for x in (value, low, high))  # type: ignore[return-value]


def plain(value: float) -> str:
    """Four digits, without an exponent where it can be read without."""
    return f"{value:.4g}"


def _fixed(value: float, digits: int) -> str:
    """With so many decimals; below none the last digits are rounded to zero: 12300 for -2."""
    return f"{round(value, digits):.{max(digits, 0)}f}"
