"""Scores of a run with their intervals, as one JSON-able object."""

__all__ = ["summarise"]

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmark.problem import BenchError, hash_json
from metrics import SCORES, Score, block_length, bootstrap, interval, relative_error, resample_indices

DRAWS = 2000
REFERENCE = "background"
FEWEST_CASES = 4
"""Below it there are no intervals: a bootstrap of so few knows nothing of what was not drawn."""


def summarise(rows: Mapping[str, pd.DataFrame], times: np.ndarray, region: str, seed: int = 0) -> dict[str, Any]:
    """Scores, 95 % intervals by a moving-block bootstrap over cases, and paired comparisons.

    A case that diverged for any method is left out for all of them, and counted.

    Arguments:
        rows: Stored rows by method label; `background` must be among them.
        times: Valid times of the cases.
        region: Which region's rows are scored.
        seed: Of the resampling.

    Returns:
        `cases`, `observations`, `methods` and `comparisons` as documented for `bench run --json`.

    Raises:
        BenchError: If the methods did not see the same observations, or no case is left.
    """
    observations = _same_observations(rows)
    diverged = {label: _diverged(frame, times) for label, frame in rows.items()}
    kept = ~np.any(list(diverged.values()), axis=0)
    if not kept.any():
        worst = max(diverged, key=lambda label: diverged[label].sum())
        raise BenchError(
            f"Every case diverged for some method, most for '{worst}', so there is nothing to score; "
            "leave that method out."
        )
    channels = list(dict.fromkeys(rows[REFERENCE]["channel"]))
    values = {label: _by_case(frame, times[kept], channels, region) for label, frame in rows.items()}
    length = block_length(times[kept])
    indices = resample_indices(int(kept.sum()), length, DRAWS, seed)
    relative = {label: _relative(values[label], values[REFERENCE], indices) for label in rows}
    return {
        "cases": int(kept.sum()),
        "observations": observations,
        "region": region,
        "intervals": {"level": 0.95, "block_cases": length, "draws": DRAWS},
        "methods": {
            label: _method(values[label], values[REFERENCE], indices, channels, region, relative[label])
            | {"cost": _cost(rows[label]), "diverged": int(diverged[label].sum())}
            | {"members": int(rows[label]["members"].iloc[0]), "statuses": _statuses(rows[label])}
            for label in rows
        },
        "comparisons": [
            _comparison(a, b, relative[a], relative[b], indices)
            for a, b in itertools.combinations([label for label in rows if label != REFERENCE], 2)
        ]
        + [
            _comparison(label, REFERENCE, relative[label], relative[REFERENCE], indices)
            for label in rows
            if label != REFERENCE
        ],
    }


def _same_observations(rows: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    digests, count = {}, 0.0
    for label, frame in rows.items():
        cases = frame.drop_duplicates("time").sort_values("time")
        digests[label] = hash_json(list(cases["observation_hash"]))
        count = float(cases["values"].mean())
    if len(set(digests.values())) > 1:
        raise BenchError(
            f"The methods did not see the same observations ({digests}); their rows cannot be compared. "
            "Run them together with --fresh."
        )
    return {"hash": next(iter(digests.values())), "values_per_case": count}


def _diverged(frame: pd.DataFrame, times: np.ndarray) -> np.ndarray:
    status = frame.drop_duplicates("time").set_index("time")["status"]
    return (status.reindex(pd.DatetimeIndex(times)) == "diverged").to_numpy()


def _by_case(frame: pd.DataFrame, times: np.ndarray, channels: list[str], region: str) -> dict[str, np.ndarray]:
    """Statistic -> values, shape (case, channel)."""
    chosen = frame[frame["region"] == region]
    if chosen.empty:
        known = ", ".join(sorted(frame["region"].unique()))
        raise BenchError(f"There are no scores for the region '{region}' on this grid; there are: {known}.")
    found = {}
    for name, part in chosen.groupby("statistic", observed=True):
        table = part.pivot(index="time", columns="channel", values="value")
        found[str(name)] = table.reindex(index=pd.DatetimeIndex(times), columns=channels).to_numpy()
    return found


def _relative(values: dict[str, np.ndarray], reference: dict[str, np.ndarray], indices: np.ndarray) -> Any:
    """Relative error and its bootstrap draws: (value, (draw,))."""

    def score(means: Mapping[str, np.ndarray]) -> np.ndarray:
        return relative_error(np.sqrt(means["own"]), np.sqrt(means["reference"]))

    pair = _pair(values, reference)
    return float(score({k: v.mean(0) for k, v in pair.items()})), bootstrap(score, pair, indices)


def _pair(values: dict[str, np.ndarray], reference: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {"own": values["mse"], "reference": reference["mse"]}


def _ratio(means: Mapping[str, np.ndarray]) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(means["own"] / means["reference"])


RATIO = Score("relative_error", ("own", "reference"), _ratio)
"""RMSE over that of the background, by channel."""


def _method(
    values: dict[str, np.ndarray],
    reference: dict[str, np.ndarray],
    indices: np.ndarray,
    channels: list[str],
    region: str,
    relative: Any,
) -> dict[str, Any]:
    scores = []
    by_name: dict[str, dict[str, float | None]] = {}
    available = {**values, **_pair(values, reference)}
    for score in (*SCORES, RATIO):
        needed = {name: available[name] for name in score.statistics}
        point = score({key: v.mean(0) for key, v in needed.items()})
        low, high = _interval(bootstrap(score, needed, indices), indices)
        for i, channel in enumerate(channels):
            figures = {"value": _number(point[i]), "low": _number(low[i]), "high": _number(high[i])}
            scores.append({"channel": channel, "region": region, "statistic": score.name, **figures})
            by_name.setdefault(score.name, {})[channel] = _number(point[i])
    low, high = _interval(relative[1], indices)
    return {
        "relative_error": {"value": relative[0], "low": _number(low), "high": _number(high)},
        "rmse": by_name["rmse"],
        "acc": by_name["acc"],
        "scores": scores,
    }


def _comparison(a: str, b: str, first: Any, second: Any, indices: np.ndarray) -> dict[str, Any]:
    low, high = _interval(first[1] - second[1], indices)
    return {"a": a, "b": b, "difference": first[0] - second[0], "low": _number(low), "high": _number(high)}


def _interval(draws: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = interval(draws)
    return (low, high) if indices.shape[1] >= FEWEST_CASES else (low * np.nan, high * np.nan)


def _cost(frame: pd.DataFrame) -> dict[str, float]:
    cases = frame.drop_duplicates("time")
    forwards, backwards = cases["network_forwards"].mean(), cases["network_backwards"].mean()
    return {
        "seconds_per_case": float(cases["seconds"].mean()),
        "network_calls": float(forwards + backwards),
        "network_forwards": float(forwards),
        "network_backwards": float(backwards),
        "operator_calls": float(cases["operator_calls"].mean()),
        "iterations": float(cases["iterations"].mean()),
        "peak_memory_mb": float(cases["peak_memory_mb"].max()),
    }


def _statuses(frame: pd.DataFrame) -> dict[str, int]:
    return {str(k): int(v) for k, v in frame.drop_duplicates("time")["status"].value_counts().items()}


def _number(value: Any) -> float | None:
    """JSON has no NaN: a score that is not defined (the ACC of the climatology itself) is null."""
    return float(value) if np.isfinite(value) else None
