"""`bench results`: what is listed, exported and pruned, and what other programs read."""

import json
import os
import time

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from benchmark.running.store import ResultStore


@pytest.fixture(scope="module")
def folder(sweep, tmp_path_factory):
    """Results of the usual sweep, not to be changed, of single variables and of both."""
    out = tmp_path_factory.mktemp("results")
    sweep(out)
    sweep(out, methods=["3dvar[b_scale=0.5]"], obs_frac=0.1, obs_vars={"mass": ["z500"]}, withhold=0.2, cases=8)
    return out


@pytest.fixture
def listed(bench):
    def read(out, *conditions):
        words = [word for condition in conditions for word in ("--where", condition)]
        result = bench("results", "list", "--out", out, *words, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return read


def test_all_experiments_are_listed(bench, folder, listed):
    found = listed(folder)
    assert len(found) == 13
    assert {(one["world.name"], one["cases"]) for one in found} == {("tiny", 24), ("tiny", 8)}
    assert {one["method.name"] for one in found} == {"background", "climatology", "3dvar", "letkf", "shift"}
    told = bench("results", "list", "--out", folder)
    assert told.stdout.rstrip().endswith("13 experiments")


@pytest.mark.parametrize(
    ("conditions", "count"),
    [
        (["method=3dvar"], 3),
        (["method=3dvar,letkf"], 5),
        (["obs_frac=0.3"], 5),
        (["obs_frac=0.3", "method=3dvar"], 1),
        (["obs_vars=z500"], 3),
        (["obs_vars=all"], 10),
        (["withhold=0.2"], 3),
        (["b_scale=0.5"], 1),
        (["method.parameters.b_scale=0.5", "world=tiny"], 1),
        (["world=other"], 0),
    ],
)
def test_conditions_choose(folder, listed, conditions, count):
    assert len(listed(folder, *conditions)) == count


def test_the_beginning_of_an_id_chooses(folder, listed):
    first = listed(folder)[0]
    assert listed(folder, f"id={first['id'][:10]}") == [first]


def test_bad_conditions_are_told(bench, folder):
    for condition, message in (("method", "write KEY=VALUE"), ("obs_frc=0.1", "did you mean")):
        result = bench("results", "list", "--out", folder, "--where", condition)
        assert result.exit_code == 2
        assert message in result.stderr


@pytest.fixture
def export(bench, folder, tmp_path):
    def write(name, *options):
        result = bench("results", "export", tmp_path / name, "--out", folder, *options)
        assert result.exit_code == 0, result.stderr
        return tmp_path / name

    return write


@pytest.fixture(scope="module")
def summary(bench, ground, odd, folder):
    """What `bench run --json` says of five of the experiments."""
    methods = [word for label in ("3dvar", "letkf", odd("Shift")) for word in ("--method", label)]
    usual = ("--world", ground / "tiny.yaml", "--obs-frac", 0.1, "--cases", 24, "--chunk", 4, "--ensemble", 5)
    result = bench("run", *methods, *usual, "--out", folder, "--device", "cpu", "--json")
    return json.loads(result.stdout)


def test_scores_are_those_of_a_run(export, summary):
    frame = pd.read_csv(export("scores.csv", "--region", "global"))
    for label, found in summary["methods"].items():
        rows = frame[frame["experiment"] == summary["experiment"]["ids"][label]]
        assert set(rows["label"]) == {label}
        assert set(rows["cases"]) == {24}
        assert set(rows["members"]) == {found["members"]}
        values = {(row.score, row.channel): row.value for row in rows.itertuples()}
        compared = [s for s in found["scores"] if s["statistic"] != "relative_error"]
        assert len(compared) == len(values)
        for score in compared:
            expected = np.nan if score["value"] is None else score["value"]
            assert values[score["statistic"], score["channel"]] == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_parameters_stand_in_the_rows(export):
    frame = pd.read_csv(export("scores.csv", "--where", "method=3dvar"))
    parameters = frame.groupby("experiment")["parameters"].first().map(json.loads)
    assert sorted(found["b_scale"] for found in parameters)[0] == 0.5
    assert len(parameters) == 3


def test_formats_hold_the_same(export):
    csv = pd.read_csv(export("scores.csv"))
    parquet = pd.read_parquet(export("scores.parquet"))
    assert list(csv) == list(parquet)
    np.testing.assert_array_equal(csv["value"].to_numpy(), parquet["value"].to_numpy())
    with xr.open_dataset(export("scores.nc"), engine="h5netcdf") as ds:
        assert set(ds.sizes) == {"experiment", "score", "channel", "region"}
        for row in parquet.sample(50, random_state=0).itertuples():
            where = {"experiment": row.experiment, "score": row.score, "channel": row.channel, "region": row.region}
            np.testing.assert_array_equal(ds["value"].sel(where), row.value)
            assert ds["method"].sel(experiment=row.experiment) == row.method
            assert ds["cases"].sel(experiment=row.experiment) == row.cases


def test_rows_are_the_stored_ones(export, folder, summary):
    frame = pd.read_parquet(export("rows.parquet", "--rows", "--region", "global", "--where", "method=letkf"))
    identifier = summary["experiment"]["ids"]["letkf"]
    mse = frame[(frame["experiment"] == identifier) & (frame["statistic"] == "mse") & (frame["channel"] == "z500")]
    assert mse["time"].is_monotonic_increasing
    assert len(mse) == 24
    assert np.sqrt(mse["value"].mean()) == pytest.approx(summary["methods"]["letkf"]["rmse"]["z500"], rel=1e-12)


def test_rows_without_timing_are_equal_where_results_are(sweep, bench, tmp_path):
    files = []
    for name in "ab":
        sweep(tmp_path / name, obs_frac=0.1, cases=8)
        files.append(tmp_path / f"{name}.csv")
        result = bench("results", "export", files[-1], "--rows", "--no-timing", "--out", tmp_path / name)
        assert result.exit_code == 0, result.stderr
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("scores.xlsx", (), "has to end in one of .csv, .parquet, .nc"),
        ("rows.nc", ("--rows",), "leave --rows out"),
        ("scores.csv", ("--where", "world=none"), "No result meets these conditions; bench results list"),
    ],
)
def test_an_export_that_cannot_be_is_told(bench, folder, tmp_path, name, options, message):
    result = bench("results", "export", tmp_path / name, "--out", folder, *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / name).exists()


def test_an_experiment_that_diverged_everywhere_is_told(sweep, bench, odd, tmp_path):
    sweep(tmp_path, methods=[odd("Lost")], obs_frac=0.1, cases=4)
    result = bench("results", "export", tmp_path / "scores.csv", "--out", tmp_path)
    assert result.exit_code == 0
    assert f"every case of '{odd('Lost')}' diverged, so that it has no scores" in result.stderr
    assert "lost" not in (tmp_path / "scores.csv").read_text().split("\n", 1)[1]


def test_pandas_reads_the_folder(folder, summary):
    rows = pd.concat(pd.read_parquet(file) for file in folder.glob("*/*.parquet"))
    chosen = rows[(rows["statistic"] == "mse") & (rows["region"] == "global") & (rows["channel"] == "z500")]
    rmse = np.sqrt(chosen.groupby("experiment", observed=True)["value"].mean())
    for label, identifier in summary["experiment"]["ids"].items():
        assert rmse[identifier] == pytest.approx(summary["methods"][label]["rmse"]["z500"], rel=1e-12)


def test_duckdb_reads_the_folder(folder, summary):
    duckdb = pytest.importorskip("duckdb")
    found = duckdb.sql(
        f"""
        select experiment, method, sqrt(avg(value)) as rmse from '{folder}/*/*.parquet'
        where statistic = 'mse' and region = 'global' and channel = 'z500' group by experiment, method
        """
    ).df()
    assert len(found) == 13
    rmse = found.set_index("experiment")["rmse"]
    for label, identifier in summary["experiment"]["ids"].items():
        assert rmse[identifier] == pytest.approx(summary["methods"][label]["rmse"]["z500"], rel=1e-12)


def rewrite(out, identifier, change):
    file = out / identifier / "experiment.json"
    record = json.loads(file.read_text())
    change(record)
    file.write_text(json.dumps(record))


def grow_old(*files, hours=12):
    for file in files:
        os.utime(file, (time.time() - hours * 3600,) * 2)


@pytest.fixture
def prune(bench):
    def go(out, *options):
        result = bench("results", "prune", "--out", out, *options)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    return go


@pytest.fixture
def spoilt(sweep, odd, tmp_path):
    """Results, and the ids of those that no run will use again."""
    swept = sweep(tmp_path, methods=["3dvar", "letkf", odd("Shift"), "interpolation", "enoi"], obs_frac=0.1, cases=8)
    ids = {entry.label: entry.experiment.id for entry in swept.plan.entries}
    rewrite(tmp_path, ids["3dvar"], lambda record: record.update(score_version=1))
    rewrite(tmp_path, ids["letkf"], lambda record: record["method"].update(version=0))
    rewrite(tmp_path, ids["interpolation"], lambda record: record["method"].update(name="gone"))
    # a file of the user's whose method bears the name of one that is built in
    rewrite(tmp_path, ids[odd("Shift")], lambda record: record["method"].update(name="climatology"))
    for file in (tmp_path / ids["enoi"]).glob("*.parquet"):
        file.unlink()
    grow_old(tmp_path / ids["enoi"] / "experiment.json")
    return {label: ids[label] for label in ("3dvar", "letkf", "interpolation", "enoi")}


def test_prune_names_what_is_stale_and_removes_it_when_told_to(prune, spoilt, tmp_path):
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    told = prune(tmp_path)
    for identifier, reason in zip(
        spoilt.values(),
        ("are of version 1", "'letkf' has changed", "'gone' is not installed", "has no case"),
        strict=True,
    ):
        (line,) = [line for line in told.splitlines() if line.startswith(identifier)]
        assert reason in line
    assert "4 experiments and 0 half-written files could go" in told
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before

    assert "4 experiments and 0 half-written files removed" in prune(tmp_path, "--yes")
    kept = {file: content for file, content in before.items() if file.parent.name not in spoilt.values()}
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == kept
    assert {path.name for path in tmp_path.iterdir()} == {file.parent.name for file in kept}
    assert "0 experiments" in prune(tmp_path)


def test_prune_of_some_leaves_the_others(prune, spoilt, tmp_path):
    prune(tmp_path, "--where", "method=letkf", "--yes")
    assert not (tmp_path / spoilt["letkf"]).exists()
    assert (tmp_path / spoilt["3dvar"]).exists()


def test_prune_takes_what_kills_have_left_and_nothing_of_a_run_that_lives(prune, sweep, tmp_path):
    swept = sweep(tmp_path, methods=["3dvar"], obs_frac=0.1, cases=8)
    first, second, third = (tmp_path / entry.experiment.id for entry in swept.plan.entries)
    old, new = first / ".2060-01-01-abc.parquet.0123.tmp", second / ".2060-01-01-abc.parquet.4567.tmp"
    for file in (old, new):
        file.write_bytes(b"half")
    grow_old(old)
    # a sweep that has just begun has described its experiments, and has no case of some
    for file in third.glob("*.parquet"):
        file.unlink()
    assert "0 experiments and 1 half-written files removed" in prune(tmp_path, "--yes")
    assert not old.exists()
    assert new.exists()
    assert (third / "experiment.json").exists()
    assert len(ResultStore(tmp_path).experiments()) == 3
