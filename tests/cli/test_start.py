"""The command line before it works: help, lists and versions."""

import importlib.metadata
import subprocess
import sys

import pytest

import benchmark.weights

HEAVY = ("torch", "xarray", "pandas", "scipy", "numpy")
LOOK = f"""
import sys
from benchmark.cli import main
try:
    main()
finally:
    print(",".join(name for name in {HEAVY} if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments", [("--help",), ("run", "--help"), ("train", "--help"), ("--version",)], ids=" ".join
)
def test_help_imports_nothing_heavy(arguments):
    result = subprocess.run([sys.executable, "-c", LOOK, *arguments], capture_output=True, text=True, check=True)
    assert result.stderr == "\n"
    assert result.stdout


def test_version(bench):
    assert importlib.metadata.version("assimbench") in bench("--version").stdout


def test_help_names_every_command(bench):
    text = bench("--help").stdout
    assert all(f"  {name} " in text for name in ("run", "train", "score", "world", "worlds", "methods", "exact"))


def test_worlds_are_listed(bench):
    lines = bench("worlds").stdout.splitlines()
    names = {line.split()[0] for line in lines}
    assert names >= {"era-interim-euroatlantic", "era5-64x32", "gaussian", "gaussian-ring", "twin"}
    assert "ERA-Interim, Europe and Atlantic" in lines[0]


def test_methods_are_listed_with_their_parameters(bench):
    lines = {line.split()[0]: line for line in bench("methods").stdout.splitlines()}
    assert set(lines) >= {"background", "climatology", "3dvar", "latent-3dvar", "lo-sda"}
    assert "b_scale=1.0" in lines["3dvar"]
    assert "8 members" in lines["lo-sda"]
    assert "point" in lines["3dvar"]


def test_training_says_what_it_made_and_what_was_there(bench, small_world, tmp_path):
    copy = small_world.copy(tmp_path / "copy")
    again = bench("train", "background-error", "--again", *copy.options)
    assert again.stdout == f"Trained background-error; weights and cards are in {copy.cards}.\n"
    there = bench("train", "background-error", *copy.options)
    assert there.stdout == "Everything that 'background-error' needs is there already; --again trains it anew.\n"


def test_training_from_scratch_does_without_what_ships(bench, small_world, tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark.weights, "SHIPPED", small_world.weights)
    options = ("--world", small_world.world, "--data", small_world.data, "--weights", tmp_path)
    there = bench("train", "background-error", *options)
    assert there.stdout.startswith("Everything that 'background-error' needs is there already")
    made = bench("train", "background-error", "--from-scratch", "--set", "forecaster.plan.epochs=1", *options)
    assert made.stdout.startswith("Trained forecaster, background-error; ")


def test_the_table_names_world_cases_and_methods(bench, small_world, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    options = ("--cases", 12, "--obs-frac", 0.1, "--out", tmp_path, *small_world.options)
    text = bench("run", "--method", "3dvar", *options).stdout
    assert "A made-up region of 6 x 8 points; random 10 % of all variables, std 0.05" in text
    assert "12 cases of the test years, 2004-01-16 to 2004-12-16; 10.0 observed values a case" in text
    assert "msl Pa" in text
    assert "t850 K" in text
