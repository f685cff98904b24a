"""`bench exact`, and `bench run` on the world that knows its answer."""

import json

import pytest

RING = ("--world", "gaussian-ring", "--device", "cpu")


def test_it_says_how_far_methods_are_from_the_exact_answer(bench, tmp_path):
    methods = ("--method", "3dvar", "--method", "exact", "--method", "lo-sda", "--method", "climatology")
    options = ("--cases", 40, "--obs-frac", 0.05, "--obs-frac", 0.3, "--weights", tmp_path, "--members", 6)
    result = bench("exact", *RING, *methods, *options, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["world"] == "gaussian-ring"
    assert [setting["observing"]["obs_frac"] for setting in found["settings"]] == [0.05, 0.3]
    # 96 values: 5 % and 30 % of them, rounded
    assert [setting["values_per_case"] for setting in found["settings"]] == [5, 29]
    for setting in found["settings"]:
        figures = setting["methods"]
        assert figures["3dvar"]["distance"]["value"] < 1e-5
        assert figures["climatology"]["distance"]["value"] > 1
        assert [figures[m]["members"] for m in ("3dvar", "exact", "lo-sda")] == [1, 6, 6]
        assert set(figures["exact"]["rmse_by_channel"]) == {"z500", "t850"}
        assert abs(figures["exact"]["spread"]["value"] - 1) < 5 * figures["exact"]["spread"]["se"]


def test_its_table_has_a_line_a_method_and_reasons(bench, tmp_path):
    methods = ("--method", "3dvar", "--method", "lo-sda[levels=3]", "--method", "autoencoder")
    result = bench("exact", *RING, *methods, "--cases", 5, "--obs-frac", 0.1, "--weights", tmp_path)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "random 10 % of all variables, std 0.05; 5 cases, 10.0 observed values a case" in result.stdout
    assert any(line.strip().startswith("3dvar") for line in lines)
    assert "levels=3" in result.stdout.replace("\n", "").replace(" ", "")
    assert "autoencoder has no figures: " in result.stdout


def test_another_world_is_refused(bench):
    result = bench("exact", "--world", "twin", "--method", "3dvar")
    assert result.exit_code == 2
    assert "'twin' does not know its posterior in closed form; take --world gaussian" in result.stderr


def test_a_world_that_is_drawn_reads_no_data(bench):
    result = bench("run", "--world", "gaussian", "--data", "x.nc", "--method", "3dvar")
    assert result.exit_code == 2
    assert "leave --data out" in result.stderr


def test_every_diffusion_method_runs_there_without_training(bench, tmp_path):
    methods = ("--method", "3dvar", "--method", "latent-3dvar", "--method", "lo-sda", "--method", "exact")
    places = ("--out", tmp_path / "results", "--weights", tmp_path / "weights")
    result = bench("run", *RING, *methods, "--cases", 24, "--obs-frac", 0.1, *places, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)["methods"]
    assert not list((tmp_path / "weights").rglob("*"))
    assert {label: figures["statuses"] for label, figures in found.items()} == {label: {"ok": 24} for label in found}
    # physical units: z500 has a std of 600 m2 s-2, and the background an error of 0.4 of it
    assert found["background"]["rmse"]["z500"] == pytest.approx(240, rel=0.15)
    best = found["3dvar"]["relative_error"]["value"]
    assert found["latent-3dvar"]["relative_error"]["value"] == pytest.approx(best, rel=1e-4)
    # its members come in pairs of opposite noise, whose mean is exact where all is linear
    assert found["lo-sda"]["relative_error"]["value"] == pytest.approx(best, rel=1e-3)
    # the mean of 20 samples has an error of (1 + 1/20)^1/2 in expectation
    assert best < found["exact"]["relative_error"]["value"] < 1.1 * best < 0.9
