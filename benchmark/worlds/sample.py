"""A world's test cases and statistics as they ship with the package: a few megabytes in place of an archive."""

__all__ = ["SAMPLES", "SampleCard", "read_sample", "write_sample"]

import json
from pathlib import Path
from typing import Any

import numpy as np
import pydantic
import xarray as xr
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from benchmark.files import file_hash, write_whole
from benchmark.problem import BenchError, Normalisation, first_line

from .fields import Fields
from .harmonics import HarmonicClimatology
from .planet.packing import pack, step_of, unpack
from .spec import WorldSpec
from .statistics import Statistics

SAMPLES = Path(__file__).parent / "shipped"
FIELDS, STATISTICS, CARD = "sample.nc", "statistics.safetensors", "card.json"


class SampleCard(pydantic.BaseModel):
    """What a sample is, and whether it is intact.

    Arguments:
        world: Name of the world.
        channels: Channel names, in order.
        files: sha256 by file name.
        times: How many times it holds.
        month: The month that is there every 6 h, for cycling.
        normalisation: Mean and std by channel, from the training years.
        training_hash: sha256 of the training and validation fields.
        evaluation_hash: sha256 of the test cases.
        made: Of what and how long the world and its weights were made.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    world: str
    channels: tuple[str, ...]
    files: dict[str, str]
    times: int
    month: str
    normalisation: dict[str, tuple[float, float]]
    training_hash: str
    evaluation_hash: str
    made: dict[str, Any] = {}


def sample_times(world: Fields, month: np.datetime64) -> np.ndarray:
    """Test cases, a month at the archive's own step, and the times their forecasts start from; ascending."""
    cases = world.times("test")
    year = world.forecast_times("test")
    cases = np.concatenate([cases, year[year.astype("datetime64[M]") == month]])
    starts = cases - np.timedelta64(world.spec.background.lead_h, "h")
    return np.unique(np.concatenate([cases, starts]))


def write_sample(world: Fields, folder: Path, month: np.datetime64, made: dict[str, Any]) -> SampleCard:
    """Writes what `read_sample` reads.

    Arguments:
        world: The world, from its archive.
        folder: Where to write.
        month: The month that is kept at every step, in a test year.
        made: Of what and how it was made.

    Raises:
        BenchError: If the world has no harmonic climatology or the month is not a test month.
    """
    climatology = world.daily_climatology
    if not isinstance(climatology, HarmonicClimatology):
        raise BenchError(f"A sample of '{world.name}' needs 'climatology: harmonics' in its world file.")
    times = sample_times(world, month)
    if not (times.astype("datetime64[M]") == month).sum() > 31:
        raise BenchError(f"{month} is not a month of the test years of '{world.name}'; name one with --month.")
    fields = world.read(times)
    counts = pack(fields, world.channels)
    if not np.array_equal(unpack(counts, world.channels), fields):
        raise BenchError(f"The fields of '{world.name}' are not in whole steps; only a planet made here can be packed.")
    coords = {
        "time": times,
        "latitude": ("latitude", np.array(world.grid.latitude), {"units": "degrees_north"}),
        "longitude": ("longitude", np.array(world.grid.longitude), {"units": "degrees_east"}),
    }
    dims = ("time", "latitude", "longitude")
    variables = {
        c.name: (dims, counts[:, i], {"units": c.unit, "scale_factor": np.float32(step_of(c))})
        for i, c in enumerate(world.channels)
    }
    encoding = {c.name: {"zlib": True, "complevel": 9, "shuffle": True} for c in world.channels}
    dataset = xr.Dataset(variables, coords, {"Conventions": "CF-1.10", "title": world.title})
    write_whole(folder / FIELDS, lambda path: dataset.to_netcdf(path, engine="h5netcdf", encoding=encoding))
    content = save({"coefficients": climatology.coefficients})
    write_whole(folder / STATISTICS, lambda path: path.write_bytes(content))
    normalisation = zip(world.normalisation.mean, world.normalisation.std, strict=True)
    card = SampleCard(
        world=world.name,
        channels=world.spec.channels,
        files={name: file_hash(folder / name) for name in (FIELDS, STATISTICS)},
        times=len(times),
        month=str(month),
        normalisation=dict(zip(world.spec.channels, normalisation, strict=True)),
        training_hash=world.training_hash,
        evaluation_hash=world.evaluation_hash,
        made=made,
    )
    text = card.model_dump_json(indent=1) + "\n"
    write_whole(folder / CARD, lambda path: path.write_text(text))
    return card


def read_sample(spec: WorldSpec, folder: Path) -> Fields:
    """The world from its sample: test cases only.

    Arguments:
        spec: The world's description, without a path.
        folder: Of the sample.

    Raises:
        BenchError: If a file is missing or was changed, or the sample is of other channels.
    """
    try:
        card = SampleCard.model_validate(json.loads((folder / CARD).read_text()))
    except (OSError, ValueError) as error:
        raise BenchError(f"The card {folder / CARD} cannot be read ({first_line(error)}); install anew.") from error
    for name, digest in card.files.items():
        file = folder / name
        if not file.is_file() or file_hash(file) != digest:
            raise BenchError(
                f"The file {file} is missing or was changed (its sha256 differs); install the package anew."
            )
    if card.channels != spec.channels:
        raise BenchError(
            f"The sample of '{spec.name}' in the package has the channels {', '.join(card.channels)}; for others give "
            "an archive with --data PATH."
        )
    try:
        climatology = HarmonicClimatology(load_file(folder / STATISTICS)["coefficients"])
    except (SafetensorError, KeyError) as error:
        raise BenchError(f"{folder / STATISTICS} cannot be read ({first_line(error)}); install anew.") from error
    mean, std = zip(*card.normalisation.values(), strict=True)
    statistics = Statistics(climatology, Normalisation(mean, std), card.training_hash)
    return Fields(spec.model_copy(update={"path": str(folder / FIELDS)}), statistics=statistics)
