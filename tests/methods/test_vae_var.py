"""VAE-Var: 3D-Var before training, and the minimum of its own J with any decoder."""

import dataclasses

import pytest
import torch

from benchmark.problem import BenchError, CaseNoise, Cost, PointwiseOperator, Status
from methods.gauss_newton import outer_loops
from methods.priors.background_error import BackgroundError
from methods.priors.covariance import SpectralCovariance
from methods.priors.error_space import ErrorSpace
from methods.priors.error_vae import ErrorVAE
from methods.priors.zonal_covariance import ZonalCovariance
from methods.registry import find_method

SHAPE, SIZE, ALL = (2, 4, 6), 48, 10_000
BACKBONE = {"kind": "convolutional", "patch": 2, "width": 8, "blocks": 1, "levels": 1}


@pytest.fixture(params=["eof", "zonal"])
def background_error(request, make_toy):
    toy = make_toy(1)
    if request.param == "eof":
        return BackgroundError(toy.covariance)
    samples = toy.covariance.sqrt(torch.randn(500, SIZE, generator=torch.Generator().manual_seed(8)))
    return BackgroundError(ZonalCovariance.fit(samples.view(-1, *SHAPE), torch.ones(SHAPE), ALL))


def bent(background_error, modes=ALL):
    """A VAE with random weights: its decoder is not linear."""
    torch.manual_seed(0)
    vae = ErrorVAE.around(background_error, SHAPE, modes, backbone=BACKBONE)
    for parameter in vae.network.parameters():
        # drawn in one order, whatever the order in memory
        parameter.data = 0.05 * torch.randn(parameter.shape)
    return vae.eval().requires_grad_(False)


def through_arctan(toy):
    """The toy's observations of the arc tangent of what it observes."""
    obs = toy.problem.observations
    ones = torch.ones_like(obs.values)
    H = PointwiseOperator(
        lambda x: torch.arctan(x[..., 0]),
        (obs.operator,),
        torch.zeros(*ones.shape, 1),
        torch.ones(*ones.shape, 1),
        ones,
    )
    seen = dataclasses.replace(obs, values=torch.where(obs.mask, obs.values.arctan(), 0.0), operator=H)
    return dataclasses.replace(toy, problem=dataclasses.replace(toy.problem, observations=seen))


def analyse(vae, problem, name="vae-var", **parameters):
    method = find_method(name)(**parameters)
    method.load({ErrorVAE.name: vae, BackgroundError.name: vae})
    with torch.no_grad():
        return method.analyse(problem, 1, CaseNoise(range(len(problem))))


@pytest.mark.parametrize("b_scale", [1.0, 0.5])
@pytest.mark.parametrize(("solver", "tolerance"), [("gauss-newton", 1e-4), ("quasi-newton", 1e-4), ("adam", 5e-3)])
def test_untrained_it_is_3dvar(make_toy, background_error, solver, tolerance, b_scale):
    toy = make_toy(6)
    untrained = ErrorVAE.around(background_error, SHAPE, ALL, backbone=BACKBONE).eval().requires_grad_(False)
    found = analyse(untrained, toy.problem, solver=solver, b_scale=b_scale, steps=400, rate=0.3)
    expected = analyse(background_error, toy.problem, "3dvar", b_scale=b_scale, modes=ALL)
    torch.testing.assert_close(found.mean, expected.mean, atol=tolerance, rtol=0)
    assert set(found.status) == {Status.OK}


def test_untrained_with_all_modes_it_is_the_closed_form(make_toy, gaussian_parts):
    toy = make_toy(8)
    found = analyse(gaussian_parts(toy.covariance)[ErrorVAE.name], toy.problem)
    torch.testing.assert_close(found.mean.double(), toy.closed_form(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("nonlinear", [False, True])
def test_the_outer_loops_end_where_the_gradient_vanishes(make_toy, background_error, nonlinear):
    toy = make_toy(6, seed=4)
    toy = through_arctan(toy) if nonlinear else toy
    space = ErrorSpace(toy.problem, bent(background_error), 0.8, Cost())
    norms = []
    for loops in (1, 30):
        with torch.no_grad():
            z = outer_loops(space, SpectralCovariance.identity(space.size), loops, 1e-6).point
        with torch.enable_grad():
            z = z.requires_grad_()
            (gradient,) = torch.autograd.grad((z.square().sum(-1) / 2 + space.misfit(z)).sum(), z)
        norms.append(float((gradient.norm(dim=-1) / z.detach().norm(dim=-1)).max()))
    # in single precision J is known to 1e-7 or so; R^-1 of 400 makes the gradient at the start some 100 times this
    assert norms[1] < 2e-2 < norms[0]


@pytest.mark.parametrize("nonlinear", [False, True])
def test_all_solvers_find_the_same_minimum(make_toy, background_error, nonlinear):
    toy, vae = make_toy(4), bent(background_error)
    toy = through_arctan(toy) if nonlinear else toy
    newton = analyse(vae, toy.problem, solver="gauss-newton", fall=1e-6)
    quasi = analyse(vae, toy.problem, fall=1e-6, loops=60)
    torch.testing.assert_close(quasi.members, newton.members, atol=1e-2, rtol=0)
    adam = analyse(vae, toy.problem, solver="adam", steps=800, rate=0.1)
    torch.testing.assert_close(adam.members, newton.members, atol=1e-2, rtol=0)
    straight = analyse(background_error, toy.problem, "3dvar", modes=ALL)
    # else the decoder would hardly be bent
    assert (newton.members - straight.members).abs().max() > 0.05


def test_it_says_whether_it_converged_and_what_it_took(make_toy, background_error):
    toy, vae = make_toy(6), bent(background_error)
    values = toy.problem.observations.values.shape[1]
    hasty = analyse(vae, toy.problem, solver="gauss-newton", loops=1)
    assert Status.NOT_CONVERGED in hasty.status
    assert Status.NOT_CONVERGED in analyse(vae, toy.problem, loops=1).status
    whole = analyse(vae, toy.problem, solver="gauss-newton")
    assert set(whole.status) == {Status.OK}
    loops = whole.cost.iterations
    assert 1 < loops < 30
    # J at the start and the analysis; in a loop Jacobian, innovation and J
    assert whole.cost.network_forwards == 2 + 3 * loops
    assert whole.cost.network_backwards == values * loops
    assert whole.cost.operator_calls == 1 + 2 * loops
    quasi = analyse(vae, toy.problem)
    assert set(quasi.status) == {Status.OK}
    loops = quasi.cost.iterations
    # in a loop the gradient and J, and H and its adjoint once each
    assert quasi.cost.network_forwards == 2 + 2 * loops
    assert quasi.cost.network_backwards == loops
    assert quasi.cost.operator_calls == 1 + 4 * loops
    adam = analyse(vae, toy.problem, solver="adam", steps=5)
    assert adam.cost.network_backwards == 6
    assert Status.NOT_CONVERGED in adam.status


def test_cases_that_do_not_fit_into_memory_together_are_solved_in_groups(make_toy, background_error, monkeypatch):
    toy, vae = make_toy(5), bent(background_error)
    whole = analyse(vae, toy.problem, solver="gauss-newton")
    values = toy.problem.observations.values.shape[1]
    monkeypatch.setattr("methods.vae_var.AT_ONCE", 2 * values * vae.size)
    groups = analyse(vae, toy.problem, solver="gauss-newton")
    torch.testing.assert_close(groups.members, whole.members, atol=1e-5, rtol=0)
    assert groups.status == whole.status
    # a group ends when its own cases have converged; of five cases three groups of 2, 2 and 1 are made
    parts = [toy.problem.select(slice(i, i + 2)) for i in (0, 2, 4)]
    alone = [analyse(vae, part, solver="gauss-newton").cost.iterations for part in parts]
    assert groups.cost.iterations == pytest.approx((2 * alone[0] + 2 * alone[1] + alone[2]) / 5)


def test_an_unknown_solver_is_refused():
    with pytest.raises(BenchError, match="'quasi-newton' or 'gauss-newton' or 'adam', not 'l-bfgs'"):
        find_method("vae-var")(solver="l-bfgs")


def test_the_decoder_has_the_covariance_of_the_leading_modes(background_error):
    B = background_error.covariance
    vae = ErrorVAE.around(background_error, SHAPE, 5, backbone=BACKBONE).eval()
    with torch.no_grad():
        D = vae.decode(torch.eye(vae.size)).flatten(1).double()
    cut = B.truncated(5)
    # each mode's share alone: what is left over goes to the noise
    share = cut.mapped(torch.zeros_like).apply(torch.eye(SIZE, dtype=torch.float64))
    assert share.abs().max() == 0
    leading = type(B)(**{**cut.tensors(), "remainder": torch.zeros_like(cut.remainder)})
    torch.testing.assert_close(D.T @ D, leading.apply(torch.eye(SIZE, dtype=torch.float64)), atol=1e-5, rtol=0)


def test_a_network_sees_how_large_an_error_is(background_error):
    """Its layers normalise their input, so it could not tell without being told."""
    vae = bent(background_error)
    z = torch.randn(3, vae.size, generator=torch.Generator().manual_seed(1))
    one, ten = (vae._correction(a * z, vae.modes.root(z)) for a in (1.0, 10.0))
    assert (ten - one).abs().max() > 1e-3


def test_it_comes_back_from_its_state(background_error):
    vae = bent(background_error, modes=7)
    again = ErrorVAE.from_state(*vae.state())
    again.attach({BackgroundError.name: background_error})
    z = torch.randn(2, vae.size, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(again.decode(z), vae.decode(z))
