"""The exact posterior against dense algebra."""

import dataclasses

import pytest
import torch

from benchmark.problem import BenchError, CaseNoise, Status
from methods.exact import Exact
from methods.priors.exact_posterior import ExactPosterior

CHANNELS, ROWS, COLUMNS = 2, 4, 6


def dense_posterior(toy, case):
    """Mean (n,) and covariance (n, n), in the space of states: (B^-1 + H^T R^-1 H)^-1."""
    one = toy.problem.select(slice(case, case + 1))
    observations = one.observations
    H = observations.operator(torch.eye(toy.B.shape[0], dtype=torch.float64).view(1, -1, CHANNELS, ROWS, COLUMNS))[0].T
    precision = torch.diag(observations.precision[0].double())
    A = torch.linalg.inv(torch.linalg.inv(toy.B) + H.T @ precision @ H)
    xb = one.background[0].double()
    d = observations.innovation(xb[None])[0]
    return xb.flatten() + A @ H.T @ precision @ d, A


def test_mean_and_variance_are_those_of_dense_algebra(make_toy):
    # cases have 1 to 5 values, and those of fewer are padded
    toy = make_toy(5)
    posterior = ExactPosterior(toy.covariance)
    mean, variance = posterior.mean_and_variance(toy.problem)
    assert mean.dtype is variance.dtype is torch.float64
    for case in range(5):
        wanted, A = dense_posterior(toy, case)
        # the inverse of B loses as many digits as its condition number has
        torch.testing.assert_close(mean[case].flatten(), wanted, rtol=0, atol=1e-8)
        torch.testing.assert_close(variance[case].flatten(), A.diagonal(), rtol=0, atol=1e-8)
        assert (variance[case].flatten() < toy.B.diagonal() + 1e-12).all()
    torch.testing.assert_close(posterior.mean(toy.problem), mean)
    torch.testing.assert_close(posterior.variance(toy.problem), variance)


def test_samples_have_the_posterior_s_covariance(make_toy):
    toy = make_toy(2)
    count = 20000
    x = ExactPosterior(toy.covariance).sample(toy.problem, count, CaseNoise(range(2))).flatten(2)
    for case in range(2):
        mean, A = dense_posterior(toy, case)
        departure = x[case] - mean
        variance = A.diagonal()
        # normal numbers, 48 and 48 x 48 of them: five and a half standard errors
        assert (departure.mean(0).abs() < 5.5 * (variance / count).sqrt()).all()
        error = ((variance[:, None] * variance + A.square()) / count).sqrt()
        assert ((departure.T @ departure / count - A).abs() < 5.5 * error).all()


def test_the_mean_is_a_choice(make_toy):
    toy = make_toy(3)
    parts = {"exact-posterior": ExactPosterior(toy.covariance)}
    mean, drawn = Exact(mean=True), Exact()
    for method in (mean, drawn):
        method.load(parts)
    analysis = mean.analyse(toy.problem, 7, CaseNoise(range(3)))
    assert analysis.members.shape[1] == 1
    torch.testing.assert_close(analysis.mean.double(), parts["exact-posterior"].mean(toy.problem), rtol=0, atol=1e-6)
    assert drawn.analyse(toy.problem, 7, CaseNoise(range(3))).members.shape[1] == 7


def test_a_case_that_is_not_finite_is_its_own(make_toy):
    toy = make_toy(3)
    broken = toy.problem.background.clone()
    broken[1] = torch.nan
    method = Exact()
    method.load({"exact-posterior": ExactPosterior(toy.covariance)})
    whole = method.analyse(toy.problem, 2, CaseNoise(range(3)))
    analysis = method.analyse(dataclasses.replace(toy.problem, background=broken), 2, CaseNoise(range(3)))
    assert analysis.status == (Status.OK, Status.DIVERGED, Status.OK)
    assert torch.equal(analysis.members[::2], whole.members[::2])


def test_a_nonlinear_operator_has_no_closed_form(make_toy):
    toy = make_toy(1)

    class Curved:
        linear = False

        def select(self, cases):
            return self

        def __call__(self, x):
            return toy.problem.observations.operator(x.square())

    curved = dataclasses.replace(
        toy.problem, observations=dataclasses.replace(toy.problem.observations, operator=Curved())
    )
    with pytest.raises(BenchError, match="known for linear observation operators, not for Curved"):
        ExactPosterior(toy.covariance).mean(curved)
