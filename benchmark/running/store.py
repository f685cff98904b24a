"""Results on disk: one Parquet file per experiment and chunk of cases.

A file is written under a temporary name and renamed, so that a file that is there is whole, and its presence is
the marker that its cases are done. What is missing is found by case, so chunks may be cut anew at any time.
"""

__all__ = ["ResultStore"]

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow

from benchmark.files import write_whole
from benchmark.problem import BenchError, hash_json

from .experiment import Experiment


class ResultStore:
    """
    Arguments:
        folder: Where results are kept; made when the first result is written.

    Raises:
        BenchError: If the folder is a file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if folder.exists() and not folder.is_dir():
            raise BenchError(f"{folder} is a file; name a folder for the results with --out.")

    def prepare(self, experiment: Experiment, fresh: bool = False) -> None:
        """Makes the experiment's folder and writes what it is.

        Arguments:
            experiment: What is about to run.
            fresh: Whether to remove its earlier results.

        Raises:
            BenchError: If the folder cannot be written; better now than after the computation.
        """
        text = json.dumps(experiment.record(), indent=1, default=str) + "\n"
        write_whole(self._folder(experiment) / "experiment.json", lambda path: path.write_text(text))
        for old in self._folder(experiment).glob("*.parquet") if fresh else ():
            old.unlink(missing_ok=True)

    def read(self, experiment: Experiment) -> pd.DataFrame | None:
        """All rows of an experiment, every case once, or None.

        Raises:
            BenchError: If a file cannot be read.
        """
        files = sorted(self._folder(experiment).glob("*.parquet"))
        frames = [_read(file) for file in files]
        if not frames:
            return None
        rows = pd.concat(frames, ignore_index=True)
        # two runs at once may have done the same cases: the rows are alike, the first is as good as any
        return rows.drop_duplicates(["time", "channel", "region", "statistic"], ignore_index=True)

    def write(self, experiment: Experiment, rows: pd.DataFrame) -> None:
        """Adds the rows of a chunk of cases."""
        times = np.unique(rows["time"].to_numpy().astype("datetime64[s]")).astype(str).tolist()
        name = f"{times[0][:10]}-{hash_json(times)[:12]}.parquet"
        write_whole(self._folder(experiment) / name, lambda path: rows.to_parquet(path, index=False))

    def _folder(self, experiment: Experiment) -> Path:
        return self.folder / experiment.id


def _read(file: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(file)
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise BenchError(
            f"The result file {file} cannot be read ({error}); delete it, its cases are run again."
        ) from error
