"""From results to the content of the page."""

__all__ = ["build_content"]

import importlib.metadata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmark.problem import BenchError
from benchmark.running.cards import join_cards
from benchmark.running.reporting import CONVENTION
from benchmark.running.results.commands import world_title
from benchmark.running.results.result_set import ResultSet
from benchmark.running.snapshots import Snapshot

from ..comparing import RULE, Draws, Estimate, Setting, draws_of, find_quantity, leaders, order_of, rank, settings_of
from ..comparing.estimates import RELATIVE
from .charts import reliability, spectra
from .maps import maps
from .numbers import interval
from .rows import row
from .settings import axes_of, describe, title_of

INTERVALS = (
    "Brackets and bands are 95 % intervals by a moving-block bootstrap over cases, the same resamples for all methods. "
    "A method is marked as leading if it is the best of its setting or not significantly worse (paired differences, "
    "Student's t with the bootstrap's standard error, Holm's correction over the comparisons with the best, 5 %)."
)


def build_content(results: ResultSet, snapshots: Iterable[Snapshot] = ()) -> dict[str, Any]:
    """
    Arguments:
        results: Of one region, of any worlds and settings.
        snapshots: Of sampled cases, at most one a world.

    Raises:
        BenchError: If results of a setting cannot be compared.
    """
    by_world: dict[str, list[Setting]] = {}
    for setting in settings_of(results):
        by_world.setdefault(str(setting.axes["world"]), []).append(setting)
    if not by_world:
        raise BenchError(f"There are no results in {results.where}.")
    pictures = {one.facts.world: one for one in snapshots}
    return {
        "title": "assimbench",
        "version": importlib.metadata.version("assimbench"),
        "region": results.region,
        "convention": f"{CONVENTION}.",
        "ranking_rule": RULE,
        "intervals": INTERVALS,
        "worlds": [_world(name, settings, pictures.get(name)) for name, settings in by_world.items()],
        "cards": join_cards(result.card for result in results if result.card),
    }


def _world(name: str, settings: list[Setting], picture: Snapshot | None) -> dict[str, Any]:
    settings = sorted(settings, key=order_of)
    first = settings[0]
    drawn: dict[bytes, Draws] = {}
    rows, cells = [], []
    for i, setting in enumerate(settings):
        draws = drawn.setdefault(setting.times.tobytes(), draws_of(setting.times))
        relative = find_quantity(RELATIVE)
        headline = {label: draws.of(setting, result, relative, None) for label, result in setting.results.items()}
        best = leaders(setting, draws, relative, headline)
        rows += [row(setting, str(i), label, headline[label], best, draws) for label in setting.results]
        cells.append(headline)
    background = first.background
    return {
        "name": name,
        "title": world_title(name),
        "split": str(first.axes["split"]),
        "first": str(first.times[0])[:10],
        "last": str(first.times[-1])[:10],
        "cases": len(first.times),
        "data_hash": str(background.provenance.get("data_hash") or ""),
        "channels": [describe(channel) for channel in first.channels],
        "settings": [_setting(str(i), setting, setting is first) for i, setting in enumerate(settings)],
        "rows": rows,
        "ranking": _ranking(settings, cells, next(iter(drawn.values())) if len(drawn) == 1 else None),
        "spectra": spectra(first, "0"),
        "reliability": reliability(first, "0", drawn[first.times.tobytes()]),
        "maps": None if picture is None else maps(picture, settings),
    }


def _setting(identifier: str, setting: Setting, default: bool) -> dict[str, Any]:
    return {
        "id": identifier,
        "title": title_of(setting),
        "axes": axes_of(setting),
        "default": default,
        "observations": setting.background.observation_hash,
        "values_per_case": setting.background.provenance.get("values"),
    }


def _ranking(
    settings: list[Setting], cells: Sequence[Mapping[str, Estimate | None]], draws: Draws | None
) -> list[dict[str, Any]]:
    labels = dict.fromkeys(label for setting in settings for label in setting.results)
    kinds = {label: next(s.results[label].kind for s in settings if label in s.results) for label in labels}
    rivals = [label for label, kind in kinds.items() if kind == "method"]
    return [
        {
            "method": place.label,
            "rank": place.rank,
            "mean": None if place.mean is None else interval(place.mean),
            "tied": place.tied,
            "cells": place.cells,
            "of": len(settings),
            "kind": kinds[place.label],
        }
        for place in rank({label: [column.get(label) for column in cells] for label in labels}, rivals, draws)
    ]
