"""Products of errors at pairs of stations, averaged by distance: the raw material of covariance functions.

The method of Gandin (1963) and Rutherford (1972): a set of stations sees errors at many times, and the products of
any two are averaged in bins of their distance.
"""

__all__ = ["StationPairs"]

import dataclasses

import torch
from torch import Tensor

from benchmark.problem import Grid

from .coregionalisation import chord_square, correlation, positions

BINS = 60
"""Bins of distance, of equal width, up to the largest; one more holds every station with itself."""

SMALLEST = 1e-6
"""Least std that errors are divided by [normalised]: a channel may be without error somewhere."""


@dataclasses.dataclass(frozen=True)
class StationPairs:
    """
    Arguments:
        std: Root mean square error of each channel and latitude, shape (channel, latitude) [normalised].
        products: Mean product of the errors, each over its std, of channel i at one and j at the other station of a
            pair, symmetric, shape (bin, channel, channel), float64; the first bin holds stations with themselves.
        counts: Pairs in each bin, shape (bin,), float64; bins without any are left out.
        bins: The bin of each pair, shape (station, station).
        square: Their squared chords, shape (station, station) [km^2].
    """

    std: Tensor
    products: Tensor
    counts: Tensor
    bins: Tensor
    square: Tensor

    @classmethod
    def sample(
        cls, first: Tensor, second: Tensor, grid: Grid, stations: int, times: int, seed: int = 0
    ) -> "StationPairs":
        """Draws stations among the grid points, uniformly in area and without replacement, and times evenly spread.

        The mean error is left in: a covariance of errors is used as if they had none.

        Arguments:
            first, second: The error is first - second, shape (time, channel, latitude, longitude) [normalised].
            grid: Their grid.
            stations: Most stations.
            times: Most times.
            seed: Of the drawing.
        """
        latitude, longitude = (torch.tensor(v, dtype=torch.float64) for v in (grid.latitude, grid.longitude))
        area = torch.as_tensor(grid.cell_area, dtype=torch.float64).flatten()
        generator = torch.Generator().manual_seed(seed)
        chosen = torch.multinomial(area, min(stations, len(area)), generator=generator)
        when = torch.linspace(0, len(first) - 1, min(times, len(first)), dtype=torch.float64).round().long()
        variance, seen = torch.zeros(first.shape[1:3], dtype=torch.float64), []
        for part in when.split(256):
            error = first[part] - second[part]
            variance += error.double().square().mean(3).sum(0) / len(when)
            seen.append(error.flatten(2)[:, :, chosen])
        std = variance.sqrt().clamp_min(SMALLEST)
        at = std[:, chosen // len(longitude)]
        samples = (torch.cat(seen) / at.float()).transpose(1, 2).flatten(1)
        channels, count = len(std), len(chosen)
        gram = (samples.T @ samples).double().view(count, channels, count, channels) / len(when)
        points = positions(latitude, longitude)[chosen]
        square = chord_square(points, points)
        bins = 1 + (BINS * (square / square.max().clamp_min(1.0)).sqrt()).long().clamp_max(BINS - 1)
        bins.fill_diagonal_(0)
        _, bins = bins.unique(return_inverse=True)  # only those that hold a pair
        counts = torch.bincount(bins.flatten()).double()
        total = torch.zeros(len(counts), channels, channels, dtype=torch.float64)
        total.index_add_(0, bins.flatten(), gram.transpose(1, 2).flatten(0, 1))
        products = total / counts[:, None, None]
        return cls(std, (products + products.mT) / 2, counts, bins, square)

    def basis(self, lengths: Tensor) -> Tensor:
        """Means over each bin of the nugget (1 for a station with itself) and of g for each length [km], shape
        (bin, 1 + length)."""
        columns = [torch.eye(len(self.square), dtype=torch.float64)]
        columns += [correlation(self.square, length) for length in lengths]
        total = torch.zeros(len(self.counts), len(columns), dtype=torch.float64)
        total.index_add_(0, self.bins.flatten(), torch.stack(columns, dim=-1).flatten(0, 1))
        return total / self.counts[:, None]
