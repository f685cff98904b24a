"""Results made up, of methods whose errors are known."""

import dataclasses
import hashlib
import json

import numpy as np
import pytest

from benchmark.running.results.result_set import Result, ResultSet

CHANNELS = ("z500", "t850")
TIMES = np.arange("2012-01-01", "2012-12-26", 15, dtype="datetime64[D]").astype("datetime64[s]")


def made(
    label, ratio, *, frac=0.01, world="ring", diverged=0, noise=0.02, members=1, times=TIMES, kind="method", **facts
):
    """A method whose RMSE is about `ratio` of the background's."""
    seed = int(hashlib.sha256(f"{world}{frac}".encode()).hexdigest()[:8], 16)
    difficulty = np.random.default_rng(seed).uniform(0.8, 1.2, len(times))
    own = np.random.default_rng([seed, *label.encode()]).normal(1, 0.02, (len(CHANNELS), len(times)))
    own = np.ones_like(own) if label == "background" else own
    mse = {c: 100.0 * (i + 1) * (ratio * difficulty * own[i]) ** 2 for i, c in enumerate(CHANNELS)}
    status = np.where(np.arange(len(times)) < diverged, "diverged", "ok")
    mse = {c: np.where(status == "diverged", np.nan, v) for c, v in mse.items()}
    known = {
        "score_version": 2,
        "world.name": world,
        "world.training": "training",
        "world.evaluation": "truth",
        "observing.network": "random",
        "observing.obs_vars": [],
        "observing.obs_std": 0.05,
        "observing.seed": 0,
        "observing.obs_frac": frac,
        "observing.draw": "area",
        "observing.operator": "state",
        "observing.withhold": 0.0,
        "protocol.split": "test",
        "protocol.seed": 0,
        "method.name": label,
        "method.version": 1,
        "method.members": members,
        **facts,
    }
    hashes = [hashlib.sha256(f"{world}{frac}{t}".encode()).hexdigest() for t in times]
    values = {
        "mse": mse,
        "mae": {c: np.sqrt(v) * 0.8 for c, v in mse.items()},
        "bias": {c: np.sqrt(v) * 0.1 for c, v in mse.items()},
        "acc": {c: 1 - v / 1e4 for c, v in mse.items()},
    }
    return Result(
        id=hashlib.sha256(json.dumps([label, known], default=str).encode()).hexdigest()[:16],
        label=label,
        facts=known,
        times=times,
        status=status,
        observations=np.array(hashes),
        values=values,
        bins={},
        observation_space={},
        cost={"seconds_per_case": 0.5, "network_calls": 8.0, "iterations": 3.0, "peak_memory_mb": 100.0},
        provenance={"version": "0.1.0", "trials": 12, "values": 40.0, "data_hash": "truth"},
        card={"label": label, "name": label, "family": "variational" if kind == "method" else kind, "worlds": {}},
    )


@pytest.fixture
def make():
    """A result of a method, by label and the ratio of its RMSE to the background's."""
    return made


@pytest.fixture
def some():
    """Two fractions with a background, two methods that tie, and one that is clearly worse."""
    results = []
    for frac, best in ((0.01, 0.8), (0.1, 0.6)):
        results += [made("background", 1.0, frac=frac), made("good", best, frac=frac)]
        results += [made("alike", best * 1.001, frac=frac), made("poor", best * 1.2, frac=frac)]
    return ResultSet("global", tuple(results), "here")


@pytest.fixture
def change():
    """A result with other fields."""
    return dataclasses.replace
