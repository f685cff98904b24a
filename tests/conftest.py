"""The real reanalysis beside the checkout, a small made-up region as data sets, and a small world with weights."""

import dataclasses
import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner, Result

from benchmark.cli import main

SHARED = Path(__file__).resolve().parents[2] / "shared"

LATITUDE = np.array([40.0, 43.0, 46.0, 49.0])
LONGITUDE = np.array([-6.0, -3.0, 0.0, 3.0, 6.0, 9.0])
# Steps are powers of two, so that packed numbers decode without rounding.
CHANNELS = {"z500": (54000.0, 0.5, "m2 s-2"), "t850": (280.0, 2.0**-6, "K"), "msl": (101000.0, 0.25, "Pa")}


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; absent on a machine that only has the checkout."""
    folder = SHARED / "data"
    if not (folder / "era_interim_euroatlantic_2000_2009.nc").exists():
        message = f"the reference data are not in {folder}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture
def region() -> Callable[..., xr.Dataset]:
    """Daily fields at 12 UTC from `first` to `last` year; a date's field is the same whatever the span."""

    def make(first: int = 2001, last: int = 2004) -> xr.Dataset:
        times = np.arange(f"{first}-01-01T12", f"{last + 1}-01-01T12", 24, dtype="datetime64[h]")
        data = {}
        for i, (name, (offset, step, units)) in enumerate(CHANNELS.items()):
            fields = [
                np.random.default_rng([i, int(t.astype(int))]).integers(-2000, 2000, (len(LATITUDE), len(LONGITUDE)))
                for t in times
            ]
            values = (offset + step * np.stack(fields)).astype(np.float32)
            data[name] = (("time", "latitude", "longitude"), values, {"units": units})
        coords = {"time": times.astype("datetime64[ns]"), "latitude": LATITUDE, "longitude": LONGITUDE}
        return xr.Dataset(data, coords)

    return make


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., str]:
    """Writes a data set as NetCDF and returns the path."""

    count = itertools.count()

    def write(ds: xr.Dataset, name: str = "", **options: object) -> str:
        name = name or f"fields{next(count)}.nc"
        ds.to_netcdf(tmp_path / name, engine="h5netcdf", **options)
        return str(tmp_path / name)

    return write


SMALL_WORLD = """\
name: small
title: A made-up region of 6 x 8 points
path: small.nc
channels: [msl, t850]
train: 2000-2002
validate: 2003
test: 2004
background: {kind: forecaster, lead_h: 24, settings: {history: 2}}
training:
  forecaster: {plan: {epochs: 1}, blocks: 3, backbone: {patch: 2, width: 8}}
  autoencoder: {plan: {epochs: 3}, latent_channels: 8, patch: 2, backbone: {width: 8, blocks: 1}}
  latent-prior: {plan: {epochs: 2}, backbone: {width: 8, levels: 1}}
  aligned-prior:
    candidates: {cases: 12, validation_cases: 8, members: 4, obs_frac: 0.2, parameters: {levels: 8}}
    plan: {epochs: 2}
    rank: 2
  state-prior: {plan: {epochs: 2}, backbone: {patch: 2, width: 8, levels: 1}}
  climate-prior: {plan: {epochs: 2}, backbone: {patch: 2, width: 8, levels: 1}}
  error-vae: {plan: {epochs: 2}, modes: 20, backbone: {patch: 2, width: 8}}
"""


@dataclasses.dataclass(frozen=True)
class SmallWorld:
    """A world that trains in seconds: its YAML file, its data, and the folder of its weights."""

    world: Path
    data: Path
    weights: Path

    @property
    def cards(self) -> Path:
        """The folder of its own cards and weights."""
        return self.weights / "small"

    @property
    def options(self) -> tuple[str, ...]:
        """What every command on it is given."""
        return ("--world", str(self.world), "--weights", str(self.weights), "--device", "cpu")

    def copy(self, folder: Path) -> "SmallWorld":
        """One that a test may spoil."""
        shutil.copytree(self.world.parent, folder)
        return SmallWorld(folder / "small.yaml", folder / "small.nc", folder / "weights")


def small_weather(first: int = 2000, last: int = 2004) -> xr.Dataset:
    """Daily weather of 12 UTC: eight smooth patterns, each of an AR(1) amplitude, a little noise, a seasonal cycle.

    The AR(1) coefficient is 0.8, so a day-old state has an error of sqrt(2 (1 - 0.8)) = 0.63 climatological stds.
    """
    rng = np.random.default_rng(7)
    times = np.arange(f"{first}-01-01T12", f"{last + 1}-01-01T12", 24, dtype="datetime64[h]")
    latitude, longitude = np.arange(40.0, 58.0, 3.0), np.arange(-12.0, 12.0, 3.0)
    kernel = np.exp(-(np.subtract.outer(np.arange(8), np.arange(8)) ** 2) / 8)
    patterns = np.einsum("ab,kcbd,de->kcae", kernel[:6, :6], rng.standard_normal((8, 2, 6, 8)), kernel)
    patterns /= np.sqrt((patterns**2).sum(0).mean((1, 2)))[:, None, None]
    amplitude = np.zeros((len(times), 8))
    for day in range(1, len(times)):
        amplitude[day] = 0.8 * amplitude[day - 1] + 0.6 * rng.standard_normal(8)
    weather = np.einsum("tk,kcij->tcij", amplitude, patterns)
    weather += 0.1 * np.random.default_rng(8).standard_normal(weather.shape)
    season = np.cos(2 * np.pi * np.arange(len(times)) / 365.25)[:, None, None]
    fields = {"msl": 101500 + 300 * season + 700 * weather[:, 0], "t850": 278 - 9 * season + 4 * weather[:, 1]}
    units = {"msl": "Pa", "t850": "K"}
    return xr.Dataset(
        {
            name: (("time", "latitude", "longitude"), values.astype(np.float32), {"units": units[name]})
            for name, values in fields.items()
        },
        {"time": times.astype("datetime64[ns]"), "latitude": latitude, "longitude": longitude},
    )


@pytest.fixture(scope="session")
def make_weather() -> Callable[..., xr.Dataset]:
    """(first year, last year) -> the small world's fields; longer series begin as shorter ones do."""
    return small_weather


@pytest.fixture(scope="session")
def bench() -> Callable[..., Result]:
    """Runs a command in this process: (arguments) -> exit code, stdout, stderr.

    An exception that would show a traceback fails the test.
    """

    def invoke(*arguments: object) -> Result:
        result = CliRunner().invoke(main, [str(a) for a in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory, bench: Callable[..., Result]) -> SmallWorld:
    """The small world with all that LO-SDA needs, trained by `bench train`. Read-only: copy it to change it."""
    folder = tmp_path_factory.mktemp("small")
    world = SmallWorld(folder / "small.yaml", folder / "small.nc", folder / "weights")
    world.world.write_text(SMALL_WORLD)
    small_weather().to_netcdf(world.data, engine="h5netcdf")
    for target in ("lo-sda", "align-da", "denoising-3dvar", "sda", "vae-var"):
        result = bench("train", target, *world.options)
        assert result.exit_code == 0, result.stderr
    return world
