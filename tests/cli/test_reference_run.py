"""What the shipped weights reach on the real reanalysis: the claims of docs/results.md, on fewer cases."""

import json

import numpy as np
import pytest
import torch

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.problem import CaseNoise, Problem
from benchmark.training.context import Context, SilentReport, open_workspace
from benchmark.training.recipes import prepare
from benchmark.worlds import load_spec
from methods.priors.autoencoder import Autoencoder
from methods.registry import find_method
from metrics import region_weights

pytestmark = pytest.mark.real

HARD = "lo-sda[variant=hard]"
METHODS = ("3dvar", "latent-3dvar", "3dvar-corrected", HARD, "denoising-3dvar")
CASES = 128
DEAR_CASES = 32
"""Of the world's own lo-sda, which is guided and takes ten times as long."""


@pytest.fixture(scope="module")
def data(shared_data):
    return shared_data / "era_interim_euroatlantic_2000_2009.nc"


@pytest.fixture(scope="module", params=[0.01, 0.05])
def summary(bench, data, tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("reference")
    methods = [word for name in METHODS for word in ("--method", name)]
    world = ("--world", "era-interim-euroatlantic", "--data", data)
    places = (*world, "--out", folder / "results", "--weights", folder / "weights", "--device", "cpu")
    result = bench("run", *methods, "--obs-frac", request.param, "--cases", CASES, *places, "--json")
    assert result.exit_code == 0, result.stderr
    # no network is trained by a run, and nothing that ships is fitted anew
    assert not list((folder / "weights").rglob("*.safetensors"))
    found = json.loads(result.stdout)
    assert found["cases"] == CASES
    # of 21 x 24 points of three channels
    assert found["observations"]["values_per_case"] == round(request.param * 3 * 21 * 24)
    return found


def test_every_method_beats_the_background_beyond_doubt(summary):
    for c in summary["comparisons"]:
        if c["b"] == "background" and c["a"] != "climatology":
            assert c["high"] < 0, c


def test_lo_sda_beats_the_gaussian_priors_beyond_doubt(summary):
    pairs = {(c["a"], c["b"]): c for c in summary["comparisons"]}
    for other in ("3dvar", "latent-3dvar"):
        assert pairs[other, HARD]["low"] > 0


@pytest.mark.parametrize("obs_frac", [0.01, 0.05])
def test_so_does_the_worlds_own_setting(bench, data, tmp_path, obs_frac):
    names = ("3dvar", "latent-3dvar", "lo-sda")
    methods = [word for name in names for word in ("--method", name)]
    places = ("--world", "era-interim-euroatlantic", "--data", data, "--out", tmp_path, "--device", "cpu")
    result = bench("run", *methods, "--obs-frac", obs_frac, "--cases", DEAR_CASES, *places, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    pairs = {(c["a"], c["b"]): c for c in found["comparisons"]}
    assert pairs["3dvar", "lo-sda"]["low"] > 0
    assert pairs["latent-3dvar", "lo-sda"]["low"] > 0
    assert found["methods"]["lo-sda"]["statuses"] == {"ok": DEAR_CASES}


def test_denoising_3dvar_beats_every_gaussian_prior_beyond_doubt(summary):
    """Also the one that starts from its own prior's mean."""
    pairs = {(c["a"], c["b"]): c for c in summary["comparisons"]}
    for other in ("3dvar", "latent-3dvar", "3dvar-corrected"):
        assert pairs[other, "denoising-3dvar"]["low"] > 0


def test_nothing_diverges_and_every_solver_converges(summary):
    for found in summary["methods"].values():
        assert found["statuses"] == {"ok": CASES}


@pytest.fixture(scope="module")
def workspace(data, tmp_path_factory):
    return open_workspace(load_spec("era-interim-euroatlantic", data), tmp_path_factory.mktemp("none"), "cpu")


def test_archive_and_validation_year_have_errors_of_one_size(workspace):
    """And without cross-fitting they would not: the network that has seen a day forecasts it too well."""
    world, _ = workspace
    archive, validation = (world.archive(split).error_std() for split in ("train", "validate"))
    np.testing.assert_allclose(archive, validation, rtol=0.05)
    blocks, world.forecaster.blocks = world.forecaster.blocks, ()
    try:
        seen = world.archive("train").error_std()
    finally:
        world.forecaster.blocks = blocks
    assert (seen < 0.85 * validation).all()


@pytest.mark.parametrize(
    ("name", "changes", "tolerance"),
    [
        ("3dvar", {}, 1e-5),
        ("latent-3dvar", {}, 1e-5),
        ("denoising-3dvar", {}, 1e-5),
        ("lo-sda", {"variant": "hard"}, 1e-5),
        # some fifty steps of a length that the misfit decides, each of which stretches the rounding of the one before
        ("lo-sda", {}, 1e-3),
    ],
)
def test_a_real_case_alone_equals_the_case_in_a_batch(workspace, name, changes, tolerance):
    """Real covariances are worse conditioned than a toy's: what rounding does shows here."""
    world, store = workspace
    method = find_method(name)(**{**world.spec.methods[name], **changes})
    prepare(method, Context(world, store, torch.device("cpu"), SilentReport()))
    times = world.times("test")[::20][:32]
    system = ObservingSystem(
        ObservingSpec.make(obs_frac=0.05), world.grid, world.channels, world.normalisation, world.name
    )
    observations = system.observe(world.truth(times), times)
    problem = Problem(
        world.background(times), world.climatology(times), observations, world.grid, world.channels, times
    )
    with torch.no_grad():
        batch = method.analyse(problem, 2, CaseNoise(range(32)))
        for i in (0, 13, 31):
            alone = method.analyse(problem.select(slice(i, i + 1)), 2, CaseNoise([i]))
            torch.testing.assert_close(alone.members[0], batch.members[i], atol=tolerance, rtol=0)


def test_the_autoencoder_errs_by_a_quarter_of_the_analysis_at_most(workspace, summary):
    world, store = workspace
    autoencoder, _ = store.load(Autoencoder)
    times = world.times("test")[::10]
    anomaly = world.truth(times) - world.climatology(times)
    with torch.no_grad():
        error = autoencoder.decode(autoencoder.encode(anomaly)) - anomaly
    weights = torch.as_tensor(region_weights(world.grid, "global"))
    rmse = ((weights * error.square()).sum((2, 3)) / weights.sum()).mean(0).sqrt()
    analysis = torch.tensor(list(summary["methods"][HARD]["rmse"].values())) / torch.tensor(world.normalisation.std)
    assert (rmse < analysis / 4).all()
