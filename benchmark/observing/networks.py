"""Observing networks: which values of a state are observed in one case."""

__all__ = ["ColumnsNetwork", "GridNetwork", "Network", "RandomNetwork", "StationsNetwork", "make_network"]

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from benchmark.problem import BenchError, Grid

from .drawing import draw_points
from .sites import Sites
from .spec import ObservingSpec
from .stations import bilinear, read_stations

Draw = Literal["area", "index"]


class Network(Protocol):
    """Gives the sites of a case; the generator is its only source of randomness.

    Arguments:
        label: The network in a few words, before the names of what it observes.
    """

    label: str

    def __call__(self, rng: np.random.Generator) -> Sites: ...


def make_network(spec: ObservingSpec, grid: Grid, observed: Sequence[int]) -> Network:
    """The network of a specification on a grid.

    Arguments:
        spec: What the user asked for.
        grid: The horizontal grid.
        observed: Indices of the observed channels.

    Raises:
        BenchError: If it would observe nothing.
    """
    if spec.network == "stations":
        assert spec.stations is not None
        return StationsNetwork(spec.stations, grid, observed)
    if spec.network == "grid":
        return GridNetwork(spec.obs_frac, grid, observed)
    network = RandomNetwork if spec.network == "random" else ColumnsNetwork
    return network(spec.obs_frac, spec.draw, grid, observed)


def _count(frac: float, total: int, what: str) -> int:
    count = round(frac * total)
    if count == 0:
        raise BenchError(
            f"obs_frac={frac:g} observes nothing here: there are {total} {what} to choose from; "
            f"{1 / total:.2g} observes one of them."
        )
    return count


def _weights(grid: Grid, draw: Draw) -> np.ndarray:
    return grid.cell_area.ravel() if draw == "area" else np.ones(grid.cell_area.size)


class RandomNetwork:
    """Points drawn anew for every case, independently for each channel.

    `round(f * channels * points)` values are drawn, split as evenly over the channels as they go, so that
    the fraction is met even where it is less than one value a channel; chance decides who gets the remainder.
    """

    def __init__(self, frac: float, draw: Draw, grid: Grid, observed: Sequence[int]) -> None:
        self.label = f"random {100 * frac:.3g} % {'by index ' if draw == 'index' else ''}of"
        self.grid, self.observed = grid, np.asarray(observed)
        self.weights = _weights(grid, draw)
        self.total = _count(frac, len(observed) * self.weights.size, "values")

    def __call__(self, rng: np.random.Generator) -> Sites:
        each, remainder = divmod(self.total, len(self.observed))
        counts = np.full(len(self.observed), each)
        counts[rng.permutation(len(counts))[:remainder]] += 1
        points = [draw_points(count, self.weights, rng) for count in counts.tolist()]
        return Sites.at_points(self.grid, np.repeat(self.observed, counts), np.concatenate(points))


class ColumnsNetwork:
    """`round(f * points)` grid columns drawn anew for every case, each observing every observed channel."""

    def __init__(self, frac: float, draw: Draw, grid: Grid, observed: Sequence[int]) -> None:
        self.label = f"columns {100 * frac:.3g} % {'by index ' if draw == 'index' else ''}of"
        self.grid, self.observed = grid, observed
        self.weights = _weights(grid, draw)
        self.total = _count(frac, self.weights.size, "columns")

    def __call__(self, rng: np.random.Generator) -> Sites:
        return Sites.every_channel(self.grid, self.observed, draw_points(self.total, self.weights, rng))


class GridNetwork:
    """A regular thinning, the same for every case: every i-th latitude and every j-th longitude.

    Of all strides within a factor of three of each other (or as long as a side of the grid) those whose
    fraction of points is nearest to `f` in ratio are taken; of these the ones that best fill the grid, then
    the squarest. What is left over at the ends is shared between them.
    """

    def __init__(self, frac: float, grid: Grid, observed: Sequence[int]) -> None:
        _count(frac, grid.cell_area.size, "columns")
        self.rows, self.columns = (
            _thinned(n, stride) for n, stride in zip(grid.shape, _strides(frac, grid.shape), strict=True)
        )
        points = (self.rows[:, None] * grid.shape[1] + self.columns[None]).ravel()
        self.label = f"grid {100 * points.size / grid.cell_area.size:.3g} % of"
        self._sites = Sites.every_channel(grid, observed, points)

    def __call__(self, rng: np.random.Generator) -> Sites:
        return self._sites


def _kept(n: int | np.ndarray, stride: int | np.ndarray) -> np.ndarray:
    return np.floor(n / stride + 0.5).astype(np.int64)


def _thinned(n: int, stride: int) -> np.ndarray:
    steps = np.arange(int(_kept(n, np.asarray(stride)))) * stride
    return steps + (n - 1 - steps[-1]) // 2


def _strides(frac: float, shape: tuple[int, int]) -> tuple[int, int]:
    """Strides in latitude and longitude."""
    down, across = np.arange(1, shape[0] + 1)[:, None], np.arange(1, shape[1] + 1)[None]
    rows, columns = _kept(shape[0], down), _kept(shape[1], across)
    miss = np.abs(np.log(rows * columns / (frac * shape[0] * shape[1])))
    uneven = np.abs(np.log(rows * down / shape[0])) + np.abs(np.log(columns * across / shape[1]))
    oblong = np.abs(np.log(down / across))
    longest = ((down == shape[0]) & (down < across)) | ((across == shape[1]) & (across < down))
    miss = np.where((oblong <= np.log(3.0) + 1e-9) | longest, miss, np.inf)
    best = np.lexsort([np.round(key, 9).ravel() for key in (oblong, uneven, miss)])[0]
    row, column = divmod(int(best), shape[1])
    return row + 1, column + 1


class StationsNetwork:
    """Real stations, the same for every case: each inside the grid observes every observed channel.

    Values are interpolated bilinearly. On a global grid every station is inside, and one between the
    outermost row and the pole sees that row; in a region those beyond the outermost points are left out.
    """

    def __init__(self, path: Path, grid: Grid, observed: Sequence[int]) -> None:
        stations = read_stations(path)
        inside, index, weight = bilinear(grid, stations.latitude, stations.longitude)
        count = int(inside.sum())
        if count == 0:
            lat, lon = grid.latitude, grid.longitude
            raise BenchError(
                f"No station of {path} lies inside the grid ({lat[0]:g}..{lat[-1]:g} N, {lon[0]:g}..{lon[-1]:g} E); "
                "give a file with stations there."
            )
        self.label = f"{count} station{'s' if count > 1 else ''} of {path.name}:"
        channel = np.repeat(np.asarray(observed, dtype=np.int64), count)
        times = len(observed)
        self._sites = Sites(
            channel=channel,
            latitude=np.tile(stations.latitude[inside], times),
            longitude=np.tile(stations.longitude[inside], times),
            index=np.tile(index[inside], (times, 1)) + channel[:, None] * (grid.shape[0] * grid.shape[1]),
            weight=np.tile(weight[inside], (times, 1)),
        )

    def __call__(self, rng: np.random.Generator) -> Sites:
        return self._sites
