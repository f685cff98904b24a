"""`bench world`: planets are made, drawn and packed by their world files, and nothing else is."""

import json
import sys

import pytest

TINY = """\
name: tiny
channels: [z850, z500, z250, t850, t500, t250, u850, u500, u250, v850, v500, v250, q850, q500, q250, sp]
train: 2001
validate: 2002
test: 2003
climatology: harmonics
background: {kind: persistence, lead_h: 48}
planet: {start: 2001-01-01, end: 2001-01-05, spin_up_days: 1, wavenumbers: 5, layers: 5, step_min: 60}
"""


@pytest.fixture
def tiny(tmp_path):
    file = tmp_path / "tiny.yaml"
    file.write_text(TINY)
    return file


def test_a_planet_is_made(bench, tiny, tmp_path):
    out = tmp_path / "new" / "tiny.zarr"
    result = bench("world", "make", tiny, "--out", out)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"Wrote {out}; use it with --world {tiny} --data {out}.\n"
    record = json.loads((out / "planet.json").read_text())
    assert record["planet"]["wavenumbers"] == 5
    assert record["seconds"] > 0
    assert set(record["versions"]) == {"assimbench", "dinosaur-dycore", "jax", "numpy"}
    # five days are no climate, and the world that they are to be says so
    run = bench("run", "--method", "background", "--world", tiny, "--data", out, "--out", tmp_path / "results")
    assert run.exit_code == 2
    assert "has no data in 2002" in run.stderr
    again = bench("world", "make", tiny, "--out", out)
    assert again.exit_code == 2
    assert "exists already; remove it first" in again.stderr


def test_a_changed_archive_is_refused_by_a_run(bench, tiny, tmp_path):
    out = tmp_path / "tiny.zarr"
    assert bench("world", "make", tiny, "--out", out).exit_code == 0
    chunk = out / "surface_pressure" / "0.0.0"
    chunk.write_bytes(chunk.read_bytes() + b"x")
    run = bench("run", "--method", "background", "--world", tiny, "--data", out, "--out", tmp_path / "results")
    assert run.exit_code == 2
    assert f"{chunk} is truncated or was changed" in run.stderr


def test_real_fields_cannot_be_made(bench, tmp_path):
    result = bench("world", "make", "era-interim-euroatlantic", "--out", tmp_path / "a.zarr")
    assert result.exit_code == 2
    assert "made of real fields and cannot be made here" in result.stderr


def test_a_planet_needs_its_extra(bench, tiny, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    result = bench("world", "make", tiny, "--out", tmp_path / "tiny.zarr")
    assert result.exit_code == 2
    assert "pip install 'assimbench[twin]'" in result.stderr
    assert not list(tmp_path.glob("*.zarr*"))


def test_a_wrong_planet_is_named(bench, tiny, tmp_path):
    tiny.write_text(TINY.replace("layers: 5", "layer: 5"))
    result = bench("world", "make", tiny, "--out", tmp_path / "tiny.zarr")
    assert result.exit_code == 2
    assert "planet.layer" in result.stderr


def test_only_a_planet_is_packed(bench, small_world, tmp_path):
    result = bench("world", "sample", small_world.world, "--data", small_world.data, "--out", tmp_path)
    assert result.exit_code == 2
    assert "only a planet is packed" in result.stderr


def test_a_world_without_wind_is_not_drawn(bench, small_world, tmp_path):
    result = bench("world", "plot", small_world.world, "--weights", small_world.weights, "--out", tmp_path)
    assert result.exit_code == 2
    assert "the pictures need" in result.stderr


def test_without_its_sample_and_data_a_planet_says_how_it_is_made(bench, tmp_path, monkeypatch):
    monkeypatch.setattr("benchmark.worlds.opening.SAMPLES", tmp_path)
    result = bench("run", "--method", "background", "--world", "twin", "--out", tmp_path)
    assert result.exit_code == 2
    assert "bench world make twin --out twin.zarr" in result.stderr
