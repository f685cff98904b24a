"""Opens NetCDF files and Zarr stores, here or behind a URL, without reading fields."""

__all__ = ["open_fields", "open_forecasts"]

import warnings
from collections.abc import Sequence
from pathlib import Path

import fsspec
import numpy as np
import xarray as xr
import zarr

from benchmark.problem import BenchError, closest, first_line

from .layout import standardise

NETCDF = (".nc", ".nc4", ".cdf", ".netcdf", ".h5", ".hdf5")
ENGINES = {b"\x89HDF": "h5netcdf", b"CDF\x01": "scipy", b"CDF\x02": "scipy"}


def open_fields(path: str | Path, leading: Sequence[str] = ("time",), strict: bool = False) -> xr.Dataset:
    """Opens a data set of fields by valid time, with coordinates as `layout.standardise` orders them.

    Arguments:
        path: A NetCDF file or Zarr store (version 2 or 3, also zipped), local or a URL that fsspec understands.
        leading: As in `standardise`.
        strict: As in `standardise`.

    Returns:
        The data set; closing it closes the file.

    Raises:
        BenchError: If it is missing, cannot be read, is not on a regular latitude-longitude grid, or holds forecasts
            of several lead times.
    """
    path = str(path)
    stored = _open(path)
    ds = standardise(stored, path, leading, strict)
    if ds.sizes.get("lead", 1) > 1:
        raise BenchError(
            f"'{path}' holds forecasts (it has {ds.sizes['lead']} lead times), not fields by valid time; give analyses "
            "here, and the forecasts as the archive of a world's background."
        )
    if "lead" in ds.dims and ds["lead"].dtype.kind == "m" and ds["lead"].values[0] == np.timedelta64(0):
        ds = ds.isel(lead=0, drop=True)  # analyses written as forecasts
    ds.set_close(stored.close)
    return ds


def open_forecasts(path: str, lead_h: int) -> xr.Dataset:
    """Opens the forecasts of one lead time; `time` becomes the valid time.

    Arguments:
        path: A data set by start (`time`) and lead (`prediction_timedelta`, `lead_time`, `step`).
        lead_h: The lead time [h].

    Raises:
        BenchError: As `open_fields`, or if there is no such lead time.
    """
    ds = standardise(_open(path), path)
    if "lead" not in ds.coords:
        raise BenchError(
            f"'{path}' has no lead times (prediction_timedelta, lead_time or step), so it is not a forecast archive; "
            "give one, or use the background 'persistence' or 'forecaster'."
        )
    if ds["lead"].ndim == 0:
        ds = ds.expand_dims("lead")
    leads = ds["lead"].values
    hours = leads / np.timedelta64(1, "h") if leads.dtype.kind == "m" else leads.astype(np.float64)
    where = np.flatnonzero(np.abs(hours - lead_h) < 1e-6)
    if len(where) == 0:
        raise BenchError(
            f"'{path}' has no forecasts of {lead_h} h; it has {', '.join(f'{h:g}' for h in hours)} h. "
            "Set the background's lead_h to one of these."
        )
    ds = ds.isel(lead=int(where[0])).drop_vars("lead")
    return ds.assign_coords(time=ds["time"].values + np.timedelta64(lead_h, "h"))


def _open(path: str) -> xr.Dataset:
    remote = "://" in path and not path.startswith("file://")
    local = Path(path.removeprefix("file://")).expanduser()
    if not remote and not local.exists():
        near = [p.name for p in local.parent.iterdir()] if local.parent.is_dir() else []
        hint = closest(local.name, near) if near else f"the folder '{local.parent}' is empty or does not exist."
        raise BenchError(
            f"There is no file '{path}'; {hint} Give the data with --data PATH if they are a world's, "
            "else correct the path."
        )
    zipped = not remote and local.suffix == ".zip"
    store = zipped or local.is_dir() or (remote and not path.lower().endswith(NETCDF))
    try:
        with warnings.catch_warnings():
            # A store without consolidated metadata only opens more slowly.
            warnings.filterwarnings("ignore", message=".*consolidated.*")
            if store:
                source = path if remote else zarr.storage.ZipStore(local, mode="r") if zipped else str(local)
                return xr.open_zarr(source, chunks=None, decode_timedelta=True)
            if remote:
                file = fsspec.open(path).open()
                return xr.open_dataset(file, engine="h5netcdf", decode_timedelta=True, cache=False)
            return xr.open_dataset(local, engine=_engine(local), decode_timedelta=True, cache=False)
    except BenchError:
        raise
    except ImportError as error:
        raise BenchError(f"'{path}' cannot be opened: {error}; install that package beside this one.") from None
    # Storage back ends raise errors of many libraries; all mean that the data cannot be had.
    except Exception as error:
        kind = "Zarr store" if store else "NetCDF file"
        cure = "check the address and the network" if remote else "check that it is whole, or fetch it again"
        raise BenchError(
            f"'{path}' cannot be read as a {kind} ({type(error).__name__}: {first_line(error)}); {cure}."
        ) from error


def _engine(file: Path) -> str:
    with file.open("rb") as stream:
        head = stream.read(4)
    if head == b"GRIB":
        raise BenchError(f"'{file}' is GRIB; convert it first, e.g. with 'grib_to_netcdf -o fields.nc {file.name}'.")
    if head not in ENGINES:
        raise BenchError(
            f"'{file}' cannot be read as a NetCDF file: it is neither NetCDF nor a Zarr store (it starts with "
            f"{head!r}); give such a file, and if it was downloaded, look whether it is an error page."
        )
    return ENGINES[head]
