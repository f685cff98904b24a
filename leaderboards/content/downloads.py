"""The files that the page offers: all scores with their intervals."""

__all__ = ["downloads_of"]

import dataclasses
import io
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from benchmark.running.results.result_set import Result, ResultSet
from benchmark.running.score_values import score_values
from metrics import SCORES, SPECIAL_SCORES

from ..comparing import AXES, Draws, Setting, axis_words, draws_of, find_quantity, settings_of
from ..comparing.estimates import RELATIVE

FIGURES = ("value", "low", "high")


def downloads_of(results: ResultSet, content: Mapping[str, Any]) -> dict[str, bytes]:
    """File name -> bytes: `scores.csv` and `scores.parquet` (a row a method, setting, channel and score), and
    `content.json` (all that the page shows).

    Arguments:
        results: As of `build_content`.
        content: What it returned.
    """
    table = _scores(results)
    sink = io.BytesIO()
    table.to_parquet(sink, index=False)
    return {
        "scores.csv": table.to_csv(index=False).encode(),
        "scores.parquet": sink.getvalue(),
        "content.json": json.dumps(content, allow_nan=False).encode(),
    }


def _scores(results: ResultSet) -> pd.DataFrame:
    found: list[dict[str, Any]] = []
    for setting in settings_of(results):
        draws = draws_of(setting.times)
        place = {axis: _plain(axis, value) for axis, value in setting.axes.items() if value is not None}
        for label, result in setting.results.items():
            facts = {**place, "method": label, "kind": result.kind, "experiment": result.id, "cases": len(result.times)}
            found += [{**facts, **row} for row in _of(setting, result, draws)]
    return pd.DataFrame(found, columns=[*AXES, "method", "kind", "experiment", "cases", "channel", "score", *FIGURES])


def _of(setting: Setting, result: Result, draws: Draws) -> Iterator[dict[str, Any]]:
    """Every score of a method that is defined; none if it diverged in a case."""
    if result.diverged:
        return
    headline = draws.of(setting, result, find_quantity(RELATIVE), None)
    for channel, one in (("mean", headline), *draws.relative(setting, result).items()):
        if one is not None and one.defined:
            yield {"channel": channel, "score": RELATIVE, "value": one.value, "low": one.low, "high": one.high}
    plain = [score for score in (*SCORES, *SPECIAL_SCORES) if not score.binned]
    for score in score_values(plain, result.values, draws.counts):
        if math.isfinite(score.value):
            yield dataclasses.asdict(score)


def _plain(axis: str, value: Any) -> Any:
    """A fraction is a number, and all others are words: an error may be one by variable."""
    return value if axis == "obs_frac" else axis_words(axis, value)
