"""The contract: what every method must keep, whatever its numbers, tried on a small world."""

from .checking import CLAUSES, check_method
from .clause import Clause
from .report import Finding, Refused, Report, Verdict

__all__ = ["CLAUSES", "Clause", "Finding", "Refused", "Report", "Verdict", "check_method"]
