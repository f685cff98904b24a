"""Observation operators: from a state to what the instruments would see."""

__all__ = ["LinearOperator", "Operator"]

import abc
import dataclasses

import torch
from torch import Tensor


class Operator(abc.ABC):
    """Maps states to observed values, case by case, differentiably."""

    linear: bool = False

    @abc.abstractmethod
    def __call__(self, x: Tensor) -> Tensor:
        """
        Arguments:
            x: States, shape (case, channel, latitude, longitude) or (case, member, channel, latitude,
                longitude) [normalised].

        Returns:
            Values, shape (case, n) or (case, member, n) [normalised]; padding gives zero.
        """

    @abc.abstractmethod
    def tangent(self, x: Tensor) -> "LinearOperator":
        """The tangent linear operator at x: H(x + dx) = H(x) + tangent(x)(dx) to first order.

        Arguments:
            x: States, shape (case, channel, latitude, longitude) [normalised].
        """

    @abc.abstractmethod
    def select(self, cases: slice) -> "Operator":
        """The operator of some of the cases."""

    @abc.abstractmethod
    def to(self, device: torch.device | str) -> "Operator":
        """The same operator on another device."""


@dataclasses.dataclass(frozen=True)
class LinearOperator(Operator):
    """A sparse linear operator: each value is a weighted sum of a few state values.

    One index and weight 1 is a grid point, four are bilinear interpolation; padding has weight 0.

    Arguments:
        index: Positions in the flattened state, shape (case, n, k), int64.
        weight: Their weights, shape (case, n, k).
        shape: The state's (channel, latitude, longitude).
    """

    index: Tensor
    weight: Tensor
    shape: tuple[int, int, int]
    linear = True

    def __call__(self, x: Tensor) -> Tensor:
        cases, n, k = self.index.shape
        members = x.shape[1:-3]
        flat = x.reshape(cases, -1, x.shape[-3:].numel())
        index = self.index.reshape(cases, 1, n * k).expand(-1, flat.shape[1], -1)
        values = flat.gather(2, index).unflatten(2, (n, k))
        return (values * self.weight[:, None].to(x)).sum(-1).reshape(cases, *members, n)

    def tangent(self, x: Tensor) -> "LinearOperator":
        return self

    def adjoint(self, y: Tensor) -> Tensor:
        """
        Arguments:
            y: Values, shape (case, n) or (case, member, n).

        Returns:
            H^T y, shape (case, channel, latitude, longitude) or with members after the case.
        """
        cases, n, k = self.index.shape
        members = y.shape[1:-1]
        spread = (y.reshape(cases, -1, n, 1) * self.weight[:, None].to(y)).flatten(2)
        index = self.index.reshape(cases, 1, n * k).expand(-1, spread.shape[1], -1)
        size = self.shape[0] * self.shape[1] * self.shape[2]
        x = torch.zeros(cases, spread.shape[1], size, dtype=y.dtype, device=y.device)
        return x.scatter_add(2, index, spread).reshape(cases, *members, *self.shape)

    def squared_adjoint(self, precision: Tensor) -> Tensor:
        """Diagonal of H^T diag(precision) H.

        Arguments:
            precision: Shape (case, n).

        Returns:
            Sums of precision times squared weight, shape (case, channel, latitude, longitude).
        """
        return dataclasses.replace(self, weight=self.weight.square()).adjoint(precision)

    def select(self, cases: slice) -> "LinearOperator":
        return dataclasses.replace(self, index=self.index[cases], weight=self.weight[cases])

    def to(self, device: torch.device | str) -> "LinearOperator":
        return dataclasses.replace(self, index=self.index.to(device), weight=self.weight.to(device))
