"""Numbers as the page holds them: five digits, and null where there is none."""

__all__ = ["interval", "number"]

import math
from typing import Any

from ..comparing import Estimate

DIGITS = 5


def number(value: Any) -> float | None:
    """Rounded; None where it is missing or not finite."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{DIGITS}g}")


def interval(estimate: Estimate | None) -> list[float | None] | None:
    """`[value, low, high]`; None where there is no value."""
    if estimate is None or not estimate.defined:
        return None
    return [number(estimate.value), number(estimate.low), number(estimate.high)]
