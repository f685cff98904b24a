"""Analyses as a forecast store of WeatherBench 2: what its evaluation reads, with a single lead time of zero.

The layout is that of its own stores (https://weatherbench2.readthedocs.io/en/latest/data-guide.html), such as
`ifs_ens/2018-2022-64x32_equiangular_conservative.zarr`: Zarr version 2 with consolidated metadata, float32, dimensions
(time, [number], prediction_timedelta, [level], longitude, latitude), chunked in time only.
"""

__all__ = ["export_wb2"]

import functools
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr

from benchmark.problem import BenchError, Channel, describe, first_line

from .opening import open_fields
from .reading import guard, read_fields
from .variables import ABSENT_LEVELS, Location, list_channels

# Of one variable; its stores of that resolution have such.
CHUNK_BYTES = 2**22
DIMS = ("time", "number", "prediction_timedelta", "level", "longitude", "latitude")
COORDINATES = {
    "time": {"units": "seconds since 1970-01-01", "dtype": "int64"},
    "prediction_timedelta": {"units": "hours", "dtype": "int64"},
}


def export_wb2(source: Path, target: Path) -> None:
    """Writes the analyses of a store anew, a few times at once; the target is whole or absent.

    Times become initialisation times of forecasts with a lead time of zero, names are WeatherBench 2's, units SI.
    Levels that a variable lacks are NaN.

    Arguments:
        source: Analyses in any layout that can be scored, such as those of `bench run --save-analyses`.
        target: The Zarr store to write.

    Raises:
        BenchError: If the target exists, the source cannot be read or holds no field, or the disk is full.
    """
    if target.exists():
        raise BenchError(f"{target} exists already; name another file with --out, or remove it.")
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    ds = open_fields(source, strict=True)
    try:
        places = list_channels(ds, str(source))
        if not places or ds.sizes["time"] == 0:
            raise BenchError(
                f"'{source}' holds no field of time, latitude and longitude; give a store of `bench run "
                "--save-analyses`, or another with these dimensions."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        step = _step(ds)
        for start in range(0, ds.sizes["time"], step):
            block = guard(str(source), functools.partial(_block, ds, places, slice(start, start + step)))
            if start == 0:
                encoding = _encoding(block, ds.sizes["time"])
                block.to_zarr(part, mode="w", zarr_format=2, consolidated=False, encoding=encoding)
            else:
                block.to_zarr(part, append_dim="time", consolidated=False)
        zarr.consolidate_metadata(part, zarr_format=2)
        part.rename(target)
    except OSError as error:
        raise BenchError(
            f"{target} cannot be written ({first_line(error)}); make room, or name another place with --out."
        ) from error
    finally:
        ds.close()
        shutil.rmtree(part, ignore_errors=True)


def _step(ds: xr.Dataset) -> int:
    """Times a chunk."""
    of_one_time = 4 * max(ds[name].size // ds.sizes["time"] for name in ds.data_vars if "time" in ds[name].dims)
    return min(ds.sizes["time"], max(1, CHUNK_BYTES // of_one_time))


def _encoding(block: xr.Dataset, times: int) -> dict[str, dict[str, Any]]:
    """Chunks of the first block for all, and one chunk for each coordinate."""
    fields = {str(name): {"chunks": block[name].shape} for name in block.data_vars}
    return {**fields, **COORDINATES, "time": {**COORDINATES["time"], "chunks": (times,)}}


def _block(ds: xr.Dataset, places: dict[Channel, Location], times: slice) -> xr.Dataset:
    """Some times of all fields."""
    levels = sorted({channel.level for channel in places if channel.level is not None})
    variables = {}
    for variable in dict.fromkeys(channel.variable for channel in places):
        known = describe(variable)
        own = {channel.level: place for channel, place in places.items() if channel.variable == variable}
        attributes: dict[str, Any] = {"units": known.unit} if known.unit else {}
        if None in own:
            if len(own) > 1:
                raise BenchError(f"'{known.long}' stands there with levels and without; remove one of them.")
            field = _read(ds, list(own.values()), times)[0]
        else:
            found = dict(zip(own, _read(ds, list(own.values()), times), strict=True))
            gap = xr.full_like(next(iter(found.values())), np.nan)
            field = xr.concat([found.get(level, gap) for level in levels], "level", join="override")
            if absent := [level for level in levels if level not in found]:
                attributes[ABSENT_LEVELS] = absent
        field = field.expand_dims("prediction_timedelta").transpose(*DIMS, missing_dims="ignore")
        variables[known.long] = (field.dims, np.ascontiguousarray(field.values), attributes)
    return xr.Dataset(variables, _coordinates(ds, levels, times))


def _read(ds: xr.Dataset, places: Sequence[Location], times: slice) -> list[xr.DataArray]:
    fields = dict(read_fields(ds, places, {"time": times}))
    return [fields[i].drop_vars("level", errors="ignore").astype(np.float32) for i in range(len(places))]


def _coordinates(ds: xr.Dataset, levels: Sequence[int], times: slice) -> dict[str, Any]:
    east = ds["longitude"].values % 360
    # a region across the meridian of Greenwich stays in one piece
    longitude = east if np.all(np.diff(east) > 0) else ds["longitude"].values
    coordinates: dict[str, Any] = {
        "time": ds["time"].values[times],
        "prediction_timedelta": ("prediction_timedelta", np.zeros(1, "timedelta64[ns]"), {"long_name": "lead time"}),
        "longitude": ("longitude", longitude, {"long_name": "longitude", "units": "degrees_east"}),
        "latitude": ("latitude", ds["latitude"].values, {"long_name": "latitude", "units": "degrees_north"}),
    }
    if levels:
        coordinates["level"] = ("level", np.array(levels, np.int32), {"long_name": "pressure level", "units": "hPa"})
    if "number" in ds.dims:
        coordinates["number"] = np.arange(ds.sizes["number"], dtype=np.int32)
    return coordinates
