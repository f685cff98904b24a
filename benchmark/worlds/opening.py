"""Opens a world by its description: from its data, or from the sample that ships with the package."""

__all__ = ["open_world"]

from pathlib import Path

from .base import World
from .cycled import CycledSpec, CycledWorld
from .fields import Fields
from .gaussian import Gaussian, GaussianSpec
from .planet.archive import check_archive
from .sample import SAMPLES, read_sample
from .spec import BaseSpec, WorldSpec


def open_world(spec: BaseSpec) -> World:
    """
    Arguments:
        spec: The world's description.

    Raises:
        BenchError: If there are no data, or they are not what they should be.
    """
    if isinstance(spec, CycledSpec):
        return CycledWorld(spec)
    if isinstance(spec, GaussianSpec):
        return Gaussian(spec)
    if not isinstance(spec, WorldSpec):
        raise TypeError(f"no world of kind {type(spec).__name__}")
    if spec.path:
        if spec.planet is not None and "://" not in spec.path:
            check_archive(Path(spec.path))
        return Fields(spec)
    shipped = SAMPLES / spec.name
    return read_sample(spec, shipped) if shipped.is_dir() else Fields(spec)
