"""One backbone for every network here: a field-to-field map, convolutional or transformer, from azula."""

__all__ = ["Backbone", "seasonal_features"]

import math
from typing import Literal

import numpy as np
import torch
from azula.nn.layers import Patchify, Unpatchify
from azula.nn.unet import UNet
from azula.nn.vit import ViT
from torch import Tensor, nn

from benchmark.problem import BenchError

SEASONAL = 4


def seasonal_features(times: np.ndarray) -> Tensor:
    """First two harmonics of the time of the year.

    Arguments:
        times: Shape (case,), datetime64.

    Returns:
        Shape (case, 4), float32, between -1 and 1.
    """
    times = np.asarray(times, dtype="datetime64[s]")
    year = times.astype("datetime64[Y]")
    phase = (times - year) / ((year + 1).astype("datetime64[s]") - year.astype("datetime64[s]"))
    angle = 2 * np.pi * np.stack([phase, 2 * phase], axis=-1)
    return torch.from_numpy(np.concatenate([np.sin(angle), np.cos(angle)], axis=-1).astype(np.float32))


class Backbone(nn.Module):
    """A field-to-field network on any grid.

    Fields are padded to whole patches (and wrapped around where longitudes are periodic), every patch
    becomes a token with a learned static feature (the place's orography and coast, as far as they matter),
    and the tokens go through a U-Net or a transformer.

    Arguments:
        in_channels: Channels of the input fields.
        out_channels: Channels of the output fields.
        shape: Latitudes and longitudes of the fields.
        kind: `convolutional` (azula's U-Net) or `transformer` (azula's ViT).
        patch: Side of an input patch [grid cells].
        unpatch: Side of an output patch, `patch` by default; 1 gives one cell a token (an encoder).
        out_shape: Latitudes and longitudes of the output; by default as many as `unpatch` gives, cut to `shape`
            where `unpatch` is `patch`.
        width: Channels of a token.
        blocks: Blocks a level (convolutional) or in all (transformer).
        levels: Levels of the U-Net, each half as fine; the transformer has one.
        mod_features: Size of the modulating vector (noise level, season), 0 for none.
        periodic: Whether the last longitude is a neighbour of the first.
        dropout: Dropout rate in the blocks.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        shape: tuple[int, int],
        kind: Literal["convolutional", "transformer"] = "convolutional",
        patch: int = 2,
        width: int = 64,
        blocks: int = 2,
        levels: int = 2,
        mod_features: int = 0,
        periodic: bool = False,
        dropout: float = 0.0,
        unpatch: int | None = None,
        out_shape: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        unpatch = unpatch or patch
        tokens = (math.ceil(shape[0] / patch), math.ceil(shape[1] / patch))
        self.halo = 2 if periodic else 0
        self.padding = (tokens[0] * patch - shape[0], tokens[1] * patch - shape[1])
        whole = (tokens[0] * unpatch, tokens[1] * unpatch)
        self.out_shape = out_shape or (shape if unpatch == patch else whole)
        self.patchify, self.unpatchify = Patchify((patch, patch)), Unpatchify((unpatch, unpatch))
        static = 8
        self.static = nn.Parameter(torch.randn(1, static, tokens[0], tokens[1] + 2 * self.halo) / 10)
        inside = in_channels * patch**2 + static
        outside = out_channels * unpatch**2
        if kind == "convolutional":
            self.body: nn.Module = UNet(
                inside,
                outside,
                hid_channels=[width * 2**i for i in range(levels)],
                hid_blocks=[blocks] * levels,
                mod_features=mod_features,
                norm="layer",
                dropout=dropout or None,
            )
            last = self.body.ascent[-1][-1]  # type: ignore[index]
        elif kind == "transformer":
            self.body = ViT(
                inside,
                outside,
                mod_features=mod_features,
                hid_channels=width,
                hid_blocks=blocks,
                attention_heads=max(1, width // 32),
                dropout=dropout or None,
            )
            last = self.body.out_proj
        else:
            raise BenchError(f"A backbone is 'convolutional' or 'transformer', not '{kind}'.")
        # a network that starts at zero starts as the preconditioner or persistence around it
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        # convolutions are a sixth faster so, and say the same
        self.body.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor, mod: Tensor | None = None) -> Tensor:
        """
        Arguments:
            x: Fields, shape (batch, in_channels, latitude, longitude).
            mod: Modulating vectors, shape (batch, mod_features).

        Returns:
            Fields, shape (batch, out_channels, latitude, longitude).
        """
        pad_lat, pad_lon = self.padding
        if pad_lat or pad_lon:
            x = nn.functional.pad(x, (0, pad_lon, 0, pad_lat), mode="replicate")
        tokens = self.patchify(x)
        if self.halo:
            tokens = torch.cat((tokens[..., -self.halo :], tokens, tokens[..., : self.halo]), dim=-1)
        tokens = torch.cat((tokens, self.static.expand(len(tokens), -1, -1, -1)), dim=1)
        tokens = self.body(tokens, mod)
        if self.halo:
            tokens = tokens[..., self.halo : -self.halo]
        return self.unpatchify(tokens)[..., : self.out_shape[0], : self.out_shape[1]]
