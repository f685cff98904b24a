"""What an analysis may cost, so that methods are compared at equal cost."""

__all__ = ["Budget"]

from typing import Self

import pydantic

from benchmark.problem import BenchError, closest


class Budget(pydantic.BaseModel):
    """
    Arguments:
        seconds: Most seconds a case; None for any number.
        calls: Most network calls a case, forwards and backwards of all members together; likewise.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    seconds: float | None = None
    calls: float | None = None

    @classmethod
    def parse(cls, texts: tuple[str, ...]) -> Self:
        """From `seconds=2` and `calls=64`.

        Raises:
            BenchError: If one cannot be read, is unknown, stands twice or is not a positive number.
        """
        found: dict[str, float] = {}
        for text in texts:
            key, equals, value = (word.strip() for word in text.partition("="))
            if not equals:
                raise BenchError(f"Cannot read --budget {text}; write --budget seconds=2 or --budget calls=64.")
            if key not in cls.model_fields:
                raise BenchError(f"There is no budget '{key}'; {closest(key, cls.model_fields)}")
            if key in found:
                raise BenchError(f"--budget {key} stands there twice; leave one out.")
            try:
                found[key] = float(value)
            except ValueError:
                found[key] = 0.0
            if not 0 < found[key] < float("inf"):
                raise BenchError(f"--budget {text}: it takes a positive number; write --budget {key}=2.")
        return cls(**found)

    def excess(self, seconds: float, calls: float) -> float:
        """By how many times a cost is the budget, at most one where it is kept to."""
        shares = [cost / limit for cost, limit in ((seconds, self.seconds), (calls, self.calls)) if limit is not None]
        return max(shares, default=0.0)

    def __str__(self) -> str:
        words = [
            *([] if self.seconds is None else [f"{self.seconds:g} seconds"]),
            *([] if self.calls is None else [f"{self.calls:g} network calls"]),
        ]
        return f"{' and '.join(words)} a case" if words else "none"
