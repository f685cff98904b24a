"""The world that knows the answer: a Gaussian random field of stated spectrum."""

from .spec import GaussianSpec, SpectrumSpec
from .world import Gaussian

__all__ = ["Gaussian", "GaussianSpec", "SpectrumSpec"]
