"""`bench sweep`, as it is typed."""

import json
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("inline")


def test_a_sweep_from_a_file_prints_a_table_a_world(bench, ground, odd, tmp_path):
    file = tmp_path / "sweep.yaml"
    file.write_text(
        f"methods: [3dvar, '{odd('Shift')}']\nworlds: {ground / 'tiny.yaml'}\nobs_frac: [0.1, 0.3]\ncases: 8\n"
    )
    result = bench("sweep", file, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines() if line.strip()}
    assert rows["background"] == ["1.0000", "1.0000"]
    assert all(value.endswith("*") and float(value[:-1]) < 1 for value in rows["3dvar"])
    assert "64 cases computed" in result.stdout
    assert "8/8 experiments done" in result.stderr
    again = bench("sweep", file, "--out", tmp_path / "out")
    assert again.stdout == result.stdout.partition("64 cases computed")[0]


def test_json_holds_what_run_says_of_every_setting(bench, ground, tmp_path):
    common = ("--method", "3dvar", "--world", ground / "tiny.yaml", "--cases", 8, "--out", tmp_path)
    result = bench("sweep", *common, "--obs-frac", 0.1, "--obs-frac", 0.3, "--json")
    found = json.loads(result.stdout)
    assert found["computed"] == 48
    assert found["failures"] == []
    assert [setting["varied"] for setting in found["settings"]] == [{"obs_frac": "0.1"}, {"obs_frac": "0.3"}]
    for setting in found["settings"]:
        single = json.loads(bench("run", *common, "--obs-frac", setting["varied"]["obs_frac"], "--json").stdout)
        for label, scores in single["methods"].items():
            assert {**scores, "tuning": None} == {**setting["methods"][label], "tuning": None}
        assert single["observations"] == setting["observations"]


def test_flags_describe_a_sweep_alone(bench, ground, tmp_path):
    file = tmp_path / "std.yaml"
    file.write_text("z500: 30\nt850: 0.2\n")
    flags = (
        "--obs-vars",
        "z500",
        "--obs-vars",
        "all",
        "--obs-std",
        0.1,
        "--obs-std",
        file,
        "--seed",
        3,
        "--draw",
        "index",
    )
    more = ("--network", "columns", "--withhold", 0.2, "--split", "validate", "--members", 3, "--ensemble", 4)
    result = bench(
        *("sweep", "--method", "letkf", "--world", ground / "tiny.yaml", "--cases", 4, "--obs-frac", 0.5, "--json"),
        *("--out", tmp_path / "out", "--set", "inflation=1.1", *flags, *more),
    )
    assert result.exit_code == 0, result.stderr
    settings = json.loads(result.stdout)["settings"]
    assert len(settings) == 4
    last = settings[-1]["experiment"]
    assert last["split"] == "validate"
    assert last["seed"] == 3
    assert last["observing"] == {
        **{"network": "columns", "obs_frac": 0.5, "draw": "index", "obs_vars": [], "seed": 3, "withhold": 0.2},
        "obs_std": {"t850": 0.2, "z500": 30.0},
    }
    assert last["parameters"]["letkf"]["inflation"] == 1.1
    assert settings[-1]["methods"]["letkf"]["members"] == 4


def test_data_are_of_the_only_world_or_of_a_named_one(bench, tmp_path):
    common = ("sweep", "--method", "3dvar", "--out", tmp_path, "--dry-run", "--data")
    era = "era-interim-euroatlantic"
    one = bench(*common, "nowhere.nc", "--world", era)
    named = bench(*common, f"{era}=nowhere.nc", "--world", era, "--world", "gaussian-ring")
    for result in (one, named):
        assert result.exit_code == 2
        assert "nowhere.nc" in result.stderr
    several = bench(*common, "nowhere.nc", "--world", era, "--world", "twin")
    assert "this sweep has several worlds; write --data WORLD=PATH" in several.stderr


def test_rows_say_where_they_come_from(sweep, flags, stored_rows, tmp_path):
    swept = sweep(tmp_path, methods=["3dvar", "3dvar[b_scale=0.5]"], obs_frac=0.1, seeds=[7], trials={"3dvar": 40})
    rows = {entry.label: stored_rows(tmp_path, entry.experiment.id) for entry in swept.plan.entries}
    expected = {
        *("version", "commit", "dirty", "torch", "device", "threads", "dtype", "seed", "observing_seed"),
        *("data_hash", "weights_hash", "observation_hash", "trials"),
    }
    for frame in rows.values():
        assert expected <= set(frame)
        assert not frame[sorted(expected)].isna().any().any()
        assert set(frame["device"]) == {"cpu"}
        assert set(frame["threads"]) == {1}
        assert set(frame["dtype"]) == {"float32"}
        assert set(frame["seed"]) == set(frame["observing_seed"]) == {7}
    assert set(rows["3dvar"]["trials"]) == {40}
    # somebody has changed a parameter, and nobody tunes the background
    assert set(rows["3dvar[b_scale=0.5]"]["trials"]) == set(rows["background"]["trials"]) == {0}
    assert rows["3dvar"]["observation_hash"].nunique() == 24
    assert rows["3dvar"]["observation_hash"].equals(rows["3dvar[b_scale=0.5]"]["observation_hash"])
    assert len({value for frame in rows.values() for value in frame["data_hash"]}) == 1


def test_the_commit_is_that_of_the_checkout(sweep, stored_rows, tmp_path):
    entry = sweep(tmp_path, methods=["3dvar"], obs_frac=0.1, cases=4).plan.entries[0]
    (commit,) = set(stored_rows(tmp_path, entry.experiment.id)["commit"])
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        assert commit == ""
        return
    head = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert commit == head.stdout.strip()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--method", "3dvar"), "names no worlds; add 'worlds:' or --world"),
        (("nothing.yaml",), "'nothing.yaml' cannot be read"),
        (("--method", "3dvra", "--world", "gaussian-ring"), "did you mean '3dvar'"),
        (("--method", "3dvar", "--world", "gaussian-ring", "--obs-frac", "3"), "obs_frac=3.0"),
        (
            ("--method", "3dvar", "--world", "gaussian-ring", "--obs-std", "much"),
            "neither a number nor a readable YAML",
        ),
        (("--method", "3dvar", "--world", "gaussian-ring", "--set", "modes"), "write --set key=value"),
        (("--method", "3dvar", "--world", "gaussian-ring", "--scheduler", "pbs"), "no scheduler 'pbs'"),
        (("--method", "3dvar", "--world", "gaussian-ring", "--cases", "1000000"), "ask for 1 to"),
    ],
)
def test_bad_input_is_one_message(bench, tmp_path, arguments, message):
    result = bench("sweep", *arguments, "--out", tmp_path / "out")
    assert result.exit_code == 2
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("bench: ")]
    assert message in line
    assert not (tmp_path / "out").exists()
