"""Fields in eight bits: samples whose last digits do not matter, at a quarter of their size."""

__all__ = ["pack_fields", "unpack_fields"]

import torch
from torch import Tensor

LEVELS = 127


def pack_fields(fields: Tensor) -> tuple[Tensor, Tensor]:
    """
    Arguments:
        fields: Shape (..., latitude, longitude).

    Returns:
        int8 of the same shape and one scale a field, shape (..., 1, 1): field = scale * int8, off by at most 0.4 % of
        the field's largest value.
    """
    scale = fields.abs().amax((-2, -1), keepdim=True).clamp_min(1e-12) / LEVELS
    return (fields / scale).round().to(torch.int8), scale


def unpack_fields(packed: Tensor, scale: Tensor) -> Tensor:
    """The inverse of `pack_fields`, float32."""
    return packed.float() * scale.float()
