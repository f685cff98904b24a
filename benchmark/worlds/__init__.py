"""Worlds: where truth, background, climatology and archive come from."""

from .base import Forecaster, Split, World
from .fields import Fields
from .loading import library, load_fields_spec, load_spec
from .opening import open_world
from .spec import BackgroundSpec, BaseSpec, WorldSpec

__all__ = [
    "BackgroundSpec",
    "BaseSpec",
    "Fields",
    "Forecaster",
    "Split",
    "World",
    "WorldSpec",
    "library",
    "load_fields_spec",
    "load_spec",
    "open_world",
]
