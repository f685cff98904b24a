"""How soon the command line answers, as whole processes."""

import os
import subprocess
import sys
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


@pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not there; name it in ASSIMBENCH_DATA")
def test_the_first_case_of_lo_sda_is_over_in_five_seconds(benchmark, tmp_path):
    """Start, world, weights, one case, scores and table: more than what comes before the first case."""

    def run():
        command = [BENCH, "run", "--method", "lo-sda", "--cases", "1", "--fresh", "--data", DATA, "--out", tmp_path]
        subprocess.run(command, capture_output=True, check=True)

    benchmark.pedantic(run, rounds=3)
    assert benchmark.stats.stats.median < 5
