"""The golden file: what is run, what came out, how far a score may move, and why it last changed."""

__all__ = ["HEADLINE", "Change", "Golden", "MethodScores", "read_golden", "write_golden"]

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

import pydantic

from benchmark.files import write_whole
from benchmark.problem import BenchError

from .setting import Setting, Text

HEADLINE = "relative_error"
"""Its only channel is `all`, for it is the mean of the channels."""

STDS = 3 * math.sqrt(2)
"""Two runs with other random numbers part by sqrt(2) standard deviations of one; three times that is rare."""

LARGEST = 10_000_000
"""Bytes: no golden file is nearly so large."""


class _Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MethodScores(_Model):
    """
    Arguments:
        kind: `sampled` if other random numbers change a score, otherwise `deterministic`.
        tolerance: Where it comes from, in words.
        id: Of the experiment.
        members: Of an analysis.
        parameters: All of the method's.
        network_calls: Of a case.
        scores: By score and channel, in physical units; undefined ones are left out.
        stds: Of the same, over the random seeds; of a sampled method only.
    """

    kind: Literal["deterministic", "sampled"]
    tolerance: Text
    id: Text
    members: int = pydantic.Field(ge=1)
    parameters: dict[Text, Any]
    network_calls: float
    scores: dict[Text, dict[Text, float]]
    stds: dict[Text, dict[Text, pydantic.NonNegativeFloat]] = {}

    @pydantic.model_validator(mode="after")
    def _stds_belong_to_samples(self) -> Self:
        if self.kind == "deterministic" and self.stds:
            raise ValueError("a deterministic method has no 'stds'")
        if self.kind == "sampled" and _keys(self.stds) != _keys(self.scores):
            raise ValueError("'stds' must have the same scores and channels as 'scores'")
        if list(self.scores.get(HEADLINE, {})) != ["all"]:
            raise ValueError(f"'scores' must have '{HEADLINE}' with the one channel 'all'")
        return self

    def may_move(self, score: str, channel: str, relative: float) -> float:
        """The tolerance of a score, in its own unit.

        Arguments:
            score, channel: Which.
            relative: What rounding may change.
        """
        floor = relative * abs(self.scores[score][channel])
        return max(floor, STDS * self.stds[score][channel]) if self.kind == "sampled" else floor


class Change(_Model):
    """
    Arguments:
        date: Of the update, UTC.
        version: Of assimbench.
        reason: The user's.
        changed: What moved, a line each.
    """

    date: Text
    version: Text
    reason: Text
    changed: tuple[Text, ...] = ()


class Golden(_Model):
    """
    Arguments:
        format: Of the file.
        setting: What is run.
        first_case, last_case: Of the cases, which are spread evenly.
        observations: sha256 over the observations of all cases.
        convention: How the scores are made.
        made_with: Versions of what decides the last digits.
        methods: Scores by label.
        history: Why the file was written, the latest last.
    """

    format: Literal[1] = 1
    setting: Setting
    first_case: Text
    last_case: Text
    observations: Text
    convention: Text
    made_with: dict[Text, Text]
    methods: dict[Text, MethodScores]
    history: tuple[Change, ...] = pydantic.Field(min_length=1)


def read_golden(path: Path) -> Golden:
    """
    Raises:
        BenchError: If the file cannot be read or holds something else; the message names the field.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"it has more than {LARGEST} bytes")
        return Golden.model_validate(json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once))
    except pydantic.ValidationError as error:
        cause = _explain(error)
    except RecursionError:
        cause = "it is nested too deeply"
    except OSError as error:
        cause = error.strerror or type(error).__name__
    except (ValueError, BenchError) as error:
        cause = str(error)
    raise BenchError(
        f"The golden file {path} cannot be used ({_plain(cause)}); mend it there, or move it away and make it anew "
        "with bench check --update."
    )


def write_golden(path: Path, golden: Golden) -> None:
    """The file is whole or as it was before.

    Raises:
        BenchError: If it cannot be written.
    """
    values = golden.model_dump(mode="json")
    for method in values["methods"].values():
        if method["kind"] == "deterministic":
            del method["stds"]
    text = json.dumps(values, indent=1, ensure_ascii=False) + "\n"
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _keys(table: Mapping[str, Mapping[str, float]]) -> set[tuple[str, str]]:
    return {(score, channel) for score, values in table.items() for channel in values}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object in which no key stands twice, as it may after two branches were merged."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"'{twice}' stands there twice")
    return found


def _explain(error: pydantic.ValidationError) -> str:
    first, *others = error.errors(include_url=False)
    field = ".".join(str(part) for part in first["loc"]) or "the whole"
    given = first["input"]
    told = f", given {given!r:.100}" if isinstance(given, str | int | float) else ""
    more = f"; and {len(others)} more" if others else ""
    return f"{field}: {first['msg'].removeprefix('Value error, ')}{told}{more}"


def _plain(text: str) -> str:
    """Without control characters, which may come from the file."""
    return "".join(c if c.isprintable() else "?" for c in text)[:500]
