"""With a linear Gaussian world every method with a Gaussian prior must find the closed-form analysis."""

import dataclasses

import pytest
import torch

from benchmark.problem import CaseNoise, Status
from methods.registry import find_method


def _run(name, toy, parts, members=1, **parameters):
    method = find_method(name)(**parameters)
    method.load({key: parts[key] for key in method.components})
    with torch.no_grad():
        return method.analyse(toy.problem, members, CaseNoise(range(len(toy.problem))))


def test_3dvar_equals_the_closed_form(make_toy, gaussian_parts):
    toy = make_toy(12).double()
    analysis = _run("3dvar", toy, gaussian_parts(toy.covariance), tolerance=1e-9, modes=48)
    torch.testing.assert_close(analysis.mean.double(), toy.closed_form(), atol=1e-5, rtol=0)
    assert set(analysis.status) == {Status.OK}


def test_3dvar_at_its_default_tolerance_is_as_close_as_that(make_toy, gaussian_parts):
    toy = make_toy(12)
    exact = toy.closed_form()
    error = (_run("3dvar", toy, gaussian_parts(toy.covariance), modes=48).mean - exact).norm()
    # |error| <= cond * residual; the toy's normal matrix has eigenvalues from 1 to |B| / R
    assert error / (exact - toy.problem.background).norm() < 1e-3


def test_3dvar_says_when_it_did_not_converge(make_toy, gaussian_parts):
    toy = make_toy(12)
    analysis = _run("3dvar", toy, gaussian_parts(toy.covariance), iterations=1, modes=48)
    # one observation makes a rank-one problem, solved in one iteration; more do not
    assert analysis.status[0] is Status.OK
    assert Status.NOT_CONVERGED in analysis.status


@pytest.mark.parametrize(("solver", "tolerance"), [("gauss-newton", 1e-4), ("adam", 5e-3)])
def test_latent_3dvar_in_an_identity_latent_is_3dvar(make_toy, gaussian_parts, solver, tolerance):
    toy = make_toy(6)
    analysis = _run("latent-3dvar", toy, gaussian_parts(toy.covariance), solver=solver, steps=400, rate=0.3)
    torch.testing.assert_close(analysis.mean.double(), toy.closed_form(), atol=tolerance, rtol=0)


def test_diagonal_latent_3dvar_moves_only_what_is_observed(make_toy, gaussian_parts):
    toy = make_toy(6)
    increment = (
        _run("latent-3dvar", toy, gaussian_parts(toy.covariance), covariance="diagonal").mean - toy.problem.background
    )
    observed = toy.problem.observations.operator.adjoint(torch.ones_like(toy.problem.observations.values)) > 0
    assert increment[~observed].abs().max() < 1e-5
    assert increment[observed].abs().max() > 0.1


@pytest.mark.parametrize("step", ["renoise", "deterministic"])
def test_lo_sda_with_a_gaussian_prior_samples_about_the_closed_form(make_toy, gaussian_parts, step):
    # a re-noised or probability-flow step keeps the posterior mean as the mean of the members (both are linear
    # maps whose fixed point it is), so their mean misses it by the sampling error alone
    toy = make_toy(4)
    members = 400
    analysis = _run("lo-sda", toy, gaussian_parts(toy.covariance), members=members, step=step, levels=16)
    miss = analysis.mean.double() - toy.closed_form()
    spread = analysis.members.double().std(1)
    # 5 standard errors for 192 numbers, and what sigma_start = 10 leaves of the first draw (std / 100)
    assert (miss.abs() < 5 * spread / members**0.5 + 0.01).all()
    assert spread.mean() > 0.05


@pytest.mark.parametrize("name", ["latent-3dvar", "lo-sda"])
def test_b_scale_is_a_factor_on_the_prior_of_latent_methods(make_toy, gaussian_parts, name):
    toy = make_toy(4)
    narrow = dataclasses.replace(toy.covariance, scale=toy.covariance.scale / 2)
    whole = _run(name, toy, gaussian_parts(toy.covariance), members=2 if name == "lo-sda" else 1)
    scaled = _run(name, toy, gaussian_parts(narrow), members=whole.members.shape[1], b_scale=4.0)
    torch.testing.assert_close(scaled.members, whole.members, atol=1e-4, rtol=0)


def test_lo_sda_by_adam_agrees_with_gauss_newton(make_toy, gaussian_parts):
    toy = make_toy(3)
    parts = gaussian_parts(toy.covariance)
    newton = _run("lo-sda", toy, parts, members=2, levels=4)
    adam = _run("lo-sda", toy, parts, members=2, levels=4, solver="adam", inner=300, rate=0.3)
    torch.testing.assert_close(adam.members, newton.members, atol=5e-3, rtol=0)


def test_guided_lo_sda_fits_the_observations_to_their_noise(make_toy, gaussian_parts):
    toy = make_toy(8)
    analysis = _run(
        "lo-sda", toy, gaussian_parts(toy.covariance), members=2, variant="guided", inner=5, levels=16, rate=1.0
    )
    observations = toy.problem.observations

    def misfit(x):
        return (observations.precision * observations.innovation(x).square()).sum(1) / observations.mask.sum(1)

    before = misfit(toy.problem.background)
    assert (misfit(analysis.mean) < 0.2 * before).float().mean() > 0.8
