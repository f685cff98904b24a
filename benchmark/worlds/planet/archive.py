"""The planet's archive on disk: a Zarr store in WeatherBench 2's layout, whole or to be resumed."""

__all__ = ["PIECE", "PlanetArchive", "check_archive", "needed_bytes"]

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numcodecs import Blosc

from benchmark.files import file_hash, write_whole
from benchmark.problem import BenchError, describe, first_line, parse_channel

from .settings import PLANET_CHANNELS, PLANET_LEVELS, PlanetSettings

PIECE = 40
"""Times a chunk, and between two places where a run can be resumed."""

RECORD = "planet.json"
LEVELS = tuple(sorted(PLANET_LEVELS))


def needed_bytes(settings: PlanetSettings, points: int) -> int:
    """Bytes of an archive before compression."""
    return 4 * len(settings.times) * len(PLANET_CHANNELS) * points


class PlanetArchive:
    """An archive that is being written, as `NAME.part` until it is whole.

    Every piece of `PIECE` times is one chunk of each variable. After a piece come the model's state and then the
    record with the sha256 of the piece's files, so a run that was killed goes on where the record ends.

    Arguments:
        path: Where the archive will be.
        settings: The planet's.
        latitude, longitude: Of the points [degrees].

    Raises:
        BenchError: If something is at `path`, or the part there cannot be resumed.
    """

    def __init__(self, path: Path, settings: PlanetSettings, latitude: np.ndarray, longitude: np.ndarray) -> None:
        self.path, self.times = path, settings.times
        self.part = path.with_name(f"{path.name}.part")
        if path.exists():
            raise BenchError(f"{path} exists already; remove it first, or name another place with --out.")
        if (self.part / RECORD).exists():
            self.record = _read_record(self.part)
            if self.record["hash"] != settings.hash:
                raise BenchError(f"{self.part} was begun with other settings; remove it, or name another --out.")
            _verify(self.part, self.record)
        else:
            self.record = {
                "hash": settings.hash,
                "planet": settings.model_dump(mode="json"),
                "seconds": 0.0,
                "pieces": [],
            }
            try:
                shutil.rmtree(self.part, ignore_errors=True)
                self.part.parent.mkdir(parents=True, exist_ok=True)
                self._create(latitude, longitude)
            except OSError as error:
                raise BenchError(f"{self.part} cannot be made ({error}); name another place with --out.") from error
        self._arrays = zarr.open_group(self.part, mode="r+", zarr_format=2)

    @property
    def total(self) -> int:
        """How many pieces the whole archive has."""
        return -(-len(self.times) // PIECE)

    @property
    def done(self) -> int:
        """How many of them are written."""
        return len(self.record["pieces"])

    def load_state(self) -> dict[str, np.ndarray] | None:
        """The model's state after the last piece, None if there is no record of any.

        Raises:
            BenchError: If it cannot be read.
        """
        if not (self.part / RECORD).exists():
            return None
        try:
            with np.load(self._state(self.done), allow_pickle=False) as file:
                return dict(file)
        except (OSError, ValueError) as error:
            raise BenchError(
                f"The model's state {self._state(self.done)} cannot be read ({first_line(error)}); "
                f"remove {self.part} and begin anew."
            ) from error

    def write(self, fields: np.ndarray, state: dict[str, np.ndarray], seconds: float) -> None:
        """Adds a piece.

        Arguments:
            fields: Shape (time, channel, latitude, longitude), float32 [SI].
            state: The model's after it.
            seconds: That it took to compute.
        """
        number = self.done
        span = slice(number * PIECE, number * PIECE + len(fields))
        files = {}
        for name, channels in _variables().items():
            chosen = fields[:, [PLANET_CHANNELS.index(c) for c in channels]].swapaxes(-1, -2)
            surface = len(channels) == 1
            try:
                self._arrays[name][span] = chosen[:, 0] if surface else chosen  # type: ignore[index]
            except OSError as error:
                raise BenchError(f"{self.part} cannot be written ({error}); make room and run it again.") from error
            chunk = f"{name}/{number}" + ".0" * (2 if surface else 3)
            files[chunk] = file_hash(self.part / chunk)
        self._save_state(state, number + 1)
        self.record["pieces"].append(files)
        self.record["seconds"] += seconds
        self._write_record()
        self._state(number).unlink(missing_ok=True)

    def begin(self, state: dict[str, np.ndarray], seconds: float) -> None:
        """Records the state at the end of the spin-up, and the seconds that took."""
        self._save_state(state, 0)
        self.record["seconds"] += seconds
        self._write_record()

    def finish(self, versions: dict[str, str]) -> None:
        """Gives the whole archive its name.

        Arguments:
            versions: Of the packages that made it.
        """
        self.record["versions"] = versions
        self._write_record()
        self._state(self.done).unlink(missing_ok=True)
        self.part.rename(self.path)

    def _state(self, piece: int) -> Path:
        return self.part / f"state-{piece}.npz"

    def _save_state(self, state: dict[str, np.ndarray], piece: int) -> None:
        def save(path: Path) -> None:
            with path.open("wb") as file:
                np.savez(file, **state)  # type: ignore[arg-type]

        write_whole(self._state(piece), save)

    def _write_record(self) -> None:
        text = json.dumps(self.record, indent=0) + "\n"
        write_whole(self.part / RECORD, lambda path: path.write_text(text))

    def _create(self, latitude: np.ndarray, longitude: np.ndarray) -> None:
        group = zarr.create_group(self.part, zarr_format=2)
        group.attrs["Conventions"] = "CF-1.10"
        group.attrs["title"] = "A planet of primitive equations, made by assimbench with dinosaur"

        def add(name: str, values: np.ndarray, **attributes: Any) -> None:
            attributes["_ARRAY_DIMENSIONS"] = [name]
            # a fill value of 0 would make the meridian of Greenwich a missing one
            array = group.create_array(
                name,
                shape=values.shape,
                chunks=values.shape,
                dtype=values.dtype,
                fill_value=None,
                attributes=attributes,
            )
            array[:] = values

        hours = self.times.astype("datetime64[h]").astype(np.int64)
        calendar = {"units": "hours since 1970-01-01 00:00:00", "calendar": "proleptic_gregorian"}
        add("time", hours, standard_name="time", **calendar)
        add("level", np.array(LEVELS, np.int64), standard_name="air_pressure", units="hPa", positive="down")
        add("latitude", latitude.astype(np.float64), standard_name="latitude", units="degrees_north")
        add("longitude", longitude.astype(np.float64), standard_name="longitude", units="degrees_east")
        for name, channels in _variables().items():
            known = parse_channel(channels[0])
            dims = (
                ("time", "longitude", "latitude") if known.level is None else ("time", "level", "longitude", "latitude")
            )
            sizes = {"time": len(hours), "level": len(LEVELS), "longitude": len(longitude), "latitude": len(latitude)}
            shape = tuple(sizes[d] for d in dims)
            group.create_array(
                name,
                shape=shape,
                chunks=(PIECE, *shape[1:]),
                dtype="float32",
                fill_value=np.nan,
                compressors=Blosc("zstd", clevel=5, shuffle=Blosc.SHUFFLE),
                attributes={
                    "_ARRAY_DIMENSIONS": list(dims),
                    "units": describe(known.variable).unit,
                    "standard_name": STANDARD_NAMES[known.variable],
                    "long_name": name.replace("_", " "),
                },
            )
        zarr.consolidate_metadata(str(self.part), zarr_format=2)


STANDARD_NAMES = {
    "z": "geopotential",
    "t": "air_temperature",
    "u": "eastward_wind",
    "v": "northward_wind",
    "q": "specific_humidity",
    "sp": "surface_air_pressure",
}


def check_archive(path: Path) -> dict[str, Any]:
    """Compares every file of a planet's archive with its record; one that has no record is somebody else's.

    Returns:
        The record, empty if there is none.

    Raises:
        BenchError: If it is not whole, or a file is missing, truncated or changed.
    """
    if not (path / RECORD).exists():
        return {}
    record = _read_record(path)
    settings = PlanetSettings.read(record["planet"], str(path))
    wanted = -(-len(settings.times) // PIECE)
    if len(record["pieces"]) < wanted or path.name.endswith(".part"):
        raise BenchError(
            f"{path} is not whole: {len(record['pieces'])} of {wanted} pieces are written. "
            "Run the 'bench world make' that was interrupted again; it goes on where it stopped."
        )
    _verify(path, record)
    return record


def _read_record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads((path / RECORD).read_text())
        if not isinstance(record["pieces"], list) or not isinstance(record["hash"], str):
            raise TypeError("a field has a wrong type")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchError(
            f"The record {path / RECORD} cannot be read ({first_line(error)}); remove {path} and make it again."
        ) from error
    return record


def _verify(path: Path, record: dict[str, Any]) -> None:
    for files in record["pieces"]:
        for name, digest in files.items():
            file = path / name
            if not file.is_file():
                raise BenchError(f"The archive's file {file} is missing; remove {path} and make it again.")
            if file_hash(file) != digest:
                raise BenchError(
                    f"The archive's file {file} is truncated or was changed (its sha256 differs); "
                    f"remove {path} and make it again."
                )


def _variables() -> dict[str, list[str]]:
    """WeatherBench 2's name -> channel names, levels ascending."""
    found: dict[str, list[str]] = {}
    for name in sorted(PLANET_CHANNELS, key=lambda n: parse_channel(n).level or 0):
        found.setdefault(describe(parse_channel(name).variable).long, []).append(name)
    return found
