"""Toy models of chaos, cycled: worlds whose expected scores stand in the literature."""

from .spec import CycledSpec, LiteratureRow
from .world import CycledWorld

__all__ = ["CycledSpec", "CycledWorld", "LiteratureRow"]
