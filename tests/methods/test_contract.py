"""What every built-in method must keep, whatever its numbers."""

import dataclasses

import pytest
import torch

from benchmark.problem import CaseNoise, Need, Oracle, Problem
from methods.registry import BUILT_IN, find_method

ENSEMBLE = 8

# with a random network for a denoiser, hundreds of Langevin steps make a difference of rounding a large one
FEWER = {"sda": {"levels": 8}}

METHODS = [
    *((name, FEWER.get(name, {})) for name in BUILT_IN),
    ("interpolation", {"first_guess": "climatology", "nugget": True}),
    ("interpolation", {"covariance": "archive"}),
    ("latent-3dvar", {"solver": "adam", "steps": 20}),
    ("latent-3dvar", {"covariance": "diagonal"}),
    ("vae-var", {"solver": "adam", "steps": 20}),
    ("vae-var", {"solver": "gauss-newton"}),
    ("lo-sda", {"variant": "guided", "inner": 2, "levels": 4}),
    ("lo-sda", {"solver": "adam", "inner": 3, "levels": 4}),
    ("lo-sda", {"metric": "identity"}),
    ("lo-sda", {"step": "deterministic"}),
    ("lo-sda", {"solver": "cg", "inner": 2}),
    ("lo-sda", {"perturb": True}),
    ("lo-sda", {"discrepancy": True, "inner": 2}),
    ("lo-sda", {"solver": "adam", "inner": 3, "levels": 4, "discrepancy": True, "perturb": True}),
    ("daps", {"metric": "covariance", "ode": 1}),
    ("latent-daps", {"metric": "covariance", "ode": 1}),
    ("latent-denoising-3dvar", {"perturb": True, "step": "stochastic", "antithetic": False}),
    ("no-observations", {"variant": "guided", "inner": 2, "levels": 4}),
    ("no-observations", {"solver": "adam", "inner": 3, "levels": 4}),
    ("denoising-3dvar", {"perturb": True, "step": "stochastic", "antithetic": False}),
    ("denoising-3dvar", {"prior": "gaussian"}),
    ("sda", {"prior": "background", "levels": 8}),
    ("autoencoder", {"reconstructs": "increment"}),
]


@pytest.fixture
def trained_parts(gaussian_parts):
    """Networks with random weights: the contract must hold for nonlinear ones too."""

    def make(covariance):
        parts = gaussian_parts(covariance)
        torch.manual_seed(0)
        for name in ("autoencoder", "latent-prior", "aligned-prior", "state-prior", "climate-prior", "error-vae"):
            for parameter in parts[name].parameters():
                parameter.add_(0.02 * torch.randn_like(parameter))
        parts["aligned-prior"].attach(parts)  # to the network as it is now
        return parts

    return make


def _analyse(name, parameters, problem, parts, members, seeds):
    method = find_method(name)(**parameters)
    method.load({key: parts[key] for key in method.components})
    with torch.no_grad():
        if isinstance(method, Oracle):
            truth = problem.background + 0.1 * problem.background.roll(1, -1)
            return method.reconstruct(truth, problem, members, CaseNoise(seeds))
        return method.analyse(problem, members, CaseNoise(seeds))


@pytest.mark.parametrize(("name", "parameters"), METHODS)
def test_a_case_alone_equals_the_case_in_a_batch(make_toy, trained_parts, name, parameters):
    toy = make_toy(32)
    parts = trained_parts(toy.covariance)
    batch = _analyse(name, parameters, toy.problem, parts, 2, range(32))
    for i in (0, 7, 31):
        alone = _analyse(name, parameters, toy.problem.select(slice(i, i + 1)), parts, 2, [i])
        torch.testing.assert_close(alone.members[0], batch.members[i], atol=1e-5, rtol=0)
        assert alone.status[0] == batch.status[i]


@pytest.mark.parametrize(("name", "parameters"), METHODS)
def test_a_member_is_the_same_however_many_are_asked_for(make_toy, trained_parts, name, parameters):
    toy = make_toy(3)
    parts = trained_parts(toy.covariance)
    many = _analyse(name, parameters, toy.problem, parts, 5, range(3)).members
    few = _analyse(name, parameters, toy.problem, parts, 2, range(3)).members
    torch.testing.assert_close(many[:, : few.shape[1]], few, atol=1e-5, rtol=0)
    method = find_method(name)
    # an ensemble's members are made together, so they all come back
    assert many.shape[1] == (ENSEMBLE if Need.ENSEMBLE in method.needs else 1 if method.point else 5)


@pytest.mark.parametrize(("name", "parameters"), METHODS)
def test_the_same_seed_gives_the_same_numbers_and_padding_none(make_toy, trained_parts, name, parameters):
    toy = make_toy(3)
    parts = trained_parts(toy.covariance)
    first = _analyse(name, parameters, toy.problem, parts, 2, range(3)).members
    observations = toy.problem.observations
    padded = dataclasses.replace(
        observations,
        values=torch.nn.functional.pad(observations.values, (0, 4)),
        error_std=torch.nn.functional.pad(observations.error_std, (0, 4), value=torch.inf),
        channel=torch.nn.functional.pad(observations.channel, (0, 4), value=-1),
        latitude=torch.nn.functional.pad(observations.latitude, (0, 4), value=torch.nan),
        longitude=torch.nn.functional.pad(observations.longitude, (0, 4), value=torch.nan),
        operator=dataclasses.replace(
            observations.operator,
            index=torch.nn.functional.pad(observations.operator.index, (0, 0, 0, 4)),
            weight=torch.nn.functional.pad(observations.operator.weight, (0, 0, 0, 4)),
        ),
    )
    again = _analyse(name, parameters, dataclasses.replace(toy.problem, observations=padded), parts, 2, range(3))
    # other array shapes round the Jacobian otherwise (1e-7), which B / R = 400 amplifies
    torch.testing.assert_close(again.members, first, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_shape_dtype_and_status(make_toy, trained_parts, name):
    toy = make_toy(3)
    analysis = _analyse(name, {}, toy.problem, trained_parts(toy.covariance), 2, range(3))
    assert analysis.members.shape[0] == 3
    assert analysis.members.shape[2:] == toy.problem.background.shape[1:]
    assert analysis.members.dtype == torch.float32
    assert len(analysis.status) == 3


@pytest.mark.parametrize("name", ["denoising-3dvar", "dps", "latent-dps"])
def test_fewer_digits_move_an_analysis_little(make_toy, trained_parts, name):
    """bfloat16 has eight bits: a network's output moves by some thousandths, and all else keeps its digits."""
    toy = make_toy(3)
    parts = trained_parts(toy.covariance)
    full, half = (
        _analyse(name, {"precision": precision}, toy.problem, parts, 2, range(3)).members
        for precision in ("float32", "bfloat16")
    )
    moved = (half - full).square().mean().sqrt() / (full - toy.problem.background[:, None]).square().mean().sqrt()
    assert half.dtype == torch.float32
    assert 0 < moved < 0.01


@pytest.mark.parametrize("name", ["interpolation", "3dvar", "latent-3dvar", "lo-sda"])
def test_gets_closer_to_the_observations_than_the_background(make_toy, gaussian_parts, name):
    toy = make_toy(16)
    analysis = _analyse(name, {}, toy.problem, gaussian_parts(toy.covariance), 4, range(16))
    observations = toy.problem.observations

    def misfit(x):
        return (observations.precision * observations.innovation(x).square()).sum(1)

    assert (misfit(analysis.mean) < misfit(toy.problem.background)).all()


@pytest.mark.parametrize("name", ["interpolation", "3dvar", "latent-3dvar"])
def test_without_any_observation_the_background_comes_back(make_toy, gaussian_parts, name):
    toy = make_toy(2)
    observations = dataclasses.replace(
        toy.problem.observations, error_std=torch.full_like(toy.problem.observations.error_std, torch.inf)
    )
    problem: Problem = dataclasses.replace(toy.problem, observations=observations)
    analysis = _analyse(name, {}, problem, gaussian_parts(toy.covariance), 1, range(2))
    torch.testing.assert_close(analysis.mean, problem.background, atol=1e-6, rtol=0)
