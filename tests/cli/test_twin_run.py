"""What a machine that has never downloaded a field gets: the twin, from the package alone."""

import json

import numpy as np
import pytest
import torch

from benchmark.training.context import open_workspace
from benchmark.weights import SHIPPED, Card
from benchmark.worlds import load_spec
from benchmark.worlds.sample import SAMPLES

# Scores are means over cases; these bounds hold for 24 of them with room for the sampling.
CASES = 24


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return open_workspace(load_spec("twin"), tmp_path_factory.mktemp("weights"), "cpu")[0]


@pytest.fixture(scope="module", params=[0.01, 0.05])
def summary(bench, tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("twin")
    methods = ("--method", "3dvar", "--method", "latent-3dvar", "--method", "lo-sda")
    places = ("--out", folder / "results", "--weights", folder / "weights", "--device", "cpu")
    result = bench("run", *methods, "--obs-frac", request.param, "--cases", CASES, *places, "--json")
    assert result.exit_code == 0, result.stderr
    assert not list((folder / "weights").rglob("*.safetensors"))
    found = json.loads(result.stdout)
    # whole points of each of 16 channels with 2048
    assert found["observations"]["values_per_case"] == pytest.approx(request.param * 16 * 2048, abs=16 / 2)
    return request.param, found


def test_every_method_beats_the_background_beyond_doubt(summary):
    for c in summary[1]["comparisons"]:
        if c["b"] == "background" and c["a"] != "climatology":
            assert c["high"] < 0, c


def test_lo_sda_is_no_worse_than_its_gaussian_and_better_with_more_observations(summary):
    fraction, found = summary
    pair = next(c for c in found["comparisons"] if (c["a"], c["b"]) == ("latent-3dvar", "lo-sda"))
    assert pair["difference"] >= 0
    if fraction == 0.05:
        assert pair["low"] > 0


def test_nothing_diverges_and_every_solver_converges(summary):
    for found in summary[1]["methods"].values():
        assert found["statuses"] == {"ok": CASES}


def test_there_are_cases_all_through_the_year(world):
    times = world.times("test")
    assert len(times) >= 120
    assert set(np.diff(times).astype("timedelta64[h]").astype(int)) == {48}
    assert (times[-1] - times[0]) / np.timedelta64(1, "D") > 360


def test_a_month_is_there_at_six_hours(world):
    month = np.arange("2012-04-01", "2012-05-01", 6, dtype="datetime64[h]").astype("datetime64[ns]")
    assert torch.isfinite(world.truth(month)).all()
    assert torch.isfinite(world.background(month[::20])).all()


def test_no_background_has_an_error_of_its_mass(world):
    times = world.times("test")[::6]
    area = world.grid.cell_area / world.grid.cell_area.size

    def mean(fields):
        return (world.normalisation.denormalise(fields.double().numpy())[:, -1] * area).sum((1, 2))

    # 10 Pa are asked of twelve years; a network that does not know of mass is wrong by some 50
    assert np.abs(mean(world.background(times)) - mean(world.truth(times))).max() < 5
    assert np.abs(mean(world.truth(times)) - 98_500).max() < 5


def test_the_autoencoder_is_much_better_than_the_analysis(summary):
    fraction, found = summary
    if fraction != 0.05:
        pytest.skip("asked of the analyses at 5 %")
    card = Card.read(SHIPPED / "twin" / "autoencoder.json")
    own = card.scores["reconstruction RMSE, validation truth"]
    std = json.loads((SAMPLES / "twin" / "card.json").read_text())["normalisation"]
    analysis = {name: value / std[name][1] for name, value in found["methods"]["lo-sda"]["rmse"].items()}
    assert sum(own.values()) <= sum(analysis.values()) / 5


def test_the_card_says_how_it_was_made(world):
    card = json.loads((SAMPLES / "twin" / "card.json").read_text())
    assert len(card["made"]["commit"].removesuffix("-dirty")) == 40
    assert card["made"]["planet"]["hours"] > 0.05
    for name in ("forecaster", "background-error", "autoencoder", "latent-prior"):
        assert card["made"]["weights"][name]["sha256"] == Card.read(SHIPPED / "twin" / f"{name}.json").sha256
    assert card["training_hash"] == world.training_hash
    assert card["evaluation_hash"] == world.evaluation_hash


def test_all_that_ships_is_small():
    folders = (SAMPLES, SHIPPED)
    size = sum(file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file())
    assert size <= 45e6


def test_what_needs_the_archive_says_how_to_make_it(bench, tmp_path):
    result = bench("train", "autoencoder", "--again", "--weights", tmp_path)
    assert result.exit_code == 2
    assert "bench world make twin --out twin.zarr" in result.stderr
    assert "--data twin.zarr" in result.stderr


def test_other_data_under_the_name_of_the_twin_are_told(bench, tmp_path):
    (tmp_path / "not.nc").write_bytes(b"not a file of fields")
    result = bench("run", "--method", "3dvar", "--data", tmp_path / "not.nc", "--out", tmp_path)
    assert result.exit_code == 2
    assert "not.nc" in result.stderr
