"""Compiled networks; what that is worth is measured in tests/speed."""

import pytest

from benchmark.problem import BenchError
from methods.diffusion.compiling import compile_denoiser
from methods.priors.backbone import Backbone
from methods.priors.background_error import BackgroundError
from methods.priors.covariance import SpectralCovariance
from methods.priors.patch_autoencoder import PatchAutoencoder
from methods.priors.state_prior import StatePrior
from methods.registry import find_method

SHAPE = (2, 4, 6)


def prior():
    module = StatePrior(SHAPE, backbone={"patch": 2, "width": 8, "levels": 1}).eval()
    module.attach({BackgroundError.name: BackgroundError(SpectralCovariance.identity(48))})
    return module


def compiled(module):
    return [part._compiled_call_impl is not None for part in module.modules() if isinstance(part, Backbone)]


def test_a_method_compiles_its_priors_network_if_it_is_asked_to():
    for asked in (False, True):
        module = prior()
        find_method("dps")(compile=asked).load({StatePrior.name: module})
        assert compiled(module) == [asked]


def test_an_autoencoder_is_left_as_it_is():
    module = PatchAutoencoder(2, (4, 6), latent_channels=2, patch=2, backbone={"width": 8, "levels": 1})
    compile_denoiser(module)
    assert not any(compiled(module))


def test_without_a_compiler_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(BenchError, match="needs a C\\+\\+ compiler; install g\\+\\+"):
        compile_denoiser(prior())


def test_it_is_technical():
    """`bench tune` states it and does not choose it, for it moves no score."""
    kind = find_method("mmps")
    assert "compile" in kind.technical
    assert "compile" not in kind.search
