"""What the instruments reported, and how far to trust it."""

__all__ = ["Observations"]

import dataclasses
import functools

import torch
from torch import Tensor

from .operators import LinearOperator, Operator


@dataclasses.dataclass(frozen=True)
class Observations:
    """Observed values of a batch of cases, padded to a common length.

    Arguments:
        values: Shape (case, n) [normalised]; padding is zero.
        error_std: Observation error std that methods assume (R = error_std^2), shape (case, n) [normalised];
            positive, infinite where padded.
        operator: What maps a state to these values.
        channel: Channel index of each value, shape (case, n); -1 where padded.
        latitude: Shape (case, n) [degrees north]; NaN where padded.
        longitude: Shape (case, n) [degrees east]; NaN where padded.
        hashes: One sha256 a case over values, errors, channels and positions: two methods saw the same
            observations exactly if these agree.
    """

    values: Tensor
    error_std: Tensor
    operator: Operator
    channel: Tensor
    latitude: Tensor
    longitude: Tensor
    hashes: tuple[str, ...]

    @classmethod
    def none(cls, background: Tensor, hashes: tuple[str, ...]) -> "Observations":
        """Nothing observed: one padded value a case.

        Arguments:
            background: The cases' backgrounds, shape (case, channel, latitude, longitude); only the shape matters.
            hashes: One a case.
        """
        cases, *shape = background.shape
        padding = torch.zeros(cases, 1, device=background.device)
        operator = LinearOperator(padding[..., None].long(), padding[..., None], (shape[0], shape[1], shape[2]))
        nowhere = padding + torch.nan
        return cls(padding, padding + torch.inf, operator, padding.long() - 1, nowhere, nowhere, hashes)

    @functools.cached_property
    def mask(self) -> Tensor:
        """True where a value is real, not padding; shape (case, n)."""
        return torch.isfinite(self.error_std)

    @functools.cached_property
    def precision(self) -> Tensor:
        """1 / R, zero where padded; shape (case, n)."""
        return torch.where(self.mask, self.error_std, torch.inf).pow(-2)

    def innovation(self, x: Tensor) -> Tensor:
        """y - H(x), zero where padded; shape (case, n) or (case, member, n) as `x` has members or not."""
        hx = self.operator(x)
        y, mask = (v if hx.ndim == 2 else v[:, None] for v in (self.values.to(hx), self.mask))
        return torch.where(mask, y - hx, 0.0)

    def select(self, cases: slice) -> "Observations":
        """The observations of some of the cases; the padding stays."""
        return dataclasses.replace(
            self,
            values=self.values[cases],
            error_std=self.error_std[cases],
            operator=self.operator.select(cases),
            channel=self.channel[cases],
            latitude=self.latitude[cases],
            longitude=self.longitude[cases],
            hashes=self.hashes[cases],
        )

    def to(self, device: torch.device | str) -> "Observations":
        """The same on another device."""
        return dataclasses.replace(
            self,
            values=self.values.to(device),
            error_std=self.error_std.to(device),
            operator=self.operator.to(device),
            channel=self.channel.to(device),
            latitude=self.latitude.to(device),
            longitude=self.longitude.to(device),
        )
