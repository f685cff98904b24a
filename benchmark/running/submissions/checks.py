"""What was checked, what came of it, and what that makes of a submission."""

__all__ = ["Check", "RefusedError", "UndoneError", "Verification", "printable", "refuse_all"]

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal

from benchmark.problem import BenchError

from ..results.result_set import ResultSet

MOST_REASONS = 5
LONGEST_REASON = 400

OUTCOMES = {"accepted": 0, "refused": 1, "not verified": 2}
"""And the exit code of each."""


class RefusedError(BenchError):
    """Something in a submission is wrong."""


class UndoneError(BenchError):
    """A check could not be made.

    Arguments:
        reason: Why, and what to do about it.
        needed: Whether nothing is accepted without it.
    """

    def __init__(self, reason: str, needed: bool = True) -> None:
        super().__init__(reason)
        self.needed = needed


def refuse_all(reasons: Sequence[str]) -> None:
    """
    Raises:
        RefusedError: If there is a reason; of many, the first few are told.
    """
    if reasons:
        more = f"; and {len(reasons) - MOST_REASONS} more" if len(reasons) > MOST_REASONS else ""
        raise RefusedError("; ".join(reasons[:MOST_REASONS]) + more)


@dataclasses.dataclass(frozen=True)
class Check:
    """
    Arguments:
        name: What was looked at.
        verdict: What came of it.
        note: What it rests on, or why it failed or was not made; one line of printable text.
        needed: Whether nothing is accepted without it.
    """

    name: str
    verdict: Literal["passed", "failed", "not done"]
    note: str = ""
    needed: bool = True


@dataclasses.dataclass(frozen=True)
class Verification:
    """
    Arguments:
        file: The archive.
        checks: In the order in which they were made.
        results: The submitted results, if they could be read.
        rerun: Whether the packed analyses came out again.
    """

    file: str
    checks: tuple[Check, ...]
    results: ResultSet | None = None
    rerun: bool = False

    @property
    def outcome(self) -> str:
        """`refused` if a check failed, `not verified` if one that is needed was not made, else `accepted`."""
        if any(check.verdict == "failed" for check in self.checks):
            return "refused"
        return "not verified" if any(c.verdict == "not done" and c.needed for c in self.checks) else "accepted"

    @property
    def exit_code(self) -> int:
        """0, 1 and 2 for accepted, refused and not verified."""
        return OUTCOMES[self.outcome]

    def record(self) -> dict[str, Any]:
        """JSON-able."""
        results = self.results or ()
        return {
            "file": self.file,
            "outcome": self.outcome,
            "rerun": self.rerun,
            "labels": list(dict.fromkeys(result.label for result in results)),
            "experiments": [result.id for result in results],
            "checks": [dataclasses.asdict(check) for check in self.checks],
        }


def printable(text: str) -> str:
    """One line that a terminal shows and does not obey."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= LONGEST_REASON * MOST_REASONS else line[: LONGEST_REASON * MOST_REASONS] + " ..."
