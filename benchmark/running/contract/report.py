"""What the contract's check found out about a method."""

__all__ = ["Finding", "Refused", "Report", "Verdict"]

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any

from benchmark.problem import BenchError, Need


class Verdict(enum.StrEnum):
    """On one clause."""

    PASSED = "passed"
    FAILED = "FAILED"
    DOES_NOT_APPLY = "does not apply"


class Refused(BenchError):  # noqa: N818 - it is an answer
    """A method needs what the contract's world has not.

    Arguments:
        need: What that is.
        message: The cause and the cure.
    """

    def __init__(self, need: Need, message: str) -> None:
        super().__init__(message)
        self.need = need


@dataclasses.dataclass(frozen=True)
class Finding:
    """
    Arguments:
        clause: Its name.
        statement: What it promises.
        verdict: What came out.
        why: Of a failure what was expected and what came; otherwise a remark, or nothing.
    """

    clause: str
    statement: str
    verdict: Verdict
    why: str = ""


@dataclasses.dataclass(frozen=True)
class Report:
    """
    Arguments:
        method: As it was asked for.
        parameters: All of them.
        world: Where it was tried.
        cases: On how many cases.
        members: How many members were asked for.
        ensemble: Background members that ensemble methods got.
        findings: One a clause.
        seconds: What it took.
    """

    method: str
    parameters: Mapping[str, Any]
    world: str
    cases: int
    members: int
    ensemble: int
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether no clause is broken."""
        return all(finding.verdict is not Verdict.FAILED for finding in self.findings)

    def record(self) -> dict[str, Any]:
        """The JSON object of `bench test-method --json`."""
        fields = dataclasses.asdict(self)
        clauses = [{**finding, "verdict": str(finding["verdict"])} for finding in fields.pop("findings")]
        return {**fields, "parameters": dict(self.parameters), "passed": self.passed, "clauses": clauses}
