"""A world of Gaussian random fields, whose posterior is known in closed form.

The background is drawn first, the truth around it:

    xb ~ N(0, T - B),    x = xb + e,    e ~ N(0, B) independent of xb

with T the climatological covariance and B that of the background's error. So x ~ N(0, T), and p(x | xb) = N(xb, B):
the background is the best forecast that there is, and its error is uncorrelated with it, as that of an optimal forecast
must be (Kalman, 1960). For linear observations the posterior is N(xb + K d, (I - K H) B). Were the noise added to the
truth instead, p(x | xb) would have another mean and covariance, which involve T.
"""

__all__ = ["Gaussian"]

import functools

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import BenchError, Component, Need, Normalisation, closest, hash_json, parse_channel, seed_from
from methods.priors.aligned_prior import AlignedPrior
from methods.priors.background_error import BackgroundError
from methods.priors.corrected_error import CorrectedError
from methods.priors.error_vae import ErrorVAE
from methods.priors.exact_posterior import ExactPosterior
from methods.priors.gaussian_prior import GaussianClimate, GaussianPrior
from methods.priors.spectral_autoencoder import SpectralAutoencoder
from methods.priors.white_prior import WhitePrior
from methods.priors.zonal_covariance import ZonalCovariance

from ..base import Split, World
from .correlation import covariances, make_grid, roots
from .drawing import FieldDraws
from .spec import GaussianSpec
from .threads import one_thread

STARTS = {"train": "2000-01-01", "validate": "2040-01-01", "test": "2060-01-01"}
"""First artificial day of every split."""

ROUNDING = 1e-10
"""How negative an eigenvalue may be, over the largest, and still be rounding."""


class Gaussian(World):
    """
    Arguments:
        spec: Grid, channels, spectra and how many cases there are.

    Raises:
        BenchError: If the background's error has more variance than the truth at some scale.
    """

    spec: GaussianSpec

    @one_thread()
    def __init__(self, spec: GaussianSpec) -> None:
        self.spec, self.name, self.title = spec, spec.name, spec.title or spec.name
        self.grid = make_grid(spec)
        self.channels = tuple(parse_channel(name) for name in spec.channels)
        self.shape = (len(self.channels), *self.grid.shape)
        Q, std = np.array(spec.correlation), np.array(spec.error_std)
        T = covariances(self.grid, spec.climatology, Q)
        B = covariances(self.grid, spec.background_error, std[:, None] * Q * std)
        root, smallest = roots(T - B)
        if float(smallest.min()) < -ROUNDING:
            raise BenchError(
                f"In the world '{spec.name}' the background's error has more variance than the truth at zonal "
                f"wavenumber {int(smallest.argmin())}, and no forecast is as bad as that; lower 'error_std', or give "
                "'background_error' a smaller 'scale' or 'white'."
            )
        self._backgrounds = FieldDraws(root, self.shape)
        self._errors = FieldDraws(roots(B)[0], self.shape)

    @functools.cached_property
    def normalisation(self) -> Normalisation:
        return Normalisation(self.spec.mean, self.spec.std)

    @functools.cached_property
    @one_thread()
    def covariance(self) -> ZonalCovariance:
        """B with all its modes, float64 [normalised]."""
        correlation = covariances(self.grid, self.spec.background_error, np.array(self.spec.correlation))
        scale = torch.tensor(self.spec.error_std, dtype=torch.float64)[:, None, None].expand(self.shape)
        return ZonalCovariance.of_matrices(correlation, scale.contiguous())

    @one_thread()
    def _climate(self) -> ZonalCovariance:
        """Covariance of the states, with all its modes, float64 [normalised]."""
        correlation = covariances(self.grid, self.spec.climatology, np.array(self.spec.correlation))
        return ZonalCovariance.of_matrices(correlation, torch.ones(self.shape, dtype=torch.float64))

    def times(self, split: Split) -> np.ndarray:
        """Artificial days, shape (time,), datetime64[ns]: every case is independent of every other."""
        counts = {"train": self.spec.train, "validate": self.spec.validate_, "test": self.spec.test}
        if split not in counts:
            raise BenchError(f"There is no split '{split}'; {closest(split, counts)}")
        first = np.datetime64(STARTS[split], "D")
        return (first + np.arange(counts[split])).astype("datetime64[ns]")

    @one_thread()
    def truth(self, times: np.ndarray) -> Tensor:
        stamps = self._stamps(times)
        return self._stack([self._draw_background(stamp) + self._draw_error("error", stamp) for stamp in stamps])

    @one_thread()
    def background(self, times: np.ndarray) -> Tensor:
        return self._stack([self._draw_background(stamp) for stamp in self._stamps(times)])

    def climatology(self, times: np.ndarray) -> Tensor:
        return torch.zeros(len(self._stamps(times)), *self.shape)

    @one_thread()
    def ensemble(self, times: np.ndarray, members: int) -> Tensor:
        """xb + e_i with independent e_i ~ N(0, B): the truth might be any of them."""
        cases = []
        for stamp in self._stamps(times):
            xb = self._draw_background(stamp)
            cases.append(self._stack([xb + self._draw_error("member", stamp, i) for i in range(members)]))
        return torch.stack(cases)

    def _draw_background(self, stamp: str) -> Tensor:
        return self._backgrounds.draw(seed_from(self.name, "background", stamp))

    def _draw_error(self, purpose: str, stamp: str, *number: int) -> Tensor:
        return self._errors.draw(seed_from(self.name, purpose, stamp, *number))

    def _stack(self, fields: list[Tensor]) -> Tensor:
        return torch.stack(fields).float()

    @functools.cached_property
    def _known(self) -> np.ndarray:
        return np.concatenate([self.times("train"), self.times("validate"), self.times("test")])

    def _stamps(self, times: np.ndarray) -> list[str]:
        """The times as seeds have them.

        Raises:
            BenchError: If one is no case of this world.
        """
        times = np.atleast_1d(np.asarray(times)).astype("datetime64[ns]")
        if len(unknown := times[~np.isin(times, self._known)]):
            raise BenchError(
                f"The world '{self.name}' has no case at {unknown[0].astype('datetime64[s]')}; take times of a split, "
                f"such as {self._known[-1].astype('datetime64[D]')}."
            )
        return [str(stamp) for stamp in times.astype("datetime64[s]")]

    @property
    def training_hash(self) -> str:
        return hash_json([self.spec.identity, "train", self.spec.train, self.spec.validate_])

    @property
    def evaluation_hash(self) -> str:
        """sha256 of what the test cases are drawn from: their number changes none of them."""
        return hash_json([self.spec.identity, "test"])

    @property
    def background_identity(self) -> dict[str, object]:
        return {"kind": "gaussian", "statistics": self.spec.identity}

    @property
    def fitting_identity(self) -> str:
        return hash_json([self.training_hash, self.background_identity])

    @property
    def offers(self) -> frozenset[Need]:
        return frozenset({Need.ENSEMBLE, Need.EXACT_POSTERIOR})

    def provide(self, name: str) -> Component | None:
        """B itself, the autoencoder and the priors that it makes exact, and the exact posterior."""
        return self._parts.get(name)

    @functools.cached_property
    def _parts(self) -> dict[str, Component]:
        B = self.covariance
        # single precision, as every trained autoencoder is: methods draw and work in it
        autoencoder = SpectralAutoencoder(len(B.modes))
        autoencoder.attach({BackgroundError.name: BackgroundError(B.single())})
        latent, state = WhitePrior(autoencoder.latent_shape), GaussianPrior(B.single())
        climate = GaussianClimate(self._climate().single())
        errors = ErrorVAE.around(BackgroundError(B.single()), self.shape, len(B.modes), periodic=self.grid.periodic)
        errors.requires_grad_(False)
        parts: tuple[Component, ...] = (
            *(BackgroundError(B), autoencoder, latent, state, climate, errors),
            ExactPosterior(B),
            # the mean of an increment is nothing, so nothing is corrected
            CorrectedError(fitted=BackgroundError(B)),
        )
        # an exact prior has nothing to learn from preferences
        return {part.name: part for part in parts} | {AlignedPrior.name: latent}
