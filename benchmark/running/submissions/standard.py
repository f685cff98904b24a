"""Held against the published results: same data, same cases, same observations."""

__all__ = ["Standard", "compare_with_standard", "read_standard"]

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.problem import hash_json

from ..results.collecting import collect
from ..results.published import is_published, read_published
from ..results.result_set import BACKGROUND, Result, ResultSet
from ..store import ResultStore
from .checks import RefusedError, UndoneError, refuse_all
from .contents import Submission

SAME_SCORES = 1e-4
"""Relative; published values have five digits."""


@dataclasses.dataclass(frozen=True)
class Standard:
    """
    Arguments:
        results: Those that others are held against.
    """

    results: ResultSet

    def setting(self, result: Result) -> list[Result]:
        """All that the standard has on a result's world under its observing system."""
        return [one for one in self.results if setting_key(one) == setting_key(result)]

    def background(self, result: Result) -> Result | None:
        """The background of a result's setting."""
        return next((one for one in self.setting(result) if one.method == BACKGROUND), None)


def read_standard(where: Path | str, region: str) -> Standard:
    """
    Arguments:
        where: A published folder, or a store.
        region: Of a store's statistics.

    Raises:
        BenchError: If there are no results, or they cannot be read.
    """
    if is_published(where):
        return Standard(read_published(Path(where)))
    return Standard(collect(ResultStore(where), region))


def setting_key(result: Result) -> str:
    """What results have in common that stand in one cell: world, observing system, split."""
    told = {
        k: v for k, v in result.facts.items() if k in ("world.name", "protocol.split") or k.startswith("observing.")
    }
    return hash_json(told)


def compare_with_standard(submission: Submission, standard: Standard) -> str:
    """
    Returns:
        In words, what was compared.

    Raises:
        RefusedError: If something differs from a setting that the standard has.
        UndoneError: If the standard has none of the settings.
    """
    if standard.results.region != submission.results.region:
        raise RefusedError(
            f"its scores are of the region '{submission.results.region}', and the standard's are of "
            f"'{standard.results.region}'"
        )
    reasons, absent = [], 0
    for result in submission.results:
        background = standard.background(result)
        if background is None:
            absent += 1
            continue
        reasons += [f"{result.label} ({result.id}): {why}" for why in _differences(result, background)]
        reasons += _copied(result, standard.setting(result))
    refuse_all(reasons)
    found = len(submission.results) - absent
    if not found:
        raise UndoneError("the standard has none of its settings", needed=False)
    return f"{found} of {len(submission.results)} experiments are of a setting of the standard" + (
        "; the others are held against their world alone" if absent else ""
    )


def _differences(result: Result, background: Result) -> list[str]:
    reasons = []
    if _world(result.facts) != _world(background.facts):
        reasons.append("the data of its world, or its background, are not the standard's")
    if not np.array_equal(result.times, background.times):
        missing = len(np.setdiff1d(background.times, result.times))
        other = len(np.setdiff1d(result.times, background.times))
        reasons.append(f"it does not have the standard's cases: {missing} are missing and {other} are others")
    elif not np.array_equal(result.observations, background.observations):
        count = int((result.observations != background.observations).sum())
        reasons.append(f"in {count} cases its observations are not the standard's: their sha256 differs")
    if result.channels != background.channels:
        reasons.append("its channels are not the standard's")
    return reasons


def _world(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if key.startswith("world.")}


def _copied(result: Result, others: list[Result]) -> list[str]:
    """A plug-in that has another method's scores; the package's own are run again in place of this."""
    if not result.facts.get("method.source"):
        return []
    return [
        f"{result.label} ({result.id}): its scores are those of {other.label}"
        for other in others
        if other.id != result.id and other.label != result.label and _same_scores(result, other)
    ]


def _same_scores(one: Result, other: Result) -> bool:
    mse, others = one.values["mse"], other.values["mse"]
    return set(mse) == set(others) and all(
        mse[c].shape == others[c].shape and np.allclose(mse[c], others[c], rtol=SAME_SCORES, atol=0, equal_nan=True)
        for c in mse
    )
