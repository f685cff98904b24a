"""Worlds: where truth, background, climatology and archive come from."""

from .base import Forecaster, Split, World
from .fields import Fields
from .opening import open_world
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
