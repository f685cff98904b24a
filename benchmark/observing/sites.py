"""Where one case is observed: a list of values-to-be, each with its channel, position and weights."""

__all__ = ["Sites"]

import dataclasses
from collections.abc import Sequence

import numpy as np

from benchmark.problem import Grid


@dataclasses.dataclass(frozen=True)
class Sites:
    """The observed values of one case, before anything is measured there.

    Arguments:
        channel: Channel index of each value, shape (n,), int64.
        latitude: Shape (n,) [degrees north].
        longitude: Shape (n,) [degrees east].
        index: The state values that each is made of, in the flattened state, shape (n, k), int64.
        weight: Their weights, shape (n, k); each row sums to one.
    """

    channel: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    index: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.channel)

    @classmethod
    def at_points(cls, grid: Grid, channel: np.ndarray, point: np.ndarray) -> "Sites":
        """Grid points, observed as they are.

        Arguments:
            grid: The horizontal grid.
            channel: Channel index of each value, shape (n,).
            point: Flat index of each value in (latitude, longitude), shape (n,).
        """
        rows, columns = np.divmod(point, grid.shape[1])
        index = channel * (grid.shape[0] * grid.shape[1]) + point
        return cls(
            channel=channel.astype(np.int64),
            latitude=np.asarray(grid.latitude)[rows],
            longitude=np.asarray(grid.longitude)[columns],
            index=index.astype(np.int64)[:, None],
            weight=np.ones((len(point), 1)),
        )

    @classmethod
    def every_channel(cls, grid: Grid, channels: Sequence[int], point: np.ndarray) -> "Sites":
        """The same grid points, shape (n,), in every one of `channels`; values are ordered by channel."""
        return cls.at_points(grid, np.repeat(np.asarray(channels), len(point)), np.tile(point, len(channels)))

    def measure(self, state: np.ndarray) -> np.ndarray:
        """H(x) of one flattened state, shape (channel * latitude * longitude,) -> (n,), in float64."""
        return (state[self.index].astype(np.float64) * self.weight).sum(1)
