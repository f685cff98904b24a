"""What is scored: a grid, its channels and regions, and what follows from them once for all cases."""

__all__ = ["Domain", "regions_on"]

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np

from benchmark.problem import BenchError, Channel, Geostrophy, Grid

from .regions import REGIONS, region_weights
from .zonal_waves import ZonalWaves

WHOLE = "global"


@dataclasses.dataclass(frozen=True, eq=False)
class Domain:
    """
    Arguments:
        grid: The horizontal grid.
        channels: In the order of the fields.
        regions: Area of the cells of each region, zero outside, shape (latitude, longitude), by name.

    Raises:
        BenchError: If there is no region, or the weights of one have another shape than the grid, or no area.
    """

    grid: Grid
    channels: tuple[Channel, ...]
    regions: Mapping[str, np.ndarray]

    def __post_init__(self) -> None:
        if not self.regions:
            raise BenchError("There is no region to score; name one, such as 'global'.")
        for name, weights in self.regions.items():
            if np.shape(weights) != self.grid.shape or not np.sum(weights) > 0:
                raise BenchError(
                    f"The weights of the region '{name}' have the shape {np.shape(weights)} and the sum "
                    f"{np.sum(weights):g}; they are areas of the {self.grid.shape} cells, not all zero."
                )

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the channels."""
        return tuple(channel.name for channel in self.channels)

    @functools.cached_property
    def matrix(self) -> np.ndarray:
        """Weights of all regions, shape (point, region), float64: one product sums a field over all of them."""
        return np.stack([np.ravel(weights) for weights in self.regions.values()], axis=1).astype(np.float64)

    @functools.cached_property
    def areas(self) -> np.ndarray:
        """Shape (region,)."""
        return self.matrix.sum(0)

    @functools.cached_property
    def whole(self) -> int | None:
        """Position of the region `global`; None where it is not scored."""
        names = list(self.regions)
        return names.index(WHOLE) if WHOLE in names else None

    @functools.cached_property
    def waves(self) -> ZonalWaves | None:
        """The zonal transform of the grid, None where it has none."""
        return ZonalWaves(self.grid) if ZonalWaves.suits(self.grid) else None

    @functools.cached_property
    def geostrophy(self) -> Geostrophy | None:
        """Geostrophic winds of the grid, None where it has none."""
        return None if Geostrophy.lacks(self.grid) else Geostrophy(self.grid)

    def levels(self, *variables: str) -> dict[int, list[int]]:
        """Positions of some variables' channels at every level [hPa] that has them all, from the top down."""
        found = {(channel.variable, channel.level): i for i, channel in enumerate(self.channels)}
        levels = sorted({channel.level for channel in self.channels if channel.level is not None})
        rows = {level: [found.get((variable, level), -1) for variable in variables] for level in levels}
        return {level: row for level, row in rows.items() if -1 not in row}

    @functools.cached_property
    def winds(self) -> dict[int, list[int]]:
        """Positions of u and v at every level that has both."""
        return self.levels("u", "v")


def regions_on(grid: Grid) -> dict[str, np.ndarray]:
    """Weights of every named region that has points on the grid."""
    return {region.name: region_weights(grid, region) for region in REGIONS if region.mask(grid).any()}
