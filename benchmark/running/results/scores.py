"""Score rows: what an experiment's stored statistics come to."""

__all__ = ["score_rows"]

import dataclasses
import json
import warnings
from typing import Any

import pandas as pd

from benchmark.problem import Status, hash_json
from metrics import SCORES, SPECIAL_SCORES, block_length, resample_counts, resample_indices

from ..score_values import score_values
from ..scoring import OBSERVATIONS
from ..store import ResultStore
from ..stored import values_by_case
from .listing import Stored

DRAWS = 1000


def score_rows(store: ResultStore, stored: Stored, region: str | None = None, seed: int = 0) -> pd.DataFrame:
    """A row a region, channel and score, with its 95 % interval (moving-block bootstrap over cases).

    Cases that diverged are left out, and counted: methods that lost different cases are not comparable by these rows.

    Arguments:
        store: Where the results are.
        stored: The experiment.
        region: The only region, None for all.
        seed: Of the resampling.

    Returns:
        Columns `experiment, world, method, label, members, parameters (JSON), cases, diverged, observation_hash,
        seconds, region, channel, score, value, low, high`, and one for every fact of observing system and protocol.
        Empty without a case.

    Raises:
        BenchError: If a file cannot be read.
    """
    rows = store.read(stored.id, region)
    if rows is None or rows.empty or "bin" not in rows:
        return pd.DataFrame()
    cases = rows.drop_duplicates("time").sort_values("time")
    lost = cases["status"].astype(str) == str(Status.DIVERGED)
    times = cases.loc[~lost, "time"].to_numpy()
    facts = {
        "experiment": stored.id,
        "world": stored.world,
        "method": stored.method,
        "label": str(cases["method"].iloc[0]),
        "members": int(cases["members"].iloc[0]),
        "parameters": json.dumps(_below(stored, "method.parameters."), sort_keys=True),
        "cases": len(times),
        "diverged": int(lost.sum()),
        "observation_hash": hash_json(list(cases["observation_hash"])),
        "seconds": float(cases["seconds"].mean()),
    }
    if not len(times):
        warnings.warn(f"{stored.id}: every case of '{facts['label']}' diverged, so that it has no scores", stacklevel=2)
        return pd.DataFrame()
    counts = resample_counts(resample_indices(len(times), block_length(times), DRAWS, seed))
    found: list[dict[str, object]] = []
    for name in dict.fromkeys(rows["region"]):
        if name == OBSERVATIONS:
            continue
        values = values_by_case(rows, times, str(name))
        scores = (dataclasses.asdict(one) for one in score_values((*SCORES, *SPECIAL_SCORES), values, counts))
        found += [{**facts, "region": str(name), **row} for row in scores]
    told = {key: value for key, value in stored.facts.items() if key.startswith(("observing.", "protocol."))}
    return pd.DataFrame(found).assign(**{key: str(value) for key, value in sorted(told.items())})


def _below(stored: Stored, before: str) -> dict[str, Any]:
    return {key.removeprefix(before): value for key, value in stored.facts.items() if key.startswith(before)}
