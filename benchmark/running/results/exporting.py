"""Results as files that other programs read: CSV, Parquet, NetCDF."""

__all__ = ["FORMATS", "export"]

import io
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import xarray as xr

from benchmark.files import write_whole
from benchmark.problem import BenchError
from metrics import find_region

from ..scoring import OBSERVATIONS
from ..store import ResultStore
from .listing import Stored
from .scores import score_rows

FORMATS = (".csv", ".parquet", ".nc")
TIMING = ("seconds", "peak_memory_mb")
"""Columns that are of the computation, and not of what came out."""


def export(
    store: ResultStore, stored: Iterable[Stored], path: Path, rows: bool, region: str | None, timing: bool = True
) -> int:
    """Writes a file, whole or not at all.

    Arguments:
        store: Where the results are.
        stored: The experiments.
        path: `.csv`, `.parquet`, or `.nc` for scores as an xarray dataset (experiment, score, channel, region).
        rows: The stored statistics of every case, in place of scores.
        region: The only region, None for all.
        timing: Whether to say how long cases took; without it equal results make equal files.

    Returns:
        Number of rows.

    Raises:
        BenchError: If nothing is there to write, the format is not known, or the file cannot be written.
    """
    if path.suffix not in FORMATS:
        raise BenchError(f"Cannot write '{path.name}': the name has to end in one of {', '.join(FORMATS)}.")
    if rows and path.suffix == ".nc":
        raise BenchError("Rows go into .csv or .parquet; leave --rows out, and scores go into .nc.")
    if region is not None and region != OBSERVATIONS:
        find_region(region)
    if rows:
        frames = [_by_case(store.read(one.id, region)) for one in stored]
    else:
        frames = [score_rows(store, one, region) for one in stored]
    found = [frame for frame in frames if frame is not None and not frame.empty]
    if not found:
        raise BenchError("No result meets these conditions; bench results list shows what there is.")
    table = pd.concat(found, ignore_index=True)
    if not timing:
        table = table.drop(columns=[c for c in TIMING if c in table])
    write_whole(path, lambda temporary: _write(table, temporary, path.suffix))
    return len(table)


def _by_case(rows: pd.DataFrame | None) -> pd.DataFrame | None:
    """Files are not in the order of their cases where a day has several."""
    return None if rows is None else rows.sort_values("time", kind="stable", ignore_index=True)


def _write(table: pd.DataFrame, path: Path, suffix: str) -> None:
    if suffix == ".csv":
        # 17 digits give a number back to the bit
        path.write_text(table.to_csv(index=False, float_format="%.17g"))
    elif suffix == ".parquet":
        sink = io.BytesIO()
        table.to_parquet(sink, index=False)
        path.write_bytes(sink.getvalue())
    else:
        _as_dataset(table).to_netcdf(path, engine="h5netcdf")


def _as_dataset(table: pd.DataFrame) -> xr.Dataset:
    keys = ["experiment", "score", "channel", "region"]
    values = table.set_index(keys)[["value", "low", "high"]].to_xarray()
    once = table.drop_duplicates("experiment").set_index("experiment").reindex(values["experiment"].to_index())
    told = [column for column in once if column not in (*keys, "value", "low", "high")]
    return values.assign_coords({column: ("experiment", once[column].to_numpy()) for column in told})
