"""A result set as plain tables and back, with everything checked that is read: they may come from anybody."""

__all__ = ["Tables", "from_tables", "to_tables"]

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from benchmark.problem import BenchError, Status

from .result_set import OF_EVERY_METHOD, OF_THE_BACKGROUND, STATISTICS, Result, ResultSet

CASES = ("experiment", "time", "status", "observation_hash")
VALUES = ("experiment", "statistic", "channel", "time", "value")
BINS = ("experiment", "statistic", "channel", "bin", "value")
RECORD = ("id", "label", "facts", "observation_space", "cost", "provenance", "card")
"""What is kept of a result beside its numbers; the first two are text, the others JSON objects."""

STATUSES = frozenset(map(str, Status))
ALWAYS_FINITE = ("mse", "mae", "bias")
NEVER_NEGATIVE = (
    *("mse", "mse_member", "rmse_case", "mae", "variance"),
    *("crps_skill", "crps_spread", "energy_score", "wind_mse"),
)
HEXADECIMAL = frozenset("0123456789abcdef")
ID, DIGEST = 16, 64
"""Characters of an experiment's id and of a sha256."""

LONGEST = 200
"""Characters of a label or channel."""


@dataclasses.dataclass(frozen=True)
class Tables:
    """
    Arguments:
        region: Of the statistics.
        records: What every experiment is, JSON-able.
        cases: Columns `experiment, time, status, observation_hash`.
        values: Columns `experiment, statistic, channel, time, value`.
        bins: Columns `experiment, statistic, channel, bin, value`.
    """

    region: str
    records: list[dict[str, Any]]
    cases: pd.DataFrame
    values: pd.DataFrame
    bins: pd.DataFrame


def to_tables(results: ResultSet) -> Tables:
    """Every number of a result set."""
    cases = [
        {"experiment": [one.id] * len(one.times), "time": one.times, "status": one.status, "hash": one.observations}
        for one in results
    ]
    return Tables(
        results.region,
        [{key: getattr(one, key) for key in RECORD} for one in results],
        pd.DataFrame(
            {
                "experiment": _words(cases, "experiment"),
                "time": _joined(cases, "time"),
                "status": _words(cases, "status"),
                "observation_hash": _words(cases, "hash"),
            }
        ),
        _long([(one.id, one.values, one.times) for one in results], "time"),
        _long([(one.id, one.bins, None) for one in results], "bin")[list(BINS)],
    )


def from_tables(tables: Tables, where: str) -> ResultSet:
    """
    Arguments:
        tables: As of `to_tables`.
        where: Where they come from, for messages.

    Raises:
        BenchError: If anything is missing, twice there, of a wrong kind or not finite where a case did not diverge.
    """
    reading = _Reading(where)
    records = [reading.record(record) for record in tables.records]
    known = [record["id"] for record in records]
    if len(set(known)) < len(known):
        reading.refuse("an experiment is described twice")
    cases = reading.cases(tables.cases)
    values = reading.series(tables.values, VALUES, times=True)
    bins = reading.series(tables.bins, BINS, times=False)
    if strangers := ({*cases, *values, *bins}) - set(known):
        reading.refuse(f"there are rows of the experiment {min(strangers)!r}, which is not described")
    found = (reading.result(r, cases.get(r["id"]), values.get(r["id"], []), bins.get(r["id"], [])) for r in records)
    return ResultSet(tables.region, tuple(found), where)


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _words(parts: list[dict[str, Any]], key: str) -> pd.Categorical:
    return pd.Categorical(_joined(parts, key))


def _joined(parts: list[dict[str, Any]], key: str) -> np.ndarray:
    return np.concatenate([part[key] for part in parts]) if parts else np.array([])


def _long(
    parts: list[tuple[str, Mapping[str, Mapping[str, np.ndarray]], np.ndarray | None]], last: str
) -> pd.DataFrame:
    """A row a value: experiment, statistic, channel, time or number of the bin, value."""
    names: dict[str, list[str]] = {"experiment": [], "statistic": [], "channel": []}
    lengths, places, numbers = [], [], []
    for identifier, values, times in parts:
        for statistic, channels in values.items():
            for channel, series in channels.items():
                for key, name in zip(names, (identifier, statistic, channel), strict=True):
                    names[key].append(name)
                lengths.append(len(series))
                places.append(np.arange(len(series)) if times is None else times)
                numbers.append(series)
    columns: dict[str, Any] = {}
    for key, words in names.items():
        codes, kinds = pd.factorize(np.array(words, dtype=object))
        columns[key] = pd.Categorical.from_codes(np.repeat(codes, lengths), pd.Index(kinds, dtype=object))
    columns[last] = np.concatenate(places) if places else np.array([])
    columns["value"] = np.concatenate(numbers) if numbers else np.array([], dtype=np.float64)
    return pd.DataFrame(columns)


Series = tuple[str, str, np.ndarray, np.ndarray]
"""Statistic, channel, times or bins in ascending order, values."""


class _Reading:
    """
    Arguments:
        where: Where the tables come from.
    """

    def __init__(self, where: str) -> None:
        self.where = where

    def refuse(self, why: str) -> NoReturn:
        raise BenchError(f"The results in {self.where} cannot be used: {why}.")

    def record(self, record: Any) -> dict[str, Any]:
        if not isinstance(record, dict):
            self.refuse("an experiment's description is no JSON object")
        for key in RECORD:
            if not isinstance(record.get(key), str if key in ("id", "label") else dict):
                self.refuse(f"an experiment's description has no '{key}', or not of the right type")
        if not (0 < len(record["label"]) <= LONGEST and record["label"].isprintable()):
            self.refuse(f"the label {record['label'][:40]!r} is empty, too long or holds control characters")
        if len(record["id"]) != ID or set(record["id"]) - HEXADECIMAL:
            self.refuse(f"the id {record['id'][:40]!r} is none")
        spaces = record["observation_space"].values()
        if not all(isinstance(space, dict) for space in spaces):
            self.refuse(f"the observation_space of '{record['label']}' is not by statistic and quantity")
        for key, parts in {"cost": [record["cost"]], "observation_space": spaces}.items():
            if not all(_is_finite(value) for part in parts for value in part.values()):
                self.refuse(f"the {key} of '{record['label']}' holds something that is no finite number")
        if any(isinstance(v, float) and not math.isfinite(v) for v in record["provenance"].values()):
            self.refuse(f"the provenance of '{record['label']}' holds a number that is not finite")
        return record

    def cases(self, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
        self._complete(frame, CASES)
        frame = frame.assign(time=self._times(frame["time"]))
        return {str(name): part for name, part in frame.groupby("experiment", observed=True, sort=False)}

    def series(self, frame: pd.DataFrame, columns: tuple[str, ...], times: bool) -> dict[str, list[Series]]:
        """By experiment."""
        self._complete(frame, columns)
        codes, keys = zip(*(pd.factorize(frame[name].astype(str)) for name in columns[:3]), strict=True)
        places = self._times(frame["time"]) if times else self._numbers(frame["bin"])
        values = self._numbers(frame["value"])
        if not len(values):
            return {}
        order = np.lexsort((places, *codes[::-1]))
        codes, places, values = [code[order] for code in codes], places[order], values[order]
        firsts = np.flatnonzero(np.any([np.diff(code, prepend=-1) != 0 for code in codes], axis=0))
        found: dict[str, list[Series]] = {}
        pairs = list(zip(firsts.tolist(), [*firsts[1:].tolist(), len(values)], strict=True))
        # in the order in which they come: channels keep that of their world
        for i in np.argsort(np.minimum.reduceat(order, firsts)):
            first, end = pairs[i]
            names = [str(key[code[first]]) for key, code in zip(keys, codes, strict=True)]
            found.setdefault(names[0], []).append((names[1], names[2], places[first:end], values[first:end]))
        return found

    def result(
        self, record: dict[str, Any], cases: pd.DataFrame | None, values: list[Series], bins: list[Series]
    ) -> Result:
        told = f"of '{record['label']}' ({record['id']})"
        if cases is None or not values:
            self.refuse(f"there are no rows {told}")
        cases = cases.sort_values("time")
        times = cases["time"].to_numpy().astype("datetime64[s]")
        status, digests = (cases[name].to_numpy().astype(str) for name in ("status", "observation_hash"))
        if (np.diff(times.astype(np.int64)) == 0).any():
            self.refuse(f"a case {told} is there twice")
        if strange := set(status) - STATUSES:
            self.refuse(f"a case {told} has the status {min(strange)[:40]!r}")
        if any(len(d) != DIGEST or set(d) - HEXADECIMAL for d in digests):
            self.refuse(f"an observation hash {told} is no sha256")
        by_case = self._by_case(values, times, status == str(Status.DIVERGED), told)
        fields = {key: record[key] for key in RECORD}
        return Result(
            times=times, status=status, observations=digests, values=by_case, bins=self._by_bin(bins, told), **fields
        )

    def _by_case(
        self, series: Iterable[Series], times: np.ndarray, lost: np.ndarray, told: str
    ) -> dict[str, dict[str, np.ndarray]]:
        found: dict[str, dict[str, np.ndarray]] = {}
        for statistic, channel, own, values in series:
            if statistic not in STATISTICS or len(channel) > LONGEST or not channel.isprintable():
                self.refuse(f"there is no statistic '{statistic[:40]}' of '{channel[:40]}', as {told}")
            if len(own) != len(times) or (own != times).any():
                self.refuse(f"{statistic} of {channel} {told} has other cases than the table of cases, or one twice")
            if np.isinf(values).any() or (statistic in ALWAYS_FINITE and np.isnan(values[~lost]).any()):
                self.refuse(f"{statistic} of {channel} {told} is not finite in a case that did not diverge")
            if statistic in NEVER_NEGATIVE and (values < 0).any():
                self.refuse(f"{statistic} of {channel} {told} is negative in a case")
            found.setdefault(statistic, {})[channel] = values
        if "mse" not in found:
            self.refuse(f"there is no mse {told}")
        if any(set(found.get(name, {})) != set(found["mse"]) for name in ALWAYS_FINITE):
            self.refuse(f"{', '.join(ALWAYS_FINITE)} {told} are not of the same channels")
        return {name: found[name] for name in STATISTICS if name in found}

    def _by_bin(self, series: Iterable[Series], told: str) -> dict[str, dict[str, np.ndarray]]:
        found: dict[str, dict[str, np.ndarray]] = {}
        for statistic, channel, bins, values in series:
            if statistic not in (*OF_EVERY_METHOD, *OF_THE_BACKGROUND):
                self.refuse(f"there is no statistic '{statistic[:40]}' with bins, as {told}")
            if len(channel) > LONGEST or not channel.isprintable():
                self.refuse(f"{statistic} {told} is of something without a name that can be shown")
            if (bins != np.arange(len(bins))).any():
                self.refuse(f"bins of {statistic} {told} are missing or there twice")
            if np.isinf(values).any():
                self.refuse(f"{statistic} of {channel} {told} is not finite")
            found.setdefault(statistic, {})[channel] = values
        return {name: found[name] for name in (*OF_EVERY_METHOD, *OF_THE_BACKGROUND) if name in found}

    def _complete(self, frame: pd.DataFrame, columns: Iterable[str]) -> None:
        for column in columns:
            if column not in frame:
                self.refuse(f"a table has no column '{column}'")

    def _times(self, column: pd.Series) -> np.ndarray:
        try:
            times = pd.to_datetime(column, format="ISO8601").to_numpy().astype("datetime64[s]")
        except (ValueError, TypeError, OverflowError):
            self.refuse("a time cannot be read")
        if np.isnat(times).any():
            self.refuse("a case has no time")
        return times

    def _numbers(self, column: pd.Series) -> np.ndarray:
        try:
            return column.to_numpy().astype(np.float64)
        except (ValueError, TypeError):
            self.refuse("a number cannot be read")
