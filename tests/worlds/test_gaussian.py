"""The world that knows its answer is what it says: its covariances, its independence, its seeds, its components."""

import numpy as np
import pytest
import scipy.special
import torch

from benchmark.problem import BenchError, Need
from benchmark.worlds import Gaussian, GaussianSpec, load_spec, open_world
from methods.priors.background_error import BackgroundError
from methods.priors.covariance import SpectralCovariance


@pytest.fixture(scope="module")
def sphere():
    return open_world(load_spec("gaussian"))


@pytest.fixture(scope="module")
def ring():
    return open_world(load_spec("gaussian-ring"))


def small(**changes):
    settings = load_spec("gaussian-ring").model_dump(by_alias=True) | changes
    return GaussianSpec.model_validate(settings)


def dense(covariance):
    return covariance.apply(torch.eye(covariance.scale.numel(), dtype=torch.float64))


def on_the_sphere(world, spectrum, std, places):
    """Covariances of some state values with all, straight from the definition: (len(places), n)."""
    lat, lon = (np.deg2rad(v) for v in np.meshgrid(world.grid.latitude, world.grid.longitude, indexing="ij"))
    points = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], -1).reshape(-1, 3)
    degree = np.arange(spectrum.truncation + 1)
    power = (2 * degree + 1) * (1 + (degree / spectrum.scale) ** 2) ** -spectrum.slope
    power /= power.sum()
    channel, point = np.divmod(places, len(points))
    cosine = np.clip(points[point] @ points.T, -1, 1)
    legendre = scipy.special.eval_legendre(degree[:, None, None], cosine)
    correlation = (1 - spectrum.white) * np.tensordot(power, legendre, axes=1)
    correlation[np.arange(len(places)), point] += spectrum.white
    Q = np.array(world.spec.correlation) * np.outer(std, std)
    return (Q[channel][:, :, None] * correlation[:, None]).reshape(len(places), -1)


def around_the_ring(world, spectrum, std):
    """The whole covariance matrix of the ring."""
    wave = np.arange(spectrum.truncation + 1)
    power = np.where(wave > 0, 2, 1) * (1 + (wave / spectrum.scale) ** 2) ** -spectrum.slope
    power /= power.sum()
    lon = np.deg2rad(world.grid.longitude)
    smooth = (power * np.cos(np.subtract.outer(lon, lon)[..., None] * wave)).sum(-1)
    correlation = (1 - spectrum.white) * smooth + spectrum.white * np.eye(len(lon))
    return np.kron(np.array(world.spec.correlation) * np.outer(std, std), correlation)


def test_b_on_the_sphere_is_the_analytic_covariance(sphere):
    size = sphere.covariance.scale.numel()
    assert size == 3 * 32 * 64
    places = np.random.default_rng(0).choice(size, 60, replace=False)
    want = on_the_sphere(sphere, sphere.spec.background_error, np.array(sphere.spec.error_std), places)
    found = sphere.covariance.apply(torch.eye(size, dtype=torch.float64)[places])
    # double precision, some hundred terms
    np.testing.assert_allclose(found.numpy(), want, rtol=0, atol=1e-13)
    np.testing.assert_allclose(sphere.covariance.diagonal().numpy()[places], want[range(60), places], atol=1e-13)
    # it is no covariance of one channel or one place alone
    assert np.abs(want).min() > 0
    assert want[0].std() > 0.01


def test_b_around_the_ring_is_the_analytic_covariance(ring):
    want = around_the_ring(ring, ring.spec.background_error, np.array(ring.spec.error_std))
    np.testing.assert_allclose(dense(ring.covariance).numpy(), want, rtol=0, atol=1e-14)


def test_the_truth_s_covariance_exceeds_b_on_the_ring(ring):
    one = np.ones(len(ring.channels))
    T = around_the_ring(ring, ring.spec.climatology, one)
    np.testing.assert_allclose(np.diag(T), 1.0, atol=1e-12)
    assert np.linalg.eigvalsh(T - dense(ring.covariance).numpy())[0] > 1e-6


def test_draws_have_their_covariances_and_the_error_is_independent_of_the_background(ring):
    times = ring.times("test")
    xb, x = (f(times).flatten(1).double().numpy() for f in (ring.background, ring.truth))
    e = x - xb
    T = around_the_ring(ring, ring.spec.climatology, np.ones(2))
    B = dense(ring.covariance).numpy()
    n = len(times)
    assert n >= 4000

    def miss(a, b, C, A, D):
        """Largest miss of a sample covariance in standard errors: Var(ab) = A_ii D_jj + C_ij^2."""
        return np.abs((a.T @ b / n - C) / np.sqrt((np.outer(np.diag(A), np.diag(D)) + C**2) / n)).max()

    # of 96 x 96 elements: a normal number exceeds 5.5 with a probability of 4e-8
    assert miss(e, e, B, B, B) < 5.5
    assert miss(xb, xb, T - B, T - B, T - B) < 5.5
    assert miss(xb, e, np.zeros_like(B), T - B, B) < 5.5
    assert miss(x, x, T, T, T) < 5.5
    # an error that is part of the truth and not of the background would show
    assert miss(x, e, np.zeros_like(B), T, B) > 20


def test_errors_on_the_sphere_are_white_where_they_should_be(sphere):
    times = sphere.times("test")[:40]
    autoencoder = sphere.provide("autoencoder")
    e, xb = sphere.truth(times) - sphere.background(times), sphere.background(times)
    z, zb = (autoencoder.encode(x).flatten(1).double() for x in (e, xb))
    count = z.numel()
    assert z.shape[1] == 3 * 32 * 64
    # the mean of chi-square(1) numbers has a variance of 2 / count
    assert abs(float(z.square().mean()) - 1) < 5 * (2 / count) ** 0.5
    by_latent = z.square().mean(0)
    # chi-square(40) / 40: 6144 of them stay below this by the Wilson-Hilferty approximation at six sigma
    assert float(by_latent.max()) < (1 - 2 / (9 * 40) + 6 * (2 / (9 * 40)) ** 0.5) ** 3
    assert float(by_latent.min()) > (1 - 2 / (9 * 40) - 6 * (2 / (9 * 40)) ** 0.5) ** 3
    assert abs(float((z * zb).mean() / zb.square().mean().sqrt())) < 5 / count**0.5


def test_an_error_that_exceeds_the_truth_s_is_refused():
    with pytest.raises(BenchError, match=r"more variance than the truth at zonal wavenumber \d+.*lower 'error_std'"):
        Gaussian(small(error_std=(1.1, 0.5)))
    # all of the variance may be the background's error, but not at one scale more than there is
    spectrum = {"scale": 12, "slope": 1.5, "truncation": 23, "white": 0.01}
    with pytest.raises(BenchError, match="smaller 'scale' or 'white'"):
        Gaussian(small(background_error=spectrum))


@pytest.mark.parametrize("name", ["gaussian", "gaussian-ring"])
def test_a_draw_does_not_depend_on_its_batch(name, sphere, ring):
    world = {"gaussian": sphere, "gaussian-ring": ring}[name]
    times = world.times("test")[:9]
    for draw in (world.truth, world.background):
        together = draw(times)
        assert torch.equal(together[4:5], draw(times[4:5]))
        assert torch.equal(together.flip(0), draw(times[::-1]))
        assert together.dtype is torch.float32
        assert float((together[0] - together[1]).abs().min()) > 0
    few, many = world.ensemble(times[:2], 3), world.ensemble(times[:2], 6)
    assert torch.equal(many[:, :3], few)
    assert torch.equal(world.ensemble(times[1:2], 3)[0], few[1])


def test_a_draw_does_not_depend_on_the_number_of_threads(sphere):
    times = sphere.times("test")[:4]
    before = torch.get_num_threads()
    drawn = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            drawn.append(open_world(load_spec("gaussian")).truth(times))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[0], drawn[2])


def test_members_are_as_likely_as_the_truth(ring):
    times = ring.times("test")[:300]
    members, xb, x = ring.ensemble(times, 4), ring.background(times), ring.truth(times)
    errors = torch.cat((members, x[:, None]), dim=1) - xb[:, None]
    e = errors.flatten(2).double()
    B = dense(ring.covariance)
    for i in range(5):
        # x^T B^-1 x is chi-square of 96 degrees of freedom, with a variance of 192
        found = (e[:, i] * torch.linalg.solve(B, e[:, i].T).T).sum(1)
        assert abs(float(found.mean()) - 96) < 5 * (192 / 300) ** 0.5
        for j in range(i):
            both = (e[:, i] * torch.linalg.solve(B, e[:, j].T).T).sum(1)
            assert abs(float(both.mean())) < 5 * (96 / 300) ** 0.5


def test_a_case_keeps_its_draw_when_there_are_more_cases(ring):
    other = Gaussian(small(train=20, validate=5, test=8))
    for split in ("train", "validate", "test"):
        times = other.times(split)
        np.testing.assert_array_equal(times, ring.times(split)[: len(times)])
        assert torch.equal(other.truth(times), ring.truth(times))
    splits = [set(ring.times(split)) for split in ("train", "validate", "test")]
    assert sum(map(len, splits)) == len(set.union(*splits))
    assert other.evaluation_hash == ring.evaluation_hash
    assert other.training_hash != ring.training_hash


def test_a_time_that_is_no_case_is_refused(ring):
    with pytest.raises(BenchError, match="no case at 1999-01-01"):
        ring.truth(np.array(["1999-01-01"], dtype="datetime64[ns]"))
    with pytest.raises(BenchError, match="no split 'tset'; did you mean 'test'"):
        ring.times("tset")


def test_hashes_follow_what_decides_a_draw(ring):
    assert Gaussian(small(title="another", methods={})).background_identity == ring.background_identity
    changed = Gaussian(small(error_std=(0.4, 0.45)))
    assert changed.background_identity != ring.background_identity
    assert changed.fitting_identity != ring.fitting_identity
    assert changed.evaluation_hash != ring.evaluation_hash


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"correlation": ((1.0, 0.6), (0.5, 1.0))}, "symmetric with ones"),
        ({"correlation": ((1.0, 1.0), (1.0, 1.0))}, "positive definite"),
        ({"correlation": ((1.0,), (0.5,))}, "square"),
        ({"error_std": (0.4,)}, "'error_std' needs one entry for each of the 2 channels"),
        ({"std": (600, 0)}, "'std' must be positive"),
        ({"channels": ("z500", "geopotential_500")}, "names one twice"),
    ],
)
def test_a_description_that_cannot_be_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        small(**changes)


def test_methods_can_be_fitted_on_its_archive(ring):
    archive = ring.archive("train")
    assert len(archive) == 1500
    # 1500 cases of 48 correlated points: at least 1500 independent squares, each of relative std sqrt(2)
    np.testing.assert_allclose(archive.error_std().numpy(), ring.spec.error_std, rtol=5 / (2 * 1500) ** 0.5)
    fitted = dense(BackgroundError.fit(archive, modes=1000).covariance)
    assert float((fitted - dense(ring.covariance)).abs().max()) < 5 * 0.25 * (2 / 1500) ** 0.5
    with pytest.raises(BenchError, match="test years are for scoring"):
        ring.archive("test")


@pytest.mark.parametrize("name", ["gaussian", "gaussian-ring"])
def test_its_autoencoder_loses_nothing_and_whitens_b(name, sphere, ring):
    world = {"gaussian": sphere, "gaussian-ring": ring}[name]
    autoencoder = world.provide("autoencoder")
    x = world.truth(world.times("test")[:3])
    again = autoencoder.decode(autoencoder.encode(x))
    assert again.dtype is torch.float32
    torch.testing.assert_close(again, x, rtol=0, atol=1e-5)
    directions = torch.eye(autoencoder.latent_shape[0])[::17]
    white = autoencoder.decode(directions[:, :, None, None]).flatten(1).double()
    # D^T B^-1 D = I
    solved = world.covariance.map_modes(lambda v: 1 / v, white / world.covariance.scale.flatten())
    gram = (white / world.covariance.scale.flatten()) @ solved.T
    # single precision over the smallest std of a mode, which is a few hundredths of the largest
    torch.testing.assert_close(gram, torch.eye(len(gram), dtype=torch.float64), rtol=0, atol=1e-3)


def test_its_latent_prior_is_the_gaussian_one(ring):
    prior = ring.provide("latent-prior")
    size = prior.scale.numel()
    assert prior.scale.shape == prior.latent_shape == ring.provide("autoencoder").latent_shape
    delta_t = torch.randn(3, *prior.latent_shape, generator=torch.Generator().manual_seed(0))
    sigma = torch.tensor([0.1, 1.0, 9.0])
    found = prior.denoise(delta_t, sigma, delta_t, torch.zeros(3, 4))
    B = SpectralCovariance.identity(size)
    want = B.map_modes(lambda b: b / (b + sigma[:, None] ** 2), delta_t.flatten(1)).view_as(delta_t)
    torch.testing.assert_close(found, want)
    torch.testing.assert_close(prior.denoise(delta_t, sigma[1], delta_t, torch.zeros(3, 4)), delta_t / 2)
    tensors, settings = prior.state()
    assert type(prior).from_state(tensors, settings).latent_shape == prior.latent_shape


def test_what_it_offers(ring):
    assert ring.offers == {Need.ENSEMBLE, Need.EXACT_POSTERIOR}
    assert ring.provide("forecaster") is None
    posterior = ring.provide("exact-posterior")
    again = type(posterior).from_state(*posterior.state())
    assert torch.equal(dense(again.covariance), dense(ring.covariance))
