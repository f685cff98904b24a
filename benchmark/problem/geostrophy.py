"""Geostrophic balance: the wind that a level's geopotential would have without acceleration and friction.

With geopotential z [m2 s-2] and Coriolis parameter f = 2 Omega sin(latitude),

    u_g = -1/(f a) dz/dphi,    v_g = 1/(f a cos phi) dz/dlambda

(J. R. Holton and G. J. Hakim, An introduction to dynamic meteorology, 5th edition, section 3.2).
"""

__all__ = ["LEAST_LATITUDE", "MOST_LATITUDE", "OMEGA", "RADIUS_M", "Geostrophy"]

import numpy as np

from .grid import Grid

RADIUS_M = 6.371e6
OMEGA = 7.292e-5
LEAST_LATITUDE, MOST_LATITUDE = 20.0, 85.0
"""Nearer to the equator there is no geostrophic balance, and at a pole no zonal gradient [degrees]."""


class Geostrophy:
    """
    Arguments:
        grid: One that lacks nothing.

    Attributes:
        rows: Latitudes between LEAST_LATITUDE and MOST_LATITUDE in either hemisphere, shape (latitude,), bool.
        area: Area of their cells, shape (row, longitude).
    """

    def __init__(self, grid: Grid) -> None:
        latitude, longitude = np.deg2rad(grid.latitude), np.deg2rad(grid.longitude)
        self.rows = _rows(grid)
        self.area = grid.cell_area[self.rows]
        # not the other rows, where f or a circle of latitude may vanish
        fa = 2 * OMEGA * RADIUS_M * np.sin(latitude[self.rows])[:, None]
        self._u = -_derivative(latitude)[self.rows] / fa
        self._eastward = _derivative_along_circle(longitude) if grid.periodic else _derivative(longitude)
        self._per_fa_cos = 1 / (fa * np.cos(latitude[self.rows])[:, None])

    @classmethod
    def lacks(cls, grid: Grid) -> str:
        """Why a grid has no geostrophic winds; empty if it has."""
        if min(grid.shape) < 2 or not _rows(grid).any():
            return f"its grid has no gradients between latitudes of {LEAST_LATITUDE:g} and {MOST_LATITUDE:g} degrees"
        return ""

    def wind(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Geostrophic wind, by centred differences.

        Arguments:
            z: Geopotential, shape (..., latitude, longitude) [m2 s-2].

        Returns:
            u and v on `rows`, each of shape (..., row, longitude) [m s-1].
        """
        return self._u @ z, z[..., self.rows, :] @ self._eastward.T * self._per_fa_cos


def _derivative(x: np.ndarray) -> np.ndarray:
    """The matrix of the derivative by centred differences, one-sided at the ends: as a product, all levels at once."""
    return np.asarray(np.gradient(np.eye(len(x)), x, axis=0))


def _derivative_along_circle(x: np.ndarray) -> np.ndarray:
    """Likewise, on angles [radian] of which the last is a neighbour of the first."""
    around = np.concatenate([x[-1:] - 2 * np.pi, x, x[:1] + 2 * np.pi])
    wrapped = np.eye(len(x))[[-1, *range(len(x)), 0]]
    return np.asarray(np.gradient(wrapped, around, axis=0))[1:-1]


def _rows(grid: Grid) -> np.ndarray:
    latitude = np.abs(grid.latitude)
    return (latitude >= LEAST_LATITUDE) & (latitude <= MOST_LATITUDE)
