"""What stands under a table: everything without which its numbers mean nothing."""

__all__ = ["caption"]

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.running.reporting import CONVENTION
from metrics import block_length

from ..comparing import AXES, RULE, Setting, axis_words
from ..comparing.settings import DEFAULTS
from .table import Row

HASH = 12


def caption(
    settings: Sequence[Setting],
    held: Mapping[str, Any],
    axes: tuple[str, str],
    region: str,
    rows: Sequence[Row],
) -> tuple[str, ...]:
    """Sentences: cases, observing systems and hashes, convention, intervals, marks, missing cells."""
    notes = []
    for world in dict.fromkeys(str(s.axes["world"]) for s in settings):
        setting = next(s for s in settings if s.axes["world"] == world)
        first, last = str(setting.times[0])[:10], str(setting.times[-1])[:10]
        notes.append(
            f"{world}: {len(setting.times)} cases of the {setting.axes['split']} years, {first} to {last}; region "
            f"{region}; truth {str(setting.background.facts.get('world.evaluation') or '-')[:HASH]}."
        )
    notes.append(_observations(settings, axes, held))
    notes.append(f"{CONVENTION}.")
    notes.append(_intervals(settings))
    if any(cell.best for row in rows for cell in row.cells):
        notes.append(
            "Bold: the best, and all that are not significantly worse (paired bootstrap, Holm's correction over the "
            "comparisons with the best, 5 %)."
        )
    if any(row.mean is not None for row in rows):
        notes.append(RULE)
    if any(row.cost for row in rows):
        notes.append("Cost: seconds and network calls of a case, mean over the columns.")
    versions = sorted({str(r.provenance.get("version", "?")) for s in settings for r in s.results.values()})
    score_version = settings[0].background.facts.get("score_version")
    notes.append(f"assimbench {', '.join(versions)}, scores of version {score_version}.")
    return tuple(notes)


def _observations(settings: Sequence[Setting], axes: tuple[str, str], held: Mapping[str, Any]) -> str:
    """What is the same for all is said once, then a hash for every setting."""
    own = [axis for axis in axes if axis in AXES]
    common = [a for a in ("obs_frac", "obs_vars", "obs_std", "network", "operator") if a not in own]
    said = ", ".join(f"{axis} {axis_words(axis, settings[0].axes[axis])}{_held(axis, held)}" for axis in common)
    hashes = {s.words(own): s.background.observation_hash[:HASH] for s in settings}
    listed = "; ".join(f"{name}: {digest}" if name else digest for name, digest in hashes.items())
    return f"Observing system: {said}; sha256 of the observations: {listed}."


def _held(axis: str, held: Mapping[str, Any]) -> str:
    return "" if axis not in held else " (default)" if held[axis] == DEFAULTS.get(axis) else " (held)"


def _intervals(settings: Sequence[Setting]) -> str:
    blocks = sorted({block_length(s.times) for s in settings})
    lengths = " or ".join(map(str, blocks))
    return (
        f"In brackets 95 % intervals: moving-block bootstrap over cases, blocks of {lengths} "
        f"case{'' if blocks == [1] else 's'}."
    )
