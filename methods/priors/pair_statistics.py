"""Error covariances of first guesses by the statistics of station pairs: the B of optimal interpolation."""

__all__ = ["FIRST_GUESSES", "PairStatistics"]

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import Archive, Component, Grid

from .coregionalisation import EARTH_RADIUS_KM, Coregionalisation, fit_factors
from .station_pairs import StationPairs

FIRST_GUESSES = ("background", "climatology")
KM_A_DEGREE = EARTH_RADIUS_KM * math.pi / 180


class PairStatistics(Component):
    """The covariance of `background - truth`, and that of `climatology - truth`, each with lengths and weights of its
    own.

    Arguments:
        covariances: By the first guess's name [normalised].
    """

    name: ClassVar[str] = "pair-statistics"

    def __init__(self, covariances: Mapping[str, Coregionalisation]) -> None:
        self.covariances = dict(covariances)

    @classmethod
    def fit(cls, archive: Archive, stations: int = 256, times: int = 2000) -> Self:
        """By weighted least squares on what stations saw of the archive; deterministic.

        Arguments:
            archive: The training years, with out-of-sample backgrounds.
            stations: Most grid points that are taken as stations.
            times: Most times, spread evenly.
        """
        latitude, longitude = (
            torch.tensor(v, dtype=torch.float64) for v in (archive.grid.latitude, archive.grid.longitude)
        )
        found = {}
        for first_guess in FIRST_GUESSES:
            guess = getattr(archive, first_guess)
            pairs = StationPairs.sample(guess, archive.truth, archive.grid, stations, times)
            lengths = ladder(archive.grid, float(pairs.square.max().sqrt()))
            factors = fit_factors(pairs.products, pairs.basis(lengths), pairs.counts)
            found[first_guess] = Coregionalisation(factors, lengths, pairs.std, latitude, longitude)
        return cls(found)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All flat: the store keeps vectors in single precision."""
        tensors = {
            f"{first_guess}.{field.name}": getattr(covariance, field.name).flatten().float()
            for first_guess, covariance in self.covariances.items()
            for field in dataclasses.fields(covariance)
        }
        return tensors, {}

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        found = {}
        for first_guess in FIRST_GUESSES:
            parts = {
                field.name: tensors[f"{first_guess}.{field.name}"].double()
                for field in dataclasses.fields(Coregionalisation)
            }
            channels = len(parts["std"]) // len(parts["latitude"])
            parts["std"] = parts["std"].view(channels, -1)
            parts["factors"] = parts["factors"].view(-1, channels, channels)
            found[first_guess] = Coregionalisation(**parts)
        return cls(found)

    def to(self, device: torch.device | str) -> Self:
        return type(self)({name: covariance.to(device) for name, covariance in self.covariances.items()})


def ladder(grid: Grid, extent: float) -> Tensor:
    """Lengths from half the grid's spacing to the extent, by factors of sqrt(2), shape (length,) [km], float64."""
    axis = grid.latitude if len(grid.latitude) > 1 else grid.longitude
    spacing = float(np.median(np.diff(axis))) * KM_A_DEGREE if len(axis) > 1 else extent
    rungs = 1 + max(0, math.ceil(2 * math.log2(max(extent, spacing) / (spacing / 2))))
    return spacing / 2 * 2 ** (torch.arange(rungs, dtype=torch.float64) / 2)
