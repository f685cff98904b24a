"""Observation operators that are nonlinear in a few values at one place: wind speed, a brightness temperature."""

__all__ = ["PointwiseOperator"]

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor

from .operators import LinearOperator, Operator


@dataclasses.dataclass(frozen=True)
class PointwiseOperator(Operator):
    """Each value is a smooth function of what j linear operators see at its place.

        H(x) = (f(mean + std v) - f(mean)) / scale,   v = (L_1 x, ..., L_j x)

    So f takes physical units, and a value is normalised as the state is: zero where all channels have their mean.
    Padding has weight 0 in every L, hence v = 0 and exactly zero here.

    Arguments:
        function: f, shape (..., j) [physical] -> (...) [unit of the quantity], differentiable everywhere and finite
            at the mean.
        inputs: L_1, ..., L_j, each with (case, n) values [normalised].
        mean: Of the channel that each input is of, shape (case, n, j) [physical]; anything finite where padded.
        std: Its climatological std, likewise.
        scale: What a value is divided by, shape (case, n) [unit of the quantity]; positive, where padded too.
    """

    function: Callable[[Tensor], Tensor]
    inputs: tuple[LinearOperator, ...]
    mean: Tensor
    std: Tensor
    scale: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return self._measure(self._seen(x))

    def tangent(self, x: Tensor) -> LinearOperator:
        """sum_i df/dv_i L_i at x, by differentiating f; see `Operator.tangent`."""
        with torch.enable_grad():
            v = self._seen(x).detach().requires_grad_()
            # a value depends on its own v only, so the gradient of the sum holds every derivative
            (slope,) = torch.autograd.grad(self._measure(v).sum(), v)
        weights = [L.weight.to(slope) * slope[..., i, None] for i, L in enumerate(self.inputs)]
        index = torch.cat([L.index for L in self.inputs], dim=-1)
        return LinearOperator(index, torch.cat(weights, dim=-1), self.inputs[0].shape)

    def physical(self, values: Tensor) -> Tensor:
        """Values [unit of the quantity] from normalised ones, shape (case, n)."""
        return values * self.scale.to(values) + self.function(self.mean.to(values))

    def _seen(self, x: Tensor) -> Tensor:
        """v, shape (case, n, j) or (case, member, n, j) [normalised]."""
        return torch.stack([L(x) for L in self.inputs], dim=-1)

    def _measure(self, v: Tensor) -> Tensor:
        """The values of v: (case, n, j) to (case, n), or with members after the case."""
        mean, std, scale = (t.to(v) if v.ndim == 3 else t.to(v)[:, None] for t in (self.mean, self.std, self.scale))
        return (self.function(mean + std * v) - self.function(mean)) / scale

    def select(self, cases: slice) -> "PointwiseOperator":
        return dataclasses.replace(
            self,
            inputs=tuple(L.select(cases) for L in self.inputs),
            mean=self.mean[cases],
            std=self.std[cases],
            scale=self.scale[cases],
        )

    def to(self, device: torch.device | str) -> "PointwiseOperator":
        return dataclasses.replace(
            self,
            inputs=tuple(L.to(device) for L in self.inputs),
            mean=self.mean.to(device),
            std=self.std.to(device),
            scale=self.scale.to(device),
        )
