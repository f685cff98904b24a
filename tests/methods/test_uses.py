"""What methods say they use is what they use."""

import dataclasses

import pytest
import torch
from torch import nn

from benchmark.problem import CaseNoise, LinearOperator, Need, Oracle
from benchmark.running.cards import method_card
from benchmark.training.recipes import RECIPES
from methods.registry import BUILT_IN, find_method

FEWER = {"sda": {"levels": 8}, "dps": {"levels": 8}, "latent-dps": {"levels": 8}, "align-da": {"levels": 8}}
FEWER |= {"diffda": {"levels": 8}, "latent-diffda": {"levels": 8}}

METHODS = [
    *((name, FEWER.get(name, {})) for name in BUILT_IN),
    ("interpolation", {"first_guess": "climatology"}),
    ("interpolation", {"covariance": "archive"}),
    ("3dvar", {"direct": 1}),
    ("latent-3dvar", {"solver": "adam", "steps": 5}),
    ("lo-sda", {"variant": "guided", "inner": 2, "levels": 4}),
    ("denoising-3dvar", {"prior": "gaussian"}),
    ("sda", {"prior": "background", "levels": 8}),
    ("autoencoder", {"reconstructs": "increment"}),
    *((name, {"centre": "ensemble"}) for name in ("enkf", "etkf", "letkf", "ensf", "latent-ensf")),
]


class Watched(LinearOperator):
    """An operator that tells whether its transpose, its tangent or a gradient through it is asked for."""

    asked = False

    def adjoint(self, y):
        Watched.asked = True
        return super().adjoint(y)

    def tangent(self, x):
        Watched.asked = True
        return super().tangent(x)

    def __call__(self, x):
        Watched.asked |= x.requires_grad
        return super().__call__(x)


@pytest.fixture
def analyse(make_toy, gaussian_parts):
    """(name, parameters, background shift) -> the method, and its analysis of two cases by nonlinear networks."""
    toy = make_toy(2)

    def go(name, parameters, shift=0.0, **fields):
        parts = gaussian_parts(toy.covariance)
        torch.manual_seed(0)
        for key in ("autoencoder", "latent-prior", "aligned-prior", "state-prior", "climate-prior", "error-vae"):
            for parameter in parts[key].parameters():
                parameter.add_(0.02 * torch.randn_like(parameter))
        parts["aligned-prior"].attach(parts)
        method = find_method(name)(**parameters)
        method.load({key: parts[key] for key in method.components})
        observations, background = toy.problem.observations, toy.problem.background
        watched = Watched(*(getattr(observations.operator, field.name) for field in dataclasses.fields(LinearOperator)))
        problem = dataclasses.replace(
            toy.problem,
            observations=dataclasses.replace(observations, operator=watched),
            background=background + shift * background.roll(1, -1),
            **fields,
        )
        Watched.asked = False
        with torch.no_grad():
            if isinstance(method, Oracle):
                return method, method.reconstruct(toy.truth, problem, 2, CaseNoise([0, 1]))
            return method, method.analyse(problem, 2, CaseNoise([0, 1]))

    return go


def uses(method):
    return method_card("", method)["uses"]


@pytest.mark.parametrize(("name", "parameters"), METHODS)
def test_it_takes_gradients_exactly_if_it_says_so(analyse, name, parameters):
    method, analysis = analyse(name, parameters)
    assert uses(method)["adjoint"] == (Watched.asked or analysis.cost.network_backwards > 0)


@pytest.mark.parametrize(("name", "parameters"), METHODS)
def test_another_background_gives_another_analysis_exactly_if_it_says_so(analyse, name, parameters):
    method, analysis = analyse(name, parameters)
    _, other = analyse(name, parameters, shift=0.5)
    assert uses(method)["background"] == (not torch.equal(analysis.members, other.members))


@pytest.mark.parametrize(("name", "parameters"), METHODS)
def test_who_says_no_ensemble_needs_none(analyse, name, parameters):
    method = find_method(name)(**parameters)
    assert uses(method)["ensemble"] == (Need.ENSEMBLE in method.needs)
    if not uses(method)["ensemble"]:
        analyse(name, parameters, ensemble=None)


@pytest.mark.parametrize(("name", "parameters"), METHODS)
def test_network_calls_are_of_methods_that_say_they_have_a_network(analyse, name, parameters):
    method, analysis = analyse(name, parameters)
    if analysis.cost.network_forwards + analysis.cost.network_backwards:
        # the Gaussian prior stands in for the network, and its calls are counted like that one's
        assert uses(method)["network"] or parameters == {"prior": "gaussian"}


def test_components_that_are_networks_say_so():
    for recipe in RECIPES.values():
        if issubclass(recipe.kind, nn.Module):
            assert recipe.kind.neural
    assert {name for name, recipe in RECIPES.items() if recipe.kind.neural} == {
        *("forecaster", "autoencoder", "latent-prior", "aligned-prior", "state-prior", "climate-prior", "error-vae")
    }


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_paper_has_its_own_address(name):
    kind = find_method(name)
    if "paper" in vars(kind):
        other = {"this project", "Gandin 1963"}  # a book
        assert ("paper_url" in vars(kind)) == (kind.paper not in other)
    assert kind.paper_url == "" or kind.paper_url.startswith(
        ("https://arxiv.org/abs/", "https://doi.org/10.", "https://openreview.net/")
    )
    assert method_card(name, kind())["uses"]["adjoint"] is not None
    assert method_card(name, kind())["family"] != "other"
