"""Results on disk: one Parquet file per experiment and chunk of cases.

A file is written under a temporary name and renamed, so that a file that is there is whole, and its presence is the
marker that its cases are done. Its name is made of its cases: two runs that do the same chunk write the same file, and
no clock has a say. What is missing is found by case, so chunks may be cut anew at any time.
"""

__all__ = ["DESCRIPTION", "ResultStore", "StoreError"]

import io
import json
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet

from benchmark.files import Place
from benchmark.problem import BenchError, hash_json

from .experiment import Experiment

# Rows repeat everything but their value: those compress to nothing, and a value hardly at all.
LEVEL = 1

SOUGHT = ["time", "channel", "region", "statistic", "experiment"]
"""Columns by which rows are looked for: a file says what it holds of them. Of all columns that would take as long as
writing them."""

DESCRIPTION = "experiment.json"
"""The file that says what an experiment is."""


class StoreError(BenchError):
    """Results cannot be written: nothing that is computed would be kept."""


class ResultStore:
    """
    Arguments:
        where: Folder or URL of the results; made when the first result is written.

    Raises:
        BenchError: If it is a file, or the URL cannot be reached.
    """

    def __init__(self, where: Path | str) -> None:
        self.place = Place(where)

    def prepare(self, experiment: Experiment, fresh: bool = False) -> None:
        """Makes the experiment's folder and writes what it is.

        Arguments:
            experiment: What is about to run.
            fresh: Whether to remove its earlier results.

        Raises:
            StoreError: If the folder cannot be written; better now than after the computation.
        """
        text = json.dumps(experiment.record(), indent=1, default=str) + "\n"
        self._put(f"{experiment.id}/{DESCRIPTION}", text.encode())
        for old in self.files(experiment.id) if fresh else ():
            self.place.remove(old)

    def files(self, experiment: str) -> list[str]:
        """Names of an experiment's result files."""
        return self.place.names(f"{experiment}/*.parquet")

    def done(self, experiment: str) -> np.ndarray:
        """Valid times of the cases that are there, ascending, datetime64[s].

        Raises:
            BenchError: If a file cannot be read.
        """
        parts = [self._table(name, ["time"]).column("time").unique().to_numpy() for name in self.files(experiment)]
        return np.unique(np.concatenate([part.astype("datetime64[s]") for part in parts])) if parts else _NO_TIMES

    def read(
        self,
        experiment: str,
        region: str | Collection[str] | None = None,
        columns: Sequence[str] | None = None,
        statistics: Iterable[str] | None = None,
    ) -> pd.DataFrame | None:
        """Rows of an experiment, every case once, or None.

        Arguments:
            experiment: Its id.
            region: The only region, or regions, to read, None for all; observations have one of their own name.
            columns: The columns to read, `time` among them; None for all.
            statistics: The only statistics to read, None for all.

        Raises:
            BenchError: If a file cannot be read.
        """
        regions = {region} if isinstance(region, str) else set(region or ())
        wanted: list[tuple[str, str, object]] = [("region", "in", regions)] if regions else []
        wanted += [("statistic", "in", set(statistics))] if statistics is not None else []
        frames = []
        seen = _NO_TIMES
        for name in self.files(experiment):
            rows = self._table(name, columns, wanted or None).to_pandas()
            times = rows["time"].to_numpy().astype("datetime64[s]")
            # two runs at once may have done the same cases: the rows are alike, the first are as good as any
            if np.isin(times, seen).any():
                rows = rows[~np.isin(times, seen)]
            seen = np.union1d(seen, times)
            frames.append(rows)
        return _joined(frames) if frames else None

    def write(self, experiment: Experiment, rows: pd.DataFrame | pyarrow.Table) -> None:
        """Adds the rows of a chunk of cases.

        Raises:
            StoreError: If they cannot be written; then nothing of them is there.
        """
        table = rows if isinstance(rows, pyarrow.Table) else pyarrow.Table.from_pandas(rows, preserve_index=False)
        times = np.unique(table.column("time").to_numpy().astype("datetime64[s]")).astype(str).tolist()
        name = f"{times[0][:10]}-{hash_json(times)[:12]}.parquet"
        self._put(f"{experiment.id}/{name}", _packed(table))

    def costs(self, experiment: str, files: int) -> list[float]:
        """Seconds that a case took its method, one figure a file, of the first few files.

        Raises:
            BenchError: If a file cannot be read.
        """
        found = []
        for name in self.files(experiment)[:files]:
            table = self._table(name, ["time", "seconds"])
            found.append(float(table.column("seconds").to_numpy().mean()))
        return found

    def described(self) -> list[str]:
        """Ids of the experiments of which it is written what they are."""
        return [name.partition("/")[0] for name in self.place.names(f"*/{DESCRIPTION}")]

    def experiments(self) -> dict[str, dict[str, object]]:
        """What every experiment is, by its id.

        Raises:
            BenchError: If a description cannot be read.
        """
        found = {}
        for identifier in self.described():
            name = f"{identifier}/{DESCRIPTION}"
            try:
                found[identifier] = json.loads(self.place.read(name))
            except (OSError, ValueError) as error:
                raise BenchError(
                    f"{self.place.where}/{name} cannot be read ({error}); delete its folder, its cases are run again."
                ) from error
        return found

    def _put(self, name: str, content: bytes) -> None:
        try:
            self.place.write(name, content)
        except BenchError as error:
            raise StoreError(str(error)) from error

    def _table(
        self, name: str, columns: Sequence[str] | None, wanted: list[tuple[str, str, object]] | None = None
    ) -> pyarrow.Table:
        try:
            return pyarrow.parquet.read_table(
                io.BytesIO(self.place.read(name)), columns=columns, filters=wanted, use_threads=False
            )
        except (OSError, ValueError, pyarrow.ArrowException) as error:
            raise BenchError(
                f"The result file {self.place.where}/{name} cannot be read ({error}); delete it, its cases are run "
                "again."
            ) from error


_NO_TIMES = np.array([], dtype="datetime64[s]")


def _packed(table: pyarrow.Table) -> bytes:
    sink = io.BytesIO()
    text = [field.name for field in table.schema if field.name != "value"]
    pyarrow.parquet.write_table(
        table, sink, compression="zstd", compression_level=LEVEL, use_dictionary=text, write_statistics=SOUGHT
    )
    return sink.getvalue()


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """One frame; words that are kept once a file are kept once."""
    for column in frames[0].columns[frames[0].dtypes == "category"]:
        words = pd.Index(np.unique(np.concatenate([np.asarray(f[column].cat.categories) for f in frames])))
        for frame in frames:
            frame[column] = frame[column].cat.set_categories(words)
    return pd.concat(frames, ignore_index=True)
