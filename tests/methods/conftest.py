"""A linear Gaussian toy: everything about it has a closed form."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmark.problem import Channel, Grid, LinearOperator, Observations, Problem
from methods.priors.aligned_prior import AlignedPrior
from methods.priors.background_error import BackgroundError
from methods.priors.coregionalisation import Coregionalisation
from methods.priors.corrected_error import CorrectedError
from methods.priors.covariance import SpectralCovariance
from methods.priors.error_vae import ErrorVAE
from methods.priors.exact_posterior import ExactPosterior
from methods.priors.latent_prior import LatentPrior
from methods.priors.pair_statistics import PairStatistics
from methods.priors.patch_autoencoder import PatchAutoencoder
from methods.priors.state_prior import ClimatePrior, StatePrior
from methods.priors.static_ensemble import StaticEnsemble

CHANNELS, ROWS, COLUMNS = 2, 4, 6
SIZE = CHANNELS * ROWS * COLUMNS
ENSEMBLE = 8


@dataclasses.dataclass
class Toy:
    """Problems with known covariances and the matrices behind them, in float64."""

    problem: Problem
    truth: Tensor
    B: Tensor
    covariance: SpectralCovariance

    def double(self) -> "Toy":
        """The same problem in float64."""
        background = self.problem.background.double()
        climatology = self.problem.climatology.double()
        return dataclasses.replace(
            self, problem=dataclasses.replace(self.problem, background=background, climatology=climatology)
        )

    def closed_form(self) -> Tensor:
        """xb + B H^T (H B H^T + R)^-1 d, case by case."""
        analyses = []
        for i in range(len(self.problem)):
            case = self.problem.select(slice(i, i + 1))
            mask = case.observations.mask[0]
            H = torch.stack([case.observations.operator.adjoint(e[None])[0].flatten() for e in torch.eye(len(mask))])
            H = H[mask].double()
            R = torch.diag(case.observations.error_std[0][mask].double() ** 2)
            d = case.observations.innovation(case.background)[0][mask].double()
            gain = self.B @ H.T @ torch.linalg.inv(H @ self.B @ H.T + R)
            analyses.append(case.background[0].double() + (gain @ d).view(CHANNELS, ROWS, COLUMNS))
        return torch.stack(analyses)


def _isotropic() -> Coregionalisation:
    """Two correlated channels on the toy's grid, where a degree is 111 km in latitude."""
    factors = torch.tensor([[[0.1, 0.0], [0.0, 0.2]], [[0.5, 0.0], [0.3, 0.4]], [[0.2, 0.3], [0.0, 0.3]]])
    lengths, std = torch.tensor([150.0, 400.0]), torch.ones(CHANNELS, ROWS)
    axes = torch.arange(40.0, 40.0 + ROWS), torch.arange(float(COLUMNS))
    return Coregionalisation(*(tensor.double() for tensor in (factors, lengths, std, *axes)))


def _smooth_samples(count: int) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    kernel = torch.tensor([0.25, 0.5, 0.25])
    x = torch.randn(count, CHANNELS, ROWS, COLUMNS, generator=generator)
    x = torch.nn.functional.conv2d(
        x.flatten(0, 1)[:, None], kernel[None, None, :, None] * kernel[None, None, None, :], padding=1
    ).view(count, CHANNELS, ROWS, COLUMNS)
    x[:, 1] += 0.7 * x[:, 0]
    return x


@pytest.fixture
def make_toy():
    """(cases, most observations) -> Toy; cases have differing numbers of observations."""

    def make(cases: int, most: int = 10, seed: int = 0) -> Toy:
        samples = _smooth_samples(400)
        covariance = SpectralCovariance.fit(samples.flatten(1), samples.flatten(1).std(0), SIZE)
        generator = torch.Generator().manual_seed(seed)
        truth_error = covariance.sqrt(torch.randn(cases, SIZE, generator=generator))
        background = torch.randn(cases, CHANNELS, ROWS, COLUMNS, generator=generator)
        truth = background + truth_error.view_as(background)
        counts = 1 + torch.arange(cases) % most
        index = torch.stack([torch.randperm(SIZE, generator=generator)[:most] for _ in range(cases)])[..., None]
        real = torch.arange(most) < counts[:, None]
        operator = LinearOperator(index, real[..., None].float(), (CHANNELS, ROWS, COLUMNS))
        error_std = torch.where(real, 0.05, torch.inf)
        noise = 0.05 * torch.randn(cases, most, generator=generator)
        values = torch.where(real, operator(truth) + noise, 0.0)
        place = torch.zeros_like(values)
        errors = covariance.sqrt(torch.randn(cases, ENSEMBLE, SIZE, generator=generator))
        observations = Observations(
            values, error_std, operator, torch.where(real, 0, -1), place, place, tuple(f"{i}" for i in range(cases))
        )
        problem = Problem(
            background,
            torch.zeros_like(background),
            observations,
            Grid(tuple(range(40, 40 + ROWS)), tuple(range(COLUMNS))),
            (Channel("z", 500), Channel("t", 850)),
            np.datetime64("2008-01-01T12") + np.arange(cases) * np.timedelta64(1, "D"),
            background[:, None] + errors.view(cases, ENSEMBLE, CHANNELS, ROWS, COLUMNS),
        )
        return Toy(problem, truth, covariance.dense(), covariance)

    return make


@pytest.fixture
def gaussian_parts():
    """Components for which every method's prior is exactly the toy's Gaussian: B itself, an autoencoder that is the
    identity, and an untrained denoiser that is the Wiener filter."""

    def make(covariance: SpectralCovariance) -> dict[str, object]:
        small = {"kind": "convolutional", "width": 8, "blocks": 1}
        autoencoder = PatchAutoencoder(CHANNELS, (ROWS, COLUMNS), CHANNELS, 1, 0.01, False, small)
        for layer in (autoencoder.linear_encoder, autoencoder.linear_decoder):
            layer.weight.data = torch.eye(CHANNELS)[:, :, None, None].clone()
        prior = LatentPrior(
            (CHANNELS, ROWS, COLUMNS),
            covariance.scale.view(CHANNELS, ROWS, COLUMNS),
            dataclasses.replace(covariance, scale=torch.ones(SIZE)),
            preconditioning="wiener",
            backbone={**small, "levels": 1},
        )
        shape, fields = (CHANNELS, ROWS, COLUMNS), {**small, "patch": 2, "levels": 1}
        state = StatePrior(shape, backbone=fields)
        state.attach({BackgroundError.name: BackgroundError(covariance)})
        climate = ClimatePrior(shape, torch.ones(CHANNELS, ROWS, 1), backbone=fields)
        vae = ErrorVAE.around(BackgroundError(covariance), shape, SIZE, backbone=fields)
        errors = covariance.sqrt(torch.randn(12, SIZE, generator=torch.Generator().manual_seed(9)))
        return {
            "static-ensemble": StaticEnsemble(errors.view(12, CHANNELS, ROWS, COLUMNS)),
            "background-error": BackgroundError(covariance),
            "corrected-error": CorrectedError(fitted=BackgroundError(covariance)),
            "exact-posterior": ExactPosterior(covariance),
            "pair-statistics": PairStatistics({"background": _isotropic(), "climatology": _isotropic()}),
            "autoencoder": autoencoder.eval().requires_grad_(False),
            "latent-prior": prior.eval().requires_grad_(False),
            "aligned-prior": AlignedPrior.of(prior, 2).eval().requires_grad_(False),
            "state-prior": state.eval().requires_grad_(False),
            "climate-prior": climate.eval().requires_grad_(False),
            "error-vae": vae.eval().requires_grad_(False),
        }

    return make
