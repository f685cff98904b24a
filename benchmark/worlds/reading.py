"""Reads the fields of chosen times, and nothing else."""

__all__ = ["FieldReader", "evenly"]

import functools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import xarray as xr

from benchmark.files import as_slice, guard, locate, read_fields
from benchmark.files.dates import hour_of, say
from benchmark.problem import BenchError, Channel, Grid, hash_arrays, hash_json

CACHE_BYTES = 512 * 2**20
BATCH_BYTES = 32 * 2**20
HASH_BYTES = 64 * 2**20


class FieldReader:
    """The fields of some channels in a data set.

    Arguments:
        dataset: What `open_fields` or `open_forecasts` returned.
        channels: The channels, in the order of the channel axis.
        label: What to call the data set in messages.
        names: Channel or variable name -> name in the file.
        hours: UTC hours used; none means all.

    Attributes:
        times: Every time there is, shape (time,), datetime64[ns], ascending.
        grid: The horizontal grid.

    Raises:
        BenchError: If a channel cannot be found or its unit cannot be right.
    """

    def __init__(
        self,
        dataset: xr.Dataset,
        channels: Sequence[Channel],
        label: str,
        names: Mapping[str, str] | None = None,
        hours: Sequence[int] = (),
    ) -> None:
        self.label = label
        self.channels = tuple(channels)
        times = dataset["time"].values
        self._rows = np.flatnonzero(np.isin(hour_of(times), hours)) if hours else np.arange(len(times))
        if len(self._rows) == 0:
            has = ", ".join(str(h) for h in np.unique(hour_of(times)))
            raise BenchError(f"'{label}' has no times at the UTC hours {list(hours)}; it has {has or 'none'}.")
        self.times = times[self._rows]
        self.grid = Grid(tuple(dataset["latitude"].values), tuple(dataset["longitude"].values))
        self._dataset = dataset
        self._locations = guard(label, lambda: [locate(dataset, c, names or {}, label) for c in channels])
        self._kept_times = np.array([], "datetime64[ns]")
        self._kept: np.ndarray | None = None

    def bytes_of(self, count: int) -> int:
        """Memory that the fields of `count` times take."""
        return 4 * count * len(self.channels) * self.grid.shape[0] * self.grid.shape[1]

    def fit(self, times: np.ndarray) -> bool:
        """Whether the fields of these times may be held in memory."""
        return self.bytes_of(len(times)) <= CACHE_BYTES

    def has(self, times: np.ndarray) -> np.ndarray:
        """Which of the times are there, shape (case,), bool."""
        return np.isin(times, self.times)

    def keep(self, times: np.ndarray) -> None:
        """Holds the fields of these times in memory from now on, if all fit into 512 MB."""
        if self._kept is None and len(times) and self.fit(times):
            self._kept = self._load(times)
            self._kept_times = times

    def keeps(self, times: np.ndarray) -> bool:
        """Whether these times are held in memory."""
        return self._kept is not None and bool(np.isin(times, self._kept_times).all())

    def read(self, times: np.ndarray) -> np.ndarray:
        """Fields at some times, shape (case, channel, latitude, longitude), float32 [physical].

        Raises:
            BenchError: If a time is not there, the file cannot be read, or a value is missing.
        """
        absent = ~self.has(times)
        if absent.any():
            raise BenchError(
                f"'{self.label}' has no fields at {say(times[absent][0])}"
                + (f" (and {absent.sum() - 1} more of the times asked for)" if absent.sum() > 1 else "")
                + f"; it spans {say(self.times[0])} to {say(self.times[-1])}. Ask for other times, or complete it."
            )
        if self._kept is not None and self.keeps(times):
            fields = self._kept[np.searchsorted(self._kept_times, times)]
        else:
            fields = self._load(times)
        self._refuse_missing(times, fields)
        return fields

    def batches(self, times: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pairs of times and their fields, some 32 MB each."""
        size = max(1, BATCH_BYTES // self.bytes_of(1))
        for i in range(0, len(times), size):
            yield times[i : i + size], self.read(times[i : i + size])

    def hash(self, times: np.ndarray) -> str:
        """sha256 of grid, channels, these times, and their float32 fields in physical units: all of them up to
        64 MB, beyond that evenly spaced ones.

        The file's layout, order, chunks and packing do not matter if it decodes to the same numbers.
        """
        count = min(len(times), max(1, HASH_BYTES // self.bytes_of(1)))
        names = [channel.name for channel in self.channels]
        # Batches only bound the memory: a hash of them all must not depend on where they are cut.
        fields = (field for _, batch in self.batches(times[evenly(len(times), count)]) for field in batch)
        return hash_json([self.grid.hash, names, hash_arrays([times.astype(np.int64)]), hash_arrays(fields)])

    def _load(self, times: np.ndarray) -> np.ndarray:
        return guard(self.label, functools.partial(self._load_raw, times))

    def _load_raw(self, times: np.ndarray) -> np.ndarray:
        unique, inverse = np.unique(times, return_inverse=True)
        rows = as_slice(self._rows[np.searchsorted(self.times, unique)])
        fields = np.empty((len(unique), len(self.channels), *self.grid.shape), np.float32)
        for i, field in read_fields(self._dataset, self._locations, {"time": rows}):
            extra = [d for d in field.dims if d not in ("time", "latitude", "longitude")]
            fields[:, i] = field.isel(dict.fromkeys(extra, 0)).transpose("time", "latitude", "longitude").values
        return fields if np.array_equal(inverse, np.arange(len(times))) else fields[inverse]

    def _refuse_missing(self, times: np.ndarray, fields: np.ndarray) -> None:
        if np.isfinite(np.sum(fields, dtype=np.float64)):
            return
        bad = ~np.isfinite(fields)
        for i, channel in enumerate(self.channels):
            hit = np.unique(times[bad[:, i].any((1, 2))])
            if len(hit):
                raise BenchError(
                    f"{channel.name} in '{self.label}' has {int(bad[:, i].sum())} missing values (NaN or infinite) at "
                    f"{len(hit)} of the {len(np.unique(times))} times read, first {say(hit[0])}; fill them, leave "
                    "those years out of the split, or leave the channel out."
                )


def evenly(length: int, count: int) -> np.ndarray:
    """`count` indices spread evenly over `length`."""
    return np.arange(count) * length // count
