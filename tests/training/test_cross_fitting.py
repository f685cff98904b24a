"""The background of a training day comes from a network that was never shown that day's year."""

import copy

import numpy as np
import pytest
import torch

import benchmark.training.forecaster as recipe
from benchmark.files.dates import year_of
from benchmark.training.context import Context, SilentReport, choose_device, open_workspace
from benchmark.worlds import load_spec
from benchmark.worlds.forecaster import FINAL
from methods.priors.backbone import seasonal_features

YEARS = {2000, 2001, 2002}


@pytest.fixture
def world(small_world):
    return open_workspace(load_spec(small_world.world), small_world.weights, "cpu")[0]


def test_no_network_is_trained_on_the_years_it_leaves_out(small_world, tmp_path, monkeypatch):
    shown: dict[str, list[np.ndarray]] = {}
    take = recipe._Samples.take
    now = []

    def spy_take(self, index, ahead=1):
        if now:
            shown.setdefault(now[0], []).append(self.times[index])
        return take(self, index, ahead)

    def spy_train(network, loss, validate, size, plan, label, *rest):
        now[:] = [label]
        with torch.no_grad():
            loss(network, torch.arange(size), torch.Generator())
        now.clear()
        return {"history": [{"epoch": 1}], "seconds": 0.0}

    monkeypatch.setattr(recipe._Samples, "take", spy_take)
    monkeypatch.setattr(recipe, "train_network", spy_train)
    spoilt = small_world.copy(tmp_path / "copy")
    opened, store = open_workspace(load_spec(spoilt.world), spoilt.weights, "cpu")
    recipe.ForecasterRecipe().run(Context(opened, store, choose_device("cpu"), SilentReport()))
    years = {label: set(year_of(np.concatenate(times)).tolist()) for label, times in shown.items()}
    assert years == {
        "forecaster, all years": YEARS,
        **{f"forecaster, without {year}": YEARS - {year} for year in YEARS},
    }


@pytest.mark.parametrize("rollout", [1, 2])
def test_finishing_has_checkpoints_of_its_own(small_world, tmp_path, monkeypatch, rollout):
    files = []

    def spy_train(network, loss, validate, size, plan, label, checkpoint, *rest):
        files.append((label, checkpoint))
        return {"history": [{"epoch": 1}], "seconds": 0.0}

    monkeypatch.setattr(recipe, "train_network", spy_train)
    spoilt = small_world.copy(tmp_path / "copy")
    opened, store = open_workspace(load_spec(spoilt.world), spoilt.weights, "cpu")
    overrides = {"forecaster": {"finish": {"epochs": 1, "rate": 1e-3}, "rollout": rollout}}
    card = recipe.ForecasterRecipe().run(Context(opened, store, choose_device("cpu"), SilentReport(), overrides))
    networks = 1 + len(YEARS)
    assert len({label for label, _ in files}) == len({file for _, file in files}) == 2 * networks
    # and two of the std of background errors
    assert len(card.scores) == 2 * networks + 2


def test_backgrounds_of_the_archive_come_from_the_network_that_left_the_year_out(world):
    networks = world.forecaster
    assert networks.blocks == ((2000,), (2001,), (2002,))
    archive = world.archive("train")
    for number, (year,) in enumerate(networks.blocks):
        pick = np.flatnonzero(year_of(archive.times) == year)[100:104]
        times = archive.times[pick]
        past = [times - k * np.timedelta64(24, "h") for k in (1, 2)]
        anomalies = torch.stack([world.truth(t) - world.climatology(t) for t in past], dim=1)
        season = seasonal_features(times)
        with torch.no_grad():
            by = {k: archive.climatology[pick] + net(anomalies, season) for k, net in networks.networks.items()}
        # the same single-precision forward pass in another batch
        torch.testing.assert_close(archive.background[pick], by[str(number)], rtol=0, atol=1e-5)
        others = [k for k in (FINAL, "0", "1", "2") if k != str(number)]
        assert all((archive.background[pick] - by[k]).abs().max() > 1e-3 for k in others)


def test_validation_backgrounds_come_from_the_network_of_all_years(world):
    times = world.times("validate")[50:54]
    past = [times - k * np.timedelta64(24, "h") for k in (1, 2)]
    anomalies = torch.stack([world.truth(t) - world.climatology(t) for t in past], dim=1)
    with torch.no_grad():
        final = world.climatology(times) + world.forecaster.networks[FINAL](anomalies, seasonal_features(times))
    torch.testing.assert_close(world.background(times), final, rtol=0, atol=1e-5)


def test_the_forecaster_beats_persistence_out_of_sample(world):
    archive = world.archive("validate")
    yesterday = world.truth(archive.times - np.timedelta64(24, "h"))
    persistence = (yesterday - archive.truth).square().mean().sqrt()
    ours = (archive.background - archive.truth).square().mean().sqrt()
    # AR(1) of 0.8 and a noise of 0.1: sqrt((2 (1 - 0.8) + 0.02) / 1.01) = 0.645 for persistence; no forecast can
    # be better than sqrt((1 - 0.8^2 + 0.01) / 1.01) = 0.605. A year of eight amplitudes, each decorrelating in nine
    # days, has some 320 independent values: their standard error is 4 %.
    assert persistence.item() == pytest.approx(0.645, rel=0.08)
    assert 0.605 * 0.92 < ours.item() < persistence.item()


def test_another_forecaster_makes_other_archives(small_world, tmp_path, world):
    spoilt = small_world.copy(tmp_path / "copy")
    opened, store = open_workspace(load_spec(spoilt.world), spoilt.weights, "cpu")
    context = Context(opened, store, choose_device("cpu"), SilentReport())
    before = context.archive.background, context.validation.background
    networks = copy.deepcopy(world.forecaster)
    for weight in networks.parameters():
        weight.data.mul_(1.1)
    context.use_forecaster(networks)
    for old, new in zip(before, (context.archive, context.validation), strict=True):
        assert (new.background - old).abs().max() > 1e-3
