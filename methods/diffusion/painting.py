"""What the observations say about the grid around them: increments, and how far they are to be believed."""

__all__ = ["spread_innovations"]

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.problem import LinearOperator, Problem

REACH = 4
"""Widths beyond which the mask is zero."""


def spread_innovations(problem: Problem, width: float) -> tuple[Tensor, Tensor]:
    """Observed increments as fields, and the soft mask, of each channel by itself.

    An observation stands at every grid point that its operator reads, with its share of the weight; between them the
    increments are averages, weighted by the same bell as the mask.

    Arguments:
        problem: The cases; the observation operator is linear.
        width: Std of the bell [grid cells].

    Returns:
        Increments [normalised] and masks from 0 to 1, each of shape (case, channel, latitude, longitude).
    """
    observations = problem.observations
    H = observations.operator
    assert isinstance(H, LinearOperator)
    innovation = observations.innovation(problem.background)
    weight = H.weight.abs()
    # a value that is a mean of four points says of each the same increment, and a scaled one is scaled back
    total = H.weight.sum(-1)
    readable = observations.mask & (total.abs() > 1e-6)
    value = torch.where(readable, innovation / torch.where(readable, total, 1.0), 0.0)
    share = torch.where(readable[..., None], weight / weight.sum(-1, keepdim=True).clamp_min(1e-12), 0.0)
    at = dataclasses.replace(H, weight=share)
    sums, counts = at.adjoint(value), at.adjoint(readable.to(value))
    flat = H.index.flatten(1)
    seen = torch.zeros_like(counts).flatten(1)
    seen = seen.scatter_reduce(1, flat, (share / share.amax(-1, keepdim=True).clamp_min(1e-12)).flatten(1), "amax")
    seen = seen.view_as(counts)
    reach = min(int(REACH * width) + 1, problem.grid.shape[1])
    distance = torch.arange(-reach, reach + 1, device=sums.device)
    bell = torch.exp(-distance.square() / (2 * width**2)).to(sums)
    periodic = problem.grid.periodic
    smooth = [_along(_along(x, bell, -2, False, torch.sum), bell, -1, periodic, torch.sum) for x in (sums, counts)]
    mask = _along(_along(seen, bell, -2, False, torch.amax), bell, -1, periodic, torch.amax)
    return smooth[0] / smooth[1].clamp_min(1e-12), mask


def _along(fields: Tensor, bell: Tensor, axis: int, periodic: bool, reduce: Callable[..., Tensor]) -> Tensor:
    """`reduce` of a field's neighbours times a bell, along one axis of the grid."""
    reach = len(bell) // 2
    padding = (reach, reach, 0, 0) if axis == -1 else (0, 0, reach, reach)
    padded = functional.pad(fields, padding, "circular" if periodic else "constant")
    return reduce(padded.unfold(axis, len(bell), 1) * bell, dim=-1)
