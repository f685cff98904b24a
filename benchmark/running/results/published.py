"""A result set on disk, small enough to be kept under version control: a folder of one JSON and three Parquet files."""

__all__ = ["RESULTS", "is_published", "read_published", "write_published"]

import functools
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet

from benchmark.files import write_whole
from benchmark.problem import BenchError

from .result_set import ResultSet
from .tabulating import Tables, from_tables, to_tables

RESULTS = "experiments.json"
"""The file by which the folder is known."""

FORMAT = 1
KEPT_BITS = 16
"""Of the 52 bits of a value's mantissa: half a unit of the last is 8e-6 of the value."""

TABLES = ("cases", "values", "bins")


def is_published(where: Path | str) -> bool:
    """Whether a folder holds a result set, and is no store."""
    return "://" not in str(where) and (Path(where) / RESULTS).is_file()


def write_published(results: ResultSet, folder: Path) -> None:
    """Values are rounded to five digits, which takes two thirds of the room.

    Arguments:
        results: What is kept.
        folder: Made if it is not there; what is of this name in it is replaced.

    Raises:
        BenchError: If a file cannot be written.
    """
    tables = to_tables(results)
    for name in TABLES:
        frame = getattr(tables, name)
        if "value" in frame:
            frame = frame.assign(value=_rounded(frame["value"].to_numpy(np.float64)))
        content = _packed(frame)
        write_whole(folder / f"{name}.parquet", functools.partial(Path.write_bytes, data=content))
    lines = ",\n".join(json.dumps(record, sort_keys=True, default=str) for record in tables.records)
    text = f'{{"format": {FORMAT}, "region": {json.dumps(results.region)}, "results": [\n{lines}\n]}}\n'
    write_whole(folder / RESULTS, lambda path: path.write_text(text))


def read_published(folder: Path) -> ResultSet:
    """
    Raises:
        BenchError: If a file is missing or damaged.
    """
    try:
        told = json.loads((folder / RESULTS).read_text())
        frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise BenchError(f"The results in {folder} cannot be read: {error}.") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT or not isinstance(told.get("results"), list):
        raise BenchError(f"{folder / RESULTS} is not of format {FORMAT}; write it anew with bench results publish.")
    return from_tables(Tables(str(told.get("region", "")), told["results"], **frames), str(folder))


def _rounded(values: np.ndarray) -> np.ndarray:
    """To float32 whose last bits are zero, which compress to nothing."""
    bits = np.nan_to_num(values.astype(np.float32), nan=0.0).view(np.uint32)
    drop = np.uint32(23 - KEPT_BITS)
    half = (np.uint32(1) << (drop - np.uint32(1))) - np.uint32(1) + ((bits >> drop) & np.uint32(1))
    rounded = ((bits + half) >> drop << drop).view(np.float32)
    return np.where(np.isfinite(values), rounded, np.float32("nan")).astype(np.float32)


def _packed(frame: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    split = [field.name for field in table.schema if pyarrow.types.is_floating(field.type)]
    words = [field.name for field in table.schema if field.name not in split]
    pyarrow.parquet.write_table(
        table.replace_schema_metadata(),
        sink,
        compression="zstd",
        compression_level=12,
        use_dictionary=words,
        column_encoding=dict.fromkeys(split, "BYTE_STREAM_SPLIT") or None,
        write_statistics=False,
    )
    return sink.getvalue()
