"""Matrices of networks in eight bits: half of half precision, with one scale for each row."""

__all__ = ["pack_matrices", "unpack_matrices"]

from collections.abc import Mapping

import torch
from torch import Tensor

SCALE = ".scale of eight bits"
LEAST = 4096
"""Elements below which a tensor is kept as it is: vectors and small tables take little room."""


def pack_matrices(tensors: Mapping[str, Tensor], prefixes: tuple[str, ...]) -> dict[str, Tensor]:
    """Large floating-point tensors as int8, with a scale for each index of their first axis.

    The largest element of a row is 127 of its scale, so an element is off by at most 0.4 % of that.

    Arguments:
        tensors: By name.
        prefixes: Beginnings of the names of those that are packed; the rest is left as it is.
    """
    packed: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        large = tensor.is_floating_point() and tensor.ndim > 1 and tensor.numel() >= LEAST
        if not (large and name.startswith(prefixes)):
            packed[name] = tensor
            continue
        scale = tensor.float().abs().flatten(1).amax(1).clamp_min(1e-12) / 127
        rows = scale.view(-1, *[1] * (tensor.ndim - 1))
        packed[name] = (tensor.float() / rows).round().to(torch.int8)
        packed[name + SCALE] = scale
    return packed


def unpack_matrices(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of `pack_matrices`, float32; what was not packed comes back as it is."""
    found = {}
    for name, tensor in tensors.items():
        if name.endswith(SCALE):
            continue
        scale = tensors.get(name + SCALE)
        found[name] = tensor if scale is None else tensor.float() * scale.view(-1, *[1] * (tensor.ndim - 1))
    return found
