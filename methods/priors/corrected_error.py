"""The covariance of what a learned prior's conditional mean leaves of the background error."""

__all__ = ["CorrectedError"]

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from benchmark.problem import Component

from .background_error import BackgroundError, Covariance


class CorrectedError(Component):
    """Covariance of E[x | xb] - x: fitted anew, or with B's own modes, of which it then only keeps new variances.

    Arguments:
        variances, remainder: Of B's modes and of what they leave out; None for a covariance of its own.
        fitted: That covariance.
    """

    name: ClassVar[str] = "corrected-error"
    builds_on = (BackgroundError,)

    def __init__(
        self,
        variances: Tensor | None = None,
        remainder: Tensor | None = None,
        fitted: BackgroundError | None = None,
    ) -> None:
        self.variances, self.remainder, self.fitted = variances, remainder, fitted
        self._covariance = None if fitted is None else fitted.covariance

    def attach(self, parts: Mapping[str, Component]) -> None:
        background_error = parts[BackgroundError.name]
        assert isinstance(background_error, BackgroundError)
        if self.fitted is None:
            assert self.variances is not None
            assert self.remainder is not None
            B = background_error.covariance
            self._covariance = dataclasses.replace(B, variances=self.variances, remainder=self.remainder)

    @property
    def covariance(self) -> Covariance:
        """Over the flattened (channel, latitude, longitude) [normalised]."""
        assert self._covariance is not None, "attach the background error covariance first"
        return self._covariance

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        if self.fitted is not None:
            tensors, settings = self.fitted.state()
            return tensors, {**settings, "modes": "fitted"}
        assert self.variances is not None
        assert self.remainder is not None
        return {"variances": self.variances, "remainder": self.remainder}, {"modes": "kept"}

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        if settings["modes"] == "fitted":
            return cls(fitted=BackgroundError.from_state(tensors, settings))
        return cls(tensors["variances"], tensors["remainder"])

    def to(self, device: torch.device | str) -> Self:
        moved = type(self)(self.variances, self.remainder, self.fitted)
        moved._covariance = None if self._covariance is None else self._covariance.to(device)
        return moved
