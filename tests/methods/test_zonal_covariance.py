"""A covariance by zonal wavenumber against the matrix that it stands for, and methods with it in closed form."""

import dataclasses

import numpy as np
import pytest
import torch

from benchmark.problem import CaseNoise, Channel, Grid, LinearOperator, Observations, Problem, Status
from methods.priors.background_error import BackgroundError
from methods.priors.spectral_autoencoder import SpectralAutoencoder
from methods.priors.zonal_covariance import ZonalCovariance
from methods.registry import find_method

C, LAT, LON = 2, 3, 8
SIZE = C * LAT * LON
ALL = 10_000


def homogeneous_samples(count=300, seed=0):
    """Every sample at every longitude and with both signs: their covariance is homogeneous, not only nearly so."""
    generator = torch.Generator().manual_seed(seed)
    mix = torch.randn(LON // 2 + 1, C * LAT, C * LAT, dtype=torch.complex128, generator=generator)
    waves = mix @ torch.randn(LON // 2 + 1, C * LAT, count, dtype=torch.complex128, generator=generator)
    x = torch.fft.irfft(waves.permute(2, 1, 0), n=LON, norm="ortho").reshape(count, C, LAT, LON)
    return torch.cat([torch.roll(x, k, -1) for k in range(LON)]).float()


@pytest.fixture(scope="module")
def samples():
    return homogeneous_samples()


@pytest.fixture(scope="module")
def matrix(samples):
    flat = samples.flatten(1).double()
    return flat.T @ flat / len(flat)


@pytest.fixture(scope="module")
def whole(samples):
    scale = samples.square().mean((0, 3), keepdim=True)[0].sqrt().expand(C, LAT, LON).contiguous()
    return ZonalCovariance.fit(samples, scale, ALL)


def dense(covariance):
    return covariance.apply(torch.eye(SIZE, dtype=torch.float64))


def operator(cases=1, values=7, points=2, seed=1):
    generator = torch.Generator().manual_seed(seed)
    index = torch.randint(0, SIZE, (cases, values, points), generator=generator)
    return LinearOperator(index, torch.rand(cases, values, points, generator=generator), (C, LAT, LON))


def as_matrix(H, case=0):
    flat = torch.eye(SIZE, dtype=torch.float64).view(SIZE, C, LAT, LON)
    return torch.stack([H.select(slice(case, case + 1))(x[None])[0] for x in flat]).T.double()


def test_it_is_the_sample_covariance(whole, matrix):
    # modes in single precision: 1e-7 times some ten of them
    torch.testing.assert_close(dense(whole), matrix, rtol=0, atol=1e-6 * float(matrix.abs().max()))


def test_any_number_of_longitudes(samples):
    odd = torch.cat([torch.roll(samples[:40, ..., :7], k, -1) for k in range(7)])
    found = ZonalCovariance.fit(odd, torch.ones(C, LAT, 7), ALL)
    flat = odd.flatten(1).double()
    matrix = flat.T @ flat / len(flat)
    identity = torch.eye(C * LAT * 7, dtype=torch.float64)
    torch.testing.assert_close(found.apply(identity), matrix, rtol=0, atol=1e-6 * float(matrix.abs().max()))
    basis = found.project(torch.eye(C * LAT * 7).view(-1, C, LAT, 7))
    torch.testing.assert_close(basis.T @ basis, torch.eye(C * LAT * 7), rtol=0, atol=1e-5)


def test_the_root_is_one(whole, matrix):
    identity = torch.eye(SIZE, dtype=torch.float64)
    root = whole.sqrt(identity)
    torch.testing.assert_close(root.T @ root, matrix, rtol=0, atol=1e-6 * float(matrix.abs().max()))
    torch.testing.assert_close(whole.sqrt_adjoint(identity), root.T, rtol=0, atol=1e-12)


def test_fewer_modes_keep_the_variance_of_every_wavenumber(whole, samples):
    cut = whole.truncated(9)
    assert len(cut.modes) == 9
    found = dense(cut)
    assert float(torch.linalg.eigvalsh((found + found.T) / 2).min()) > 0

    def by_wave(B):
        scaled = dense(B) / (B.scale.flatten()[:, None] * B.scale.flatten()).double()
        waves = torch.fft.rfft(torch.eye(SIZE, dtype=torch.float64).view(SIZE, C, LAT, LON), norm="ortho")
        waves = waves.flatten(1, 2).to(torch.complex128)
        return torch.einsum("iam,ij,jam->m", waves.conj(), scaled.to(torch.complex128), waves).real

    torch.testing.assert_close(by_wave(cut), by_wave(whole), rtol=1e-5, atol=1e-5)
    assert cut.explained < whole.truncated(20).explained < 1


def test_covariances_of_points_are_looked_up(whole, matrix):
    H = operator()
    want = as_matrix(H) @ matrix @ as_matrix(H).T
    torch.testing.assert_close(whole.between(H)[0], want, rtol=0, atol=2e-6 * float(want.abs().max()))


def test_a_known_covariance_is_kept_in_double_precision():
    """Correlations of two rows that are even in the difference of longitude, and rows that are correlated."""
    generator = torch.Generator().manual_seed(2)
    mix = torch.randn(C * LAT, C * LAT, dtype=torch.float64, generator=generator)
    shift = torch.arange(LON)
    along = 0.6 ** torch.minimum(shift, LON - shift).double()
    wave = torch.arange(LON // 2 + 1).double()[:, None]
    spectrum = (along * torch.cos(2 * torch.pi * wave * shift / LON)).sum(1)
    scale = torch.rand(C, LAT, 1, dtype=torch.float64, generator=generator).expand(C, LAT, LON) + 0.5
    known = ZonalCovariance.of_matrices(spectrum[:, None, None] * (mix @ mix.T), scale)
    circle = along[(shift[:, None] - shift) % LON]
    want = scale.flatten()[:, None] * torch.kron(mix @ mix.T, circle) * scale.flatten()
    close = {"rtol": 0, "atol": 1e-13 * float(want.abs().max())}
    torch.testing.assert_close(dense(known), want, **close)
    torch.testing.assert_close(known.diagonal(), want.diagonal(), **close)
    H = operator()
    torch.testing.assert_close(known.between(H)[0], as_matrix(H) @ want @ as_matrix(H).T, rtol=1e-12, atol=1e-12)
    assert known.explained == pytest.approx(1, abs=1e-12)
    basis = known.project(torch.eye(SIZE, dtype=torch.float64).view(SIZE, C, LAT, LON))
    torch.testing.assert_close(basis.T @ basis, torch.eye(SIZE, dtype=torch.float64), rtol=0, atol=1e-12)
    single = known.single()
    assert single.project(torch.zeros(1, C, LAT, LON)).dtype is torch.float32
    torch.testing.assert_close(single.between(H), known.between(H), rtol=1e-5, atol=1e-5)
    # doubling does not bring back what single precision has lost, and loses nothing more
    torch.testing.assert_close(
        single.double().between(H)[0].diagonal(), known.between(H)[0].diagonal(), rtol=1e-5, atol=0
    )


def test_variances_are_the_diagonal(whole, matrix):
    torch.testing.assert_close(whole.diagonal().double(), matrix.diagonal(), rtol=1e-5, atol=0)
    cut = whole.truncated(9).double()
    torch.testing.assert_close(cut.diagonal(), dense(cut).diagonal(), rtol=1e-12, atol=0)


def test_half_precision_is_mended(whole, matrix):
    stored = {k: v.half().float() if v.is_floating_point() and v.ndim > 1 else v for k, v in whole.tensors().items()}
    again = ZonalCovariance(**stored).orthonormalised()
    gram = again.project(again.expand(torch.eye(SIZE)))
    torch.testing.assert_close(gram, torch.eye(SIZE), rtol=0, atol=1e-5)
    # half precision has 11 bits: 5e-4 of the largest element, some of them added up
    torch.testing.assert_close(dense(again), matrix, rtol=0, atol=2e-3 * float(matrix.abs().max()))


def test_basis_is_orthonormal(whole):
    cut = whole.truncated(12)
    count = 12 + int(cut.free.sum())
    fields = cut.expand(torch.eye(count))
    torch.testing.assert_close(cut.project(fields), torch.eye(count), rtol=0, atol=1e-5)
    gram = fields.flatten(1) @ fields.flatten(1).T
    torch.testing.assert_close(gram, torch.eye(count), rtol=0, atol=1e-5)


def test_whitened_latents_have_unit_covariance(whole, samples):
    autoencoder = SpectralAutoencoder(14)
    autoencoder.attach({"background-error": BackgroundError(whole)})
    z = autoencoder.encode(samples).flatten(1)
    torch.testing.assert_close(z.T @ z / len(z), torch.eye(z.shape[1]), rtol=0, atol=1e-4)
    again = autoencoder.encode(autoencoder.decode(z[:5, :, None, None])).flatten(1)
    torch.testing.assert_close(again, z[:5], rtol=0, atol=1e-4)
    H = operator()
    D = autoencoder.decode(torch.eye(z.shape[1])[:, :, None, None]).flatten(1).double().T
    want = as_matrix(H) @ D @ D.T @ as_matrix(H).T
    torch.testing.assert_close(autoencoder.gram(H)[0], want, rtol=0, atol=1e-5 * float(want.abs().max()))
    y = torch.randn(1, 7, generator=torch.Generator().manual_seed(0))
    back = autoencoder.decode_adjoint(H.adjoint(y))[0].double()
    torch.testing.assert_close(back, D.T @ as_matrix(H).T @ y[0].double(), rtol=0, atol=1e-4)
    tensors, settings = autoencoder.state()
    assert type(autoencoder).from_state(tensors, settings).modes == 14


def problem(whole, cases=4, values=9):
    generator = torch.Generator().manual_seed(5)
    truth_error = whole.sqrt(torch.randn(cases, SIZE, generator=generator)).view(cases, C, LAT, LON)
    xb = torch.randn(cases, C, LAT, LON, generator=generator)
    H = operator(cases, values)
    std = torch.full((cases, values), 0.3)
    std[0, 5:] = torch.inf
    H = dataclasses.replace(H, weight=H.weight * torch.isfinite(std)[..., None])
    y = torch.where(torch.isfinite(std), H(xb - truth_error) + 0.3 * torch.randn(std.shape, generator=generator), 0.0)
    none = torch.zeros_like(std)
    obs = Observations(y, std, H, torch.zeros_like(std, dtype=torch.long), none, none, tuple("abcd"[:cases]))
    grid = Grid((-40.0, 0.0, 40.0), tuple(45.0 * i for i in range(LON)))
    times = np.datetime64("2001-01-01", "ns") + np.arange(cases) * np.timedelta64(1, "D")
    return Problem(xb, torch.zeros_like(xb), obs, grid, (Channel("z", 500), Channel("sp")), times)


@pytest.mark.parametrize("direct", [4000, 1])
def test_3dvar_equals_the_closed_form(whole, matrix, direct):
    given = problem(whole)
    method = find_method("3dvar")(modes=ALL, direct=direct)
    method.load({"background-error": BackgroundError(whole)})
    analysis = method.analyse(given, 1, CaseNoise(range(4)))
    assert set(analysis.status) == {Status.OK}
    for case in range(4):
        mask = given.observations.mask[case]
        H = as_matrix(given.observations.operator, case)[mask]
        d = given.observations.innovation(given.background)[case, mask].double()
        want = matrix @ H.T @ torch.linalg.solve(H @ matrix @ H.T + 0.09 * torch.eye(int(mask.sum())).double(), d)
        found = (analysis.mean[case] - given.background[case]).flatten().double()
        torch.testing.assert_close(found, want, rtol=0, atol=1e-4)


@pytest.mark.parametrize("modes", [14, ALL])
def test_rolled_latents_are_latents_of_rolled_fields(whole, samples, modes):
    autoencoder = SpectralAutoencoder(modes)
    autoencoder.attach({"background-error": BackgroundError(whole)})
    points = torch.arange(LON)
    fields = autoencoder.decode(autoencoder.encode(samples[:LON]))
    rolled = autoencoder.decode(autoencoder.roll(autoencoder.encode(samples[:LON]), points))
    want = torch.stack([torch.roll(field, int(k), -1) for field, k in zip(fields, points, strict=True)])
    torch.testing.assert_close(rolled, want, rtol=0, atol=1e-4)
    assert (want[1] - fields[1]).abs().max() > 0.1


def test_latent_3dvar_with_all_modes_is_3dvar(whole):
    from methods.priors.covariance import SpectralCovariance
    from methods.priors.latent_prior import LatentPrior

    given = problem(whole)
    B = BackgroundError(whole)
    autoencoder = SpectralAutoencoder(ALL)
    autoencoder.attach({"background-error": B})
    size = autoencoder.latent_shape[0]
    prior = LatentPrior(
        autoencoder.latent_shape,
        torch.ones(autoencoder.latent_shape),
        SpectralCovariance.identity(size),
        True,
        backbone={"width": 8, "blocks": 1, "levels": 1, "patch": 1},
        shape=(C, LAT, LON),
    )
    prior.attach({"autoencoder": autoencoder})
    parts = {"background-error": B, "autoencoder": autoencoder, "latent-prior": prior.eval().requires_grad_(False)}
    found = {}
    for name, parameters in (("3dvar", {"modes": ALL}), ("latent-3dvar", {}), ("lo-sda", {"levels": 12})):
        method = find_method(name)(**parameters)
        method.load({key: parts[key] for key in method.components})
        found[name] = method.analyse(given, 512 if name == "lo-sda" else 1, CaseNoise(range(4)))
    torch.testing.assert_close(found["latent-3dvar"].mean, found["3dvar"].mean, rtol=0, atol=1e-3)
    # an untrained denoiser is the Gaussian one, and the mean of its members misses 3D-Var by the sampling error:
    # a spread of about 1 over 512^0.5, at some 200 values at once
    spread = found["lo-sda"].members.std(1)
    error = (found["lo-sda"].mean - found["3dvar"].mean).abs() / (spread / 512**0.5 + 1e-3)
    assert float(error.max()) < 5
