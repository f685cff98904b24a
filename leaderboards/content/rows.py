"""A method in a setting: its scores, its cost, and how to get them again."""

__all__ = ["row"]

from typing import Any

from benchmark.running.results.commands import command_of
from benchmark.running.results.result_set import Result

from ..comparing import Draws, Estimate, Setting, find_quantity
from ..comparing.estimates import RELATIVE
from .numbers import interval, number

VALUES = ("rmse", "acc", "bias", "crps", "spread_skill")
"""Shown by channel without an interval."""


def row(
    setting: Setting, identifier: str, label: str, headline: Estimate | None, best: set[str], draws: Draws
) -> dict[str, Any]:
    """
    Arguments:
        setting: Where it was run.
        identifier: The setting's on the page.
        label: The method's.
        headline: Its relative error, mean over channels.
        best: Labels of those that lead.
        draws: Of the setting's cases.
    """
    result = setting.results[label]
    return {
        "method": label,
        "setting": identifier,
        "experiment": result.id,
        "kind": result.kind,
        "relative_error": interval(headline),
        "best": label in best,
        "cases": len(result.times),
        "diverged": result.diverged,
        "not_converged": result.not_converged,
        "members": result.members,
        "seconds": number(result.cost.get("seconds_per_case")),
        "network_calls": number(result.cost.get("network_calls")),
        "iterations": number(result.cost.get("iterations")),
        "memory_mb": number(result.cost.get("peak_memory_mb")),
        "trials": result.provenance.get("trials"),
        "command": command_of(result),
        "channels": _channels(setting, label, draws),
    }


def _channels(setting: Setting, label: str, draws: Draws) -> dict[str, dict[str, Any]]:
    relative = draws.relative(setting, setting.results[label])
    return {c: _channel(setting.results[label], c, draws, relative.get(c)) for c in setting.channels}


def _channel(result: Result, channel: str, draws: Draws, relative: Estimate | None) -> dict[str, Any]:
    found: dict[str, Any] = {RELATIVE: interval(relative)}
    for score in VALUES:
        if score == "spread_skill" and result.members < 2:
            continue
        value = draws.value_of(result, find_quantity(score), channel)
        if (rounded := number(value)) is not None:
            found[score] = rounded
    return found
