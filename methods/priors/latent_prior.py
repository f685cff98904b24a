"""The background-conditioned latent prior p(z | zb): a Gaussian one, and a diffusion model of the same increments.

Both speak of *scaled latent increments* delta = (z - zb) / scale, of unit variance in every element.
The diffusion model follows Karras et al. (2022, https://arxiv.org/abs/2206.00364) in azula's formulation.
"""

__all__ = ["LatentPrior"]

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from azula.denoise import Denoiser, KarrasDenoiser
from azula.noise import VESchedule
from torch import Tensor, nn

from benchmark.problem import BenchError, Component

from .autoencoder import Autoencoder
from .backbone import Backbone
from .covariance import SpectralCovariance
from .grid_network import MOD, ConditionedNetwork, GridNetwork
from .wiener_denoiser import WienerDenoiser, posterior_variance

AT_ONCE = 32
"""Samples that a network of whole fields takes together: more take longer each, and more memory."""


class LatentNetwork(ConditionedNetwork):
    """Backbone with the noise level, the season and the background's latent as conditions.

    Arguments:
        latent_shape: (channel, latitude, longitude) of the latent.
        periodic: Whether longitudes are periodic.
        inputs: How many latents it sees beside the background's.
        backbone: Settings of the `Backbone`: kind, width, blocks, levels, dropout.
    """

    def __init__(
        self, latent_shape: tuple[int, int, int], periodic: bool, inputs: int, backbone: Mapping[str, Any]
    ) -> None:
        super().__init__()
        channels, *shape = latent_shape
        self.body = Backbone(
            (inputs + 1) * channels,
            channels,
            (shape[0], shape[1]),
            patch=1,
            mod_features=MOD,
            periodic=periodic,
            **backbone,
        )

    def forward(self, x: Tensor, log_sigma: Tensor, zb: Tensor, season: Tensor) -> Tensor:
        return self.body(torch.cat((x, zb), dim=1), self.modulation(log_sigma, season))


class LatentPrior(nn.Module, Component):
    """
    Arguments:
        latent_shape: (channel, latitude, longitude) of the latent.
        scale: Std of every element of the latent increments, shape latent_shape.
        covariance: Covariance of scaled increments, over the flattened latent.
        periodic: Whether longitudes are periodic.
        preconditioning: `karras` (azula's) or `wiener`.
        sigma_min, sigma_max: Noise levels between which the denoiser is trained.
        backbone: Settings of the `Backbone`.
        shape: (channel, latitude, longitude) of the state, for a network that works in its fields (`GridNetwork`);
            then the latent is that of an autoencoder that whitens. None for one that works in the latent.
    """

    name: ClassVar[str] = "latent-prior"
    neural = True
    eight_bits = ("denoiser.",)

    def __init__(
        self,
        latent_shape: tuple[int, int, int],
        scale: Tensor,
        covariance: SpectralCovariance,
        periodic: bool = False,
        preconditioning: str = "karras",
        sigma_min: float = 0.02,
        sigma_max: float = 20.0,
        backbone: Mapping[str, Any] | None = None,
        shape: tuple[int, int, int] | None = None,
    ) -> None:
        super().__init__()
        backbone = dict(backbone or {})
        self.settings: dict[str, Any] = {
            "latent_shape": list(latent_shape),
            "periodic": periodic,
            "preconditioning": preconditioning,
            "sigma_min": sigma_min,
            "sigma_max": sigma_max,
            "backbone": backbone,
        }
        self.latent_shape = latent_shape
        self._others: dict[str, Any] = {}
        self.sigma_min, self.sigma_max = sigma_min, sigma_max
        self.scale: Tensor
        self.register_buffer("scale", scale)
        for key, value in covariance.tensors().items():
            self.register_buffer(f"covariance_{key}", value)
        schedule = VESchedule(sigma_min, sigma_max)
        if shape is not None:
            self.settings["shape"] = list(shape)
            self.builds_on = (Autoencoder,)  # type: ignore[misc]
            self.denoiser: Denoiser = KarrasDenoiser(GridNetwork(shape, periodic, backbone), schedule)
        elif preconditioning == "karras":
            network = LatentNetwork(self.latent_shape, periodic, 1, backbone)
            self.denoiser = KarrasDenoiser(network, schedule)
        elif preconditioning == "wiener":
            network = LatentNetwork(self.latent_shape, periodic, 2, backbone)
            self.denoiser = WienerDenoiser(network, covariance, schedule)
        else:
            raise BenchError(f"Preconditioning is 'karras' or 'wiener', not '{preconditioning}'.")

    @property
    def covariance(self) -> SpectralCovariance:
        """Covariance of scaled increments, on the prior's device."""
        names = ("modes", "variances", "remainder", "scale")
        return SpectralCovariance(*(getattr(self, f"covariance_{name}") for name in names))

    def attach(self, parts: Mapping[str, Component]) -> None:
        if self.builds_on:
            self._others["autoencoder"] = parts[Autoencoder.name]

    def denoise(self, delta_t: Tensor, sigma: Tensor, zb: Tensor, season: Tensor) -> Tensor:
        """E[delta | delta_t, zb].

        Arguments:
            delta_t: delta + sigma * noise, shape (batch, *latent_shape).
            sigma: Noise levels, shape (batch,) or ().
            zb: Background's latent, shape (batch, *latent_shape).
            season: `seasonal_features` of the valid times, shape (batch, 4).
        """
        if self.builds_on and len(delta_t) > AT_ONCE and not torch.is_grad_enabled():
            parts = zip(*(x.split(AT_ONCE) for x in (delta_t, sigma.expand(len(zb)), zb, season)), strict=True)
            return torch.cat([self.denoise(*part) for part in parts])
        low, high = math.log(self.sigma_min), math.log(self.sigma_max)
        t = (sigma.log() - low) / (high - low)
        return self.denoiser(delta_t, t, zb=zb, season=season, **self._others).mean

    def loss(
        self, delta: Tensor, zb: Tensor, season: Tensor, u: Tensor, noise: Tensor, importance: Tensor | None = None
    ) -> Tensor:
        """Denoising loss over log-uniform noise levels, weighted by the Gaussian posterior's precision.

        Arguments:
            delta: Scaled increments, shape (batch, *latent_shape).
            u: Uniform numbers in [0, 1], shape (batch,): the place between the noise levels.
            noise: Standard normal, same shape as `delta`.
            importance: Weights of the square errors of the decoded increments, of mean 1 in the latent's sense, that
                broadcast with (channel, latitude, longitude); None to count every latent element alike.
        """
        sigma = self.sigma_min * (self.sigma_max / self.sigma_min) ** u
        return self.weighted_errors(delta, zb, season, sigma, noise, importance).mean()

    def weighted_errors(
        self,
        delta: Tensor,
        zb: Tensor,
        season: Tensor,
        sigma: Tensor,
        noise: Tensor,
        importance: Tensor | None = None,
    ) -> Tensor:
        """Mean square denoising errors over the Gaussian posterior's variance, shape (batch,).

        Arguments:
            sigma: Noise levels, shape (batch,).
            delta, zb, season, noise, importance: As `loss` takes them.
        """
        estimate = self.denoise(delta + sigma[:, None, None, None] * noise, sigma, zb, season)
        weight = 1 / posterior_variance(self.covariance, sigma[:, None])
        error = estimate - delta
        if importance is None:
            return weight * error.square().flatten(1).mean(1)
        fields = self._others["autoencoder"].decode(error)
        return weight * (importance * fields.square()).flatten(1).mean(1)

    def _apply(self, function: Any, recurse: bool = True) -> Self:
        """Moves the Wiener filter's covariance along with the buffers."""
        super()._apply(function, recurse)
        if isinstance(self.denoiser, WienerDenoiser):
            self.denoiser.covariance = self.covariance
        return self

    def to(self, *args: Any, **options: Any) -> Self:
        moved = super().to(*args, **options)
        device = next(self.parameters()).device
        self._others = {name: part.to(device) for name, part in self._others.items()}
        return moved

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        return dict(self.state_dict()), self.settings

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        names = ("modes", "variances", "remainder", "scale")
        covariance = SpectralCovariance(*(tensors[f"covariance_{name}"].float() for name in names)).orthonormalised()
        settings = {**settings, "latent_shape": tuple(settings["latent_shape"])}
        if "shape" in settings:
            settings["shape"] = tuple(settings["shape"])
        module = cls(scale=tensors["scale"], covariance=covariance, **settings)
        module.load_state_dict({**tensors, "covariance_modes": covariance.modes})
        return module.eval().requires_grad_(False)
