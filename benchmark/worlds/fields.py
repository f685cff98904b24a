"""A world of real fields: a reanalysis in a NetCDF file or Zarr store."""

__all__ = ["Fields"]

import functools
import warnings

import numpy as np
from torch import Tensor

from benchmark.files import open_fields
from benchmark.files.dates import hour_of, say, year_of
from benchmark.problem import BenchError, Normalisation, hash_json, parse_channel

from .backgrounds import ArchiveBackground, Background, ForecasterBackground, Persistence
from .base import Forecaster, Split, World
from .climatology import Climatology
from .gaps import refuse_gaps
from .reading import FieldReader, evenly
from .spec import WorldSpec

STATISTICS_TIMES = 1500
TOLD_SHARE = 0.05


class Fields(World):
    """A world of real fields.

    Fields are read when they are asked for. If those of all three splits fit into 512 MB they are read once
    and kept. If those of the training years alone do not, climatology and normalisation come from about 1500
    training times (whole days, evenly spaced), so that a bucket is not read from end to end.

    In the training and validation years a background is made from the truth of those years only, so that what
    is fitted never depends on test data.

    Arguments:
        spec: What the world is made of.
        forecaster: Makes the background if the spec's kind is `forecaster`. Without one everything but
            `background` and `archive` works, as training needs.

    Raises:
        BenchError: If the data cannot be opened or do not hold the channels.
    """

    def __init__(self, spec: WorldSpec, forecaster: Forecaster | None = None) -> None:
        if not spec.path:
            raise BenchError(
                f"The world '{spec.name}' does not ship with its data. {spec.data_note.strip()} "
                "Give the file with --data PATH."
            )
        self.spec = spec
        self.name = spec.name
        self.title = spec.title or spec.name
        self.forecaster = forecaster
        self.channels = tuple(parse_channel(name) for name in spec.channels)
        self._reader = FieldReader(open_fields(spec.path), self.channels, spec.path, spec.variables, spec.hours)
        self.grid = self._reader.grid
        self._background = self._choose_background()
        self._told: set[str] = set()

    def _choose_background(self) -> Background:
        background = self.spec.background
        match background.kind:
            case "persistence":
                return Persistence(self, background.lead_h)
            case "archive":
                return ArchiveBackground(self, background, self.spec.variables, self._all_times)
            case _:
                return ForecasterBackground(self, background, self.forecaster)

    def use_forecaster(self, forecaster: Forecaster) -> None:
        """Takes a forecast network, once there is one."""
        self.forecaster = forecaster
        self._background = self._choose_background()

    def times(self, split: Split) -> np.ndarray:
        """
        Raises:
            BenchError: If a year of the split has no data, if times are missing that the spec does not allow
                to miss, or if no time has a background.
        """
        times = self._truth_times(split)
        usable = self._all_times if split == "test" else self._fitting_times
        kept = times[self._background.available(times, usable)]
        lost = times[~np.isin(times, kept)]
        if len(kept) == 0:
            raise BenchError(
                f"No time of '{split}' in '{self.spec.path}' has what its background ({self.spec.background.kind}, "
                f"{self.spec.background.lead_h} h) is made from; first without: {say(lost[0])}. Choose a lead_h that "
                "the data's time step divides, or other years."
            )
        if len(lost) > TOLD_SHARE * len(times) and split not in self._told:
            self._told.add(split)
            warnings.warn(
                f"World '{self.name}': {len(lost)} of {len(times)} times of '{split}' are left out, because what their "
                f"background is made from is missing; first {say(lost[0])}, last {say(lost[-1])}.",
                stacklevel=2,
            )
        return kept

    def truth(self, times: np.ndarray) -> Tensor:
        return self.normalise(self._read(times))

    def background(self, times: np.ndarray) -> Tensor:
        return self._background.make(_as_times(times))

    def climatology(self, times: np.ndarray) -> Tensor:
        return self.normalise(self.daily_climatology.at(_as_times(times)))

    @functools.cached_property
    def daily_climatology(self) -> Climatology:
        """By hour and day of year, from the training years [physical]."""
        times = self._statistics_times
        return Climatology.fit(self._reader.batches(times), hour_of(times).tolist())

    @functools.cached_property
    def normalisation(self) -> Normalisation:
        """Area-weighted mean over the training years, and root of the area-weighted mean square of the
        departures from the climatology there."""
        area = self.grid.cell_area / self.grid.cell_area.sum()
        total, square = np.zeros(len(self.channels)), np.zeros(len(self.channels))
        times = self._statistics_times
        for when, fields in self._reader.batches(times):
            departure = fields.astype(np.float64) - self.daily_climatology.at(when)
            total += (fields * area).sum((0, 2, 3), dtype=np.float64)
            square += (departure**2 * area).sum((0, 2, 3))
        mean, std = total / len(times), np.sqrt(square / len(times))
        return Normalisation(tuple(mean.tolist()), tuple(std.tolist()))

    @functools.cached_property
    def training_hash(self) -> str:
        """sha256 of grid, channels, and the training and validation years' times and fields."""
        return self._hash("train", "validate")

    @functools.cached_property
    def evaluation_hash(self) -> str:
        """Like `training_hash`, of the test years; with their forecasts if the background is an archive."""
        return hash_json([self._hash("test"), self._background.hash(self._truth_times("test"))])

    @functools.cached_property
    def fitting_identity(self) -> str:
        """sha256 of what a component of this world is fitted on: truth and background of the fitting years."""
        return hash_json([self.training_hash, self._source_identity])

    @property
    def background_identity(self) -> dict[str, object]:
        network = {"network": getattr(self.forecaster, "hash", None)} if self.components else {}
        return {**self._source_identity, **network}

    @functools.cached_property
    def _source_identity(self) -> dict[str, object]:
        background = self.spec.background
        forecasts = self._background.hash(self._fitting_times)
        return {"kind": background.kind, "lead_h": background.lead_h} | ({"forecasts": forecasts} if forecasts else {})

    @property
    def components(self) -> tuple[str, ...]:
        return ("forecaster",) if self.spec.background.kind == "forecaster" else ()

    def _truth_times(self, split: str) -> np.ndarray:
        wanted = self.spec.years(split)
        years = year_of(self._reader.times)
        absent = [year for year in wanted if year not in years]
        if absent:
            raise BenchError(
                f"'{self.spec.path}' has no data in {', '.join(map(str, absent))}, which '{split}' of the world "
                f"'{self.name}' names; it spans {say(self._reader.times[0])} to {say(self._reader.times[-1])}. "
                "Give a file that has them with --data PATH, or change the years in the world file."
            )
        if not self.spec.allow_gaps:
            refuse_gaps(self._reader.times, wanted, split, self.spec.path)
        return self._reader.times[np.isin(years, wanted)]

    @functools.cached_property
    def _fitting_times(self) -> np.ndarray:
        years = (*self.spec.years("train"), *self.spec.years("validate"))
        return self._reader.times[np.isin(year_of(self._reader.times), years)]

    @functools.cached_property
    def _all_times(self) -> np.ndarray:
        years = [year for split in ("train", "validate", "test") for year in self.spec.years(split)]
        return self._reader.times[np.isin(year_of(self._reader.times), years)]

    @functools.cached_property
    def _statistics_times(self) -> np.ndarray:
        times = self._truth_times("train")
        self._reader.keep(self._all_times)
        # decided by the training years alone: what is fitted must not depend on how many test years there are
        if self._reader.fit(times) or len(times) <= STATISTICS_TIMES:
            return times
        days = times.astype("datetime64[D]")
        unique = np.unique(days)
        count = max(1, STATISTICS_TIMES * len(unique) // len(times))
        return times[np.isin(days, unique[evenly(len(unique), count)])]

    def _read(self, times: np.ndarray) -> np.ndarray:
        self._reader.keep(self._all_times)
        return self._reader.read(_as_times(times))

    def _hash(self, *splits: str) -> str:
        self._reader.keep(self._all_times)
        return self._reader.hash(np.concatenate([self._truth_times(split) for split in splits]))


def _as_times(times: np.ndarray) -> np.ndarray:
    return np.atleast_1d(np.asarray(times)).astype("datetime64[ns]")
