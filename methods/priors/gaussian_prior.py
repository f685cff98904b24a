"""The state prior of increments that are known to be Gaussian: its denoiser is the Wiener filter of their covariance.

For delta ~ N(0, B) and delta_t = delta + sigma noise, E[delta | delta_t] = B (B + sigma^2)^-1 delta_t, whatever the
background. It is what `StatePrior` is before training, and on a Gaussian world it is exact.
"""

__all__ = ["GaussianClimate", "GaussianPrior"]

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from benchmark.problem import Component

from .background_error import KINDS, BackgroundError, Covariance
from .state_prior import ClimatePrior, StatePrior
from .wiener_denoiser import wiener_filter


class GaussianPrior(Component):
    """What methods use of a `StatePrior`, in closed form.

    Arguments:
        B: Background error covariance.
    """

    name: ClassVar[str] = StatePrior.name
    # exact at every level: the bounds only keep sigma^2 within single precision
    sigma_min = 1e-4
    sigma_max = 1e4

    def __init__(self, B: Covariance) -> None:
        self.B = B
        self.scale = B.scale.float().flatten()
        self.covariance = dataclasses.replace(B, scale=torch.ones_like(B.scale))

    def denoise(self, delta_t: Tensor, sigma: Tensor, condition: Tensor, season: Tensor) -> Tensor:
        """E[delta | delta_t], shape (batch, channel, latitude, longitude).

        Arguments:
            delta_t: delta + sigma * noise, shape (batch, channel, latitude, longitude).
            sigma: Noise levels, shape (batch,) or ().
            condition, season: As `StatePrior` takes them; of no consequence here.
        """
        return wiener_filter(self.covariance, delta_t, sigma)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        return BackgroundError(self.B).state()

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        return cls(KINDS[settings.get("kind", "eof")](**tensors))

    def to(self, device: torch.device | str) -> Self:
        return type(self)(self.B.to(device))


class GaussianClimate(GaussianPrior):
    """What methods use of a `ClimatePrior`, in closed form: B is then the covariance of the states themselves."""

    name: ClassVar[str] = ClimatePrior.name
