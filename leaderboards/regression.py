"""What a check of golden files found out, in the terminal and as Markdown."""

__all__ = ["GOLDEN", "markdown", "print_check"]

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from benchmark.running.regression import CheckReport, Finding, Verdict

from .terminal import plain_table

GOLDEN = Path(__file__).parent / "golden"
"""The golden files that ship with the package."""

COLOURS = {Verdict.OK: "green", Verdict.NEW: "yellow", Verdict.IMPROVED: "yellow"}
COLUMNS = ("score", "golden", "now", "change", "tolerance", "verdict")


def print_check(reports: Sequence[CheckReport], console: Console, every: bool = False) -> None:
    """The scores that are not within their tolerance, and a line a method.

    Arguments:
        reports: One a golden file.
        console: Where to print.
        every: Whether to print all scores.
    """
    for report in reports:
        if report.error:
            console.print(f"[bold red]{escape(report.file)}[/]: {escape(report.error)}", soft_wrap=True)
            continue
        console.print(f"\n[bold]{escape(report.world)}[/bold] ({escape(report.file)})", soft_wrap=True, highlight=False)
        console.print(
            f"[dim]{escape(report.title)}; {report.cases} cases; {report.seconds:.0f} s[/dim]", highlight=False
        )
        shown = [f for f in report.findings if f.now is not None and f.golden is not None]
        if shown := [f for f in shown if every or f.verdict is not Verdict.OK]:
            table = plain_table("", "method", *COLUMNS)
            table.columns[1].justify = "left"
            for finding in shown:
                cells = [_score(finding), *_figures(finding)]
                verdict = f"[{_colour(finding.verdict)}]{finding.verdict}[/]"
                table.add_row(escape(finding.method), *map(escape, cells), verdict)
            console.print(table)
        for label, verdict, text in _lines(report):
            console.print(
                f"[{_colour(verdict)}]{verdict}[/]  {escape(label)}: {escape(text)}", soft_wrap=True, highlight=False
            )
        for label, notes in report.notes.items():
            for note in notes:
                console.print(f"[dim]{escape(label)}{': ' if label else ''}{escape(note)}[/dim]", soft_wrap=True)
    console.print()
    for line in _ending(reports):
        console.print(escape(line), soft_wrap=True, highlight=False)


def markdown(reports: Sequence[CheckReport]) -> str:
    """The same as GitHub-flavoured Markdown: the scores that are not within their tolerance, and a line a method."""
    lines = [f"### {_head(reports)}", ""]
    for report in reports:
        lines += [f"#### {_code(report.world)} ({_code(report.file)})", ""]
        if report.error:
            lines += [_plain(report.error), ""]
            continue
        lines += ["| verdict | method | |", "|---|---|---|"]
        lines += [f"| {verdict} | {_code(label)} | {_plain(text)} |" for label, verdict, text in _lines(report)]
        if failed := [f for f in report.failures if f.now is not None and f.golden is not None]:
            lines += ["", f"| method | {' | '.join(COLUMNS)} |", "|---|---|--:|--:|--:|--:|---|"]
            for f in failed:
                lines.append(f"| {_code(f.method)} | {_code(_score(f))} | {' | '.join(_figures(f))} | {f.verdict} |")
        notes = [(label, note) for label, notes in report.notes.items() for note in notes]
        lines += ["", *(f"* {f'{_code(label)}: ' if label else ''}{_plain(note)}" for label, note in notes), ""]
    return "\n".join([*lines, *(_plain(line) + "\n" for line in _ending(reports)[1:])]) + "\n"


def _lines(report: CheckReport) -> Iterable[tuple[str, Verdict, str]]:
    """(method, worst verdict, words) of every method; what concerns the whole setting stands first."""
    for method in dict.fromkeys(finding.method for finding in report.findings):
        own = [finding for finding in report.findings if finding.method == method]
        told = [finding for finding in own if finding.note]
        for finding in told:
            name = " ".join(filter(None, (finding.score, finding.channel)))
            yield method or name, finding.verdict, f"{name}: {finding.note}" if method and name else finding.note
        if compared := [finding for finding in own if not finding.note]:
            counts = Counter(finding.verdict for finding in compared)
            worst = max(counts, key=list(Verdict).index)
            parts = [f"{n} {verdict}" for verdict, n in counts.items() if verdict is not Verdict.OK] or ["all"]
            kind = f", {report.kinds[method]}" if method in report.kinds else ""
            words = f"{', '.join(parts)} of {len(compared)} scores{kind}{_headline(compared)}"
            yield method, worst, words


def _headline(findings: Sequence[Finding]) -> str:
    for f in findings:
        if f.channel == "all" and f.now is not None:
            return f"; relative error {f.now:.4f}, tolerance {_share(f.tolerance, f.golden)}"
    return ""


def _head(reports: Sequence[CheckReport]) -> str:
    failures = Counter(str(f.verdict) for report in reports if not report.error for f in report.failures)
    scores = sum(len(report.findings) for report in reports)
    parts = [f"{n} {verdict}" for verdict, n in failures.items()]
    errors = sum(bool(report.error) for report in reports)
    parts += [f"{errors} of {len(reports)} golden files could not be run"] if errors else []
    within = sum(f.verdict is Verdict.OK for report in reports for f in report.findings)
    return "; ".join([f"{within} of {scores} scores are within their tolerance", *parts])


def _ending(reports: Sequence[CheckReport]) -> list[str]:
    """A count, and the cure."""
    lines = [_head(reports)]
    failed = [report for report in reports if report.failures and not report.updated]
    if failed and any(f.verdict is Verdict.IMPROVED for report in failed for f in report.failures):
        lines.append("An improvement is a change too: what nobody expects to be better may be wrong.")
    lines += [f"If that is meant: bench check --golden {report.file} --update --reason TEXT" for report in failed]
    return lines + [f"{report.file} is written ({report.history})" for report in reports if report.updated]


def _score(finding: Finding) -> str:
    return finding.score if finding.channel == "all" else f"{finding.score} {finding.channel}"


def _figures(finding: Finding) -> tuple[str, str, str, str]:
    """Golden, now, change and tolerance; the last two as shares of the golden value."""
    golden, now, tolerance = finding.golden, finding.now, finding.tolerance
    return f"{golden:.6g}", f"{now:.6g}", _share(finding.change, golden, "+"), _share(tolerance, golden)


def _share(value: float | None, whole: float | None, sign: str = "") -> str:
    if value is None:
        return ""
    return f"{100 * value / abs(whole):{sign}.2g} %" if whole else f"{value:{sign}.2g}"


def _colour(verdict: Verdict) -> str:
    return COLOURS.get(verdict, "bold red")


def _code(text: str) -> str:
    return f"<code>{_plain(text)}</code>"


def _plain(text: str) -> str:
    """Text as it stands, whatever it means to Markdown, HTML, or a table."""
    return re.sub(r"[^A-Za-z0-9 -]", lambda match: f"&#{ord(match[0])};", " ".join(text.split()))
