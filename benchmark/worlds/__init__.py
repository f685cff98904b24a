"""Worlds: where truth, background, climatology and archive come from."""

from .base import Forecaster, Split, World
from .fields import Fields
from .spec import BackgroundSpec, WorldSpec, library, load_spec

__all__ = [
    "BackgroundSpec",
    "Fields",
    "Forecaster",
    "Split",
    "World",
    "WorldSpec",
    "library",
    "load_spec",
    "open_world",
]


def open_world(spec: WorldSpec, forecaster: Forecaster | None = None) -> World:
    """Opens the world that a spec describes.

    Arguments:
        spec: From `load_spec`.
        forecaster: Makes the background, if the spec's kind of background is `forecaster`.

    Raises:
        BenchError: If the data cannot be opened or do not hold the channels.
    """
    return Fields(spec, forecaster)
