"""What stored rows say of a method: its values by case, its cost, what became of its cases."""

__all__ = ["cost_of", "diverged", "in_observation_space", "same_observations", "statuses", "values_by_case"]

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmark.problem import BenchError, hash_json


def values_by_case(frame: pd.DataFrame, times: np.ndarray, region: str) -> dict[str, dict[str, np.ndarray]]:
    """Statistic -> channel -> values, shape (case,), or (case, bin) of those that have several.

    Arguments:
        frame: Stored rows of a method.
        times: Valid times of the cases.
        region: Which region's rows.

    Raises:
        BenchError: If there are no rows of that region.
    """
    chosen = frame[frame["region"] == region]
    if chosen.empty:
        known = ", ".join(sorted(frame["region"].unique()))
        raise BenchError(f"There are no scores for the region '{region}' on this grid; there are: {known}.")
    # the cases have the same rows in the same order, as they were written
    first = chosen[chosen["time"] == chosen["time"].iloc[0]]
    order = np.argsort(pd.DatetimeIndex(chosen["time"]).unique())
    present = pd.DatetimeIndex(chosen["time"]).unique()[order]
    values = chosen["value"].to_numpy().reshape(len(order), len(first))[order]
    values = values[present.get_indexer(pd.DatetimeIndex(times).as_unit("s"))]
    places: dict[str, dict[str, list[int]]] = {}
    for place, (statistic, channel) in enumerate(zip(first["statistic"], first["channel"], strict=True)):
        places.setdefault(str(statistic), {}).setdefault(str(channel), []).append(place)
    return {
        statistic: {c: values[:, where[0]] if len(where) == 1 else values[:, where] for c, where in channels.items()}
        for statistic, channels in places.items()
    }


def same_observations(rows: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Hash of all cases' observations, and how many values a case has.

    Raises:
        BenchError: If the methods did not see the same.
    """
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


def diverged(frame: pd.DataFrame, times: np.ndarray) -> np.ndarray:
    """Which cases did, shape (case,)."""
    status = frame.drop_duplicates("time").set_index("time")["status"]
    return np.asarray(status.reindex(pd.DatetimeIndex(times).as_unit("s")) == "diverged")


def cost_of(frame: pd.DataFrame) -> dict[str, float]:
    """Means over the cases, and the highest memory."""
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


def in_observation_space(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Statistic -> quantity -> mean over all values of the cases.

    Arguments:
        frame: Rows of a method in observation space; their weight is the number of values.
    """
    rows = frame[np.isfinite(frame["value"]) & (frame["weight"] > 0)]
    rows = rows.assign(total=rows["value"] * rows["weight"])
    found: dict[str, dict[str, float]] = {}
    sums = rows.groupby(["statistic", "channel"], observed=True, sort=False)[["total", "weight"]].sum()
    for (statistic, quantity), mean in (sums["total"] / sums["weight"]).items():
        found.setdefault(str(statistic), {})[str(quantity)] = float(mean)
    return found


def statuses(frame: pd.DataFrame) -> dict[str, int]:
    """How many cases have which status."""
    return {str(k): int(v) for k, v in frame.drop_duplicates("time")["status"].astype(str).value_counts().items()}
