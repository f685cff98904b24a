"""Trials that ship: what `bench run` tells of them, and that the worlds have the settings that were chosen."""

import pytest
import yaml

from benchmark.running.tuning.record import Tuning, read_tuning
from benchmark.worlds import load_spec
from benchmark.worlds.loading import library
from leaderboards.tuning.shipped import FOLDER, add_tuning, shipped_tunings
from leaderboards.tuning.table import yaml_entries
from methods.registry import find_method


def unlike(tuning: Tuning, tuned: dict[str, dict[str, object]]) -> dict[str, object]:
    """Parameters in which a world's settings are not those that were chosen: name -> (the world's, chosen)."""
    name = tuning.method["name"]
    assert tuning.chosen is not None
    assert len(tuning.trials) == tuning.asked
    kind = find_method(name)
    ours = kind(**tuned.get(name, {})).parameters
    chosen = kind(**tuning.trials[tuning.chosen.trial].parameters).parameters
    return {k: (ours[k], value) for k, value in chosen.items() if k not in tuning.technical and ours[k] != value}


@pytest.fixture(scope="module")
def shipped(search, tmp_path_factory):
    """A folder of one world's trials, as it could ship, and the trials."""
    folder = tmp_path_factory.mktemp("shipped")
    tuning = search(folder / "out", "3dvar", trials=4)
    (folder / "small").mkdir()
    (folder / "out" / "tuning" / "small" / "3dvar.json").rename(folder / "small" / "3dvar.json")
    return folder, tuning


def test_every_world_has_the_settings_that_were_chosen(shipped):
    assert {file.parent.name for file in FOLDER.glob("*/*.json")} <= set(library())
    for name in library():
        for method, tuning in shipped_tunings(name).items():
            assert (tuning.method["name"], tuning.world["name"]) == (method, name)
            assert unlike(tuning, load_spec(name).methods) == {}
    # and of a world with another setting it is told
    _, tuning = shipped
    entries = yaml.safe_load(yaml_entries([tuning]))["methods"]
    assert unlike(tuning, entries) == {}
    b_scale = entries["3dvar"]["b_scale"]
    assert unlike(tuning, {"3dvar": entries["3dvar"] | {"b_scale": 2 * b_scale}}) == {"b_scale": (2 * b_scale, b_scale)}


def test_a_run_tells_where_its_settings_come_from(shipped, run, tmp_path):
    folder, tuning = shipped
    chosen = tuning.trials[tuning.chosen.trial].parameters
    b_scale, modes = chosen["b_scale"], chosen["modes"]
    as_chosen, other = f"3dvar[b_scale={b_scale},modes={modes}]", f"3dvar[b_scale={2 * b_scale},modes={modes}]"
    summary = run(tmp_path, as_chosen, other, "interpolation")
    add_tuning(summary, folder)
    told = {label: found["tuning"] for label, found in summary["methods"].items()}
    assert told == {
        "background": None,
        "climatology": None,
        as_chosen: {"trials": 4, "chosen": True},
        other: {"trials": 4, "chosen": False},
        "interpolation": None,
    }


def test_the_table_has_a_column_where_there_are_trials(shipped, bench, small_world, tmp_path, monkeypatch):
    folder, tuning = shipped
    monkeypatch.setenv("COLUMNS", "160")
    b_scale = tuning.trials[tuning.chosen.trial].parameters["b_scale"]
    command = ("run", "--method", f"3dvar[b_scale={2 * b_scale}]", "--cases", 4, "--obs-frac", 0.1, "--out", tmp_path)
    assert "trials" not in bench(*command, *small_world.options).stdout
    monkeypatch.setattr("leaderboards.tuning.shipped.add_tuning", lambda summary: add_tuning(summary, folder))
    told = bench(*command, *small_world.options).stdout
    assert "trials" in told
    assert "4*" in told
    assert "not the parameters that were chosen" in told


def test_a_file_is_the_record_that_was_written(shipped):
    folder, tuning = shipped
    assert read_tuning(folder / "small" / "3dvar.json") == tuning
    assert shipped_tunings("small", folder) == {"3dvar": tuning}
    assert shipped_tunings("absent", folder) == {}
