"""A world of real fields: a reanalysis in a NetCDF file or Zarr store."""

__all__ = ["Fields"]

import functools
import warnings

import numpy as np
from torch import Tensor

from benchmark.files import open_fields
from benchmark.files.dates import hour_of, say, year_of
from benchmark.problem import BenchError, Need, Normalisation, hash_json, parse_channel

from .backgrounds import ArchiveBackground, Background, ForecasterBackground, Persistence
from .base import Forecaster, Split, World
from .climatology import Climatology
from .gaps import refuse_gaps
from .harmonics import HarmonicClimatology
from .perturbations import Perturbations
from .reading import FieldReader, evenly
from .spec import WorldSpec
from .statistics import Statistics

STATISTICS_TIMES = 1500
STATISTICS_BYTES = 2 * 2**30
TOLD_SHARE = 0.05


class Fields(World):
    """A world of real fields.

    Fields are read when they are asked for. If those of all three splits fit into 512 MB they are read once
    and kept. If those of the training years alone do not fit into 2 GB, climatology and normalisation come from
    about 1500 training times (whole days, evenly spaced), so that a bucket is not read from end to end.

    In the training and validation years a background is made from the truth of those years only, so that what
    is fitted never depends on test data.

    Arguments:
        spec: What the world is made of.
        forecaster: Makes the background if the spec's kind is `forecaster`. Without one everything but
            `background` and `archive` works, as training needs.
        statistics: What the training years say, if the data are a sample of the test years only.

    Raises:
        BenchError: If the data cannot be opened or do not hold the channels.
    """

    spec: WorldSpec

    def __init__(
        self, spec: WorldSpec, forecaster: Forecaster | None = None, statistics: Statistics | None = None
    ) -> None:
        if not spec.path:
            raise BenchError(
                f"The world '{spec.name}' does not ship with its data. {spec.data_note.strip()} "
                "Give the file with --data PATH."
            )
        self.spec = spec
        self.name = spec.name
        self.title = spec.title or spec.name
        self.forecaster = forecaster
        self._statistics = statistics
        self.channels = tuple(parse_channel(name) for name in spec.channels)
        self._reader = FieldReader(open_fields(spec.path), self.channels, spec.path, spec.variables, spec.hours)
        self.grid = self._reader.grid
        self._background = self._choose_background()
        self._told: set[str] = set()
        self._perturbations: Perturbations | None = None

    def _choose_background(self) -> Background:
        background = self.spec.background
        match background.kind:
            case "persistence":
                return Persistence(self, background.lead_h)
            case "archive":
                return ArchiveBackground(self, background, self.spec.variables, self._all_times)
            case _:
                return ForecasterBackground(self, background, self.forecaster)

    @property
    def on_earth(self) -> bool:
        return self.spec.planet is None

    def use_forecaster(self, forecaster: Forecaster) -> None:
        """Takes a forecast network, once there is one."""
        self.forecaster = forecaster
        self._background = self._choose_background()

    def use_perturbations(self, perturbations: Perturbations) -> None:
        """Takes the perturbations that its background ensembles start from."""
        self._perturbations = perturbations

    @property
    def offers(self) -> frozenset[Need]:
        return frozenset({Need.ENSEMBLE}) if self.components else frozenset()

    def ensemble(self, times: np.ndarray, members: int) -> Tensor:
        if self._perturbations is None or not isinstance(self._background, ForecasterBackground):
            raise BenchError(
                f"The world '{self.name}' has no perturbations for a background ensemble; "
                f"make them with 'bench train perturbations --world {self.name}'."
            )
        times = _as_times(times)
        return self._background.ensemble(times, self._perturbations.draw(self.name, times, members))

    def times(self, split: Split) -> np.ndarray:
        """
        Raises:
            BenchError: If a year of the split has no data, if times are missing that the spec does not allow
                to miss, or if no time has a background.
        """
        times = self._truth_times(split)
        if step_h := self.spec.test_step_h if split == "test" else self.spec.archive_step_h:
            times = times[times.astype("datetime64[h]").astype(np.int64) % step_h == 0]
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

    def forecast_times(self, split: Split) -> np.ndarray:
        """Times of a split that a forecaster's single steps may end at, shape (time,), datetime64[ns]."""
        background = self.spec.background
        times = self._truth_times(split)
        usable = self._all_times if split == "test" else self._fitting_times
        ages = [np.timedelta64(k * background.step_h, "h") for k in range(1, background.history + 1)]
        return times[np.all([np.isin(times - age, usable) for age in ages], axis=0)]

    def truth(self, times: np.ndarray) -> Tensor:
        return self.normalise(self.read(times))

    def background(self, times: np.ndarray) -> Tensor:
        return self._background.make(_as_times(times))

    def climatology(self, times: np.ndarray) -> Tensor:
        return self.normalise(self.daily_climatology.at(_as_times(times)))

    @functools.cached_property
    def daily_climatology(self) -> Climatology | HarmonicClimatology:
        """From the training years [physical]."""
        if self._statistics is not None:
            return self._statistics.climatology
        times = self._statistics_times
        if self.spec.climatology == "harmonics":
            return HarmonicClimatology.fit(self._reader.batches(times))
        return Climatology.fit(self._reader.batches(times), hour_of(times).tolist())

    @functools.cached_property
    def normalisation(self) -> Normalisation:
        """Area-weighted mean over the training years, and root of the area-weighted mean square of the
        departures from the climatology there."""
        if self._statistics is not None:
            return self._statistics.normalisation
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
        if self._statistics is not None:
            return self._statistics.training_hash
        return self._hash(np.concatenate([self._truth_times("train"), self._truth_times("validate")]))

    @functools.cached_property
    def evaluation_hash(self) -> str:
        """Like `training_hash`, of the test cases; with their forecasts if the background is an archive."""
        # without a step, all the truth there is, with a background or not
        times = self.times("test") if self.spec.test_step_h else self._truth_times("test")
        return hash_json([self._hash(times), self._background.hash(times)])

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
        # what a world leaves at its default is not named, so that it may be given a name later
        more = {
            "forecasts": forecasts,
            "step_h": background.step_h if background.step_h != background.lead_h else None,
            "conserve": background.conserve,
            "climatology": self.spec.climatology if self.spec.climatology != "window" else "",
        }
        named = {key: value for key, value in more.items() if value}
        return {"kind": background.kind, "lead_h": background.lead_h, **named}

    @property
    def components(self) -> tuple[str, ...]:
        return {"forecaster": ("forecaster",), "planet": ("planet-columns",)}.get(self.spec.background.kind, ())

    def _truth_times(self, split: str) -> np.ndarray:
        wanted = self.spec.years(split)
        years = year_of(self._reader.times)
        absent = [year for year in wanted if year not in years]
        if self._statistics is not None and split != "test":
            raise BenchError(
                f"The package holds only test cases of the world '{self.name}', no {split} years. "
                f"{self.spec.data_note.strip()}"
            )
        if absent:
            raise BenchError(
                f"'{self.spec.path}' has no data in {', '.join(map(str, absent))}, which '{split}' of the world "
                f"'{self.name}' names; it spans {say(self._reader.times[0])} to {say(self._reader.times[-1])}. "
                "Give a file that has them with --data PATH, or change the years in the world file."
            )
        if not self.spec.allow_gaps and self._statistics is None:
            refuse_gaps(self._reader.times, wanted, split, self.spec.path)
        return self._reader.times[np.isin(years, wanted)]

    @functools.cached_property
    def _fitting_times(self) -> np.ndarray:
        """Times whose truth may be fitted on."""
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
        if self._reader.bytes_of(len(times)) <= STATISTICS_BYTES or len(times) <= STATISTICS_TIMES:
            return times
        days = times.astype("datetime64[D]")
        unique = np.unique(days)
        count = max(1, STATISTICS_TIMES * len(unique) // len(times))
        return times[np.isin(days, unique[evenly(len(unique), count)])]

    def read(self, times: np.ndarray) -> np.ndarray:
        """The truth, shape (case, channel, latitude, longitude), float32 [physical]."""
        self._reader.keep(self._all_times)
        return self._reader.read(_as_times(times))

    def _hash(self, times: np.ndarray) -> str:
        self._reader.keep(self._all_times)
        return self._reader.hash(times)


def _as_times(times: np.ndarray) -> np.ndarray:
    return np.atleast_1d(np.asarray(times)).astype("datetime64[ns]")
