"""Checks golden files, and writes them anew when their scores are meant to have moved."""

__all__ = ["check_files", "find_golden", "update_files"]

import dataclasses
import datetime
import importlib.metadata
import platform
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from benchmark.problem import BenchError
from benchmark.running.runner import Progress

from .comparing import compare, explain
from .golden import HEADLINE, Change, Golden, read_golden, write_golden
from .measuring import Measured, measure
from .report import CheckReport, Finding, Verdict
from .sampling import sample
from .setting import Setting


def find_golden(place: Path) -> list[Path]:
    """The golden files in a folder, or the one file.

    Raises:
        BenchError: If there is none.
    """
    if place.is_dir():
        if found := sorted(place.glob("*.json")):
            return found
        raise BenchError(f"There is no golden file in {place}; {_MAKE}.")
    if not place.exists():
        raise BenchError(f"There is no golden file {place}; check the path, or {_MAKE}.")
    return [place]


_MAKE = "make one with bench check --golden FILE.json --update --reason first --method NAME"


def check_files(
    paths: Iterable[Path], progress: Progress, *, device: str = "cpu", weights: Path | None = None
) -> list[CheckReport]:
    """Runs every file's setting afresh and compares. One that cannot be run says why, and the others are checked.

    Arguments:
        paths: Of golden files.
        progress: Hears of progress.
        device, weights: As in `RunRequest`.

    Raises:
        BenchError: If a file cannot be read; then nothing is run.
    """
    files = [(path, read_golden(path)) for path in paths]
    return [_check(path, golden, progress, device, weights) for path, golden in files]


def _check(path: Path, golden: Golden, progress: Progress, device: str, weights: Path | None) -> CheckReport:
    started = time.perf_counter()
    try:
        now = measure(golden.setting, path.parent, progress, device=device, weights=weights)
    except BenchError as error:
        return CheckReport(str(path), golden.setting.world, error=str(error))
    return _report(path, golden, now, started)


def update_files(
    paths: Iterable[Path],
    reason: str,
    progress: Progress,
    *,
    new: Setting | None = None,
    device: str = "cpu",
    weights: Path | None = None,
) -> list[CheckReport]:
    """Runs every file's setting and writes its scores anew. Nothing is written before all have been run.

    Arguments:
        paths: Of golden files.
        reason: Why the scores are meant to have moved; it goes into the files' histories.
        progress: Hears of progress.
        new: The setting of a file that is made, its paths seen from here; then there is one path.
        device, weights: As in `RunRequest`.

    Returns:
        What changed, by file.

    Raises:
        BenchError: If no reason is given, or something cannot be read, run or written.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise BenchError("Scores that move need a reason, which the golden file keeps; say it with --reason TEXT.")
    files = [(path, None if new else read_golden(path)) for path in paths]
    done = [_update(path, golden, new, reason, progress, device, weights) for path, golden in files]
    for (path, _), (golden, _) in zip(files, done, strict=True):
        write_golden(path, golden)
    return [report for _, report in done]


def _update(
    path: Path,
    before: Golden | None,
    new: Setting | None,
    reason: str,
    progress: Progress,
    device: str,
    weights: Path | None,
) -> tuple[Golden, CheckReport]:
    started = time.perf_counter()
    setting = new.relative_to(path.parent) if new else before.setting  # type: ignore[union-attr]
    now, methods = sample(setting, path.parent, progress, device=device, weights=weights)
    change = Change(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        version=importlib.metadata.version("assimbench"),
        reason=reason,
        changed=_changes(compare(before, now)) if before else (),
    )
    golden = Golden(
        setting=setting,
        first_case=now.first_case,
        last_case=now.last_case,
        observations=now.observations,
        convention=now.convention,
        made_with=_versions(),
        methods=methods,
        history=(*(before.history if before else ()), change),
    )
    report = dataclasses.replace(_report(path, before or golden, now, started), updated=True)
    return golden, dataclasses.replace(
        report, history=_last(golden), kinds={label: scores.kind for label, scores in methods.items()}
    )


def _report(path: Path, golden: Golden, now: Measured, started: float) -> CheckReport:
    report = CheckReport(
        file=str(path),
        world=golden.setting.world,
        title=now.title,
        cases=golden.setting.cases,
        findings=compare(golden, now),
        kinds={label: scores.kind for label, scores in golden.methods.items()},
        history=_last(golden),
        seconds=time.perf_counter() - started,
    )
    notes = explain(golden, now, report.findings)
    own = _versions()
    others = [f"{key} {own[key]}, was {golden.made_with.get(key, 'unknown')}" for key in own]
    others = [told for key, told in zip(own, others, strict=True) if own[key] != golden.made_with.get(key)]
    if others and report.failures:
        notes[""] = (f"the file was made with other versions: {'; '.join(others)}",)
    return dataclasses.replace(report, notes=notes)


def _changes(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """A line a method, or what concerns them all: its headline, or how many of its scores were not within tolerance."""
    failed = [finding for finding in findings if finding.verdict is not Verdict.OK]
    lines = []
    for method in dict.fromkeys(finding.method for finding in failed):
        own = [finding for finding in failed if finding.method == method]
        head = next((f for f in own if f.score == HEADLINE and f.now is not None and f.golden is not None), None)
        if not method or not own[0].score:
            lines += [f"{f.method or f.score}: {f.verdict}" for f in own]
        elif head:
            lines.append(f"{method}: {HEADLINE} {head.golden:.5g} to {head.now:.5g}, {len(own)} scores moved")
        else:
            lines.append(f"{method}: {len(own)} scores moved, and not its {HEADLINE}")
    return tuple(lines)


def _last(golden: Golden) -> str:
    last = golden.history[-1]
    return f"{last.date}, version {last.version}: {last.reason}"


def _versions() -> dict[str, str]:
    return {
        "assimbench": importlib.metadata.version("assimbench"),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }
