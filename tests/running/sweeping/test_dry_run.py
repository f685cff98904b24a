"""What a dry run says is what the sweep then does, and it writes nothing."""

import re

import pytest

from benchmark.running.store import ResultStore
from benchmark.running.sweeping.estimating import Estimates

ROW = re.compile(r"^ *(?P<name>\S.*?) {2,}(?P<numbers>\d+ +\d+ +\d+) +(?P<time>.+?) +(?P<mb>[\d.]+) *$")


@pytest.fixture
def dry_run(bench, flags):
    """(folder, flags) -> name of a line -> its experiments, cases, missing, time, MB."""

    def read(out, *more):
        result = bench(*flags(out, "--dry-run", *more))
        assert result.exit_code == 0, result.stderr
        rows = {}
        for line in result.stdout.splitlines():
            if found := ROW.match(line):
                numbers = tuple(map(int, found["numbers"].split()))
                rows[found["name"].strip()] = (*numbers, found["time"].strip(), float(found["mb"]))
        return rows, " ".join(result.stdout.split())

    return read


def test_a_dry_run_counts_what_is_there_and_what_is_missing(dry_run, sweep, tmp_path):
    out = tmp_path / "out"
    rows, told = dry_run(out)
    assert {name: row[:4] for name, row in rows.items()} == {
        "tiny, obs_frac 0.1": (5, 120, 120, "?"),
        "tiny, obs_frac 0.3": (5, 120, 120, "?"),
        "all": (10, 240, 240, "?"),
    }
    assert "240 cases are of methods that have not been run on their world: their time is not known" in told
    assert not out.exists()

    sweep(out, order=lambda units: units[:40])
    rows, told = dry_run(out, "--workers", 2)
    assert {name: row[:3] for name, row in rows.items()} == {
        "tiny, obs_frac 0.1": (5, 120, 0),
        "tiny, obs_frac 0.3": (5, 120, 80),
        "all": (10, 240, 80),
    }
    # by what the same methods have cost under the other observing system
    assert re.search(r"About [\d.]+ s on 2 workers, from what such cases have cost before", told)
    assert "not known" not in told

    sweep(out)
    rows, told = dry_run(out)
    assert rows["all"][:3] == (10, 240, 0)
    assert "About" not in told
    rows, _ = dry_run(out, "--fresh")
    assert rows["all"][:3] == (10, 240, 240)


def test_a_dry_run_of_a_grown_sweep_has_the_new_cases_only(dry_run, sweep, tmp_path):
    sweep(tmp_path, cases=8)
    # each third of 24 cases is one of 8
    assert dry_run(tmp_path, "--cases", 24)[0]["all"][:3] == (10, 240, 160)


@pytest.mark.parametrize("fields", [{"chunk": 4}, {"chunk": 1}, {"chunk": 24}, {"methods": ["letkf"], "ensemble": 40}])
def test_bytes_are_foretold_within_a_factor_of_two(sweep, tmp_path, fields):
    plan = sweep(tmp_path, **fields).plan
    foretold = sum(entry.bytes_to_write for entry in plan.entries)
    written = sum(file.stat().st_size for file in tmp_path.rglob("*.parquet"))
    assert 0.5 < foretold / written < 2


def test_time_is_foretold_from_what_cases_have_cost(sweep, odd, tmp_path, monkeypatch):
    monkeypatch.setenv("SHIFT_SLEEP_S", "0.01")
    methods = [odd("Shift")]
    sweep(tmp_path, methods=methods, obs_frac=0.1)
    more = sweep(tmp_path, methods=methods, obs_frac=[0.1, 0.3], order=lambda units: [])
    estimates = Estimates.of_store(ResultStore(tmp_path), more.plan.entries)
    (new,) = [e for e in more.plan.entries if e.label == odd("Shift") and e.missing]
    assert estimates.of_case(new) == pytest.approx(0.01, rel=0.3)
    seconds, unknown = estimates.of_all([(new, 24)])
    assert (seconds, unknown) == (pytest.approx(0.24, rel=0.3), 0)
