"""Homogeneous correlations on the grid, exactly: by zonal wavenumber.

On the sphere a homogeneous and isotropic field has the correlation

    C(gamma) = (1 - w) sum_l a_l P_l(cos gamma) + w [gamma = 0]

with the shares a_l of the total wavenumbers, the Legendre polynomials P_l, the angle gamma between two points and the
share w of white noise (Obukhov, 1947; Yaglom, 1987, Correlation Theory of Stationary and Related Random Functions I,
section 22). On a ring P_l(cos gamma) is cos(k times the difference of longitude). On a grid whose longitudes go around,
C of two rows depends on the difference of longitude alone, and its Fourier transform is the covariance of the rows'
spectra.
"""

__all__ = ["covariances", "make_grid", "roots"]

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import Grid

from .spec import GaussianSpec, SpectrumSpec


def make_grid(spec: GaussianSpec) -> Grid:
    """Latitudes at the centres of equal steps from pole to pole, or the equator; longitudes from 0 degrees."""
    step = 180 / spec.latitudes
    latitude = -90 + step * (np.arange(spec.latitudes) + 0.5)
    longitude = 360 / spec.longitudes * np.arange(spec.longitudes)
    return Grid(tuple(latitude.tolist()), tuple(longitude.tolist()))


def correlations(grid: Grid, spectrum: SpectrumSpec) -> np.ndarray:
    """Correlations of two rows by difference of longitude, shape (latitude, latitude, longitude), float64."""
    lat, lon = np.deg2rad(grid.latitude), np.deg2rad(grid.longitude)
    ring = len(lat) == 1
    shares = spectrum.shares(ring)
    if ring:
        smooth = (shares[:, None] * np.cos(np.arange(len(shares))[:, None] * lon)).sum(0)[None, None]
    else:
        sines, cosines = np.outer(np.sin(lat), np.sin(lat)), np.outer(np.cos(lat), np.cos(lat))
        angle = np.clip(sines[..., None] + cosines[..., None] * np.cos(lon), -1, 1)
        smooth = np.polynomial.legendre.legval(angle, shares)
    found = (1 - spectrum.white) * smooth
    found[range(len(lat)), range(len(lat)), 0] += spectrum.white
    return found


def covariances(grid: Grid, spectrum: SpectrumSpec, channels: np.ndarray) -> Tensor:
    """Covariance of the rows at every zonal wavenumber, for the unitary Fourier transform in longitude.

    Arguments:
        grid: Its longitudes go around.
        spectrum: Of every channel alike.
        channels: Covariance of the channels at a point, shape (channel, channel).

    Returns:
        Real, symmetric, shape (wavenumber, channel * latitude, channel * latitude), float64.
    """
    # even in the difference of longitude: the transform is real but for rounding
    rows = np.fft.rfft(correlations(grid, spectrum)).real
    blocks = np.einsum("cd,abm->mcadb", channels, rows)
    size = len(channels) * len(grid.latitude)
    matrices = blocks.reshape(-1, size, size)
    return torch.from_numpy((matrices + matrices.transpose(0, 2, 1)) / 2)


def roots(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """Symmetric square roots of matrices (..., n, n), and their smallest eigenvalues over the largest of all, shape
    (...); a negative eigenvalue counts as zero in the root."""
    values, vectors = torch.linalg.eigh(matrices)
    root = (vectors * values.clamp_min(0).sqrt()[..., None, :]) @ vectors.mT
    return root, values[..., 0] / values.max()
