"""Where a method's parameters are looked for when it is tuned: ranges of numbers, and choices.

A method states them in `search`, by parameter. Ranges are wide, and in log for what is a scale.
"""

__all__ = ["Choice", "Range", "Real", "Whole"]

import dataclasses
import math
from typing import Any

DIGITS = 3
"""Significant digits of a real number that is tried: what stands in a world's YAML file is what was run."""


@dataclasses.dataclass(frozen=True)
class Real:
    """Real numbers from `low` to `high`, both included; evenly in the logarithm if `log`.

    Raises:
        ValueError: If there is no such range.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        _check_ends(self.low, self.high, self.log)

    def holds(self, value: Any) -> bool:
        """Whether a parameter may have this value here."""
        return isinstance(value, float) and self.low <= value <= self.high

    def rounded(self, value: float) -> float:
        """The value with three significant digits, inside the range."""
        return min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}" + (", log" if self.log else "")


@dataclasses.dataclass(frozen=True)
class Whole:
    """Whole numbers from `low` to `high`, both included; evenly in the logarithm if `log`.

    Raises:
        ValueError: If there is no such range.
    """

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        _check_ends(self.low, self.high, self.log)

    def holds(self, value: Any) -> bool:
        """Whether a parameter may have this value here."""
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high

    def rounded(self, value: int) -> int:
        """The value itself."""
        return value

    def __str__(self) -> str:
        return f"whole, {self.low} to {self.high}" + (", log" if self.log else "")


@dataclasses.dataclass(frozen=True, init=False)
class Choice:
    """One of some words, or of true and false.

    Raises:
        ValueError: If there are fewer than two.
    """

    values: tuple[str | bool, ...]

    def __init__(self, *values: str | bool) -> None:
        if len(set(values)) < 2:
            raise ValueError(f"a choice is between two values at least, not {values}")
        object.__setattr__(self, "values", values)

    def holds(self, value: Any) -> bool:
        """Whether a parameter may have this value here."""
        return isinstance(value, str | bool) and value in self.values

    def rounded(self, value: str | bool) -> str | bool:
        """The value itself."""
        return value

    def __str__(self) -> str:
        return " or ".join(str(value).lower() if isinstance(value, bool) else value for value in self.values)


Range = Real | Whole | Choice


def _check_ends(low: float, high: float, log: bool) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"a range goes from a number to a larger one, not from {low} to {high}")
    if log and low <= 0:
        raise ValueError(f"a logarithmic range starts above zero, not at {low}")
