"""The autoencoder of patches.

A variational autoencoder (Kingma & Welling, 2014, https://arxiv.org/abs/1312.6114) of *anomalies* from the
climatology, with a decoder of stated error std `recon_std`: what is smaller than that is not worth a latent.
Encoder and decoder are a linear map each plus a network, so they start as a patchwise linear compression.
"""

__all__ = ["PatchAutoencoder"]

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from azula.nn.layers import Patchify, Unpatchify
from torch import Tensor, nn

from .autoencoder import Autoencoder
from .backbone import Backbone


class PatchAutoencoder(nn.Module, Autoencoder):
    """
    Arguments:
        channels: Channels of the state.
        shape: Latitudes and longitudes of the state.
        latent_channels: Channels of the latent.
        patch: Grid cells a latent cell spans in each direction.
        recon_std: Decoder error std that the training assumes [normalised].
        periodic: Whether longitudes are periodic.
        backbone: Settings of the encoder's and decoder's `Backbone`: kind, width, blocks.
    """

    kind: ClassVar[str] = "patch"

    def __init__(
        self,
        channels: int,
        shape: tuple[int, int],
        latent_channels: int = 8,
        patch: int = 3,
        recon_std: float = 0.02,
        periodic: bool = False,
        backbone: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        backbone = dict(backbone or {})
        self.settings: dict[str, Any] = {
            "channels": channels,
            "shape": list(shape),
            "latent_channels": latent_channels,
            "patch": patch,
            "recon_std": recon_std,
            "periodic": periodic,
            "backbone": backbone,
        }
        self.shape, self.recon_std = shape, recon_std
        tokens = (math.ceil(shape[0] / patch), math.ceil(shape[1] / patch))
        self.latent_shape = (latent_channels, *tokens)
        self.pad = (0, tokens[1] * patch - shape[1], 0, tokens[0] * patch - shape[0])
        common = {"levels": 1, "periodic": periodic, **backbone}
        self.encoder = Backbone(channels, latent_channels, self.shape, patch=patch, unpatch=1, **common)
        self.decoder = Backbone(
            latent_channels, channels, tokens, patch=1, unpatch=patch, out_shape=self.shape, **common
        )
        self.patchify, self.unpatchify = Patchify((patch, patch)), Unpatchify((patch, patch))
        self.linear_encoder = nn.Conv2d(channels * patch**2, latent_channels, 1, bias=False)
        self.linear_decoder = nn.Conv2d(latent_channels, channels * patch**2, 1, bias=False)
        # one posterior std a latent channel: enough to keep the latent from hiding detail in tiny values
        self.log_std = nn.Parameter(torch.full((latent_channels, 1, 1), -3.0))

    def encode(self, anomaly: Tensor) -> Tensor:
        padded = nn.functional.pad(anomaly, self.pad, mode="replicate") if any(self.pad) else anomaly
        return self.linear_encoder(self.patchify(padded)) + self.encoder(anomaly)

    def decode(self, latent: Tensor) -> Tensor:
        linear = self.unpatchify(self.linear_decoder(latent))[..., : self.shape[0], : self.shape[1]]
        return linear + self.decoder(latent)

    def loss(self, anomaly: Tensor, area: Tensor, noise: Tensor) -> Tensor:
        """Negative evidence lower bound per state value, up to a constant.

        Arguments:
            anomaly: Shape (batch, channel, latitude, longitude).
            area: Cell areas of mean 1, shape (latitude, longitude).
            noise: Standard normal, shape (batch, *latent_shape).
        """
        mean = self.encode(anomaly)
        std = self.log_std.exp()
        error = self.decode(mean + std * noise) - anomaly
        misfit = (area * error.square()).sum((1, 2, 3)) / (2 * self.recon_std**2)
        divergence = (mean.square() + std.square() - 1 - 2 * self.log_std).sum((1, 2, 3)) / 2
        return (misfit + divergence).mean() / anomaly[0].numel()

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        return dict(self.state_dict()), self.settings

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        module = cls(**{**settings, "shape": tuple(settings["shape"])})
        module.load_state_dict(dict(tensors))
        return module.eval().requires_grad_(False)
