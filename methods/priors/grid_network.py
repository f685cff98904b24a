"""The denoiser's network for latents that are no images: it works in the fields that the latent stands for."""

__all__ = ["MOD", "ConditionedNetwork", "GridNetwork"]

from collections.abc import Mapping
from typing import Any

import torch
from azula.nn.layers import SineEncoding
from torch import Tensor, nn

from .backbone import SEASONAL, Backbone
from .spectral_autoencoder import SpectralAutoencoder

MOD = 64


class ConditionedNetwork(nn.Module):
    """A network that noise level and season modulate."""

    def __init__(self) -> None:
        super().__init__()
        self.level = SineEncoding(MOD, omega=1e2)
        self.condition = nn.Sequential(nn.Linear(MOD + SEASONAL, MOD), nn.SiLU(), nn.Linear(MOD, MOD))

    def modulation(self, log_sigma: Tensor, season: Tensor) -> Tensor:
        """Shape (batch, MOD), from log_sigma (batch,) or () and season (batch, 4)."""
        return self.condition(torch.cat((self.level(log_sigma.expand(len(season))), season), dim=-1))


class GridNetwork(ConditionedNetwork):
    """Noisy increment and background as fields in, a field out, which is whitened.

    Arguments:
        shape: (channel, latitude, longitude) of the state.
        periodic: Whether longitudes are periodic.
        backbone: Settings of the `Backbone`.
    """

    def __init__(self, shape: tuple[int, int, int], periodic: bool, backbone: Mapping[str, Any]) -> None:
        super().__init__()
        channels, *points = shape
        self.body = Backbone(
            2 * channels, channels, (points[0], points[1]), mod_features=MOD, periodic=periodic, **backbone
        )

    def forward(
        self, x: Tensor, log_sigma: Tensor, zb: Tensor, season: Tensor, autoencoder: SpectralAutoencoder
    ) -> Tensor:
        fields = torch.cat((autoencoder.fields(x), autoencoder.decode(zb)), dim=1)
        # under mixed precision the network speaks with fewer digits than a Fourier transform takes
        return autoencoder.whiten(self.body(fields, self.modulation(log_sigma, season)).to(x.dtype))
