"""A submission in memory, and as the members of an archive."""

__all__ = ["LEAST_CASES", "Submission", "read_submission", "submission_members"]

import csv
import dataclasses
import hashlib
import importlib.metadata
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmark.problem import BenchError

from ..experiment import SCORE_VERSION
from ..provenance import PACKAGE
from ..reporting import CONVENTION
from ..results import tabulating
from ..results.listing import facts_of
from ..results.result_set import ResultSet
from ..results.tabulating import Tables, from_tables, to_tables
from .archive import Extracted
from .checks import RefusedError
from .describing import Description
from .drawing import LEAST_CASES, RULE
from .members import BINS, CASES, EXPERIMENTS, MANIFEST, VALUES
from .strict_json import read_json

FORMAT = 1
TIME, STAMP = "%Y-%m-%dT%H:%M:%S", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
DIGITS = "%.9g"
ROWS = (CASES, VALUES, BINS)
COLUMNS = {CASES: tabulating.CASES, VALUES: tabulating.VALUES, BINS: tabulating.BINS}
RECORD = frozenset({"id", "label", "description", "observation_space", "cost", "provenance", "card", "command", "code"})
TOLD = frozenset({"format", "assimbench", "score_version", "convention", "region", "labels", "analyses", "members"})


@dataclasses.dataclass(frozen=True)
class Submission:
    """
    Arguments:
        results: Its scores.
        records: What every experiment is, as a store describes it, by id.
        commands: What runs it again, by id.
        code: `file.py:Class` of methods that are not the package's, by id.
        packed_cases: How many cases of every experiment have their analyses packed.
        members: Where everything lies, by name.
        digests: sha256 of that.
    """

    results: ResultSet
    records: Mapping[str, Mapping[str, Any]]
    commands: Mapping[str, str]
    code: Mapping[str, str]
    packed_cases: int
    members: Mapping[str, Path]
    digests: Mapping[str, str]

    def description(self, experiment: str) -> Description:
        """Of an experiment, checked."""
        return Description.check(self.records[experiment])

    @property
    def commitment(self) -> str:
        """Hash of all rows by case: it decides which cases' analyses are packed."""
        return commitment(self.digests[CASES], self.digests[VALUES])


def commitment(cases: str, values: str) -> str:
    """Of the sha256 of both tables."""
    return hashlib.sha256(f"{cases}{values}".encode()).hexdigest()


def submission_members(
    results: ResultSet,
    records: Mapping[str, Mapping[str, Any]],
    commands: Mapping[str, str],
    code: Mapping[str, str],
) -> dict[str, bytes]:
    """What is told in text, by name of the member; the manifest comes last, from `manifest_member`.

    Arguments:
        results, records, commands, code: As of `Submission`.
    """
    tables = to_tables(results)
    told = [
        {
            **{key: record[key] for key in ("id", "label", "observation_space", "cost", "provenance", "card")},
            "description": dict(records[record["id"]]),
            "command": commands[record["id"]],
            "code": code.get(record["id"], ""),
        }
        for record in tables.records
    ]
    return {
        EXPERIMENTS: _json(told),
        CASES: _csv(tables.cases, CASES),
        VALUES: _csv(tables.values, VALUES),
        BINS: _csv(tables.bins, BINS),
    }


def manifest_member(results: ResultSet, packed_cases: int, members: Mapping[str, bytes | Path]) -> bytes:
    """What the archive is and what is in it.

    Arguments:
        results: What is submitted.
        packed_cases: As of `Submission`.
        members: All others.
    """
    contents = {name: c if isinstance(c, bytes) else c.read_bytes() for name, c in members.items()}
    return _json(
        {
            "format": FORMAT,
            "assimbench": importlib.metadata.version(PACKAGE),
            "score_version": SCORE_VERSION,
            "convention": CONVENTION,
            "region": results.region,
            "labels": list(dict.fromkeys(result.label for result in results)),
            "analyses": {"cases": packed_cases, "rule": RULE},
            "members": {
                name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
                for name, content in contents.items()
            },
        }
    )


def check_manifest(extracted: Extracted) -> dict[str, Any]:
    """The manifest, if it names all members with their hashes, and is of this version of the package's scores.

    Raises:
        RefusedError: If it is not.
    """
    if MANIFEST not in extracted.paths:
        raise RefusedError(f"there is no {MANIFEST}")
    told = read_json(extracted.paths[MANIFEST].read_bytes(), MANIFEST)
    if not isinstance(told, dict) or set(told) != TOLD or told["format"] != FORMAT:
        raise RefusedError(f"{MANIFEST} is not of format {FORMAT}, with {', '.join(sorted(TOLD))} and nothing else")
    listed = told["members"] if isinstance(told["members"], dict) else {}
    there = set(extracted.paths) - {MANIFEST}
    if missing := {EXPERIMENTS, *ROWS} - there:
        raise RefusedError(f"there is no {min(missing)}")
    if strangers := there ^ set(listed):
        raise RefusedError(f"{MANIFEST} and the archive do not agree whether there is a {min(strangers)[:80]}")
    for name, entry in listed.items():
        if entry != {"sha256": extracted.digests[name], "bytes": extracted.paths[name].stat().st_size}:
            raise RefusedError(f"{name} is not what {MANIFEST} says: its sha256 or its size differs")
    if told["score_version"] != SCORE_VERSION or told["convention"] != CONVENTION:
        raise RefusedError(
            f"its scores are of version {told['score_version']!r} or of another convention, and this package has "
            f"version {SCORE_VERSION}; run and pack it anew"
        )
    return told


def read_submission(extracted: Extracted, told: Mapping[str, Any]) -> Submission:
    """
    Arguments:
        extracted: What the archive held.
        told: The manifest.

    Raises:
        RefusedError: If something is missing, unknown, of a wrong kind or not finite.
    """
    analyses = told["analyses"]
    cases = analyses.get("cases") if isinstance(analyses, dict) else None
    if not isinstance(cases, int) or isinstance(cases, bool) or cases < 1 or analyses != {"cases": cases, "rule": RULE}:
        raise RefusedError(
            f"{MANIFEST} does not say of how many cases the analyses are packed, by the rule that there is"
        )
    records = read_json(extracted.paths[EXPERIMENTS].read_bytes(), EXPERIMENTS)
    if not isinstance(records, list) or not records:
        raise RefusedError(f"{EXPERIMENTS} holds no list of experiments")
    for record in records:
        _check_record(record)
    frames = [_frame(extracted.paths[name], name) for name in ROWS]
    facts = [{**record, "facts": facts_of(record["description"])} for record in records]
    try:
        results = from_tables(Tables(str(told["region"]), facts, *frames), "the archive")
    except BenchError as error:
        raise RefusedError(str(error)) from None
    if told["labels"] != list(dict.fromkeys(result.label for result in results)):
        raise RefusedError(f"{MANIFEST} and {EXPERIMENTS} have other labels")
    return Submission(
        results=results,
        records={record["id"]: record["description"] for record in records},
        commands={record["id"]: record["command"] for record in records},
        code={record["id"]: record["code"] for record in records if record["code"]},
        packed_cases=cases,
        members=extracted.paths,
        digests=extracted.digests,
    )


def _check_record(record: Any) -> None:
    if not isinstance(record, dict) or set(record) != RECORD:
        raise RefusedError(f"an experiment is not told by {', '.join(sorted(RECORD))} and nothing else")
    if not all(isinstance(record[key], str) for key in ("id", "label", "command", "code")):
        raise RefusedError("an experiment's id, label, command or code is no text")
    if Description.check(record["description"]).id != record["id"]:
        raise RefusedError(f"the experiment {record['id'][:16]!r} is described as another one")


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def _csv(frame: pd.DataFrame, name: str) -> bytes:
    plain = frame[list(COLUMNS[name])]
    if "time" in plain:
        plain = plain.assign(time=np.datetime_as_string(plain["time"].to_numpy().astype("datetime64[s]")))
    text: str = plain.to_csv(index=False, float_format=DIGITS, lineterminator="\n")
    return text.encode()


def _frame(path: Path, name: str) -> pd.DataFrame:
    columns = COLUMNS[name]
    kinds: dict[Any, Any] = {column: "float64" if column in ("value", "bin") else "str" for column in columns}
    try:
        content = path.read_bytes().decode("utf-8")
        if "\x00" in content or content.partition("\n")[0] != ",".join(columns):
            raise ValueError(f"its columns are not {', '.join(columns)}")
        frame = pd.read_csv(
            io.StringIO(content),
            dtype=kinds,
            index_col=False,
            quoting=csv.QUOTE_NONE,
            keep_default_na=False,
            na_values={"value": [""]},
            on_bad_lines="error",
        )
        if "time" in frame:
            if not all(re.fullmatch(STAMP, time, re.ASCII) for time in frame["time"].unique()):
                raise ValueError("a time is not written as 2020-01-31T12:00:00")
            frame["time"] = pd.to_datetime(frame["time"], format=TIME)
    except (ValueError, TypeError, OverflowError) as error:
        raise RefusedError(f"{name} cannot be read ({str(error).splitlines()[0][:200]})") from None
    return frame
