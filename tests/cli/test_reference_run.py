"""The command of the README on the real reanalysis, with the weights that ship with the package."""

import json

import pytest


@pytest.mark.real
def test_both_methods_beat_the_background_without_training(bench, shared_data, tmp_path):
    data = shared_data / "era_interim_euroatlantic_2000_2009.nc"
    asked = ("--method", "3dvar", "--method", "lo-sda", "--obs-frac", 0.05, "--cases", 16)
    places = ("--data", data, "--out", tmp_path / "results", "--weights", tmp_path / "weights", "--device", "cpu")
    result = bench("run", *asked, *places, "--json")
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["cases"] == 16
    # 5 % of 21 x 24 points of three channels
    assert summary["observations"]["values_per_case"] == round(0.05 * 3 * 21 * 24)
    for method in ("3dvar", "lo-sda"):
        found = summary["methods"][method]
        assert found["diverged"] == 0
        assert found["relative_error"]["value"] < 0.75
    # a covariance may be fitted in seconds, but no network is trained by a run
    made = {file.name.split("-")[0] for file in (tmp_path / "weights").rglob("*.safetensors")}
    assert made <= {"background"}
