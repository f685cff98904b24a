"""What `bench train` and `bench score` refuse, and how."""

import json
import re

import numpy as np
import pytest


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("lo-sd",), "Nothing called 'lo-sd' can be trained; did you mean 'lo-sda'"),
        (("autoencoder", "--set", "epochs"), "Cannot read --set epochs"),
        (("autoencoder", "--set", "epochs=5"), "no component called 'epochs'; known: aligned-prior, autoencoder"),
        (("autoencoder", "--set", "autoencoder=5"), r"write autoencoder\.KEY=value"),
        (("autoencoder", "--set", "autoencoder=5", "--set", "autoencoder.patch=2"), "COMPONENT.key=value"),
        (("autoencoder", "--set", "autoencoder.plan.epochs=0"), r"autoencoder\.plan\.epochs: .*greater than 0"),
        (("autoencoder", "--set", "autoencoder.plan=[1"), "Cannot read --set autoencoder.plan"),
        (("autoencoder", "--device", "abacus"), "no device 'abacus'"),
    ],
)
def test_training(bench, small_world, arguments, cause):
    result = bench("train", *small_world.options, *arguments, "--again")
    assert result.exit_code == 2
    assert re.search(cause, result.stderr), result.stderr
    assert "Traceback" not in result.stderr


def test_training_into_a_folder_that_cannot_be_written(bench, small_world, tmp_path):
    (tmp_path / "a-file").write_text("")
    result = bench("train", "forecaster", *small_world.options, "--weights", tmp_path / "a-file" / "weights")
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
    assert "choose another folder" in result.stderr


def test_an_undefined_score_is_null(bench, small_world, tmp_path, make_weather):
    weather = make_weather(2004, 2004).rename(msl="mean_sea_level_pressure", t850="temperature_850")
    mean = weather.mean("time").expand_dims(hour=[12], dayofyear=np.arange(1, 367))
    constant = weather * 0 + weather.mean("time")
    for name, dataset in {"truth": weather, "constant": constant, "climatology": mean}.items():
        dataset.to_zarr(tmp_path / f"{name}.zarr", consolidated=False)
    files = [tmp_path / f"{name}.zarr" for name in ("constant", "truth")]
    result = bench("score", *files, "--climatology", tmp_path / "climatology.zarr", "--json")
    assert result.exit_code == 0, result.stderr
    scores = json.loads(result.stdout, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert scores["acc"]["mean_sea_level_pressure"] is None
    assert scores["rmse"]["mean_sea_level_pressure"] > 0


def test_damaged_weights_are_trained_anew(bench, small_world, tmp_path):
    copy = small_world.copy(tmp_path / "copy")
    (file,) = copy.cards.glob("background-error-*.safetensors")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    options = ("--cases", 3, "--obs-frac", 0.1, "--out", tmp_path / "results", *copy.options)
    made = bench("train", "background-error", *copy.options)
    assert made.stdout.startswith("Trained background-error;")
    assert bench("run", "--method", "3dvar", *options).exit_code == 0


def test_scoring_what_is_not_there(bench, small_world, tmp_path):
    result = bench("score", tmp_path / "absent.nc", small_world.data)
    assert result.exit_code == 2
    assert re.search(r"no file '.*absent\.nc'.*correct the path", result.stderr)
