"""Samples of the same weather at other longitudes."""

__all__ = ["rolled"]

import torch
from torch import Tensor


def rolled(fields: Tensor, points: Tensor) -> Tensor:
    """Every field rolled eastwards by as many longitudes as it is told."""
    count = fields.shape[-1]
    index = (torch.arange(count) - points[:, None]) % count
    return fields.gather(-1, index[:, None, None, :].expand(fields.shape).to(fields.device))
