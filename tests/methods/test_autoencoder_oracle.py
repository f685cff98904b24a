"""What an autoencoder leaves of the truth, and who may be shown it."""

import dataclasses
import importlib.metadata
import sys
import types

import pytest
import torch

from benchmark.problem import Analysis, BenchError, CaseNoise, Cost, Method, Oracle
from methods import registry
from methods.autoencoder_oracle import AutoencoderOracle
from methods.priors.autoencoder import Autoencoder
from methods.priors.latent_space import LatentSpace
from methods.registry import BUILT_IN, ORACLES, find_method, is_oracle

PLUGIN = """
from benchmark.problem import Analysis, Cost, Method, Oracle
from methods.autoencoder_oracle import AutoencoderOracle


class Subclass(AutoencoderOracle):
    name = "mine"


class OfItsOwn(Oracle):
    name = "mine"

    def reconstruct(self, truth, problem, members, noise):
        return Analysis.of(truth[:, None], Cost())


class Namesake(Method):
    name = "autoencoder"

    def analyse(self, problem, members, noise):
        return Analysis.of(problem.background[:, None], Cost())


class Honest(Namesake):
    name = "honest"
"""


class Halving(Autoencoder):
    """E drops the second channel and D puts a half of the first in its place: an error that is known by hand."""

    latent_shape = (1, 4, 6)

    def encode(self, anomaly):
        return anomaly[:, :1] ** 3

    def decode(self, latent):
        first = latent.sign() * latent.abs() ** (1 / 3)
        return torch.cat((first, first.abs() / 2), dim=1)

    state = to = None


def reconstruct(toy, autoencoder, **parameters):
    method = AutoencoderOracle(**parameters)
    method.load({"autoencoder": autoencoder})
    with torch.no_grad():
        return method.reconstruct(toy.truth, toy.problem, 1, CaseNoise(range(len(toy.problem))))


@pytest.fixture
def halved(make_toy):
    """A toy with a climatology of its own, and its autoencoder."""
    toy = make_toy(3)
    climatology = torch.randn(toy.truth.shape, generator=torch.Generator().manual_seed(8))
    return dataclasses.replace(toy, problem=dataclasses.replace(toy.problem, climatology=climatology)), Halving()


def test_of_a_state(halved):
    toy, autoencoder = halved
    c = toy.problem.climatology
    found = reconstruct(toy, autoencoder)
    expected = toy.truth.clone()
    expected[:, 1] = c[:, 1] + (toy.truth - c)[:, 0].abs() / 2
    torch.testing.assert_close(found.mean, expected, atol=1e-5, rtol=0)
    assert found.members.shape[1] == 1
    assert found.cost == Cost(network_forwards=2)


def test_of_an_increment(halved):
    toy, autoencoder = halved
    c, xb = toy.problem.climatology, toy.problem.background
    found = reconstruct(toy, autoencoder, reconstructs="increment")
    expected = toy.truth.clone()
    expected[:, 1] = xb[:, 1] + ((toy.truth - c)[:, 0].abs() - (xb - c)[:, 0].abs()) / 2
    torch.testing.assert_close(found.mean, expected, atol=1e-5, rtol=0)
    assert found.cost == Cost(network_forwards=4)


def test_an_increment_is_what_a_latent_method_makes_of_the_truths_latent(halved):
    toy, autoencoder = halved
    scale = torch.full(autoencoder.latent_shape, 0.3)
    space = LatentSpace(toy.problem, autoencoder, scale, Cost())
    delta = (autoencoder.encode(toy.truth - toy.problem.climatology) - space.zb) / scale
    found = reconstruct(toy, autoencoder, reconstructs="increment")
    torch.testing.assert_close(space.state(delta.flatten(1)[:, None]), found.members, atol=1e-4, rtol=0)


@pytest.mark.parametrize("reconstructs", ["state", "increment"])
def test_an_autoencoder_that_loses_nothing_gives_the_truth(make_toy, gaussian_parts, reconstructs):
    toy = make_toy(3)
    autoencoder = gaussian_parts(toy.covariance)["autoencoder"]
    found = reconstruct(toy, autoencoder, reconstructs=reconstructs)
    torch.testing.assert_close(found.mean, toy.truth, atol=1e-5, rtol=0)


def test_a_wrong_word_is_named():
    with pytest.raises(BenchError, match="reconstructs is 'state' or 'increment', not 'all'"):
        AutoencoderOracle(reconstructs="all")


def test_as_a_method_it_is_refused(make_toy):
    toy = make_toy(1)
    with pytest.raises(BenchError, match="'autoencoder' is an oracle"):
        AutoencoderOracle().analyse(toy.problem, 1, CaseNoise([0]))


def test_the_oracles_are_built_in_and_known_by_their_classes():
    assert set(ORACLES) <= set(BUILT_IN)
    assert [name for name in BUILT_IN if issubclass(find_method(name), Oracle)] == list(ORACLES)
    for name in BUILT_IN:
        assert is_oracle(find_method(name)) is (name in ORACLES)
    disguised = type("AutoencoderOracle", (AutoencoderOracle,), {"__module__": AutoencoderOracle.__module__})
    assert not is_oracle(disguised)


@pytest.mark.parametrize("name", ["Subclass", "OfItsOwn", "Namesake"])
def test_a_file_gets_no_oracle_in(tmp_path, name):
    file = tmp_path / "plugin.py"
    file.write_text(PLUGIN)
    with pytest.raises(BenchError, match=r"only the built-in autoencoder is shown the truth; derive it from .*Method"):
        find_method(f"{file}:{name}")
    assert issubclass(find_method(f"{file}:Honest"), Method)


def test_an_installed_plug_in_gets_no_oracle_in(monkeypatch):
    points = [
        importlib.metadata.EntryPoint("mine", "stray_oracles:Stray", "assimbench.methods"),
        importlib.metadata.EntryPoint("autoencoder", "stray_oracles:Stray", "assimbench.methods"),
    ]

    class Stray(Oracle):
        name = "autoencoder"

        def reconstruct(self, truth, problem, members, noise):
            return Analysis.of(truth[:, None], Cost())

    module = types.ModuleType("stray_oracles")
    module.Stray = Stray
    monkeypatch.setitem(sys.modules, "stray_oracles", module)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)
    monkeypatch.setattr(registry, "_plugins", registry._plugins.__wrapped__)  # what was found before is kept
    with pytest.raises(BenchError, match="'mine' is an oracle or calls itself one"):
        find_method("mine")
    assert find_method("autoencoder") is AutoencoderOracle
