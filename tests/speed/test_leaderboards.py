"""How long a table and the page take, as whole processes, from more than ten thousand score rows."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmark.running.results.published import write_published
from benchmark.running.results.result_set import Result, ResultSet

BENCH = Path(sys.executable).with_name("bench")
CHANNELS = [f"{v}{level}" for v in "ztuvq" for level in (850, 500, 250)] + ["sp"]
TIMES = np.arange("2012-01-01", "2012-12-26", 15, dtype="datetime64[D]").astype("datetime64[s]")
FRACTIONS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0)
METHODS = ("background", *(f"method-{i}" for i in range(24)))


def result(label, frac):
    rng = np.random.default_rng([round(frac * 1e4), len(label), sum(label.encode())])
    facts = {"score_version": 2, "world.name": "made", "world.training": "t", "world.evaluation": "e"}
    facts |= {"observing.obs_frac": frac, "observing.obs_vars": [], "observing.obs_std": 0.05, "observing.seed": 0}
    facts |= {"observing.network": "random", "observing.draw": "area", "observing.operator": "state"}
    facts |= {"observing.withhold": 0.0, "protocol.split": "test", "protocol.seed": 0, "method.name": label}
    scale = 1.0 if label == "background" else rng.uniform(0.5, 1.0)
    statistics = ("mse", "mae", "bias", "acc")
    values = {n: {c: scale * rng.uniform(0.9, 1.1, len(TIMES)) for c in CHANNELS} for n in statistics}
    return Result(
        id=f"{abs(hash((label, frac))):016x}"[:16],
        label=label,
        facts=facts,
        times=TIMES,
        status=np.full(len(TIMES), "ok"),
        observations=np.full(len(TIMES), f"{round(frac * 1e4):064x}"),
        values=values,
        bins={},
        observation_space={},
        cost={"seconds_per_case": 0.1, "network_calls": 10.0},
        provenance={"version": "0", "trials": 1, "values": 10.0},
        card={"label": label, "name": label, "family": "variational", "worlds": {}},
    )


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    write_published(ResultSet("global", tuple(result(m, f) for f in FRACTIONS for m in METHODS), ""), folder)
    return folder


def test_a_table_for_a_paper(benchmark, published, tmp_path):
    words = [
        BENCH,
        "table",
        tmp_path / "t.tex",
        "--results",
        published,
        "--columns",
        "channel",
        "--where",
        "obs_frac=0.01",
    ]
    benchmark.pedantic(subprocess.run, (words,), {"check": True}, rounds=1)
    assert benchmark.stats.stats.median < 10


def test_the_page(benchmark, published, tmp_path):
    words = [BENCH, "publish", "--out", tmp_path / "site", "--results", published]
    benchmark.pedantic(subprocess.run, (words,), {"check": True}, rounds=1)
    assert len(pd.read_parquet(tmp_path / "site" / "downloads" / "scores.parquet")) > 10_000
    assert benchmark.stats.stats.median < 10
