"""Analyses as Zarr in WeatherBench 2's layout."""

__all__ = ["AnalysisWriter"]

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from benchmark.files import ABSENT_LEVELS
from benchmark.problem import Analysis, BenchError, describe
from benchmark.worlds import World

# Chosen from the first chunk, the unit could be days, into which the hours of later chunks do not fit.
TIME = {"time": {"units": "seconds since 1970-01-01", "dtype": "int64"}}


class AnalysisWriter:
    """Appends analyses to one store a method; a store gets its name when it is whole.

    Arguments:
        path: `FILE.zarr`; with several methods, `FILE-METHOD.zarr` for each.
        world: Gives grid, channels and normalisation.
        labels: Of the methods to write.

    Raises:
        BenchError: If a store of that name exists.
    """

    def __init__(self, path: Path, world: World, labels: list[str]) -> None:
        self.world = world
        safe = {label: "".join(c if c.isalnum() or c in "-_.=" else "_" for c in label) for label in labels}
        several = len(labels) > 1
        self.paths = {
            label: path.with_name(f"{path.stem}-{safe[label]}{path.suffix}") if several else path for label in labels
        }
        for target in self.paths.values():
            if target.exists():
                raise BenchError(f"{target} exists already; name another file with --save-analyses, or remove it.")
        self._begun: set[str] = set()

    def _part(self, label: str) -> Path:
        target = self.paths[label]
        return target.with_name(f".{target.name}.part")

    def add(self, label: str, times: np.ndarray, analysis: Analysis) -> None:
        """Appends a chunk of cases, in time order."""
        if label not in self.paths:
            return
        dataset = self._dataset(times, analysis)
        part = self._part(label)
        try:
            if label in self._begun:
                dataset.to_zarr(part, append_dim="time", consolidated=False)
            else:
                shutil.rmtree(part, ignore_errors=True)
                dataset.to_zarr(part, mode="w", consolidated=False, encoding=TIME)
                self._begun.add(label)
        except OSError as error:
            shutil.rmtree(part, ignore_errors=True)
            raise BenchError(f"The analyses cannot be written to {self.paths[label]}: {error}.") from error

    def finish(self) -> None:
        """Gives the stores their names."""
        for label in self._begun:
            self._part(label).rename(self.paths[label])

    def discard(self) -> None:
        """Removes what has not got its name."""
        for label in self._begun:
            shutil.rmtree(self._part(label), ignore_errors=True)

    def _dataset(self, times: np.ndarray, analysis: Analysis) -> xr.Dataset:
        fields = self.world.normalisation.denormalise(analysis.members.double().numpy()).astype(np.float32)
        coords = {
            "time": times,
            "latitude": np.array(self.world.grid.latitude),
            "longitude": np.array(self.world.grid.longitude),
        }
        head: tuple[str, ...] = ("time",)
        if fields.shape[1] > 1:
            head = ("time", "number")
            coords["number"] = np.arange(fields.shape[1])
        else:
            fields = fields[:, 0]
        surface: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, Any]]] = {}
        upper: dict[str, list[tuple[int, np.ndarray, str]]] = {}
        for i, channel in enumerate(self.world.channels):
            known = describe(channel.variable)
            values = fields[..., i, :, :]
            if channel.level is None:
                surface[known.long] = ((*head, "latitude", "longitude"), values, {"units": known.unit})
            else:
                upper.setdefault(known.long, []).append((channel.level, values, known.unit))
        found = dict(surface)
        levels = sorted({level for parts in upper.values() for level, _, _ in parts})
        for name, parts in upper.items():
            held = {level: values for level, values, _ in parts}
            gap = np.full_like(parts[0][1], np.nan)
            stacked = np.stack([held.get(level, gap) for level in levels], axis=len(head))
            attributes: dict[str, Any] = {"units": parts[0][2]}
            if absent := [level for level in levels if level not in held]:
                attributes[ABSENT_LEVELS] = absent
            found[name] = ((*head, "level", "latitude", "longitude"), stacked, attributes)
        if levels:
            coords["level"] = np.array(levels)
        return xr.Dataset(found, coords=coords)
