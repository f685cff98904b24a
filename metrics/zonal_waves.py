"""Zonal waves: fields along circles of latitude, and what power each wavenumber has.

On a grid that goes around, the waves are those of the discrete Fourier transform, and the wavenumber counts waves on
the circle of latitude. On a limited area they are those of the discrete cosine transform, which takes no trend across
the area for a short wave: B. Denis, J. Côté and R. Laprise (2002), Spectral decomposition of two-dimensional
atmospheric fields on limited-area domains using the discrete cosine transform, Monthly Weather Review 130,
https://doi.org/10.1175/1520-0493(2002)130<1812:SDOTDA>2.0.CO;2. There the wavenumber counts half waves in the area.
"""

__all__ = ["SINGLE", "ZonalWaves", "bin_of"]

import math

import numpy as np
from scipy import fft

from benchmark.problem import Grid

SINGLE = 32
"""Up to this wavenumber each is a bin of its own; above it bins are bands of a third of an octave."""
EVEN = 0.01
"""Steps of longitude may differ by this part: a transform knows equal ones only."""


def bin_of(position: int) -> int:
    """The number of a spectrum's bin at a position: its (highest) wavenumber.

    0, 1 ... 32, then 40, 50, 64, 80, 101, 128 ...: the bin `b` above 32 holds the wavenumbers above the bin before, up
    to `b`, a third of an octave.
    """
    return position if position <= SINGLE else math.floor(SINGLE * 2 ** ((position - SINGLE) / 3) + 1e-9)


class ZonalWaves:
    """
    Arguments:
        grid: One for which `suits` holds.
    """

    def __init__(self, grid: Grid) -> None:
        self.periodic = grid.periodic
        self.shape = grid.shape
        n = grid.shape[1]
        highest = n // 2 if self.periodic else n - 1
        bounds = [bin_of(0)]
        while bounds[-1] < highest:
            bounds.append(bin_of(len(bounds)))
        self.bins = tuple(bounds)
        """Number of every bin; the last one may hold less than its band."""
        self._starts = np.array([0, *(b + 1 for b in self.bins[:-1])])
        self._counts = np.diff([*self._starts, highest + 1])
        self._rows = grid.row_area / grid.row_area.sum()
        if self.periodic:
            # a wave and its conjugate, except those that are their own
            self._scale = np.full(highest + 1, 2.0 / n**2)
            self._scale[0] = 1 / n**2
            if n % 2 == 0:
                self._scale[-1] = 1 / n**2
        else:
            self._scale = np.full(n, 1.0 / n)

    @classmethod
    def suits(cls, grid: Grid) -> bool:
        """Whether the grid's longitudes are equally spaced, and four at least."""
        steps = np.diff(grid.longitude)
        return len(steps) >= 3 and float(np.ptp(steps)) <= EVEN * float(steps.mean())

    def transform(self, field: np.ndarray) -> np.ndarray:
        """Linear: the transform of a difference is that of the two.

        Arguments:
            field: Shape (..., point), float64.

        Returns:
            Shape (..., latitude, wavenumber), complex on a grid that goes around.
        """
        rows = field.reshape(*field.shape[:-1], *self.shape)
        return np.fft.rfft(rows) if self.periodic else fft.dct(rows, norm="ortho")

    def power(self, waves: np.ndarray) -> np.ndarray:
        """Area-weighted mean over latitudes of the mean square of a wavenumber; in a band, the mean of its wavenumbers.

        Without bands, the sum over all is the area-weighted mean square of the field.

        Arguments:
            waves: From `transform`.

        Returns:
            Shape (..., bin).
        """
        parts = waves.view(np.float64)
        square = self._rows @ (parts * parts)
        if self.periodic:
            square = square[..., 0::2] + square[..., 1::2]
        square *= self._scale
        if len(self.bins) <= SINGLE + 1:
            return square
        return np.add.reduceat(square, self._starts, axis=-1) / self._counts
