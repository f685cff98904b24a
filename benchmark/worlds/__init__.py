"""Worlds: where truth, background, climatology and archive come from."""

from .base import Forecaster, Split, World
from .cycled import CycledSpec, CycledWorld
from .fields import Fields
from .gaussian import Gaussian, GaussianSpec
from .loading import library, load_fields_spec, load_spec
from .opening import open_world
from .spec import BackgroundSpec, BaseSpec, WorldSpec

__all__ = [
    "BackgroundSpec",
    "BaseSpec",
    "CycledSpec",
    "CycledWorld",
    "Fields",
    "Forecaster",
    "Gaussian",
    "GaussianSpec",
    "Split",
    "World",
    "WorldSpec",
    "library",
    "load_fields_spec",
    "load_spec",
    "open_world",
]
