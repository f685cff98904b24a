"""How soon the command line answers, as whole processes."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

BENCH = Path(sys.executable).with_name("bench")
DATA = Path(
    os.environ.get(
        "ASSIMBENCH_DATA",
        Path(__file__).resolve().parents[3] / "shared" / "data" / "era_interim_euroatlantic_2000_2009.nc",
    )
)


def test_help_answers_in_half_a_second(benchmark):
    benchmark.pedantic(subprocess.run, ([BENCH, "--help"],), {"capture_output": True, "check": True}, rounds=5)
    assert benchmark.stats.stats.median < 0.5


@pytest.mark.parametrize("world", ["twin", "era-interim-euroatlantic"])
def test_five_seconds_before_the_first_case(benchmark, tmp_path, world):
    """All that a run of one case takes, scores included, but the analyses themselves."""
    if world != "twin" and not DATA.exists():
        pytest.skip(f"{DATA} is not there; name it in ASSIMBENCH_DATA")
    given = ("--world", world, *(() if world == "twin" else ("--data", DATA)))
    around = []

    def run():
        command = [BENCH, "run", "--method", "lo-sda", "--cases", "1", "--fresh", "--json", *given]
        started = time.perf_counter()
        result = subprocess.run([*command, "--out", tmp_path], capture_output=True, check=True)
        elapsed = time.perf_counter() - started
        methods = json.loads(result.stdout)["methods"].values()
        around.append(elapsed - sum(found["cost"]["seconds_per_case"] for found in methods))

    benchmark.pedantic(run, rounds=3)
    print(f"\n{sorted(around)[1]:.2f} s around the analyses")
    assert sorted(around)[1] < 5
