"""Conjugate gradients, Adam, the gain and outer loops: against closed forms, and a broken case stays alone."""

import types

import pytest
import torch

from benchmark.problem import BenchError, CaseNoise, Cost
from methods.adam import minimise
from methods.gain import Gain
from methods.gauss_newton import outer_loops
from methods.priors.covariance import SpectralCovariance
from methods.registry import find_method
from methods.solvers import conjugate_gradients


def test_conjugate_gradients_solve_each_system_to_its_own_tolerance():
    generator = torch.Generator().manual_seed(0)
    root = torch.randn(3, 6, 6, generator=generator, dtype=torch.float64)
    A = root @ root.mT + torch.eye(6)
    b = torch.randn(3, 6, generator=generator, dtype=torch.float64)
    x, iterations, converged = conjugate_gradients(lambda v: (A @ v[..., None])[..., 0], b, 1e-10, 50)
    torch.testing.assert_close(x, torch.linalg.solve(A, b))
    assert converged.all()
    assert (iterations <= 8).all()  # six in exact arithmetic


def test_a_system_that_is_not_finite_gives_nan_and_leaves_the_others_alone():
    b = torch.tensor([[1.0, 2.0], [torch.nan, 1.0]])
    x, _, converged = conjugate_gradients(lambda v: 2 * v, b, 1e-6, 10)
    torch.testing.assert_close(x[0], b[0] / 2)
    assert x[1].isnan().all()
    assert converged.tolist() == [True, False]


def test_adam_finds_a_minimum_and_gives_nan_where_there_is_none():
    goal = torch.tensor([[[1.0, -2.0]], [[torch.nan, 0.0]]])
    v, converged = minimise(lambda v: (v - goal).square().sum(-1), torch.zeros(2, 1, 2), 0.3, 300)
    torch.testing.assert_close(v[0], goal[0], atol=1e-3, rtol=0)
    assert v[1].isnan().all()
    assert converged.tolist() == [[True], [False]]


def test_a_case_without_a_gain_leaves_the_others_alone(make_toy):
    toy = make_toy(2)
    observations = toy.problem.observations
    jacobian = torch.randn(2, observations.values.shape[1], 96 // 2, generator=torch.Generator().manual_seed(0))
    innovation = torch.ones(2, 1, observations.values.shape[1])
    whole = Gain(jacobian, toy.covariance, observations).apply(innovation)
    jacobian[1, 0, 0] = torch.nan
    broken = Gain(jacobian, toy.covariance, observations).apply(innovation)
    torch.testing.assert_close(broken[0], whole[0])
    assert broken[1].isnan().any()


class Scalar:
    """One value observed through h, with R = 0.1^2, of an increment of unit variance."""

    size = 1

    autoencoder = None

    def __init__(self, h, y):
        self.h, self.y, self.cost = h, torch.tensor(y)[:, None, None], Cost()
        self.zb = torch.zeros(len(y), 1)
        ones = torch.ones(len(y), 1)
        observations = types.SimpleNamespace(mask=ones > 0, error_std=0.1 * ones, operator=h)
        self.problem = types.SimpleNamespace(observations=observations)

    def innovation(self, delta):
        return self.y - self.h(delta)

    def misfit(self, delta):
        return (self.innovation(delta) / 0.1).square().sum(-1) / 2

    def jacobian(self, delta):
        with torch.enable_grad():
            delta = delta.detach().requires_grad_()
            return torch.autograd.grad(self.h(delta).sum(), delta)[0]


def test_outer_loops_solve_a_linear_problem_at_once():
    space = Scalar(lambda delta: 2 * delta, [3.0, -1.0])
    solution = outer_loops(space, SpectralCovariance.identity(1), 5, 1e-3)
    # (1 + 4 / 0.01) delta = 2 y / 0.01
    torch.testing.assert_close(solution.point[:, 0, 0], 200 * space.y[:, 0, 0] / 401)
    assert solution.converged.all()
    assert solution.iterations == 2


def test_outer_loops_halve_a_step_that_would_raise_the_cost():
    """The first step goes to 5, where h is 125: it is not taken, and what is not taken has not converged."""
    space = Scalar(lambda delta: delta**3 + 0.1 * delta, [1.0])
    one = outer_loops(space, SpectralCovariance.identity(1), 1, 1e-3)
    assert one.point.item() == 0
    assert not one.converged.any()
    solution = outer_loops(space, SpectralCovariance.identity(1), 30, 1e-6)
    assert solution.converged.all()
    with torch.enable_grad():
        delta = solution.point.requires_grad_()
        (slope,) = torch.autograd.grad((delta.square().sum(-1) / 2 + space.misfit(delta)).sum(), delta)
    # at the start it is 10
    assert abs(slope.item()) < 1e-2


def test_lo_sda_refuses_noise_levels_that_its_prior_was_not_trained_for(make_toy, gaussian_parts):
    toy = make_toy(2)
    parts = gaussian_parts(toy.covariance)
    for wrong in ({"sigma_start": 50.0}, {"sigma_end": 0.001}, {"sigma_end": 15.0, "sigma_start": 10.0}):
        method = find_method("lo-sda")(**wrong)
        method.load({key: parts[key] for key in method.components})
        with pytest.raises(BenchError, match=r"trained from 20 down to 0\.02; stay between these"):
            method.analyse(toy.problem, 2, CaseNoise(range(2)))


def test_lo_sda_says_when_its_inner_problem_did_not_converge(make_toy, gaussian_parts):
    toy = make_toy(3)
    parts = gaussian_parts(toy.covariance)
    linear = find_method("lo-sda")()
    linear.load({key: parts[key] for key in linear.components})
    assert set(linear.analyse(toy.problem, 2, CaseNoise(range(3))).status) == {"ok"}
    # one Adam step is far from a minimum
    hasty = find_method("lo-sda")(solver="adam", inner=1, levels=2)
    hasty.load({key: parts[key] for key in hasty.components})
    assert "not-converged" in hasty.analyse(toy.problem, 2, CaseNoise(range(3))).status
