"""Observing systems: networks, operators and errors; from the truth to observations."""

from .drawing import draw_points
from .networks import Network, make_network
from .obs_std import R_FLOOR_STD, read_obs_std
from .sites import Sites
from .spec import ObservingSpec
from .stations import Stations, bilinear, read_stations
from .system import ObservingSystem

__all__ = [
    "R_FLOOR_STD",
    "Network",
    "ObservingSpec",
    "ObservingSystem",
    "Sites",
    "Stations",
    "bilinear",
    "draw_points",
    "make_network",
    "read_obs_std",
    "read_stations",
]
