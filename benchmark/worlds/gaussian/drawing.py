"""Random fields of a given covariance, each from a seed of its own."""

__all__ = ["FieldDraws"]

import dataclasses

import torch
from torch import Tensor


@dataclasses.dataclass(frozen=True)
class FieldDraws:
    """Draws from N(0, C) for a C that is homogeneous in longitude: x = F^-1 C_m^1/2 F white noise.

    Arguments:
        roots: Symmetric square root of the covariance of the rows at every zonal wavenumber, shape
            (wavenumber, channel * latitude, channel * latitude), float64.
        shape: (channel, latitude, longitude) of a field.
    """

    roots: Tensor
    shape: tuple[int, int, int]

    def draw(self, seed: int) -> Tensor:
        """One field, shape (channel, latitude, longitude), float64.

        One at a time, so that not even the rounding of a field depends on others: observations are told apart by
        their last bit.
        """
        generator = torch.Generator().manual_seed(seed)
        white = torch.randn(self.shape, dtype=torch.float64, generator=generator)
        spectrum = torch.view_as_real(torch.fft.rfft(white, norm="ortho").flatten(0, 1).T.contiguous())
        coloured = torch.view_as_complex((self.roots @ spectrum).contiguous()).T
        return torch.fft.irfft(coloured.unflatten(0, self.shape[:2]), n=self.shape[2], norm="ortho")
