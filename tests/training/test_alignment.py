"""Fine-tuning by preferences: rewards, pairs, the loss and what it does to a prior, and a whole run."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmark.problem import BenchError, Channel, Grid, Normalisation
from benchmark.problem.geostrophy import OMEGA, RADIUS_M
from benchmark.training.alignment import candidates as drawing
from benchmark.training.alignment.analysis_error import AnalysisError
from benchmark.training.alignment.balance import Balance, ageostrophic_share
from benchmark.training.alignment.candidates import CandidateSettings, draw_candidates
from benchmark.training.alignment.forecast_error import ForecastError
from benchmark.training.alignment.preference_loss import excess_error, preference_loss
from benchmark.training.alignment.preferences import prefer
from benchmark.training.alignment.recipe import AlignedPriorRecipe
from benchmark.training.context import Context, SilentReport, choose_device, open_workspace
from benchmark.worlds import load_spec
from methods.priors.aligned_prior import AlignedPrior
from methods.priors.covariance import SpectralCovariance
from methods.priors.latent_prior import LatentPrior

DAY = np.timedelta64(1, "D")


@pytest.fixture
def context(small_world, tmp_path):
    """A context on a copy of the small world: overrides of settings -> context."""
    copy = small_world.copy(tmp_path / "copy")

    def make(overrides=None, report=None):
        world, store = open_workspace(load_spec(copy.world), copy.weights, "cpu")
        return Context(world, store, choose_device("cpu"), report or SilentReport(), overrides or {})

    return make


# rewards


def test_the_analysis_reward_is_minus_the_error_relative_to_the_background(context):
    made = context()
    archive = made.archive
    reward = AnalysisError(made, "train")
    states = torch.stack((archive.truth, archive.background, 2 * archive.truth - archive.background), dim=1)
    found = reward(states, archive.truth, archive.times)
    assert torch.equal(found[:, 0], torch.zeros(len(archive)))
    # errors of opposite sign are as large
    torch.testing.assert_close(found[:, 1], found[:, 2], atol=1e-5, rtol=0)
    # over all training days the background's relative error is one by definition
    assert float(found[:, 1].square().mean().sqrt()) == pytest.approx(1.0, rel=1e-4)


def test_of_the_truth_the_forecast_is_the_worlds_own_background(context):
    made = context()
    world, reward = made.world, ForecastError(made, "train")
    times = made.archive.times[100:140]
    truth = world.truth(times)
    states = torch.stack((truth, truth + 0.5), dim=1)
    found = reward(states, truth, times)
    error = world.background(times + DAY) - world.truth(times + DAY)
    area = torch.tensor(world.grid.row_area)[:, None] / made.archive.error_std()[:, None, None] ** 2
    expected = -(area * error.double().square()).mean((1, 2, 3)).sqrt()
    torch.testing.assert_close(found[:, 0].double(), expected, atol=1e-5, rtol=0)
    # persistence takes half a std of error to the next day
    assert found[:, 1].mean() < found[:, 0].mean()


def test_a_forecast_is_verified_within_its_own_years(context):
    made = context()
    for split in ("train", "validate"):
        archive = made.archive if split == "train" else made.validation
        available = ForecastError(made, split).available(archive.times)
        assert not available[-1]
        assert available[:-1].all()


def solid_rotation(speed, rows=37):
    """Geopotential and wind of a planet's atmosphere that turns as a whole, in geostrophic balance: with
    z = -Omega a U sin^2(phi), u_g = U cos(phi)."""
    grid = Grid(tuple(np.linspace(-90, 90, rows)), tuple(np.arange(0, 360, 10.0)))
    phi = torch.deg2rad(torch.tensor(grid.latitude, dtype=torch.float64))[:, None].expand(grid.shape)
    z = -OMEGA * RADIUS_M * speed * phi.sin().square()
    return grid, z, speed * phi.cos(), torch.zeros(grid.shape, dtype=torch.float64)


def test_the_ageostrophic_share_by_hand():
    grid, z, u, v = solid_rotation(20.0)
    # a centred difference of sin^2 over h is sin(2h) / 2h of its derivative, whatever phi
    h = math.radians(5)
    missing = 1 - math.sin(2 * h) / (2 * h)
    assert float(ageostrophic_share(z, u, v, grid)) == pytest.approx(missing, rel=0.05)
    assert float(ageostrophic_share(0 * z, u, v, grid)) == 1.0
    assert float(ageostrophic_share(z, 2 * u, v, grid)) == pytest.approx((1 + missing) / 2, rel=0.01)


@pytest.mark.parametrize("periodic", [True, False])
def test_the_geostrophic_wind_of_a_wave_around_the_globe(periodic):
    """Of 2 Omega a V sin(phi) cos(phi) sin(lambda): V cos(lambda) and -V cos(2 phi) sin(lambda) / sin(phi)."""
    longitude = np.arange(0, 360, 2.0) if periodic else np.arange(0, 180, 2.0)
    grid = Grid(tuple(np.arange(30.0, 80.0, 1.0)), tuple(longitude))
    phi, lon = torch.meshgrid(
        *(torch.deg2rad(torch.tensor(c)).double() for c in (grid.latitude, longitude)), indexing="ij"
    )
    z = 2 * OMEGA * RADIUS_M * 10.0 * phi.sin() * phi.cos() * lon.sin()
    u, v = -10.0 * (2 * phi).cos() / phi.sin() * lon.sin(), 10.0 * lon.cos()
    # a wave of 360 degrees in steps of 2 is known to 2e-4, but for one-sided differences at the edges: half a step of a
    # second derivative, 0.02, and less in the mean square
    assert float(ageostrophic_share(z, u, v, grid)) < 0.01
    # with the wrong sign everything is out of balance
    assert float(ageostrophic_share(-z, u, v, grid)) == pytest.approx(2.0, rel=0.01)


def test_the_balance_reward_is_the_distance_of_shares():
    grid, z, u, v = solid_rotation(20.0)
    scale = Normalisation((0.0, 1.0, 2.0), (1e4, 10.0, 5.0))
    world = SimpleNamespace(channels=tuple(Channel(c, 500) for c in "zuv"), grid=grid, normalisation=scale)
    assert Balance.lacks(world) == ""
    truth = scale.normalise(torch.stack((z, u, v)))[None]
    faster = scale.normalise(torch.stack((z, 2 * u, v)))[None]
    found = Balance(SimpleNamespace(fields=world), "train")(torch.stack((truth, faster), dim=1), truth, np.arange(1))
    share, more = (float(ageostrophic_share(z, k * u, v, grid)) for k in (1, 2))
    torch.testing.assert_close(found, torch.tensor([[0.0, share - more]]), atol=1e-5, rtol=0)
    without = SimpleNamespace(channels=(Channel("z", 500), Channel("u", 500), Channel("v", 850)), grid=grid)
    assert "no level has geopotential and both winds" in Balance.lacks(without)
    tropics = SimpleNamespace(channels=world.channels, grid=Grid((-10.0, 0.0, 10.0), (0.0, 10.0, 20.0)))
    assert "no gradients between latitudes of 20 and 85 degrees" in Balance.lacks(tropics)


# pairs


def test_pairs_by_hand():
    # differences from the mean (3, 1, -1, -3) and (0, 0, 0, 0): their root mean square is sqrt(20 / 8) = 1.58
    rewards = torch.tensor([[[1.0], [-3.0], [3.0], [-1.0]], [[7.0], [7.0], [7.0], [7.0]]])
    found = prefer(rewards, [1.0], pairs=2, margin=0.5)
    assert found.case.tolist() == [0, 0]
    assert (found.winner.tolist(), found.loser.tolist()) == ([2, 0], [1, 3])
    # 3 - -3 = 6 is 3.79 stds, 1 - -1 = 2 is 1.26
    assert len(prefer(rewards, [1.0], pairs=2, margin=1.27)) == 1
    assert len(prefer(rewards, [1.0], pairs=2, margin=3.80)) == 0
    assert len(prefer(rewards, [1.0], pairs=9, margin=0.5)) == 2
    again = prefer(rewards, [1.0], pairs=2, margin=0.5)
    assert torch.equal(again.winner, found.winner)


def test_rewards_count_by_their_weights_whatever_their_units():
    # the second is the first turned round, in other units
    first = torch.tensor([[0.0, 1.0, 2.0, 3.0]])
    rewards = torch.stack((first, -1000 * first), dim=-1)
    assert prefer(rewards, [3.0, 1.0], 1, 0.1).winner.tolist() == [3]
    assert prefer(rewards, [1.0, 3.0], 1, 0.1).winner.tolist() == [0]
    assert len(prefer(rewards, [1.0, 1.0], 1, 0.1)) == 0


def test_a_case_that_diverged_is_left_out():
    rewards = torch.randn(5, 4, 2, generator=torch.Generator().manual_seed(0))
    whole = prefer(rewards[[0, 1, 2, 4]], [1.0, 1.0], 1, 0.0)
    rewards[3, 2, 1] = torch.nan
    found = prefer(rewards, [1.0, 1.0], 1, 0.0)
    assert found.case.tolist() == [0, 1, 2, 4]
    assert torch.equal(found.winner, whole.winner)


# the loss


def test_the_loss_by_hand():
    assert float(preference_loss(torch.zeros(3), 50.0)) == pytest.approx(math.log(2))
    # -log(1 / (1 + exp(2)))
    assert float(preference_loss(torch.tensor([0.5]), 4.0)) == pytest.approx(math.log1p(math.exp(2)))
    excess = torch.zeros(1, requires_grad=True)
    preference_loss(excess, 4.0).backward()
    assert float(excess.grad) == pytest.approx(2.0)


def test_training_favours_winners_over_losers():
    torch.manual_seed(0)
    shape, backbone = (2, 4, 4), {"width": 8, "blocks": 1, "levels": 1}
    prior = LatentPrior(
        shape, torch.ones(shape), SpectralCovariance.identity(32), preconditioning="wiener", backbone=backbone
    )
    prior.eval().requires_grad_(False)
    aligned = AlignedPrior.of(prior, 2)
    generator = torch.Generator().manual_seed(1)
    # winners are on one side of zero, losers on the other
    winner = 1.0 + 0.3 * torch.randn(64, *shape, generator=generator)
    loser = winner - 2.0
    zb, noise = torch.randn(2, 64, *shape, generator=generator)
    sigma, season = torch.full((64,), 2.0), torch.zeros(64, 4)

    def excess():
        return excess_error(aligned, prior, winner, loser, zb, season, sigma, noise)

    with torch.no_grad():
        assert torch.equal(excess(), torch.zeros(64))
        before = prior.weighted_errors(winner, zb, season, sigma, noise)
    optimiser = torch.optim.Adam(aligned.parameters(), lr=0.003)
    for _ in range(20):
        optimiser.zero_grad()
        preference_loss(excess(), 5.0).backward()
        optimiser.step()
    with torch.no_grad():
        found = excess()
        after = aligned.weighted_errors(winner, zb, season, sigma, noise)
    # a step raises every pair's chance a little, or nearly every
    assert (found < 0).float().mean() > 0.9
    assert float(preference_loss(found, 5.0)) < math.log(2)
    assert after.mean() < before.mean()
    # the reference has no part in it
    assert all(parameter.grad is None for parameter in prior.parameters())


# the whole


class KilledError(Exception):
    pass


class KilledAfter(SilentReport):
    def __init__(self, steps):
        self.left = steps

    def step(self):
        self.left -= 1
        if self.left == 0:
            raise KilledError


def test_candidates_go_on_where_they_were_killed(context, monkeypatch):
    settings = CandidateSettings(cases=6, members=2, obs_frac=0.2, parameters={"levels": 4})
    kinds, needs = [AnalysisError, ForecastError], ("forecaster", "autoencoder", "latent-prior")
    at_once = draw_candidates(context(), "train", settings, kinds, needs)
    assert at_once.increments.shape[:2] == at_once.rewards.shape[:2] == (6, 2)
    file = context().checkpoint("candidates-train")
    file.unlink()
    monkeypatch.setattr(drawing, "CHUNK", 2)
    with pytest.raises(KilledError):
        draw_candidates(context(report=KilledAfter(3)), "train", settings, kinds, needs)
    analysed = []
    analyse = drawing._analyse
    monkeypatch.setattr(drawing, "_analyse", lambda *args: analysed.extend(args[3].times) or analyse(*args))
    resumed = draw_candidates(context(), "train", settings, kinds, needs)
    assert list(analysed) == list(at_once.times[4:])
    assert resumed.seconds > 0
    torch.testing.assert_close(resumed.rewards, at_once.rewards, atol=1e-4, rtol=0)
    torch.testing.assert_close(resumed.increments, at_once.increments, atol=1e-3, rtol=0)
    # another setting, another draw
    draw_candidates(context(), "train", settings.model_copy(update={"seed": 1}), kinds, needs)
    assert len(analysed) == 2 + 6
    file.write_bytes(b"nothing")
    with pytest.raises(BenchError, match=r"candidates-train\.safetensors are damaged"):
        draw_candidates(context(), "train", settings, kinds, needs)


def test_candidates_are_better_than_chance(context):
    """Their rewards see the observations: with more of them the analyses are closer to the truth."""
    needs = ("forecaster", "autoencoder", "latent-prior")
    errors = []
    for obs_frac in (0.02, 0.5):
        settings = CandidateSettings(cases=8, members=2, obs_frac=obs_frac, parameters={"levels": 16})
        errors.append(-draw_candidates(context(), "train", settings, [AnalysisError], needs).rewards.mean())
    assert errors[1] < errors[0]


GLOBE = """\
name: globe
path: globe.nc
channels: [z500, u500, v500]
train: 2000-2001
validate: 2002
test: 2003
background: {kind: persistence, lead_h: 24}
training:
  background-error: {modes: 40}
  autoencoder: {kind: spectral, modes: 40}
  latent-prior:
    plan: {epochs: 1}
    preconditioning: karras
    backbone: {patch: 2, width: 8, levels: 1}
  aligned-prior:
    candidates: {cases: 6, validation_cases: 4, members: 4, obs_frac: 0.2, parameters: {levels: 8}}
    plan: {epochs: 1}
"""


def test_on_a_globe_with_winds_balance_counts(bench, make_weather, tmp_path):
    weather = make_weather(2000, 2003)
    anomaly, other = (weather[name] - weather[name].mean() for name in ("msl", "t850"))
    fields = {"z500": (55000 + anomaly, "m2 s-2"), "u500": (10 + other, "m s-1"), "v500": (anomaly / 500, "m s-1")}
    globe = weather.assign({name: field.assign_attrs(units=units) for name, (field, units) in fields.items()})
    coords = {"latitude": np.arange(-75.0, 90.0, 30.0), "longitude": np.arange(0.0, 360.0, 45.0)}
    globe[list(fields)].assign_coords(coords).to_netcdf(tmp_path / "globe.nc", engine="h5netcdf")
    (tmp_path / "globe.yaml").write_text(GLOBE)
    options = ("--world", tmp_path / "globe.yaml", "--weights", tmp_path / "weights", "--device", "cpu")
    result = bench("train", "align-da", *options)
    assert result.exit_code == 0, result.stderr
    card = json.loads((tmp_path / "weights" / "globe" / "aligned-prior.json").read_text())
    assert card["scores"]["rewards"] == ["analysis", "balance"]
    assert card["scores"]["rewards left out"] == {"forecast": "its background is made by no forecaster of its own"}
    command = ("--obs-frac", 0.2, "--cases", 3, "--out", tmp_path / "results", "--json", *options)
    result = bench("run", "--method", "align-da[levels=8]", *command)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["methods"]["align-da[levels=8]"]["statuses"] == {"ok": 3}


def test_the_card_says_what_was_done(small_world):
    card = json.loads((small_world.cards / "aligned-prior.json").read_text())
    assert card["scores"]["rewards"] == ["analysis", "forecast"]
    assert "no level has geopotential" in card["scores"]["rewards left out"]["balance"]
    assert card["scores"]["diverged cases"] == {"train": 0, "validate": 0}
    assert set(card["depends"]) == {"forecaster", "autoencoder", "latent-prior"}
    assert 0 <= card["scores"]["pairs ranked right, validation"] <= 1
    levels = card["scores"]["denoising MSE, validation, by noise level"]
    assert all(set(errors) == {"aligned", "reference"} for errors in levels.values())
    assert len(card["scores"]["history"]) == 2
    assert not list((small_world.cards / "checkpoints").glob("*"))


def test_a_run_with_it(small_world, bench, tmp_path):
    command = ["--cases", 4, "--obs-frac", 0.2, "--out", tmp_path, *small_world.options, "--json"]
    result = bench("run", "--method", "align-da[levels=8]", "--method", "latent-dps[levels=8]", *command)
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)["methods"]
    assert found["align-da[levels=8]"]["statuses"] == {"ok": 4}
    both = [found[name]["relative_error"]["value"] for name in ("align-da[levels=8]", "latent-dps[levels=8]")]
    assert both[0] != both[1]
    # two short epochs move it little
    assert both[0] == pytest.approx(both[1], rel=0.1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weights": {"balance": 1, "analysis": 0, "forecast": 0}}, "none of the rewards .*balance: no level has"),
        ({"weights": {"beauty": 1}}, "there is no reward 'beauty', only analysis, forecast, balance"),
        ({"weights": {"analysis": -1}}, "weights are zero or more"),
        ({"candidates": {"method": "3dvar"}}, "'3dvar' draws no members by the latent prior"),
        ({"candidates": {"parameters": {"zeeta": 1}}}, "no parameter 'zeeta'"),
        ({"candidates": {"obs_frac": 0}}, "obs_frac=0"),
        ({"margin": 100}, "No two candidates of 'train' differ by more than aligned-prior.margin=100"),
    ],
)
def test_what_cannot_be_trained_is_told(context, settings, message):
    with pytest.raises(BenchError, match=message):
        AlignedPriorRecipe().run(context({"aligned-prior": settings}))


def test_a_gaussian_world_has_nothing_to_align(tmp_path):
    world, store = open_workspace(load_spec("gaussian-ring"), tmp_path, "cpu")
    made = Context(world, store, choose_device("cpu"), SilentReport())
    assert world.provide("aligned-prior") is world.provide("latent-prior")
    with pytest.raises(BenchError, match="knows its own answers, so nothing of it is trained"):
        AlignedPriorRecipe().run(made)
