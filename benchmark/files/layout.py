"""Coordinates as the benchmark wants them, whatever the file calls them and however it orders them."""

__all__ = ["standardise"]

from collections.abc import Sequence

import numpy as np
import xarray as xr

from benchmark.problem import BenchError

from .dates import say

NAMES = {
    "time": ("time", "valid_time", "init_time", "initial_time", "forecast_reference_time", "date", "datetime"),
    "lead": ("prediction_timedelta", "lead_time", "lead", "leadtime", "step", "forecast_period", "prediction_time"),
    "level": ("level", "pressure_level", "isobaricinhpa", "plev", "lev", "pressure", "isobaric", "pres", "levels"),
    "latitude": ("latitude", "lat", "nav_lat", "y"),
    "longitude": ("longitude", "lon", "long", "nav_lon", "x"),
    "number": ("number", "member", "ensemble", "realization"),
    "hour": ("hour",),
    "dayofyear": ("dayofyear",),
}
PROJECTED = ("x", "y")
TO_HPA = {"pa": 0.01, "pascal": 0.01, "hpa": 1.0, "mbar": 1.0, "mb": 1.0, "millibar": 1.0, "millibars": 1.0}
GLOBAL_GAP = 1.5


def standardise(ds: xr.Dataset, label: str, leading: Sequence[str] = ("time",), strict: bool = False) -> xr.Dataset:
    """Renames and orders the coordinates; nothing but coordinates is read.

    Arguments:
        ds: A data set on a regular latitude-longitude grid.
        label: What to call it in messages.
        leading: What its fields are sorted by: `("time",)`, or `("hour", "dayofyear")` for a climatology.
        strict: Whether to guess nothing: each of these, latitude and longitude is then a dimension, even if
            of one value, and levels without a unit are hPa.

    Returns:
        The same with dimensions among those of `leading`, lead, number (an ensemble's members), level [hPa],
        latitude and longitude. Latitude ascends. Longitude ascends without a gap: 0 to 360 for a circle, else it
        starts in [-180, 180) after the widest gap, so 340..374.5 becomes -20..14.5. Time ascends, datetime64[ns].
        Other coordinates are dropped.

    Raises:
        BenchError: If a coordinate is not found, or times are repeated or not of the Gregorian calendar.
    """
    required = (*leading, "latitude", "longitude")
    kinds = (*required, "lead", "level", "number")
    found = {kind: name for kind in kinds if (name := _find(ds, kind)) is not None}
    for kind in required:
        if kind not in found:
            raise BenchError(_absent(ds, kind, label))
        if strict and ds[found[kind]].ndim == 0:
            raise BenchError(
                f"'{label}' has no dimension '{kind}', only the one value {ds[found[kind]].values}; "
                f"keep the dimension, for example with ds.expand_dims('{kind}')."
            )
    ds = ds.drop_vars([c for c in ds.coords if c not in found.values()])
    for kind, name in found.items():
        if ds[name].ndim == 1 and ds[name].dims[0] != name:
            ds = ds.swap_dims({ds[name].dims[0]: name})
        if kind != name:
            ds = ds.drop_vars(kind, errors="ignore").rename({name: kind})
    for kind in required:
        if ds[kind].ndim == 0:
            ds = ds.expand_dims(kind)
    ds = _order_levels(_order_longitude(_order_latitude(ds)), strict)
    return _order_time(ds, label) if "time" in leading else ds


def _absent(ds: xr.Dataset, kind: str, label: str) -> str:
    """What to say where a coordinate is not found."""
    bare = [str(d) for d in ds.dims if str(d).lower() in NAMES[kind] and d not in ds.coords and d not in PROJECTED]
    if bare:
        return f"'{label}' has no coordinate values for '{bare[0]}'; add them to the file."
    dims = ", ".join(map(str, ds.dims)) or "none"
    regrid = ", or interpolate the fields to a regular latitude-longitude grid" if kind.endswith("itude") else ""
    return (
        f"'{label}' has no one-dimensional {kind} coordinate (its dimensions: {dims}); rename it to '{kind}'{regrid}."
    )


def _find(ds: xr.Dataset, kind: str) -> str | None:
    """The name of the coordinate of a kind: dimensions first, names before attributes."""
    # Members need no values to be counted; a coordinate of that name along another dimension is not theirs.
    small = [str(d) for d in ds.dims] if kind == "number" else [str(c) for c in ds.coords if ds[c].ndim <= 1]
    small.sort(key=lambda c: c not in ds.dims)
    for wanted in NAMES[kind]:
        for name in small:
            if name.lower() == wanted and not (wanted in PROJECTED and _units(ds[name]).startswith("m")):
                return name
    return next((name for name in small if _means(ds[name], kind)), None)


def _units(coordinate: xr.DataArray) -> str:
    return str(coordinate.attrs.get("units", "")).strip().lower()


def _means(coordinate: xr.DataArray, kind: str) -> bool:
    standard, units = str(coordinate.attrs.get("standard_name", "")), _units(coordinate)
    match kind:
        case "time":
            return coordinate.dtype.kind == "M"
        case "lead":
            return coordinate.dtype.kind == "m" or standard == "forecast_period"
        case "level":
            return standard == "air_pressure" or (units in TO_HPA and coordinate.ndim == 1)
        case "latitude":
            return standard == "latitude" or units in ("degrees_north", "degree_north", "degreen", "degreesn")
        case "number":
            return standard == "realization"
        case "longitude":
            return standard == "longitude" or units in ("degrees_east", "degree_east", "degreee", "degreese")
        case _:
            return False


def _degrees(coordinate: xr.DataArray) -> np.ndarray:
    """Without what storing them did to them, so that one grid is the same from any file, shape (n,), float64."""
    # Float32 holds a 0.1 degree grid to 1e-5 degrees, a metre; float64 keeps the digits that decide a cell's area.
    return np.round(coordinate.values.astype(np.float64), 5 if coordinate.dtype.itemsize <= 4 else 9)


def _order_latitude(ds: xr.Dataset) -> xr.Dataset:
    latitude = _degrees(ds["latitude"])
    ds = ds.assign_coords(latitude=latitude)
    if np.all(np.diff(latitude) > 0):
        return ds
    if np.all(np.diff(latitude) < 0):
        return ds.isel(latitude=slice(None, None, -1))
    return ds.isel(latitude=np.argsort(latitude, kind="stable"))


def _order_longitude(ds: xr.Dataset) -> xr.Dataset:
    # A file that repeats its first meridian at the end has it once on the circle.
    circle, first = np.unique(np.round(_degrees(ds["longitude"]) % 360, 9), return_index=True)
    gaps = np.diff(circle, append=circle[0] + 360)
    start = 0
    if len(circle) < 3 or gaps.max() > GLOBAL_GAP * np.median(gaps):
        start = (int(gaps.argmax()) + 1) % len(circle)
    order = np.roll(first, -start)
    longitude = np.concatenate([circle[start:], circle[:start] + 360])
    longitude = np.round(longitude - (360 if longitude[0] >= 180 else 0), 9)
    if np.array_equal(order, np.arange(ds.sizes["longitude"])):
        return ds.assign_coords(longitude=longitude)
    return ds.isel(longitude=order).assign_coords(longitude=longitude)


def _order_levels(ds: xr.Dataset, strict: bool) -> xr.Dataset:
    if "level" not in ds.coords:
        return ds
    level = ds["level"].astype(np.float64)
    units = _units(ds["level"])
    # Without a unit, only Pa reaches beyond any pressure in hPa.
    guess = 0.01 if not strict and not units and float(level.max()) > 1100 else 1.0
    factor = TO_HPA.get(units, guess)
    return ds.assign_coords(level=level * factor)


def _order_time(ds: xr.Dataset, label: str) -> xr.Dataset:
    times = ds["time"].values
    if times.dtype.kind != "M":
        raise BenchError(
            f"The times of '{label}' are not dates of the Gregorian calendar (they are {times.dtype}); give 'time' "
            "CF units such as 'hours since 1900-01-01', or bring them to the standard calendar with "
            "ds.convert_calendar('standard')."
        )
    times = times.astype("datetime64[ns]")
    ds = ds.assign_coords(time=times)
    if np.isnat(times).any():
        raise BenchError(f"{int(np.isnat(times).sum())} times of '{label}' are missing (NaT); remove these entries.")
    steps = np.diff(np.sort(times))
    if (steps == np.timedelta64(0)).any():
        where = np.sort(times)[int((steps == np.timedelta64(0)).argmax())]
        raise BenchError(
            f"'{label}' holds {int((steps == np.timedelta64(0)).sum())} times more than once, first {say(where)}; "
            "remove them with ds.drop_duplicates('time')."
        )
    return ds if np.all(np.diff(times) > np.timedelta64(0)) else ds.isel(time=np.argsort(times))
