"""Makes the planet's archive: spin-up, integration, and pieces on disk."""

__all__ = ["make_planet"]

import importlib.metadata
import shutil
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmark.problem import BenchError, parse_channel

from .archive import PIECE, PlanetArchive, needed_bytes
from .packing import pack, unpack
from .settings import PLANET_CHANNELS, PlanetSettings

INSTALL = "pip install 'assimbench[twin]'"


class Progress(Protocol):
    """Hears of progress."""

    def start(self, label: str, steps: int, done: int) -> None: ...
    def step(self, count: int = 1) -> None: ...


def make_planet(settings: PlanetSettings, path: Path, progress: Progress) -> Path:
    """Integrates the planet and writes its archive; one that was interrupted is continued to the same bits.

    Arguments:
        settings: What the planet is made of.
        path: Zarr store to write.
        progress: Hears of progress, in days.

    Raises:
        BenchError: If dinosaur is not installed, the disk is too small, something is at `path`, or the planet
            becomes unstable.
    """
    try:
        import jax

        from .model import Planet
    except ImportError as error:
        raise BenchError(
            f"Making the planet needs the dinosaur dynamical core, which is not installed ({error}); "
            f"install it with: {INSTALL}"
        ) from error
    planet = Planet(settings)
    _check_room(path, needed_bytes(settings, planet.height_m.size))
    archive = PlanetArchive(path, settings, planet.latitude, planet.longitude)
    channels = tuple(parse_channel(name) for name in PLANET_CHANNELS)

    @jax.jit
    def piece(state: Any, step: Any) -> Any:
        def one(carry: Any, _: None) -> Any:
            return planet.advance(*carry), planet.fields(carry[0])

        return jax.lax.scan(one, (state, step), None, length=PIECE)

    days = settings.spin_up_days + len(archive.times) // 4
    started = time.monotonic()
    template = planet.initial()
    stored = archive.load_state()
    if stored is None:
        progress.start("planet, days", days, 0)
        # the season's phase counts from a whole number of steps before the first time
        state, step = template, jax.numpy.int32(-settings.spin_up_days * 4 * planet.steps)
        step = step + jax.numpy.int32(_day_of_year(settings) * 4 * planet.steps)
        spin_up = jax.jit(planet.advance)
        for _ in range(settings.spin_up_days):
            for _ in range(4):
                state, step = spin_up(state, step)
            progress.step()
        archive.begin(_flatten(state, step), time.monotonic() - started)
    else:
        state, step = _restore(template, stored)
        progress.start("planet, days", days, settings.spin_up_days + archive.done * PIECE // 4)
    while archive.done < archive.total:
        started = time.monotonic()
        (state, step), fields = piece(state, step)
        count = min(PIECE, len(archive.times) - archive.done * PIECE)
        values = unpack(pack(np.asarray(fields)[:count], channels), channels)
        archive.write(values, _flatten(state, step), time.monotonic() - started)
        progress.step(count // 4)
    versions = {name: importlib.metadata.version(name) for name in ("assimbench", "dinosaur-dycore", "jax", "numpy")}
    archive.finish(versions)
    return path


def _day_of_year(settings: PlanetSettings) -> int:
    return settings.start.timetuple().tm_yday - 1


def _flatten(state: Any, step: Any) -> dict[str, np.ndarray]:
    import jax

    leaves = jax.tree_util.tree_leaves((state, step))
    return {f"leaf-{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)}


def _restore(template: Any, stored: dict[str, np.ndarray]) -> Any:
    import jax

    tree = jax.tree_util.tree_structure((template, jax.numpy.int32(0)))
    leaves = [jax.numpy.asarray(stored[f"leaf-{i}"]) for i in range(len(stored))]
    return jax.tree_util.tree_unflatten(tree, leaves)


def _check_room(path: Path, needed: int) -> None:
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    part = path.with_name(f"{path.name}.part")
    there = sum(f.stat().st_size for f in part.rglob("*") if f.is_file()) if part.exists() else 0
    free = shutil.disk_usage(folder).free
    if free < needed - there:
        raise BenchError(
            f"{folder} has {free:,} bytes free, and the archive takes up to {needed:,} "
            f"({needed / 1e9:.2f} GB); make room, or name another place with --out."
        )
