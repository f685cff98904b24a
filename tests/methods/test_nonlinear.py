"""Nonlinear observation operators: Gauss-Newton steps against dense algebra, and the minimum where they end."""

import dataclasses

import pytest
import torch

from benchmark.problem import CaseNoise, Cost, LinearOperator, PointwiseOperator, Status
from methods.gauss_newton import outer_loops
from methods.priors.background_error import BackgroundError
from methods.priors.covariance import SpectralCovariance
from methods.priors.latent_prior import LatentPrior
from methods.priors.latent_space import LatentSpace
from methods.priors.spectral_autoencoder import SpectralAutoencoder
from methods.priors.zonal_covariance import ZonalCovariance
from methods.registry import find_method

SHAPE = (2, 4, 6)
POINTS, SIZE = 24, 48
ALL = 10_000
ERROR = 0.2


def speed(wind):
    return (wind.square().sum(-1) + 1e-4).sqrt()


def arctan(both):
    return torch.arctan(both[..., 0])


def cubic(both):
    return both[..., 0] ** 3 + 0.1 * both[..., 0]


def first(both):
    return both[..., 0]


def observe(toy, function, mean):
    """The toy's truth through a function of its two channels, at the places that it observes, with std 1."""
    obs = toy.problem.observations
    place = obs.operator.index % POINTS
    inputs = tuple(LinearOperator(place + channel * POINTS, obs.operator.weight, SHAPE) for channel in range(2))
    shape = (*obs.values.shape, 2)
    H = PointwiseOperator(
        function, inputs, torch.tensor(mean).expand(shape), torch.ones(shape), torch.ones(obs.values.shape)
    )
    noise = ERROR * torch.randn(obs.values.shape, generator=torch.Generator().manual_seed(9))
    values = torch.where(obs.mask, H(toy.truth) + noise, 0.0)
    error_std = torch.where(obs.mask, ERROR, torch.inf)
    seen = dataclasses.replace(obs, values=values, error_std=error_std, operator=H)
    return dataclasses.replace(toy, problem=dataclasses.replace(toy.problem, observations=seen))


@pytest.fixture
def smooth(make_toy):
    """Wind of some five stds: the first steps lower J, but the problem is not quadratic."""
    return observe(make_toy(6, seed=4), speed, (4.0, 2.0))


@pytest.fixture
def rough(make_toy):
    """Values that are flat about zero and steep elsewhere: steps from the flat part overshoot."""
    return observe(make_toy(12, seed=4), cubic, (0.0, 0.0))


@pytest.fixture
def priors(gaussian_parts):
    """(kind, toy) -> the parts of all methods and B as a matrix: by EOFs and a patch autoencoder that is the identity,
    or by zonal wavenumber and a spectral autoencoder with all its modes."""

    def make(kind, toy):
        if kind == "eof":
            return gaussian_parts(toy.covariance), toy.B
        samples = toy.covariance.sqrt(torch.randn(500, SIZE, generator=torch.Generator().manual_seed(8)))
        samples = torch.cat([torch.roll(samples.view(-1, *SHAPE), k, -1) for k in range(6)])
        background_error = BackgroundError(ZonalCovariance.fit(samples, torch.ones(SHAPE), ALL))
        autoencoder = SpectralAutoencoder(ALL)
        autoencoder.attach({"background-error": background_error})
        prior = LatentPrior(
            autoencoder.latent_shape,
            torch.ones(autoencoder.latent_shape),
            SpectralCovariance.identity(autoencoder.latent_shape[0]),
            True,
            backbone={"width": 8, "blocks": 1, "levels": 1, "patch": 1},
            shape=SHAPE,
        )
        prior.attach({"autoencoder": autoencoder})
        parts = {"background-error": background_error, "autoencoder": autoencoder}
        parts["latent-prior"] = prior.eval().requires_grad_(False)
        return parts, background_error.covariance.apply(torch.eye(SIZE, dtype=torch.float64))

    return make


def analyse(name, problem, parts, members=1, seeds=None, **parameters):
    method = find_method(name)(**parameters)
    method.load({key: parts[key] for key in method.components})
    with torch.no_grad():
        return method.analyse(problem, members, CaseNoise(range(len(problem)) if seeds is None else seeds))


def cost_function(problem, B, x):
    """J, shape (case,)."""
    dx = (x - problem.background).flatten(1).double()
    innovation = problem.observations.innovation(x.double())
    prior = (dx * torch.linalg.solve(B, dx.T).T).sum(1) / 2
    return prior + (problem.observations.precision * innovation.square()).sum(1) / 2


def preconditioned_gradient(problem, B, x):
    """B grad J = x - xb + B grad J_o, shape (case, n), with grad J_o by autograd."""
    x = x.double().requires_grad_()
    obs = problem.observations
    (gradient,) = torch.autograd.grad((obs.precision * obs.innovation(x).square()).sum() / 2, x)
    return (x.detach() - problem.background).flatten(1) + gradient.flatten(1) @ B


def dense_steps(problem, B, steps):
    """Gauss-Newton steps with a Jacobian by central differences and the gain as a matrix, case by case."""
    analyses = []
    for i in range(len(problem)):
        case = problem.select(slice(i, i + 1))
        obs, xb = case.observations, case.background.double()
        mask = obs.mask[0]
        R = torch.diag(obs.error_std[0, mask].double().square())
        x, h = xb, 1e-5
        for _ in range(steps):
            moves = h * torch.eye(SIZE, dtype=torch.float64).view(1, SIZE, *SHAPE)
            G = ((obs.operator(x[:, None] + moves) - obs.operator(x[:, None] - moves)) / (2 * h))[0][:, mask].T
            d = obs.innovation(x)[0, mask] + G @ (x - xb).flatten()
            following = xb + (B @ G.T @ torch.linalg.solve(G @ B @ G.T + R, d)).view(1, *SHAPE)
            assert cost_function(case, B, following) < cost_function(case, B, x)
            x = following
        analyses.append(x[0])
    return torch.stack(analyses)


# 3D-Var works in double precision; the members come in that of the background. The latent works in single precision,
# and B / R of some 25 stands before its rounding.
METHODS = [
    ("3dvar", {"modes": ALL, "fall": 1e-9}, 1e-5),
    ("3dvar", {"modes": ALL, "fall": 1e-9, "direct": 1, "tolerance": 1e-10}, 1e-5),
    ("latent-3dvar", {}, 2e-4),
]


@pytest.mark.parametrize("kind", ["eof", "zonal"])
@pytest.mark.parametrize(("name", "parameters", "tolerance"), METHODS)
@pytest.mark.parametrize("loops", [1, 2])
def test_outer_loops_are_gauss_newton_steps(smooth, priors, kind, name, parameters, tolerance, loops):
    parts, B = priors(kind, smooth)
    found = analyse(name, smooth.problem, parts, loops=loops, **parameters).mean.double()
    torch.testing.assert_close(found, dense_steps(smooth.problem, B, loops), atol=tolerance, rtol=0)


def test_the_second_step_is_linearised_anew(smooth, priors):
    """Else the test above could not tell steps from a fixed tangent."""
    _, B = priors("eof", smooth)
    one, two = (dense_steps(smooth.problem, B, steps) for steps in (1, 2))
    assert (two - one).abs().max() > 1e-2


@pytest.mark.parametrize("kind", ["eof", "zonal"])
@pytest.mark.parametrize("function", [speed, arctan])
def test_3dvar_ends_where_the_gradient_vanishes(make_toy, priors, kind, function):
    toy = observe(make_toy(6, seed=4), function, (2.0, 1.0) if function is speed else (0.0, 0.0)).double()
    parts, B = priors(kind, toy)
    analysis = analyse("3dvar", toy.problem, parts, modes=ALL, loops=100, fall=1e-13, tolerance=1e-10)
    assert set(analysis.status) == {Status.OK}
    gradient = preconditioned_gradient(toy.problem, B, analysis.mean).norm(dim=1)
    # a fall of 1e-13 J leaves an error of sqrt(1e-13) or so; the increments are of size one
    assert (gradient < 1e-4).all()
    assert (preconditioned_gradient(toy.problem, B, toy.problem.background).norm(dim=1) > 0.1).all()


@pytest.mark.parametrize("kind", ["eof", "zonal"])
def test_the_latent_outer_loops_end_where_the_gradient_vanishes(smooth, priors, kind):
    parts, _ = priors(kind, smooth)
    prior = parts["latent-prior"]
    space = LatentSpace(smooth.problem, parts["autoencoder"], prior.scale, Cost())
    norms = []
    for loops in (1, 30):
        with torch.no_grad():
            delta = outer_loops(space, prior.covariance, loops, 1e-6).point
        with torch.enable_grad():
            delta = delta.requires_grad_()
            (gradient,) = torch.autograd.grad(space.misfit(delta).sum(), delta)
        residual = delta.detach() + prior.covariance.map_modes(lambda v: v, gradient)
        norms.append(float((residual.norm(dim=-1) / delta.detach().norm(dim=-1)).max()))
    # in single precision J is known to 1e-7 or so, hence its minimum to some sqrt(1e-7)
    assert norms[1] < 2e-3 < norms[0]


@pytest.mark.parametrize("kind", ["eof", "zonal"])
@pytest.mark.parametrize("name", ["3dvar", "latent-3dvar"])
def test_no_analysis_has_a_larger_cost_than_the_background(rough, priors, kind, name):
    parts, B = priors(kind, rough)
    before = cost_function(rough.problem, B, rough.problem.background)
    for loops in (1, 2, 5):
        analysis = analyse(name, rough.problem, parts, loops=loops, **({"modes": ALL} if name == "3dvar" else {}))
        # single precision of the latent
        assert (cost_function(rough.problem, B, analysis.mean) <= before * (1 + 1e-3)).all()
    assert (cost_function(rough.problem, B, analysis.mean) < before / 2).float().mean() > 0.5


def test_a_step_that_would_raise_the_cost_is_halved(rough, priors):
    """Some first steps are refused here, and their cases still end at a minimum."""
    parts, B = priors("eof", rough)
    problem = rough.problem
    once = analyse("3dvar", problem, parts, modes=ALL, loops=1)
    refused = (once.mean == problem.background).flatten(1).all(1)
    assert refused.any()
    assert not refused.all()
    assert {status for status, r in zip(once.status, refused, strict=True) if r} == {Status.NOT_CONVERGED}
    whole = analyse("3dvar", problem, parts, modes=ALL, loops=100)
    assert set(whole.status) == {Status.OK}
    assert (
        cost_function(problem, B, whole.mean)[refused] < cost_function(problem, B, problem.background)[refused]
    ).all()


@pytest.mark.parametrize("kind", ["eof", "zonal"])
def test_a_function_that_is_linear_gives_the_linear_analysis(make_toy, priors, kind):
    toy = observe(make_toy(5, seed=4), first, (3.0, 1.0))
    obs = toy.problem.observations
    plain = dataclasses.replace(toy.problem, observations=dataclasses.replace(obs, operator=obs.operator.inputs[0]))
    parts, _ = priors(kind, toy)
    for name, parameters in (("3dvar", {"modes": ALL}), ("latent-3dvar", {}), ("lo-sda", {"loops": 1, "levels": 3})):
        bent, straight = (analyse(name, p, parts, members=2, **parameters) for p in (toy.problem, plain))
        # 3 + x - 3 in single precision, 2e-7, times B / R = 25
        torch.testing.assert_close(bent.members, straight.members, atol=1e-4, rtol=0)
        assert bent.status == straight.status


@pytest.mark.parametrize("kind", ["eof", "zonal"])
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("3dvar", {"modes": ALL}),
        ("3dvar", {"modes": ALL, "direct": 1}),
        ("latent-3dvar", {}),
        ("latent-3dvar", {"solver": "adam", "steps": 20}),
        ("lo-sda", {"levels": 3}),
        ("lo-sda", {"variant": "guided", "inner": 2, "levels": 3}),
    ],
)
def test_a_case_alone_equals_the_case_in_a_batch(rough, priors, kind, name, parameters):
    parts, _ = priors(kind, rough)
    batch = analyse(name, rough.problem, parts, 2, **parameters)
    assert torch.isfinite(batch.members).all()
    for i in (0, 5, 11):
        alone = analyse(name, rough.problem.select(slice(i, i + 1)), parts, 2, seeds=[i], **parameters)
        torch.testing.assert_close(alone.members[0], batch.members[i], atol=1e-4, rtol=0)
        assert alone.status[0] == batch.status[i]


@pytest.mark.parametrize("kind", ["eof", "zonal"])
def test_lo_sda_is_linearised_at_an_outer_loop_at_least(smooth, priors, kind):
    parts, _ = priors(kind, smooth)
    none, one = (analyse("lo-sda", smooth.problem, parts, 2, loops=loops) for loops in (0, 1))
    assert torch.equal(none.members, one.members)
    obs = smooth.problem.observations

    def misfit(x):
        return (obs.precision * obs.innovation(x).square()).sum(1) / obs.mask.sum(1)

    # of 0.2^2 twenty-five times the size of the error at first, and about that size in the end
    assert (misfit(one.mean) < 0.3 * misfit(smooth.problem.background)).all()
