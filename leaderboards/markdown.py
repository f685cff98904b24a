"""The leaderboard as one Markdown document."""

__all__ = ["leaderboard"]

import dataclasses

from benchmark.running.results.result_set import ResultSet

from .comparing import RULE, order_of, settings_of
from .tables import Table, TableRequest, build_tables
from .tables.formats import as_markdown

HEAD = """# Leaderboards

Methods on the same cases, backgrounds and observations: `bench sweep standard`. This file is made of the rows in
[results](results) by `bench publish --out site --results leaderboards/results --readme leaderboards/README.md`, which
writes the page too; do not edit it.

Relative error: RMSE over that of the background, mean over all channels, those that are not observed included; below 1
an analysis is better than its background. """

SECTIONS = (
    ("By observed fraction", TableRequest(columns="obs_frac")),
    ("By observed variables", TableRequest(columns="obs_vars")),
    ("By observation error", TableRequest(columns="obs_std")),
    ("By channel", TableRequest(rows="method", columns="channel")),
)

MANY = 6
"""Columns above which cells have no intervals: they stand in the downloads of the page."""


def leaderboard(results: ResultSet) -> str:
    """Tables of relative error by every axis of the sweep, world by world.

    Arguments:
        results: As published.

    Raises:
        BenchError: If results of a setting cannot be compared.
    """
    parts = [HEAD + RULE + "\n"]
    for world in dict.fromkeys(result.world for result in results):
        here = results.only(lambda result, world=world: result.world == world)  # type: ignore[misc]
        parts.append(f"## {world}\n")
        centre = min(settings_of(here), key=order_of).axes
        for title, request in SECTIONS:
            (table,) = build_tables(here, dataclasses.replace(request, centre=centre))
            if len(table.columns) > 1:
                parts.append(f"### {title}\n\n{as_markdown(_short(table), intervals=len(table.columns) <= MANY)}")
    return "\n".join(parts)


def _short(table: Table) -> Table:
    """The rule stands once, at the head."""
    return dataclasses.replace(table, title="", notes=tuple(note for note in table.notes if note != RULE))
