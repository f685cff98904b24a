"""A world that goes around the globe: covariances by zonal wavenumber, a spectral autoencoder, a denoiser in fields."""

import json

import numpy as np
import pytest

from benchmark.weights import Card

WORLD = """\
name: globe
path: globe.nc
channels: [msl, t850]
train: 2000-2002
validate: 2003
test: 2004
background: {kind: persistence, lead_h: 24}
training:
  background-error: {modes: 40}
  autoencoder: {kind: KIND, modes: 40}
  latent-prior:
    plan: {epochs: 2, rate: 2.0e-3, average: 0.9}
    preconditioning: karras
    rolled: true
    backbone: {patch: 2, width: 16, levels: 1}
methods:
  3dvar: {modes: 40}
"""


@pytest.fixture(scope="module")
def write(tmp_path_factory, make_weather):
    """(kind of autoencoder) -> options of a command on the globe."""

    def make(kind):
        folder = tmp_path_factory.mktemp("globe")
        coords = {"latitude": np.arange(-75.0, 90.0, 30.0), "longitude": np.arange(0.0, 360.0, 45.0)}
        make_weather().assign_coords(coords).to_netcdf(folder / "globe.nc", engine="h5netcdf")
        (folder / "globe.yaml").write_text(WORLD.replace("KIND", kind))
        return ("--world", folder / "globe.yaml", "--weights", folder / "weights", "--device", "cpu")

    return make


@pytest.fixture(scope="module")
def trained(write, bench):
    options = write("spectral")
    result = bench("train", "lo-sda", *options)
    assert result.exit_code == 0, result.stderr
    return options


def test_all_methods_run_on_what_was_trained(trained, bench, tmp_path):
    methods = ("--method", "3dvar", "--method", "latent-3dvar", "--method", "lo-sda")
    result = bench("run", *methods, "--obs-frac", 0.2, "--cases", 40, "--out", tmp_path, "--json", *trained)
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    for name in ("3dvar", "latent-3dvar", "lo-sda"):
        assert found["methods"][name]["statuses"] == {"ok": 40}
        assert found["methods"][name]["relative_error"]["high"] < 0.9
    pair = next(c for c in found["comparisons"] if {c["a"], c["b"]} == {"3dvar", "latent-3dvar"})
    # the same covariance, but for what its modes leave out
    assert abs(pair["difference"]) < 0.05


def test_the_card_compares_the_denoiser_with_the_gaussian_one(trained):
    card = Card.read(trained[3] / "globe" / "latent-prior.json")
    found = card.scores["denoising MSE, validation, by noise level"]
    assert len(found) == 8
    assert all(level["network"] < 2 * level["gaussian"] for level in found.values())
    assert len(card.scores["history"]) == 2
    assert all(0.5 < epoch["denoising MSE over Gaussian"] < 2 for epoch in card.scores["history"])


def test_patches_cannot_be_rolled(write, bench):
    options = write("patch")
    result = bench("train", "lo-sda", *options, "--set", "autoencoder.plan.epochs=1")
    assert result.exit_code == 2
    assert "latent-prior.rolled=true needs a spectral autoencoder" in result.stderr
