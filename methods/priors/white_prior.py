"""The latent prior of increments that are known to be white: its denoiser is exact.

For delta ~ N(0, I) and delta_t = delta + sigma noise,

    E[delta | delta_t] = delta_t / (1 + sigma^2)

whatever the background. It is the diffusion prior of a world whose background errors are Gaussian, in the latent of an
autoencoder that whitens them, and it needs no training.
"""

__all__ = ["WhitePrior"]

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from benchmark.problem import Component

from .covariance import SpectralCovariance
from .latent_prior import LatentPrior


class WhitePrior(Component):
    """What methods use of a `LatentPrior`, in closed form.

    Arguments:
        latent_shape: Of one latent.
        device: Where its tensors are.
    """

    name: ClassVar[str] = LatentPrior.name
    # exact at every level: the bounds only keep sigma^2 within single precision
    sigma_min = 1e-4
    sigma_max = 1e4

    def __init__(self, latent_shape: tuple[int, int, int], device: torch.device | str = "cpu") -> None:
        self.latent_shape = latent_shape
        self.scale = torch.ones(latent_shape, device=device)
        self.covariance = SpectralCovariance.identity(self.scale.numel()).to(device)

    def denoise(self, delta_t: Tensor, sigma: Tensor, zb: Tensor, season: Tensor) -> Tensor:
        """E[delta | delta_t], shape (batch, *latent_shape).

        Arguments:
            delta_t: delta + sigma * noise, shape (batch, *latent_shape).
            sigma: Noise levels, shape (batch,) or ().
            zb, season: As `LatentPrior` takes them; of no consequence here.
        """
        return delta_t / (1 + sigma.reshape(-1, 1, 1, 1) ** 2)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        return {"scale": self.scale}, {"latent_shape": list(self.latent_shape)}

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        channels, rows, columns = settings["latent_shape"]
        return cls((channels, rows, columns))

    def to(self, device: torch.device | str) -> Self:
        return type(self)(self.latent_shape, device)
