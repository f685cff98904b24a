"""A variational autoencoder of background errors: a prior of increments that need not be Gaussian.

Xiao, Jia, Chen, Bai & Wei (2025), VAE-Var: variational autoencoder-enhanced variational methods for data assimilation
in meteorology, https://openreview.net/forum?id=utz99dx2RN. Increments x - xb = D(z), z ~ N(0, I), here around the
Gaussian prior of 3D-Var (see `LeadingModes`), whose posterior has mean P S^-1 (x - xb) and variance r (V + r)^-1:

    D(z) = S (L z + f(L z, a(z))),      q(z | x) = N(P (S^-1 (x - xb) - f(L m, a(m))), r (V + r)^-1 exp(s)),
    m = P S^-1 (x - xb),                a(z) = log(mean of z^2 + floor) of some bands of modes

so the encoder inverts the decoder by one step of a fixed-point iteration. The network f and the vector s start at zero:
without training D(z) has the covariance of B's leading modes, q is the posterior of the linear model, and the evidence
lower bound is its log-likelihood. Training can only add what is not Gaussian. A network normalises its input, so a(z)
tells it how large an error is: some days' are twice as large as others'. D knows nothing of background or season.
"""

__all__ = ["ErrorVAE"]

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from benchmark.problem import Component

from .backbone import Backbone
from .background_error import BackgroundError
from .leading_modes import LeadingModes

BANDS = 6
FIRST_BAND = 8
"""Latents of the first band; the ends of the bands grow by a factor up to all latents."""

FLOOR = 0.1
"""Of a band's mean square: an analysis of few observations has a small z, where no error of a whole field ever was."""


class ErrorVAE(nn.Module, Component):
    """
    Arguments:
        shape: (channel, latitude, longitude) of the state.
        modes: How many of B's modes it takes.
        size: Latents that these are, `LeadingModes.size`.
        periodic: Whether longitudes are periodic.
        backbone: Settings of f's `Backbone`; None to do without, for errors that are known to be Gaussian.
    """

    name: ClassVar[str] = "error-vae"
    builds_on = (BackgroundError,)
    neural = True

    def __init__(
        self,
        shape: tuple[int, int, int],
        modes: int,
        size: int,
        periodic: bool = False,
        backbone: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {
            "shape": list(shape),
            "modes": modes,
            "size": size,
            "periodic": periodic,
            "backbone": None if backbone is None else dict(backbone),
        }
        self.shape, self.size = shape, size
        self.log_variance = nn.Parameter(torch.zeros(size))
        self.network: Backbone | None = None
        if backbone is not None:
            channels, *points = shape
            self.network = Backbone(
                channels, channels, (points[0], points[1]), mod_features=BANDS, periodic=periodic, **backbone
            )
        self._modes: LeadingModes | None = None
        self._bands = torch.zeros(size, BANDS)

    @classmethod
    def around(
        cls, background_error: BackgroundError, shape: tuple[int, int, int], modes: int, **settings: Any
    ) -> Self:
        """An untrained one: the Gaussian prior of B's leading modes.

        Arguments:
            background_error: Has B.
            shape: (channel, latitude, longitude) of the state.
            modes: How many of B's modes it takes.
            settings: `periodic` and `backbone`.
        """
        leading = LeadingModes(background_error.covariance, modes, shape)
        module = cls(shape, modes, leading.size, **settings)
        module._use(leading)
        return module

    def attach(self, parts: Mapping[str, Component]) -> None:
        background_error = parts[BackgroundError.name]
        assert isinstance(background_error, BackgroundError)
        self._use(LeadingModes(background_error.covariance, self.settings["modes"], self.shape))

    def _use(self, modes: LeadingModes) -> None:
        self._modes = modes
        ends = torch.logspace(math.log10(FIRST_BAND), math.log10(max(self.size, FIRST_BAND)), BANDS)
        rank = modes.variances.argsort(descending=True, stable=True).argsort()
        band = torch.bucketize(rank.cpu(), ends.round(), right=True).clamp_max(BANDS - 1)
        members = nn.functional.one_hot(band, BANDS).float()
        self._bands = (members / members.sum(0).clamp_min(1)).to(modes.variances)

    @property
    def modes(self) -> LeadingModes:
        """The linear model around which it is built."""
        assert self._modes is not None, "attach the background error covariance first"
        return self._modes

    def decode(self, z: Tensor) -> Tensor:
        """D(z): (batch, size) to increments (batch, channel, latitude, longitude) [normalised]."""
        return self.modes.scale * self._scaled(z)

    def bound(self, scaled: Tensor, noise: Tensor, gaussian: bool = False) -> Tensor:
        """Minus the evidence lower bound of scaled increments [nats a value of the state], shape (batch,).

        Arguments:
            scaled: S^-1 (x - xb), shape (batch, channel, latitude, longitude).
            noise: Standard normal, shape (batch, size): the draw from q.
            gaussian: Whether to leave out what was trained; the bound of the linear model is its log-likelihood.
        """
        mean = self._posterior_mean(scaled)
        log_variance = self.modes.posterior_variance.log()
        if not gaussian:
            log_variance = log_variance + self.log_variance
            mean = self._posterior_mean(scaled - self._correction(mean, self.modes.root(mean)))
        z = mean + (log_variance / 2).exp() * noise
        misfit = (scaled - self._scaled(z, gaussian)).square().flatten(1)
        r = self.modes.noise
        reconstruction = (misfit / r + (2 * math.pi * r).log()).sum(1) / 2
        divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2
        return (reconstruction + divergence) / misfit.shape[1]

    def _scaled(self, z: Tensor, gaussian: bool = False) -> Tensor:
        """S^-1 D(z)."""
        # under mixed precision too, what is known has all its digits
        with torch.autocast(z.device.type, enabled=False):
            fields = self.modes.root(z)
        return fields if gaussian else fields + self._correction(z, fields)

    def _correction(self, z: Tensor, fields: Tensor) -> Tensor:
        """f(L z, a(z)) of z and L z."""
        if self.network is None:
            return torch.zeros_like(fields)
        amplitude = (z.square() @ self._bands + FLOOR).log()
        return self.network(fields, amplitude).to(fields.dtype)

    def _posterior_mean(self, scaled: Tensor) -> Tensor:
        with torch.autocast(scaled.device.type, enabled=False):
            return self.modes.posterior_mean(scaled)

    def to(self, *args: Any, **options: Any) -> Self:
        moved = super().to(*args, **options)
        if self._modes is not None:
            self._use(self._modes.to(self.log_variance.device))
        return moved

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        return dict(self.state_dict()), self.settings

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        module = cls(**{**settings, "shape": tuple(settings["shape"])})
        module.load_state_dict(dict(tensors))
        return module.eval().requires_grad_(False)
