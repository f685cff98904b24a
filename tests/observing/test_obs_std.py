"""Observation error: reading it, and turning physical units into normalised ones."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.observing import read_obs_std
from benchmark.observing.obs_std import normalised_std
from benchmark.problem import BenchError, Channel, Normalisation

CHANNELS = (Channel("z", 500), Channel("z", 850), Channel("t", 850), Channel("msl"))
NORMALISATION = Normalisation((5.5e4, 1.4e4, 280.0, 1.01e5), (800.0, 500.0, 4.0, 900.0))


@pytest.mark.parametrize(("text", "value"), [("0.05", 0.05), ("0", 0.0), ("1e-2", 0.01)])
def test_a_number(text: str, value: float) -> None:
    assert read_obs_std(text) == value


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "std.yaml"
    file.write_text("z500: 100\ntemperature: 1.5\nmsl: 1e2\n")
    assert read_obs_std(str(file)) == {"z500": 100.0, "temperature": 1.5, "msl": 100.0}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("z500: -1", r"std\.yaml: z500 is -1; an error std is finite and zero or more"),
        ("z500: .nan", r"z500 is nan"),
        ("z500: a lot", r"z500 takes a number in the variable's physical unit, not 'a lot'"),
        ("z500: yes", r"z500 takes a number .* not True"),
        ("z500: [1]", r"z500 takes a number"),
        ("- 1", r"must map names to error stds"),
        ("", r"must map names to error stds"),
        ("z500: [", r"is not YAML"),
    ],
)
def test_bad_files(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "std.yaml"
    file.write_text(content)
    with pytest.raises(BenchError, match=message):
        read_obs_std(str(file))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-0.1", r"obs_std is -0\.1; an error std is finite and zero or more"),
        ("inf", r"obs_std is inf"),
        ("five", r"'five' is neither a number nor a readable YAML file .*; give 0\.05"),
    ],
)
def test_bad_words(text: str, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        read_obs_std(text)


def test_a_number_is_in_climatological_stds() -> None:
    std = normalised_std(0.05, CHANNELS, (0, 2), NORMALISATION)
    np.testing.assert_array_equal(std, [0.05, np.nan, 0.05, np.nan])


def test_names_are_in_physical_units_and_a_channel_goes_before_its_variable() -> None:
    std = normalised_std({"z500": 80.0, "geopotential": 200.0, "t": 1.0}, CHANNELS, (0, 1, 2), NORMALISATION)
    np.testing.assert_array_equal(std, [80 / 800, 200 / 500, 1 / 4, np.nan])


def test_unknown_name() -> None:
    with pytest.raises(BenchError, match=r"No channel or variable is called 'z501'.*did you mean .*'z500'"):
        normalised_std({"z501": 1.0}, CHANNELS, (0,), NORMALISATION)


def test_observed_channel_without_a_std() -> None:
    with pytest.raises(BenchError, match=r"no error for the observed z850, msl; add them"):
        normalised_std({"z500": 1.0, "t": 1.0}, CHANNELS, (0, 1, 2, 3), NORMALISATION)
