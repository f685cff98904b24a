"""What a check found out about a golden file's scores."""

__all__ = ["CheckReport", "Finding", "Verdict", "exit_code"]

import dataclasses
import enum
from collections.abc import Iterable
from typing import Any


class Verdict(enum.StrEnum):
    """On one score, or on a whole method or setting; the gravest last."""

    OK = "ok"
    IMPROVED = "improved"
    MOVED = "moved"
    WORSE = "worse"
    NEW = "new"
    LOST = "lost"
    DIVERGED = "diverged"
    NOT_COMPARABLE = "not comparable"


@dataclasses.dataclass(frozen=True)
class Finding:
    """
    Arguments:
        method: Its label; empty for what concerns the whole setting.
        score: Its name; empty for what concerns all of them.
        channel: Likewise.
        verdict: What came out.
        golden, now: Values; None where there is none.
        tolerance: How far the score may move, in its unit; None if it cannot be compared.
        note: The reason, where figures do not tell it.
    """

    method: str
    score: str
    channel: str
    verdict: Verdict
    golden: float | None = None
    now: float | None = None
    tolerance: float | None = None
    note: str = ""

    @property
    def change(self) -> float | None:
        """Now minus golden."""
        return None if self.golden is None or self.now is None else self.now - self.golden

    def record(self) -> dict[str, Any]:
        """JSON-able."""
        return {**dataclasses.asdict(self), "verdict": str(self.verdict), "change": self.change}


@dataclasses.dataclass(frozen=True)
class CheckReport:
    """
    Arguments:
        file: The golden file.
        world: Its name.
        title: World and observing system in words.
        cases: How many.
        findings: A line a score.
        notes: What may explain a method's failures, by label.
        kinds: `deterministic` or `sampled`, by label.
        history: The last line of the file's history.
        updated: Whether the file was written anew.
        seconds: What it took.
        error: Why it could not be run; empty if it could.
    """

    file: str
    world: str
    title: str = ""
    cases: int = 0
    findings: tuple[Finding, ...] = ()
    notes: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    kinds: dict[str, str] = dataclasses.field(default_factory=dict)
    history: str = ""
    updated: bool = False
    seconds: float = 0.0
    error: str = ""

    @property
    def failures(self) -> tuple[Finding, ...]:
        """What is not within its tolerance."""
        return tuple(finding for finding in self.findings if finding.verdict is not Verdict.OK)

    @property
    def passed(self) -> bool:
        """Whether it ran and every score is within its tolerance."""
        return not self.error and not self.failures

    def record(self) -> dict[str, Any]:
        """One of the `checks` of `bench check --json`."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {**fields, "passed": self.passed, "findings": [finding.record() for finding in self.findings]}


def exit_code(reports: Iterable[CheckReport]) -> int:
    """2 if something could not be run, 1 if a score is not within its tolerance, otherwise 0."""
    reports = list(reports)
    if any(report.error for report in reports):
        return 2
    return int(any(not (report.passed or report.updated) for report in reports))
