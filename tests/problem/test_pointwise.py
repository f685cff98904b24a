"""Operators of a few values at one place: by hand, against differences, padded, with members, case by case."""

import dataclasses

import pytest
import torch

from benchmark.problem import LinearOperator, PointwiseOperator

SHAPE = (2, 2, 3)
POINTS = 6


def speed(wind):
    return (wind.square().sum(-1) + 0.01**2).sqrt()


def bent(value):
    """Not even, and of both arguments."""
    return value[..., 0] * torch.exp(0.1 * value[..., 1])


def make(function, index, weight=None, mean=(1.0, -2.0), std=(3.0, 5.0), scale=2.0):
    """Values at places of the first channel, shape (case, n, k), made of both channels there."""
    index = torch.as_tensor(index)
    weight = torch.ones(index.shape) if weight is None else torch.as_tensor(weight)
    cases, n, _ = index.shape
    inputs = tuple(LinearOperator(index + channel * POINTS, weight, SHAPE) for channel in range(2))
    parts = (torch.tensor(t, dtype=torch.float64).expand(cases, n, 2) for t in (mean, std))
    return PointwiseOperator(function, inputs, *parts, torch.full((cases, n), scale, dtype=torch.float64))


def states(cases=1, members=(), seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(cases, *members, *SHAPE, generator=generator, dtype=torch.float64)


def test_wind_speed_by_hand():
    x = torch.zeros(1, *SHAPE, dtype=torch.float64)
    x[0, 0, 1, 2], x[0, 1, 1, 2] = 2 / 3, 6 / 5  # u = 1 + 3 * 2/3 = 3, v = -2 + 5 * 6/5 = 4
    H = make(speed, [[[5], [0]]])
    calm = (1 + 4 + 1e-4) ** 0.5
    want = torch.tensor([[((25 + 1e-4) ** 0.5 - calm) / 2, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(H(x), want, atol=1e-14, rtol=0)
    assert not H.linear


def test_interpolation_comes_before_the_function():
    """Half-way between winds of 3 and -3 it is calm."""
    x = torch.zeros(1, *SHAPE, dtype=torch.float64)
    x[0, 0, 0, 0], x[0, 0, 0, 1] = 1.0, -1.0
    H = make(speed, [[[0, 1]]], [[[0.5, 0.5]]], mean=(0.0, 0.0), std=(3.0, 3.0), scale=1.0)
    assert H(x).item() == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("function", [speed, bent])
def test_the_tangent_is_the_limit_of_differences(function):
    index = torch.tensor([[[0, 1], [4, 5], [2, 3]], [[1, 2], [1, 4], [0, 5]]])
    H = make(function, index, torch.rand(index.shape, generator=torch.Generator().manual_seed(1)))
    x, dx = states(2), states(2, seed=1)
    T = H.tangent(x)
    assert isinstance(T, LinearOperator)
    assert T.index.shape == (2, 3, 4)
    h = 1e-5
    differences = (H(x + h * dx) - H(x - h * dx)) / (2 * h)
    # third derivatives of size 10 times h^2 / 6, and rounding of 1e-15 / h
    torch.testing.assert_close(T(dx), differences, atol=1e-8, rtol=0)
    y = torch.randn(2, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    torch.testing.assert_close((T(dx) * y).sum(1), (dx * T.adjoint(y)).flatten(1).sum(1), atol=1e-12, rtol=0)


def test_the_tangent_is_that_of_its_own_case_and_point():
    H = make(bent, [[[0]], [[0]]])
    x = states(2)
    both = H.tangent(x)
    for case in range(2):
        one = slice(case, case + 1)
        assert torch.equal(H.select(one).tangent(x[one]).weight, both.weight[one])
    assert not torch.equal(both.weight[0], both.weight[1])
    assert not torch.equal(H.tangent(x + 1).weight, both.weight)


def test_autograd_goes_through_it():
    H = make(bent, [[[0], [3]]])
    x = states().requires_grad_()
    (gradient,) = torch.autograd.grad(H(x).sum(), x)
    torch.testing.assert_close(gradient, H.tangent(x).adjoint(torch.ones(1, 2, dtype=torch.float64)))


def test_padding_gives_zero_and_no_gradient():
    H = make(bent, [[[0], [3], [0]]], [[[1.0], [1.0], [0.0]]])
    x = states()
    assert H(x)[0, 2] == 0
    assert (H(x)[0, :2] != 0).all()
    assert torch.all(H.tangent(x).weight[0, 2] == 0)
    assert torch.all(H(states(members=(3,)))[0, :, 2] == 0)


def test_a_member_is_measured_as_a_state():
    H = make(bent, [[[0], [3]], [[5], [1]]])
    x = states(2, (3,))
    values = H(x)
    assert values.shape == (2, 3, 2)
    for member in range(3):
        assert torch.equal(values[:, member], H(x[:, member]))


def test_some_of_the_cases():
    H = make(bent, [[[0], [3]], [[5], [1]], [[2], [2]]])
    H = dataclasses.replace(H, scale=torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    x = states(3)
    assert torch.equal(H.select(slice(1, 3))(x[1:]), H(x)[1:])


def test_it_moves_with_all_its_parts():
    H = make(bent, [[[0]]]).to("meta")
    parts = [H.mean, H.std, H.scale, *(t for L in H.inputs for t in (L.index, L.weight))]
    assert {t.device.type for t in parts} == {"meta"}


def test_the_precision_is_that_of_the_state():
    H = make(bent, [[[0]]])
    assert H(states().float()).dtype == torch.float32
    assert H(states()).dtype == H.tangent(states()).weight.dtype == torch.float64
