"""RePaint: what the observations say of the grid, the jumps, and what becomes of observed points."""

import numpy as np
import pytest
import torch

from benchmark.problem import Channel, Grid, LinearOperator, Observations, Problem
from methods.diffusion.painting import spread_innovations
from methods.diffusion.reverse import noise_levels, with_jumps
from methods.registry import find_method
from tests.methods.diffusion.test_reverse import ring, run

ROWS, COLUMNS = 9, 16


def problem_of(points, values, weights=None, periodic=True):
    """One case, zero background, one channel of two observed at points of the grid."""
    step = 360 / COLUMNS if periodic else 5
    latitude, longitude = np.linspace(-80, 80, ROWS), step * np.arange(COLUMNS)
    index = torch.tensor(points)[None]
    index = index[..., None] if index.ndim == 2 else index
    weight = torch.ones(index.shape) if weights is None else torch.tensor(weights)[None]
    values = torch.tensor(values)[None]
    zero = torch.zeros_like(values)
    operator = LinearOperator(index, weight, (2, ROWS, COLUMNS))
    background = torch.zeros(1, 2, ROWS, COLUMNS)
    observations = Observations(values, zero + 0.05, operator, zero.long(), zero, zero, ("",))
    grid = Grid(tuple(latitude), tuple(longitude))
    times = np.array(["2008-01-01T12"], "datetime64[ns]")
    return Problem(background, background, observations, grid, (Channel("z", 500), Channel("t", 850)), times)


def test_one_observation_is_a_bell():
    problem = problem_of([4 * COLUMNS + 5], [2.0])
    d_obs, mask = spread_innovations(problem, 1.5)
    y, x = torch.meshgrid(torch.arange(ROWS) - 4.0, torch.arange(COLUMNS) - 5.0, indexing="ij")
    bell = torch.exp(-(y.square() + x.square()) / (2 * 1.5**2))
    near = (y.abs() <= 6) & (x.abs() <= 6)
    torch.testing.assert_close(mask[0, 0][near], bell[near])
    # whatever there is of it, it says the same
    torch.testing.assert_close(d_obs[0, 0][near], torch.full_like(bell, 2.0)[near])
    assert not mask[0, 1].any()


@pytest.mark.parametrize("periodic", [True, False])
def test_it_goes_around_where_longitudes_do(periodic):
    _, mask = spread_innovations(problem_of([4 * COLUMNS], [1.0], periodic=periodic), 1.5)
    assert (float(mask[0, 0, 4, -1]) > 0.7) is periodic


def test_between_two_it_is_their_mean_and_the_mask_their_largest():
    problem = problem_of([4 * COLUMNS + 4, 4 * COLUMNS + 8], [1.0, 3.0])
    d_obs, mask = spread_innovations(problem, 1.5)
    assert float(d_obs[0, 0, 4, 6]) == pytest.approx(2.0, abs=1e-4)
    assert float(mask[0, 0, 4, 6]) == pytest.approx(float(torch.exp(torch.tensor(-4 / 4.5))), rel=1e-5)
    assert float(d_obs[0, 0, 4, 4]) < 1.1


def test_a_value_between_points_says_the_same_of_each():
    """A mean of two points in other units: the increment is what the value would be in theirs."""
    problem = problem_of([[4 * COLUMNS + 5, 4 * COLUMNS + 6]], [30.0], [[7.5, 2.5]])
    d_obs, mask = spread_innovations(problem, 1.5)
    assert d_obs[0, 0, 4, 5:7].tolist() == pytest.approx([3.0, 3.0])
    assert float(mask[0, 0, 4, 5]) == pytest.approx(1.0)


def test_jumps():
    sigmas = torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0])
    assert with_jumps(sigmas, 2, 1).tolist() == sigmas.tolist()
    assert with_jumps(sigmas, 2, 2).tolist() == [5, 4, 3, 5, 4, 3, 2, 1, 3, 2, 1]
    assert with_jumps(sigmas, 10, 3).tolist() == [5, 4, 3, 2, 1] * 3
    assert with_jumps(noise_levels(9.0, 1.0, 1, torch.device("cpu")), 4, 3).tolist() == [9.0]


@pytest.mark.parametrize("name", ["diffda", "latent-diffda"])
def test_observed_points_take_the_observed_value_and_errors_are_believed(name):
    world, problem = ring(0.05)
    problem = problem.select(slice(0, 4))
    found = run(name, problem, world, members=2, width=0.3)
    misfit = problem.observations.innovation(found.members)[problem.observations.mask[:, None].expand(-1, 2, -1)]
    before = problem.observations.innovation(problem.background)[problem.observations.mask]
    # the last estimate in a latent is painted before it is denoised no more
    assert misfit.square().mean() < (1e-6 if name == "diffda" else 0.05) * before.square().mean()


def test_more_passes_cost_more_calls():
    world, problem = ring(0.05)
    problem = problem.select(slice(0, 1))
    once, thrice = (run("diffda", problem, world, members=1, levels=9, jump=4, times=times) for times in (1, 3))
    assert once.cost.network_forwards == 9
    # a jump back needs no network, and every pass of a segment has its four steps
    assert thrice.cost.network_forwards == 3 * 8 + 1


def test_a_nonlinear_operator_is_refused_by_need():
    assert {str(need) for need in find_method("diffda").needs} == {"linear-operator"}
