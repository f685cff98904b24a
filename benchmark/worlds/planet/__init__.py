"""The planet of the world `twin`: an atmosphere of primitive equations that anybody can make anew."""

from .settings import PLANET_CHANNELS, PlanetSettings

__all__ = ["PLANET_CHANNELS", "PlanetSettings"]
