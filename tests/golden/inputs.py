"""Inputs of the WeatherBench 2 reference scores, made from a seed (numpy PCG64).

The order of the draws is part of the reference: `weatherbench2.json` holds for these numbers only.
"""

import numpy as np
import pandas as pd
import xarray as xr

LEVELS = [500, 850]
VARIABLES = ("geopotential", "temperature", "u_component_of_wind", "v_component_of_wind", "2m_temperature")
MEMBERS = 5


def make(seed: int, poles: bool) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    """Forecast (number, time, [level], longitude, latitude), truth (time, ...), climatology (hour, dayofyear, ...).

    The grid has 64 longitudes and 32 cell-centred latitudes, or 33 latitudes with both poles.
    """
    rng = np.random.default_rng(seed)
    lat = np.linspace(-90, 90, 33) if poles else -90 + 180 / 32 * (np.arange(32) + 0.5)
    space = {"longitude": np.arange(64) * 360 / 64, "latitude": lat}
    time = pd.date_range("2020-02-25", periods=16, freq="12h")
    forecast, truth, climatology = {}, {}, {}
    for name in VARIABLES:
        dims = ["longitude", "latitude"] if name == "2m_temperature" else ["level", "longitude", "latitude"]
        shape = tuple(len({"level": LEVELS, **space}[d]) for d in dims)
        mean = rng.normal(size=shape) * 3 + 10
        x = mean + rng.normal(size=(len(time), *shape)) * 2
        # errors that differ by day and latitude tell apart the two orders of root and mean
        day = np.exp(0.45 * rng.normal(size=len(time))).reshape(-1, *[1] * len(shape))
        xa = x + day * (1 + np.abs(lat) / 90) * rng.normal(size=(len(time), *shape)) * 0.7 + 0.1
        truth[name] = (["time", *dims], x)
        forecast[name] = (["number", "time", *dims], xa[None] + rng.normal(size=(MEMBERS, len(time), *shape)) * 0.5)
        climatology[name] = (["hour", "dayofyear", *dims], mean + 0.3 * rng.normal(size=(2, 366, *shape)))
    coords = {"level": LEVELS, **space}
    return (
        xr.Dataset(forecast, coords={"time": time, "number": np.arange(MEMBERS), **coords}),
        xr.Dataset(truth, coords={"time": time, **coords}),
        xr.Dataset(climatology, coords={"hour": [0, 12], "dayofyear": np.arange(1, 367), **coords}),
    )
