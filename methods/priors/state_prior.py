"""Diffusion priors of the state itself: of background increments, p(x | xb), and of the climate, p(x).

Both speak of *scaled increments* delta = (x - x0) / S of about unit variance, x0 the background or the climatology, and
follow Karras et al. (2022, https://arxiv.org/abs/2206.00364) in azula's formulation. The prior of background
increments is preconditioned by the Wiener filter of B, so that without training it is the Gaussian prior of 3D-Var.
"""

__all__ = ["ClimatePrior", "StatePrior"]

import abc
import dataclasses
import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from azula.denoise import Denoiser, KarrasDenoiser
from azula.noise import VESchedule
from torch import Tensor, nn

from benchmark.problem import Component

from .backbone import Backbone
from .background_error import BackgroundError, Covariance
from .grid_network import MOD, ConditionedNetwork
from .wiener_denoiser import WienerDenoiser, posterior_variance, wiener_filter

BEYOND = 1 + 1e-4
"""Rounding of the largest noise level."""

AT_ONCE = 32
"""Samples that the network takes together: more take longer each, and more memory."""


class StateNetwork(ConditionedNetwork):
    """Backbone over fields, with the noise level and the season as conditions.

    Arguments:
        shape: (channel, latitude, longitude) of the state.
        periodic: Whether longitudes are periodic.
        inputs: How many states it sees.
        backbone: Settings of the `Backbone`.
    """

    def __init__(self, shape: tuple[int, int, int], periodic: bool, inputs: int, backbone: Mapping[str, Any]) -> None:
        super().__init__()
        channels, *points = shape
        self.body = Backbone(
            inputs * channels, channels, (points[0], points[1]), mod_features=MOD, periodic=periodic, **backbone
        )

    def forward(self, x: Tensor, log_sigma: Tensor, season: Tensor, condition: Tensor | None = None) -> Tensor:
        fields = x if condition is None else torch.cat((x, condition), dim=1)
        # under mixed precision the network speaks with fewer digits than its surroundings
        return self.body(fields, self.modulation(log_sigma, season)).to(x.dtype)


class _FieldPrior(nn.Module, Component):
    """What both priors share.

    Arguments:
        shape: (channel, latitude, longitude) of the state.
        periodic: Whether longitudes are periodic.
        sigma_min, sigma_max: Noise levels between which the denoiser is trained.
        backbone: Settings of the `Backbone`.
    """

    eight_bits = ("network.",)
    neural = True
    conditional: ClassVar[bool]

    def __init__(
        self,
        shape: tuple[int, int, int],
        periodic: bool = False,
        sigma_min: float = 0.02,
        sigma_max: float = 20.0,
        backbone: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {
            "shape": list(shape),
            "periodic": periodic,
            "sigma_min": sigma_min,
            "sigma_max": sigma_max,
            "backbone": dict(backbone or {}),
        }
        self.shape = shape
        self.sigma_min, self.sigma_max = sigma_min, sigma_max
        inputs = 3 if self.conditional else 1
        self.network = StateNetwork(shape, periodic, inputs, self.settings["backbone"])

    @property
    @abc.abstractmethod
    def denoiser(self) -> Denoiser:
        """The network and what preconditions it."""

    @property
    @abc.abstractmethod
    def scale(self) -> Tensor:
        """S, shape (channel, latitude, longitude)."""

    @abc.abstractmethod
    def gaussian(self, delta_t: Tensor, sigma: Tensor) -> Tensor:
        """What the denoiser would be for Gaussian increments; shapes as in `denoise`."""

    def denoise(self, delta_t: Tensor, sigma: Tensor, condition: Tensor, season: Tensor) -> Tensor:
        """E[delta | delta_t], given the background where the prior is conditional.

        At a noise level above those it was trained for it is the Gaussian's.

        Arguments:
            delta_t: delta + sigma * noise, shape (batch, channel, latitude, longitude).
            sigma: Noise levels, shape (batch,) or ().
            condition: Background minus climatology [normalised], same shape.
            season: `seasonal_features` of the valid times, shape (batch, 4).
        """
        if sigma.ndim == 0 and sigma > BEYOND * self.sigma_max:
            return self.gaussian(delta_t, sigma)
        if len(delta_t) > AT_ONCE and not torch.is_grad_enabled():
            levels = sigma.expand(len(delta_t))
            parts = zip(*(x.split(AT_ONCE) for x in (delta_t, levels, condition, season)), strict=True)
            return torch.cat([self.denoise(*part) for part in parts])
        low, high = math.log(self.sigma_min), math.log(self.sigma_max)
        t = (sigma.log() - low) / (high - low)
        given = {"condition": condition} if self.conditional else {}
        return self.denoiser(delta_t, t, season=season, **given).mean

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        return dict(self.state_dict()), self.settings

    @classmethod
    def _arguments(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {**settings, "shape": tuple(settings["shape"])}


class StatePrior(_FieldPrior):
    """p(x | xb), preconditioned by the Wiener filter of the B that it builds on; S is that of B."""

    name: ClassVar[str] = "state-prior"
    builds_on = (BackgroundError,)
    conditional = True

    def __init__(self, shape: tuple[int, int, int], periodic: bool = False, **settings: Any) -> None:
        super().__init__(shape, periodic, **settings)
        self._scale = torch.ones(shape)
        self._covariance: Covariance | None = None

    def attach(self, parts: Mapping[str, Component]) -> None:
        background_error = parts[BackgroundError.name]
        assert isinstance(background_error, BackgroundError)
        B = background_error.covariance
        self._scale = B.scale.view(self.shape)
        self._covariance = dataclasses.replace(B, scale=torch.ones_like(B.scale))

    @property
    def covariance(self) -> Covariance:
        """Covariance of scaled increments."""
        assert self._covariance is not None, "attach the background error covariance first"
        return self._covariance

    @property
    def denoiser(self) -> Denoiser:
        return WienerDenoiser(self.network, self.covariance, VESchedule(self.sigma_min, self.sigma_max))

    def gaussian(self, delta_t: Tensor, sigma: Tensor) -> Tensor:
        return wiener_filter(self.covariance, delta_t, sigma)

    @property
    def scale(self) -> Tensor:
        return self._scale

    def loss(
        self, delta: Tensor, condition: Tensor, season: Tensor, u: Tensor, noise: Tensor, importance: Tensor
    ) -> Tensor:
        """Denoising loss over log-uniform noise levels, weighted by the Gaussian posterior's precision.

        Arguments:
            delta: Scaled increments, shape (batch, channel, latitude, longitude).
            condition: Background minus climatology, same shape.
            season: Shape (batch, 4).
            u: Uniform numbers in [0, 1], shape (batch,): the place between the noise levels.
            noise: Standard normal, same shape as `delta`.
            importance: Weights of square errors, broadcast with `delta`.
        """
        sigma = self.sigma_min * (self.sigma_max / self.sigma_min) ** u
        estimate = self.denoise(delta + sigma[:, None, None, None] * noise, sigma, condition, season)
        weight = 1 / posterior_variance(self.covariance, sigma[:, None])
        return (weight * (importance * (estimate - delta).square()).flatten(1).mean(1)).mean()

    def to(self, *args: Any, **options: Any) -> Self:
        moved = super().to(*args, **options)
        device = next(self.parameters()).device
        self._scale = self._scale.to(device)
        if self._covariance is not None:
            self._covariance = self._covariance.to(device)
        return moved

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        module = cls(**cls._arguments(settings))
        module.load_state_dict(dict(tensors))
        return module.eval().requires_grad_(False)


class ClimatePrior(_FieldPrior):
    """p(x) of departures from the climatology, whatever the background; S is their std by channel and latitude."""

    name: ClassVar[str] = "climate-prior"
    conditional = False

    def __init__(self, shape: tuple[int, int, int], scale: Tensor, periodic: bool = False, **settings: Any) -> None:
        super().__init__(shape, periodic, **settings)
        self.std: Tensor
        self.register_buffer("std", scale)

    @property
    def denoiser(self) -> Denoiser:
        return KarrasDenoiser(self.network, VESchedule(self.sigma_min, self.sigma_max))

    def gaussian(self, delta_t: Tensor, sigma: Tensor) -> Tensor:
        """Of elements that have nothing to do with each other."""
        return delta_t / (1 + sigma.reshape(-1, 1, 1, 1) ** 2)

    @property
    def scale(self) -> Tensor:
        return self.std.expand(self.shape)

    def loss(
        self, delta: Tensor, condition: Tensor, season: Tensor, u: Tensor, noise: Tensor, importance: Tensor
    ) -> Tensor:
        """As that of `StatePrior`, weighted by the precision of elements of unit variance."""
        sigma = self.sigma_min * (self.sigma_max / self.sigma_min) ** u
        estimate = self.denoise(delta + sigma[:, None, None, None] * noise, sigma, condition, season)
        weight = 1 + sigma**-2
        return (weight * (importance * (estimate - delta).square()).flatten(1).mean(1)).mean()

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        module = cls(scale=tensors["std"].float(), **cls._arguments(settings))
        module.load_state_dict(dict(tensors))
        return module.eval().requires_grad_(False)
