"""From results to the table of two axes."""

__all__ = ["TableRequest", "build_tables", "statistics_of"]

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmark.problem import BenchError, closest
from benchmark.running.results.result_set import BACKGROUND, Result, ResultSet
from metrics import SCORES, SPECIAL_SCORES

from ..comparing import (
    AXES,
    Draws,
    Estimate,
    Setting,
    axis_words,
    draws_of,
    find_quantity,
    hold,
    leaders,
    rank,
    settings_of,
)
from ..comparing.estimates import RELATIVE, Quantity
from ..comparing.settings import DEFAULTS
from .caption import caption
from .table import Cell, Row, Table

METHOD, CHANNEL, SCORE = "method", "channel", "score"
MEAN = "mean"
"""In place of a channel: the mean over all of them."""

SHOWN_SCORES = (RELATIVE, "rmse", "mae", "bias", "acc", "crps", "spread_skill")
"""On an axis of scores."""

COSTS = ("seconds_per_case", "network_calls")


@dataclasses.dataclass(frozen=True)
class TableRequest:
    """
    Arguments:
        rows: Axis of the rows: `method`, `channel`, `score`, or one of `AXES`.
        columns: Axis of the columns; None for the fraction of observations where it varies, else channels.
        score: What is shown, unless scores are an axis.
        channel: Of which channel, unless channels are an axis; `mean` for the mean over channels of relative errors.
        centre: Where axes are held that the table does not show.
    """

    rows: str = METHOD
    columns: str | None = None
    score: str = RELATIVE
    channel: str = MEAN
    centre: Mapping[str, Any] = dataclasses.field(default_factory=lambda: DEFAULTS)

    def checked(self, results: ResultSet) -> "TableRequest":
        """With its columns chosen.

        Raises:
            BenchError: If an axis or score is not known, or they do not go together.
        """
        known = [METHOD, CHANNEL, SCORE, *AXES]
        for axis in filter(None, (self.rows, self.columns)):
            if axis not in known:
                raise BenchError(f"There is no axis '{axis}'; {closest(axis, known)}")
        columns = self.columns or self._columns(results)
        if self.rows == columns:
            raise BenchError(f"Rows and columns are both '{columns}'; choose another axis for one of them.")
        find_quantity(self.score)
        axes = (self.rows, columns)
        if self.channel == MEAN and CHANNEL not in axes and (self.score != RELATIVE or SCORE in axes):
            what = "scores other than the relative error have" if SCORE in axes else f"'{self.score}' has"
            raise BenchError(f"{what} no mean over channels, whose units differ; name one: --channel z500.")
        return dataclasses.replace(self, columns=columns)

    def _columns(self, results: ResultSet) -> str:
        if self.rows == METHOD and len({result.facts.get(AXES["obs_frac"]) for result in results}) > 1:
            return "obs_frac"
        return CHANNEL if self.rows == METHOD else METHOD


def statistics_of(request: TableRequest) -> tuple[str, ...] | None:
    """The statistics by case that a table needs, None for all."""
    if SCORE in (request.rows, request.columns):
        return None
    known = {score.name: score.statistics for score in (*SCORES, *SPECIAL_SCORES)}
    return tuple(dict.fromkeys(("mse", *known.get(request.score, ()))))


def build_tables(results: ResultSet, request: TableRequest) -> list[Table]:
    """A table a world, or one where the world is an axis.

    Arguments:
        results: Of one region.
        request: What is wanted.

    Raises:
        BenchError: If the request cannot be met, or the results of a setting cannot be compared.
    """
    request = request.checked(results)
    if "world" in (request.rows, request.columns):
        return [_table(results, request)]
    worlds = dict.fromkeys(result.world for result in results)
    parts = (results.only(lambda result, world=world: result.world == world) for world in worlds)  # type: ignore[misc]
    return [_table(part, request) for part in parts]


Key = tuple[str, str]
"""Row and column."""


def _table(results: ResultSet, request: TableRequest) -> Table:
    axes = (request.rows, str(request.columns))
    results, held = hold(results, axes, request.centre)
    shown = _shown(results) if METHOD not in axes else None
    settings = settings_of(results)
    for axis in axes:
        if axis in AXES:  # 0.001, 0.003, ...: in the order of their values, and not of their names
            settings = sorted(settings, key=lambda setting: _order(setting.axes[axis]))
    if CHANNEL not in axes and request.channel != MEAN:
        channels = [c for s in settings for c in s.channels] + [c for s in settings for c in _special(s)]
        if request.channel not in channels:
            raise BenchError(f"There is no channel '{request.channel}'; {closest(request.channel, channels)}")
    drawn: dict[bytes, Draws] = {}
    cells: dict[Key, Cell] = {}
    for setting in settings:
        draws = drawn.setdefault(setting.times.tobytes(), draws_of(setting.times))
        for score in SHOWN_SCORES if SCORE in axes else (request.score,):
            for channel in _channels(setting, score) if CHANNEL in axes else (request.channel,):
                place = {CHANNEL: channel, SCORE: score, **setting.axes}
                for label, cell in _column(setting, draws, find_quantity(score), channel).items():
                    if shown not in (None, label):
                        continue
                    key = tuple(_name(axis, {**place, METHOD: label}) for axis in axes)
                    cells[key[0], key[1]] = cell
    common = next(iter(drawn.values())) if len(drawn) == 1 else None
    rows = _ranked(cells, request, common) if request.rows == METHOD else _plain(cells)
    columns = tuple(dict.fromkeys(column for _, column in cells))
    notes = caption(settings, held, axes, results.region, rows)
    title = "Relative error" if request.score == RELATIVE and SCORE not in axes else request.score
    title = "Scores" if SCORE in axes else title
    title += f" of {shown}" if shown else ""
    if CHANNEL not in axes and request.channel != MEAN:
        title += f", {request.channel}"
    where = "" if "world" in axes else f", {settings[0].axes['world']}"
    return Table(title + where, axes[0], axes[1], columns, rows, notes)


def _shown(results: ResultSet) -> str:
    """The only method, where none is an axis."""
    labels = list(dict.fromkeys(result.label for result in results))
    wanted = [label for label in labels if label != BACKGROUND] or labels
    if len(wanted) > 1:
        told = ", ".join(wanted[:4]) + (", ..." if len(wanted) > 4 else "")
        raise BenchError(
            f"{len(wanted)} methods ({told}) would be mixed in this table; choose one with --where method={wanted[0]}, "
            "or make the method an axis."
        )
    return wanted[0]


def _order(value: Any) -> tuple[bool, float, str]:
    number = isinstance(value, int | float)
    return not number, float(value) if number else 0.0, "" if number or value == () else str(value)


def _name(axis: str, place: Mapping[str, Any]) -> str:
    return axis_words(axis, place[axis]) if axis in AXES else str(place[axis])


def _special(setting: Setting) -> list[str]:
    """Channels of scores that have their own, such as `wind500`."""
    return [channel for channels in setting.background.values.values() for channel in channels]


def _channels(setting: Setting, score: str) -> Sequence[str]:
    if score == RELATIVE:
        return setting.channels
    name = {"wind_rmse": "wind_mse"}.get(score, score)
    return tuple(setting.background.values.get(name, setting.channels))


def _column(setting: Setting, draws: Draws, quantity: Quantity, channel: str) -> dict[str, Cell]:
    """A score of every method, with the best marked."""
    wanted = None if channel == MEAN else channel
    estimates = {label: draws.of(setting, r, quantity, wanted) for label, r in setting.results.items()}
    best = leaders(setting, draws, quantity, estimates)
    return {label: _cell(setting.results[label], e, label in best) for label, e in estimates.items()}


def _cell(result: Result, estimate: Estimate | None, best: bool) -> Cell:
    missing = f"diverged {result.diverged}/{len(result.times)}" if result.diverged else ""
    about = {
        "experiment": result.id,
        "kind": result.kind,
        "cases": len(result.times),
        "diverged": result.diverged,
        "members": result.members,
        "observation_hash": result.observation_hash,
        **{name: result.cost.get(name) for name in COSTS},
    }
    return Cell(estimate if estimate is not None and estimate.defined else None, missing, best, about)


def _plain(cells: Mapping[Key, Cell]) -> tuple[Row, ...]:
    rows, columns = (dict.fromkeys(key[i] for key in cells) for i in (0, 1))
    return tuple(Row(row, tuple(cells.get((row, column), Cell(None)) for column in columns)) for row in rows)


def _ranked(cells: Mapping[Key, Cell], request: TableRequest, draws: Draws | None) -> tuple[Row, ...]:
    """Methods in the order of their mean, where the columns have one; else of the first column."""
    columns = list(dict.fromkeys(column for _, column in cells))
    found = {
        label: tuple(cells.get((label, column), Cell(None)) for column in columns)
        for label in dict.fromkeys(row for row, _ in cells)
    }
    kinds = {label: next(str(c.about["kind"]) for c in row if c.about) for label, row in found.items()}
    rivals = [label for label, kind in kinds.items() if kind == METHOD]
    averaged = request.score == RELATIVE and request.columns != SCORE
    over = {label: [cell.estimate for cell in (row if averaged else row[:1])] for label, row in found.items()}
    rows = []
    for place in rank(over, rivals, draws):
        row = found[place.label]
        mean = Cell(place.mean, "" if place.mean else f"{place.cells} of {len(columns)}", place.tied)
        rows.append(
            Row(
                place.label,
                row,
                kinds[place.label],
                place.rank if averaged else None,
                mean if averaged and len(columns) > 1 else None,
                {name: float(np.mean([c.about[name] for c in row if c.about])) for name in COSTS},
            )
        )
    return tuple(rows)
