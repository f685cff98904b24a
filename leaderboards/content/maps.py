"""The fields of a sampled case that go with the results."""

__all__ = ["maps"]

import warnings
from collections.abc import Sequence
from typing import Any

from benchmark.running.snapshots import Snapshot

from ..comparing import Setting


def maps(snapshot: Snapshot, settings: Sequence[Setting]) -> dict[str, Any] | None:
    """What the page shows of a snapshot: analyses of the very experiments whose scores it shows, and no others.

    Arguments:
        snapshot: Of a case of the world.
        settings: Of the world, in the order in which the page numbers them.

    Returns:
        None, with a warning, where the background of no setting is the one of the snapshot.
    """
    ids = snapshot.facts.experiments
    places = [i for i, setting in enumerate(settings) if setting.background.id == ids.get("background")]
    if not places:
        _warn(snapshot, "is of no setting among the results, so there are no maps of it")
        return None
    known = {label: result.id for label, result in settings[places[0]].results.items()}
    shown = snapshot.maps(str(places[0]))
    same = {label: fields for label, fields in shown["analyses"].items() if known.get(label) == ids.get(label)}
    if others := sorted(set(shown["analyses"]) - set(same)):
        _warn(snapshot, f"has analyses of other experiments than the results ({', '.join(others)}), which are left out")
    # the background has fields of its own
    return {**shown, "analyses": {label: fields for label, fields in same.items() if label != "background"}}


def _warn(snapshot: Snapshot, what: str) -> None:
    told = f"the snapshot of '{snapshot.facts.world}' {what}; make it anew with bench snapshot"
    warnings.warn(told, stacklevel=3)
