"""From a store to a result set."""

__all__ = ["collect"]

import warnings
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from benchmark.problem import BenchError

from ..cards import card_of
from ..scoring import OBSERVATIONS
from ..store import ResultStore
from ..stored import cost_of, in_observation_space, values_by_case
from .listing import Stored, choose_with_background, list_results
from .result_set import BACKGROUND, OF_EVERY_METHOD, OF_THE_BACKGROUND, STATISTICS, Result, ResultSet

MISFITS = ("misfit", "innovation", "variance", "chi2")
OBSERVED = (*MISFITS, "desroziers", "chi2_innovation", *(f"{name}_withheld" for name in MISFITS))
"""Statistics in observation space."""

READERS = 4
"""Files that are read at once: most of the time goes into unpacking them, which Python does not hold up."""

CASES = ["status", "observation_hash", "method"]
ROWS = ["time", "channel", "region", "statistic", "bin", "value"]
COSTS = ["seconds", "network_forwards", "network_backwards", "operator_calls", "iterations", "peak_memory_mb"]
ORIGINS = ["version", "commit", "dirty", "torch", "device", "threads", "dtype", "data_hash", "weights_hash", "trials"]
ORIGINS += ["seed", "observing_seed", "members", "values"]


def collect(
    store: ResultStore,
    region: str,
    conditions: Iterable[str] = (),
    statistics: Collection[str] | None = None,
) -> ResultSet:
    """Reads what tables and pages need.

    Arguments:
        store: Where the results are.
        region: Whose statistics.
        conditions: As of `choose`; the backgrounds of what is chosen come with it.
        statistics: The only ones by case; None for all, and for those with bins and those in observation space.

    Returns:
        In the order of `list_results`; experiments without a case are left out.

    Raises:
        BenchError: If a file cannot be read, a condition is wrong, or nothing meets the conditions.
    """
    chosen = [one for one in choose_with_background(list_results(store), conditions) if len(one.times)]
    if not chosen:
        raise BenchError(
            f"No result in {store.place.where} meets these conditions; bench results list --out "
            f"{store.place.where} shows what there is."
        )
    with ThreadPoolExecutor(READERS) as pool:
        found = list(pool.map(lambda one: _result(store, one, region, statistics), chosen))
    results = tuple(result for result in found if result is not None)
    if absent := len(found) - len(results):
        warnings.warn(f"{absent} experiments have no statistics of the region '{region}'", stacklevel=2)
    if not results:
        raise BenchError(f"No result in {store.place.where} has statistics of the region '{region}'.")
    return ResultSet(region, results, str(store.place.where))


def _result(store: ResultStore, one: Stored, region: str, statistics: Collection[str] | None) -> Result | None:
    bins = (*OF_EVERY_METHOD, *(OF_THE_BACKGROUND if one.method == BACKGROUND else ()))
    wanted = statistics if statistics is not None else (*STATISTICS, *bins, *OBSERVED)
    read = store.read(one.id, (region, OBSERVATIONS), [*ROWS, "weight", *CASES, *COSTS, *ORIGINS], wanted)
    if read is None:
        return None
    rows, observed = (read[read["region"] == name] for name in (region, OBSERVATIONS))
    if rows.empty:
        return None
    cases = rows.drop_duplicates("time").sort_values("time")
    times = cases["time"].to_numpy().astype("datetime64[s]")
    found = values_by_case(rows, times, region)
    first = cases.iloc[0]
    label = str(first["method"])
    return Result(
        id=one.id,
        label=label,
        facts=one.facts,
        times=times,
        status=cases["status"].to_numpy().astype(str),
        observations=cases["observation_hash"].to_numpy().astype(str),
        values=_ordered({n: c for n, c in found.items() if n not in bins}, STATISTICS),
        bins=_means(_ordered(found, bins)),
        observation_space=in_observation_space(observed) if statistics is None else {},
        cost=cost_of(rows),
        provenance={**{name: _plain(first[name]) for name in ORIGINS}, "values": float(cases["values"].mean())},
        card=card_of(label, one.facts, int(first["trials"])),
    )


def _ordered(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _means(binned: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, dict[str, np.ndarray]]:
    """Over the cases that did not diverge."""
    found: dict[str, dict[str, np.ndarray]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # every case of a method may have diverged
        for name, channels in binned.items():
            found[name] = {c: np.nanmean(np.asarray(v), axis=0) for c, v in channels.items()}
    return found


def _plain(value: Any) -> Any:
    return None if pd.isna(value) else value.item() if hasattr(value, "item") else value
