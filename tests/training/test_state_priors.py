"""The diffusion priors of the state: what they are before training, what training adds, and a run with them."""

import json

import numpy as np
import pytest
import torch

from benchmark.training.rolling import rolled
from benchmark.weights import Card
from methods.priors.background_error import BackgroundError
from methods.priors.covariance import SpectralCovariance
from methods.priors.gaussian_prior import GaussianPrior
from methods.priors.state_prior import ClimatePrior, StatePrior
from methods.priors.zonal_covariance import ZonalCovariance

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
  state-prior:
    plan: {epochs: 6, rate: 4.0e-3, average: 0.9}
    rolled: true
    sigma_min: 0.1
    backbone: {patch: 2, width: 16, levels: 1, dropout: 0.0}
  climate-prior:
    plan: {epochs: 6, rate: 4.0e-3, average: 0.9}
    sigma_min: 0.1
    backbone: {patch: 2, width: 16, levels: 1, dropout: 0.0}
methods:
  3dvar: {modes: 40}
"""
SHAPE = (2, 4, 6)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, make_weather, bench):
    """Options of a command on a globe whose priors are trained."""
    folder = tmp_path_factory.mktemp("globe")
    coords = {"latitude": np.arange(-75.0, 90.0, 30.0), "longitude": np.arange(0.0, 360.0, 45.0)}
    make_weather().assign_coords(coords).to_netcdf(folder / "globe.nc", engine="h5netcdf")
    (folder / "globe.yaml").write_text(WORLD)
    options = ("--world", folder / "globe.yaml", "--weights", folder / "weights", "--device", "cpu")
    for target in ("denoising-3dvar", "sda", "3dvar-corrected"):
        result = bench("train", target, *options)
        assert result.exit_code == 0, result.stderr
    return options


def samples(count=200):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, 8, generator=generator) @ torch.randn(8, 48, generator=generator)


@pytest.fixture(params=["eof", "zonal"])
def background_error(request):
    fields = samples().unflatten(1, SHAPE)
    if request.param == "eof":
        return BackgroundError(SpectralCovariance.fit(samples(), samples().std(0), 12))
    scale = fields.square().mean((0, 3), keepdim=True)[0].sqrt().expand(SHAPE).contiguous()
    return BackgroundError(ZonalCovariance.fit(fields, scale, 12))


def test_before_training_it_is_the_gaussian_prior(background_error):
    prior = StatePrior(SHAPE, backbone={"patch": 2, "width": 8, "blocks": 1, "levels": 1})
    prior.attach({BackgroundError.name: background_error})
    known = GaussianPrior(background_error.covariance)
    torch.testing.assert_close(prior.scale.flatten(), known.scale)
    x, condition = samples(40).unflatten(1, SHAPE), torch.ones(40, *SHAPE)
    season = torch.zeros(40, 4)
    for sigma in (torch.tensor(0.3), torch.linspace(0.1, 9.0, 40)):
        with torch.no_grad():
            found = prior.denoise(x, sigma, condition, season)
        torch.testing.assert_close(found, known.denoise(x, sigma, condition, season))
        torch.testing.assert_close(prior.gaussian(x, sigma), found)
    # the Gaussian denoiser of one sample as a matrix, by its eigenvalues
    B = background_error.covariance
    eigenvalues = torch.linalg.eigvalsh(B.map_modes(lambda b: b, torch.eye(48)).double())
    expected = (eigenvalues * 0.3**2 / (eigenvalues + 0.3**2)).mean()
    assert float(B.mean_eigenvalue(lambda b: b * 0.3**2 / (b + 0.3**2))) == pytest.approx(float(expected), rel=1e-4)


def test_above_the_levels_it_was_trained_for_it_is_gaussian(background_error):
    prior = StatePrior(SHAPE, sigma_max=5.0, backbone={"patch": 2, "width": 8, "blocks": 1, "levels": 1})
    prior.attach({BackgroundError.name: background_error})
    torch.nn.init.ones_(prior.network.body.body.ascent[-1][-1].bias)
    x, season = samples(3).unflatten(1, SHAPE), torch.zeros(3, 4)
    with torch.no_grad():
        for sigma, gaussian in ((5.0, False), (5.1, True)):
            level = torch.tensor(sigma)
            found = prior.denoise(x, level, x, season)
            assert torch.allclose(found, prior.gaussian(x, level)) is gaussian


def test_what_is_stored_comes_back(background_error):
    backbone = {"patch": 2, "width": 8, "blocks": 1, "levels": 1}
    state, climate = StatePrior(SHAPE, backbone=backbone), ClimatePrior(SHAPE, torch.rand(2, 4, 1), backbone=backbone)
    x, season, sigma = samples(3).unflatten(1, SHAPE), torch.zeros(3, 4), torch.tensor(0.5)
    for prior in (state, climate):
        for parameter in prior.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
        again = type(prior).from_state(*prior.state())
        for each in (prior.eval(), again):
            if isinstance(each, StatePrior):
                each.attach({BackgroundError.name: background_error})
        with torch.no_grad():
            expected = prior.denoise(x, sigma, x, season)
            torch.testing.assert_close(again.denoise(x, sigma, x, season), expected)
            torch.testing.assert_close(again.scale, prior.scale)
        # one knows the background, the other does not
        with torch.no_grad():
            moved = (prior.denoise(x, sigma, x + 1, season) - expected).abs().max()
        assert bool(moved > 1e-4) is prior.conditional


def test_training_adds_to_the_gaussian_prior(trained):
    cards = trained[3] / "globe"
    for name in ("state-prior", "climate-prior"):
        card = Card.read(cards / f"{name}.json")
        levels = card.scores["denoising MSE, validation, by noise level"]
        assert set(levels) == {"0.1", "0.2", "0.5", "1.0", "2.0", "5.0", "10.0"}
        # tomorrow's anomaly is 0.8 of today's, so a tenth of persistence's error variance is known from the background;
        # six short epochs find a part of it
        assert levels["2.0"]["network"] < 0.985 * levels["2.0"]["gaussian"]
    assert set(Card.read(cards / "state-prior.json").depends) == {"background-error"}


@pytest.mark.parametrize("modes", ["fitted", "kept"])
def test_the_covariance_of_what_is_left(trained, bench, tmp_path, modes):
    cards = trained[3] / "globe"
    result = bench("train", "corrected-error", *trained, "--again", "--set", f"corrected-error.modes={modes}")
    assert result.exit_code == 0, result.stderr
    card = Card.read(cards / "corrected-error.json")
    (ratios,) = card.scores.values()
    # persistence's error has a mean that is known from the background
    assert all(0.5 < ratio < 0.99 for ratio in ratios.values())
    assert set(card.depends) == {"background-error", "state-prior"}
    command = ["run", *trained, "--cases", "8", "--obs-frac", "0.2", "--out", tmp_path, "--json"]
    result = bench(*command, "--method", "3dvar", "--method", "3dvar-corrected")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)["methods"]
    error = found["3dvar-corrected"]["relative_error"]["value"]
    assert error < 1.02 * found["3dvar"]["relative_error"]["value"]
    assert found["3dvar-corrected"]["cost"]["network_calls"] == 64


def test_a_run_with_them(trained, bench, tmp_path):
    command = ["run", *trained, "--cases", "8", "--obs-frac", "0.2", "--out", tmp_path, "--json"]
    for name in ("denoising-3dvar", "3dvar", "mmps", "dps", "sda[levels=16]"):
        command += ["--method", name]
    result = bench(*command)
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)["methods"]
    for name in ("denoising-3dvar", "mmps"):
        assert found[name]["relative_error"]["value"] < 1.05 * found["3dvar"]["relative_error"]["value"]
    assert found["denoising-3dvar"]["cost"]["network_calls"] == 8 * 8
    assert all(found[name]["statuses"] == {"ok": 8} for name in found)


def test_fields_are_rolled_eastwards():
    fields = torch.arange(2 * 3 * 4 * 5.0).view(2, 3, 4, 5)
    moved = rolled(fields, torch.tensor([1, 3]))
    assert torch.equal(moved[0], fields[0].roll(1, -1))
    assert torch.equal(moved[1], fields[1].roll(3, -1))
