"""Scores of a run with their intervals, as one JSON-able object."""

__all__ = ["summarise"]

import itertools
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmark.problem import BenchError
from metrics import (
    LEVEL,
    SCORES,
    SPECIAL_SCORES,
    Score,
    block_length,
    bootstrap,
    effective_size,
    holm,
    interval,
    p_value,
    relative_error,
    resample_counts,
    resample_indices,
    student_interval,
)

from .leading import leading
from .score_values import FEWEST_CASES, score_values
from .stored import cost_of, diverged, same_observations, statuses, values_by_case

DRAWS = 2000
REFERENCE = "background"

Values = Mapping[str, Mapping[str, np.ndarray]]
"""Statistic -> channel -> one value a case."""


def summarise(
    rows: Mapping[str, pd.DataFrame],
    times: np.ndarray,
    region: str,
    seed: int = 0,
    apart: Collection[str] = (),
) -> dict[str, Any]:
    """Scores, 95 % intervals by a moving-block bootstrap over cases, and paired comparisons.

    A case that diverged for any method is left out for all of them, and counted.

    Arguments:
        rows: Stored rows by method label; `background` must be among them.
        times: Valid times of the cases.
        region: Which region's rows are scored.
        seed: Of the resampling.
        apart: Labels that are no rivals beside `background`: the climatology, oracles.

    Returns:
        `cases`, `observations`, `methods`, `comparisons` and `best` as documented for `bench run --json`.

    Raises:
        BenchError: If the methods did not see the same observations, or no case is left.
    """
    observations = same_observations(rows)
    lost = {label: diverged(frame, times) for label, frame in rows.items()}
    kept = ~np.any(list(lost.values()), axis=0)
    if not kept.any():
        worst = max(lost, key=lambda label: lost[label].sum())
        raise BenchError(
            f"Every case diverged for some method, most for '{worst}', so there is nothing to score; "
            "leave that method out."
        )
    values = {label: values_by_case(frame, times[kept], region) for label, frame in rows.items()}
    cases = int(kept.sum())
    length = block_length(times[kept])
    draws = _Draws(resample_counts(resample_indices(cases, length, DRAWS, seed)), cases / length)
    relative = {label: draws.relative(values[label], values[REFERENCE]) for label in rows}
    # one experiment under two labels is one rival
    first = {str(frame["experiment"].iloc[0]): label for label, frame in reversed(list(rows.items()))}
    rivals = [label for label in rows if label in first.values() and label not in (REFERENCE, *apart)]
    comparisons = _comparisons(list(rows), rivals, relative, draws)
    return {
        "cases": cases,
        "observations": observations,
        "region": region,
        "intervals": {"level": 0.95, "block_cases": length, "draws": DRAWS},
        "methods": {
            label: _method(values[label], values[REFERENCE], region, relative[label], draws)
            | {"cost": cost_of(rows[label]), "diverged": int(lost[label].sum())}
            | {"members": int(rows[label]["members"].iloc[0]), "statuses": statuses(rows[label])}
            for label in rows
        },
        "comparisons": comparisons,
        "best": _best(rivals, relative, draws),
    }


class _Relative:
    """Relative error of a method.

    Arguments:
        value: Over all cases.
        draws: On every resample.
        by_case: What each case adds to it, to first order: for a channel of relative error r, r / 2 times its MSE over
            the mean MSE, less the same of the background; mean over channels.
    """

    def __init__(self, value: float, draws: np.ndarray, by_case: np.ndarray) -> None:
        self.value, self.draws, self.by_case = value, draws, by_case


class _Draws:
    """The resamples that everything is taken on.

    Arguments:
        counts: From `resample_counts`.
        blocks: How many blocks the cases make.
    """

    def __init__(self, counts: np.ndarray, blocks: float) -> None:
        self.counts, self.blocks = counts, blocks

    def relative(self, values: Values, reference: Values) -> _Relative:
        own, other = (np.stack(list(v["mse"].values()), axis=1) for v in (values, reference))

        def score(means: Mapping[str, np.ndarray]) -> np.ndarray:
            return relative_error(np.sqrt(means["own"]), np.sqrt(means["reference"]))

        pair = {"own": own, "reference": other}
        value = float(score({name: part.mean(0) for name, part in pair.items()}))
        ratio = np.sqrt(own.mean(0) / other.mean(0))
        with np.errstate(divide="ignore", invalid="ignore"):
            by_case = (ratio / 2 * (own / own.mean(0) - other / other.mean(0))).mean(1)
        return _Relative(value, bootstrap(score, pair, self.counts), by_case)

    def interval(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """NaN where there are too few cases."""
        low, high = interval(samples)
        return (low, high) if self.counts.shape[1] >= FEWEST_CASES else (low * np.nan, high * np.nan)


def _ratio(means: Mapping[str, np.ndarray]) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(means["own"] / means["reference"])


RATIO = Score("relative_error", ("own", "reference"), _ratio)
"""RMSE over that of the background, by channel."""


def _method(values: Values, reference: Values, region: str, relative: _Relative, draws: _Draws) -> dict[str, Any]:
    scores = []
    by_name: dict[str, dict[str, float | None]] = {}
    available: dict[str, Mapping[str, np.ndarray]] = {**values, "own": values["mse"], "reference": reference["mse"]}
    for one in score_values((*SCORES, *SPECIAL_SCORES, RATIO), available, draws.counts):
        figures = {"value": _number(one.value), "low": _number(one.low), "high": _number(one.high)}
        scores.append({"channel": one.channel, "region": region, "statistic": one.score, **figures})
        by_name.setdefault(one.score, {})[one.channel] = _number(one.value)
    low, high = draws.interval(relative.draws)
    size = effective_size(relative.by_case, draws.counts)
    return {
        "relative_error": {
            "value": relative.value,
            "low": _number(low),
            "high": _number(high),
            "effective_cases": round(size, 1),
        },
        "rmse": by_name["rmse"],
        "acc": by_name["acc"],
        "scores": scores,
    }


def _comparisons(
    labels: list[str], rivals: list[str], relative: Mapping[str, _Relative], draws: _Draws
) -> list[dict[str, Any]]:
    """Every two methods, then every method and the background; Holm's correction is over the pairs of rivals."""
    pairs = list(itertools.combinations([label for label in labels if label != REFERENCE], 2))
    pairs += [(label, REFERENCE) for label in labels if label != REFERENCE]
    found = [_compare(a, b, relative[a], relative[b], draws) for a, b in pairs]
    rival = [i for i, (a, b) in enumerate(pairs) if a in rivals and b in rivals]
    for comparison in found:
        comparison["p_adjusted"] = None
    for i, p in zip(rival, holm([_nan(found[i]["p"]) for i in rival]), strict=True):
        found[i]["p_adjusted"] = _number(p)
    return found


def _compare(a: str, b: str, first: _Relative, second: _Relative, draws: _Draws) -> dict[str, Any]:
    difference, samples = first.value - second.value, first.draws - second.draws
    enough = len(first.by_case) >= FEWEST_CASES
    low, high = student_interval(difference, samples, draws.blocks) if enough else (np.nan, np.nan)
    p = p_value(difference, samples, draws.blocks) if enough else np.nan
    size = effective_size(first.by_case - second.by_case, draws.counts)
    figures = {"difference": difference, "low": _number(low), "high": _number(high), "p": _number(p)}
    return {"a": a, "b": b, **figures, "effective_cases": round(size, 1)}


def _best(rivals: list[str], relative: Mapping[str, _Relative], draws: _Draws) -> dict[str, Any] | None:
    """The rival of the lowest relative error, and those that are not significantly worse."""
    values, on_draws = {r: relative[r].value for r in rivals}, {r: relative[r].draws for r in rivals}
    found = leading(values, on_draws, draws.blocks, draws.counts.shape[1])
    if found is None:
        return None
    return {
        "label": found.label,
        "not_significantly_worse": list(found.ties),
        "comparisons": found.comparisons,
        "level": LEVEL,
    }


def _number(value: Any) -> float | None:
    """JSON has no NaN: a score that is not defined (the ACC of the climatology itself) is null."""
    return float(value) if np.isfinite(value) else None


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value
