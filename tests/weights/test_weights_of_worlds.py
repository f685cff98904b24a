"""Which changes of a world's data make its weights unfit."""

import json

import numpy as np
import pytest


@pytest.fixture
def spoilt(small_world, tmp_path):
    return small_world.copy(tmp_path / "copy")


def run(bench, world, out, method="lo-sda"):
    return bench("run", "--method", method, "--cases", 3, "--obs-frac", 0.1, "--out", out, *world.options, "--json")


def test_further_test_years_keep_weights_valid(bench, spoilt, make_weather, tmp_path):
    before = sorted(spoilt.cards.iterdir())
    make_weather(2000, 2005).to_netcdf(spoilt.data, engine="h5netcdf")
    spoilt.world.write_text(spoilt.world.read_text().replace("test: 2004", "test: 2005"))
    result = run(bench, spoilt, tmp_path / "results")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["experiment"]["first_case"].startswith("2005")
    assert sorted(spoilt.cards.iterdir()) == before


@pytest.mark.parametrize("year", [2001, 2003])
def test_one_changed_value_of_a_fitting_year_makes_them_unfit(bench, spoilt, make_weather, tmp_path, year):
    weather = make_weather()
    day = int(np.flatnonzero(weather["time"].dt.year == year)[5])
    weather["msl"][day, 2, 3] += 100.0
    weather.to_netcdf(spoilt.data, engine="h5netcdf")
    result = run(bench, spoilt, tmp_path / "results")
    assert result.exit_code == 2
    assert "were trained on other data" in result.stderr
    assert "bench train forecaster --world small" in result.stderr


def test_another_forecaster_makes_what_builds_on_it_unfit(bench, spoilt, tmp_path):
    result = bench("train", "forecaster", "--again", "--set", "forecaster.plan.seed=1", *spoilt.options)
    assert result.exit_code == 0, result.stderr
    result = run(bench, spoilt, tmp_path / "results")
    assert result.exit_code == 2
    assert "were trained with another 'forecaster'" in result.stderr
    assert "bench train autoencoder" in result.stderr
    # what takes only seconds is made again instead
    card = json.loads((spoilt.cards / "background-error.json").read_text())
    result = run(bench, spoilt, tmp_path / "results", "3dvar")
    assert result.exit_code == 0, result.stderr
    again = json.loads((spoilt.cards / "background-error.json").read_text())
    assert again["depends"] != card["depends"]
    assert again["depends"]["forecaster"] == json.loads((spoilt.cards / "forecaster.json").read_text())["sha256"]
