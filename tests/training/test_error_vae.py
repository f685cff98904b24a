"""The VAE of background errors: its bound before training, what training adds, and a run with what was trained."""

import json

import numpy as np
import pytest
import torch

from benchmark.training.loop import Plan, train_network
from benchmark.weights import Card
from methods.priors.background_error import BackgroundError
from methods.priors.covariance import SpectralCovariance
from methods.priors.error_vae import ErrorVAE
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
  error-vae:
    plan: {epochs: 2}
    modes: 40
    rolled: true
    backbone: {patch: 2, width: 8}
methods:
  3dvar: {modes: 40}
"""
SHAPE = (2, 4, 6)
BACKBONE = {"kind": "convolutional", "patch": 2, "width": 16, "blocks": 1, "levels": 1}


def samples(count=400):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, 48, generator=generator) @ torch.randn(48, 48, generator=generator) / 7


@pytest.fixture(params=["eof", "zonal"])
def background_error(request):
    fields = samples().unflatten(1, SHAPE)
    if request.param == "eof":
        return BackgroundError(SpectralCovariance.fit(samples(), samples().std(0), 12))
    scale = fields.square().mean((0, 3), keepdim=True)[0].sqrt().expand(SHAPE).contiguous()
    return BackgroundError(ZonalCovariance.fit(fields, scale, 12))


def test_its_bound_before_training_is_the_likelihood_of_a_gaussian(background_error):
    """Of N(0, L L^T + r I), by dense algebra; the draws of q average out."""
    vae = ErrorVAE.around(background_error, SHAPE, 8, backbone=BACKBONE).eval()
    with torch.no_grad():
        L = vae.modes.root(torch.eye(vae.size)).flatten(1).double()
        covariance = L.T @ L + float(vae.modes.noise) * torch.eye(48, dtype=torch.float64)
        density = torch.distributions.MultivariateNormal(torch.zeros(48, dtype=torch.float64), covariance)
        for x in samples(3):
            noise = torch.randn(4000, vae.size, generator=torch.Generator().manual_seed(1))
            found = vae.bound(x.view(1, *SHAPE).expand(4000, -1, -1, -1), noise).double()
            expected = -density.log_prob(x.double()) / 48
            assert abs(found.mean() - expected) < 5 * found.std() / 4000**0.5 + 1e-5
            assert found.std() > 0


def test_the_noise_is_what_the_modes_leave_over(background_error):
    B = background_error.covariance
    modes = ErrorVAE.around(background_error, SHAPE, 8).modes
    scaled = type(B)(**{**B.tensors(), "scale": torch.ones_like(B.scale)})
    total = scaled.apply(torch.eye(48, dtype=torch.float64)).trace()
    assert float(modes.noise * (48 - modes.size) + modes.variances.sum()) == pytest.approx(float(total), rel=1e-5)


class Silent:
    def start(self, *_): ...
    def step(self): ...
    def note(self, text): ...


def test_training_learns_that_some_days_are_worse_than_others(tmp_path):
    """Errors of one covariance, but with an amplitude of every day's own: no Gaussian knows them as well."""
    torch.manual_seed(0)
    B = SpectralCovariance.fit(samples(), samples().std(0), 48)
    vae = ErrorVAE.around(BackgroundError(B), SHAPE, 40, backbone=BACKBONE)
    generator = torch.Generator().manual_seed(2)
    # 0.3 or 1.2, and 1 in the mean square
    amplitude = (torch.where(torch.rand(2400, 1, generator=generator) < 0.5, 0.3, 1.2)) / 0.765**0.5
    z = amplitude * torch.randn(2400, 40, generator=generator)
    fields = vae.modes.root(z) + vae.modes.noise.sqrt() * torch.randn(2400, *SHAPE, generator=generator)
    train, other = fields[:2000], fields[2000:]
    draw = torch.randn(400, 40, generator=generator)

    def loss(module, batch, generator):
        return module.bound(train[batch], torch.randn(len(batch), 40, generator=generator)).mean()

    def validate(module):
        return {"bound": float(module.bound(other, draw).mean())}

    train_network(vae, loss, validate, 2000, Plan(epochs=5, rate=1e-2), "vae", tmp_path / "checkpoint", Silent())
    with torch.no_grad():
        gain = vae.bound(other, draw, gaussian=True) - vae.bound(other, draw)
    # paired over cases, whose standard error is a fifteenth of it
    assert gain.mean() > 5 * gain.std() / 400**0.5


@pytest.fixture(scope="module")
def trained(tmp_path_factory, make_weather, bench):
    """Options of a command on a globe whose VAE is trained."""
    folder = tmp_path_factory.mktemp("globe")
    coords = {"latitude": np.arange(-75.0, 90.0, 30.0), "longitude": np.arange(0.0, 360.0, 45.0)}
    make_weather().assign_coords(coords).to_netcdf(folder / "globe.nc", engine="h5netcdf")
    (folder / "globe.yaml").write_text(WORLD)
    options = ("--world", folder / "globe.yaml", "--weights", folder / "weights", "--device", "cpu")
    result = bench("train", "vae-var", *options)
    assert result.exit_code == 0, result.stderr
    return options


def test_its_card_says_how_it_compares_with_the_gaussian(trained):
    card = Card.read(trained[3] / "globe" / "error-vae.json")
    (found,) = [value for key, value in card.scores.items() if key.startswith("minus the evidence lower bound")]
    # the world's errors are Gaussian, and two epochs spoil little
    assert found["network"] == pytest.approx(found["gaussian"], abs=0.05)
    assert found["network"] != found["gaussian"]
    assert [epoch["Gaussian"] for epoch in card.scores["history"]] == pytest.approx([found["gaussian"]] * 2)
    assert set(card.depends) == {"background-error"}


def test_a_run_with_it(trained, bench, tmp_path):
    command = ["run", *trained, "--cases", "8", "--obs-frac", "0.2", "--out", tmp_path, "--json"]
    result = bench(*command, "--method", "vae-var", "--method", "3dvar")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)["methods"]
    assert found["vae-var"]["relative_error"]["value"] < 1.1 * found["3dvar"]["relative_error"]["value"] < 1
    assert found["vae-var"]["statuses"] == {"ok": 8}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("error-vae.modes=0", "error-vae.modes: Input should be greater than 0"),
        ("error-vae.backbone.widht=3", "did you mean 'width'"),
    ],
)
def test_a_wrong_setting_is_named(trained, bench, setting, message):
    result = bench("train", "error-vae", *trained, "--again", "--set", setting)
    assert result.exit_code != 0
    assert message in " ".join(result.stderr.split())
