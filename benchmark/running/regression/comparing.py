"""Compares what came out with a golden file, score by score."""

__all__ = ["compare", "explain"]

import itertools
from collections.abc import Iterator, Mapping

from .golden import HEADLINE, Golden, MethodScores
from .measuring import Measured, MethodFound
from .report import Finding, Verdict

BETTER = {HEADLINE: -1, "rmse": -1, "crps": -1, "acc": 1}
"""The sign of a change for the better; a spread has none."""


def compare(golden: Golden, now: Measured) -> tuple[Finding, ...]:
    """A finding a score; of what has no counterpart, one for all that is missing together.

    Arguments:
        golden: What is expected.
        now: What came out.
    """
    if apart := tuple(_apart(golden, now)):
        return apart
    found: list[Finding] = []
    for label, scores in golden.methods.items():
        if label in now.diverged:
            note = f"it diverged in {now.diverged[label]} of {golden.setting.cases} cases"
            found.append(Finding(label, "", "", Verdict.DIVERGED, note=note))
        elif label not in now.methods:
            why = now.skipped.get(label, "the file has its scores, but its setting does not name it")
            found.append(Finding(label, "", "", Verdict.LOST, note=why))
        else:
            found += _method(label, scores, now.methods[label], golden.setting.relative_tolerance)
    note = "the file's setting names it, but the file has no scores of it"
    unknown = (set(now.methods) | set(now.skipped) | set(now.diverged)) - set(golden.methods)
    labels = [label for label in ("background", "climatology", *golden.setting.methods) if label in unknown]
    return (*found, *(Finding(label, "", "", Verdict.NEW, note=note) for label in dict.fromkeys(labels)))


def explain(golden: Golden, now: Measured, findings: tuple[Finding, ...]) -> dict[str, tuple[str, ...]]:
    """What may explain that a method's scores moved, by label; and who moved within the sampling error."""
    relative = golden.setting.relative_tolerance
    notes = {}
    for label, before in golden.methods.items():
        own = [finding for finding in findings if finding.method == label]
        reasons: list[str] = []
        if label in now.methods and any(finding.verdict is not Verdict.OK for finding in own):
            reasons += _reasons(before, now.methods[label])
        drifted = [f for f in own if f.verdict is Verdict.OK and abs(f.change or 0) > relative * abs(f.golden or 0)]
        if drifted:
            reasons.append(f"{len(drifted)} of its scores moved within the sampling error, so its random numbers did")
        if reasons:
            notes[label] = tuple(reasons)
    return notes


def _apart(golden: Golden, now: Measured) -> Iterator[Finding]:
    """What makes scores incomparable. Cases lost by a method that diverged are that method's."""
    pairs = {
        "observations": (golden.observations, now.observations),
        "cases": (str(golden.setting.cases), str(now.cases)),
        "first case": (golden.first_case, now.first_case),
        "last case": (golden.last_case, now.last_case),
        "convention": (golden.convention, now.convention),
    }
    for name, (before, after) in pairs.items():
        if before != after:
            note = f"the scores cannot be compared: {name} {_short(after)} where the file has {_short(before)}"
            yield Finding("", name, "", Verdict.NOT_COMPARABLE, note=note)


def _short(text: str) -> str:
    return text if len(text) < 60 or " " in text else text[:12]


def _method(label: str, golden: MethodScores, now: MethodFound, relative: float) -> Iterator[Finding]:
    for score in dict.fromkeys((*golden.scores, *now.scores)):
        before, after = golden.scores.get(score), now.scores.get(score)
        if before is None or after is None:
            verdict, note = (Verdict.NEW, _NEW) if before is None else (Verdict.LOST, _LOST)
            yield Finding(label, score, "", verdict, note=note)
            continue
        for channel in dict.fromkeys((*before, *after)):
            if channel not in before:
                yield Finding(label, score, channel, Verdict.NEW, now=after[channel], note=_NEW)
            elif channel not in after:
                yield Finding(label, score, channel, Verdict.LOST, golden=before[channel], note=_LOST)
            else:
                tolerance = golden.may_move(score, channel, relative)
                verdict = _verdict(score, after[channel] - before[channel], tolerance)
                yield Finding(label, score, channel, verdict, before[channel], after[channel], tolerance)


_NEW = "the file does not have it"
_LOST = "it no longer comes out"


def _verdict(score: str, change: float, tolerance: float) -> Verdict:
    if abs(change) <= tolerance:
        return Verdict.OK
    if score not in BETTER:
        return Verdict.MOVED
    return Verdict.IMPROVED if change * BETTER[score] > 0 else Verdict.WORSE


def _reasons(golden: MethodScores, now: MethodFound) -> Iterator[str]:
    if golden.id == now.id:
        yield (
            "world, method, version, parameters and weights are the same, so the code or a library was changed; a "
            "method whose numbers are meant to change gets a higher version"
        )
    elif moved := list(_differences(golden.parameters, now.parameters)):
        yield f"its parameters are others: {', '.join(moved)}"
    elif golden.members == now.members:
        yield "the world, or the method's version, file or weights, are others"
    if golden.members != now.members:
        yield f"it has {now.members} members, and had {golden.members}"
    if golden.network_calls != now.network_calls:
        yield f"it makes {now.network_calls:g} network calls a case, and made {golden.network_calls:g}"


def _differences(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    missing = "none"
    for key in itertools.chain(before, (key for key in after if key not in before)):
        if before.get(key, missing) != after.get(key, missing):
            yield f"{key} {after.get(key, missing)}, was {before.get(key, missing)}"
