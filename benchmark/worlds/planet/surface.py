"""The planet's surface: mountains, land, and the temperature of its sea."""

__all__ = ["Surface"]

import dataclasses

import numpy as np

_MOUNTAINS = (  # longitude, latitude, half-widths, height [m]
    (90, 38, 28, 14, 2800),
    (250, 45, 14, 20, 2200),
    (290, -28, 12, 25, 2000),
    (30, -25, 20, 15, 1200),
)
_CONTINENTS = (  # longitude, latitude, half-widths
    (90, 40, 50, 25),
    (260, 45, 35, 25),
    (295, -15, 25, 30),
    (25, 0, 25, 28),
)
DRY_LAND = 0.7
"""Share by which evaporation is lower over land."""


@dataclasses.dataclass(frozen=True)
class Surface:
    """Smooth hills, so that a coarse spectral model can hold them.

    Arguments:
        longitude, latitude: Of every point [degrees].
    """

    longitude: np.ndarray
    latitude: np.ndarray

    def height(self) -> np.ndarray:
        """Height of the ground before the model's truncation [m]."""
        return sum((h * self._hill(*place) for *place, h in _MOUNTAINS), np.zeros_like(self.latitude))

    def wetness(self) -> np.ndarray:
        """Factor on evaporation: 1 over sea, 0.3 in the middle of a continent."""
        land = sum((self._hill(*place) for place in _CONTINENTS), np.zeros_like(self.latitude))
        return 1 - DRY_LAND * np.clip(land, 0, 1)

    def _hill(self, longitude: float, latitude: float, width: float, breadth: float) -> np.ndarray:
        east = (self.longitude - longitude + 180) % 360 - 180
        return np.exp(-((east / width) ** 2) - ((self.latitude - latitude) / breadth) ** 2)
