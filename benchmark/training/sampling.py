"""Packs a planet's test cases and statistics as they ship with the package, with how all of it was made."""

__all__ = ["pack_world"]

import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.problem import BenchError
from benchmark.weights import Card
from benchmark.worlds import Fields, WorldSpec
from benchmark.worlds.planet.archive import check_archive
from benchmark.worlds.sample import SampleCard, write_sample

from .context import open_workspace

APRIL = 3


def pack_world(spec: WorldSpec, weights: Path | None, folder: Path, month: str | None = None) -> SampleCard:
    """
    Arguments:
        spec: The world's description, its path the whole archive.
        weights: Folder of the user's weights, None for the default one.
        folder: Where to write.
        month: Test month that is kept at every step; April of the first test year if not given.

    Raises:
        BenchError: If the world is no planet's, or the month is none of the test years.
    """
    if spec.planet is None:
        raise BenchError(f"The world '{spec.name}' is made of real fields; only a planet is packed.")
    world, store = open_workspace(spec, weights, "cpu")
    assert isinstance(world, Fields)
    try:
        chosen = np.datetime64(month or f"{spec.test[0]}-{APRIL + 1:02d}", "M")
    except ValueError:
        raise BenchError(f"Cannot read the month '{month}'; write it as 2012-04.") from None
    record = check_archive(Path(spec.path))
    made: dict[str, Any] = {
        "commit": _commit(),
        "planet": {"seed": record["planet"]["seed"], "hours": round(record["seconds"] / 3600, 3), **record["versions"]},
        "weights": {},
    }
    folders = [f for f in (store.folder, store.shipped) if f is not None and f.is_dir()]
    for place in reversed(folders):
        for file in sorted(place.glob("*.json")):
            card = Card.read(file)
            seed = card.training.get("plan", {}).get("seed")
            made["weights"][card.component] = {
                "sha256": card.sha256,
                "seed": seed,
                "hours": round(card.seconds / 3600, 3),
                "versions": card.versions,
            }
    return write_sample(world, folder, chosen, made)


def _commit() -> str:
    """The commit of the code that is running, empty outside a repository."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()
