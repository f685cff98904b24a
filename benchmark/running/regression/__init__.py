"""Regression of scores: reruns a small setting and compares what comes out with a golden file."""

__all__ = [
    "CheckReport",
    "Finding",
    "Golden",
    "Setting",
    "Verdict",
    "check_files",
    "exit_code",
    "find_golden",
    "read_golden",
    "update_files",
]

from .checking import check_files, find_golden, update_files
from .golden import Golden, read_golden
from .report import CheckReport, Finding, Verdict, exit_code
from .setting import Setting
