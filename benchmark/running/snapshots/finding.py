"""The snapshots that go with results."""

__all__ = ["FOLDER", "find_snapshots"]

from collections.abc import Iterable
from pathlib import Path

from benchmark.problem import BenchError

from .snapshot import Snapshot
from .storing import read_snapshot

FOLDER = "snapshots"
"""Where they lie beside the results that they go with."""


def find_snapshots(results: Path | str, files: Iterable[Path] = ()) -> list[Snapshot]:
    """Those of the results' own folder, and those of files, which replace them.

    Arguments:
        results: Folder or URL of the results.
        files: Of `bench snapshot`.

    Raises:
        BenchError: If a file cannot be read, or two files are of one world.
    """
    own = sorted((Path(results) / FOLDER).glob("*.safetensors")) if "://" not in str(results) else []
    found = {snapshot.facts.world: snapshot for snapshot in map(read_snapshot, own)}
    given: dict[str, Path] = {}
    for file in files:
        snapshot = read_snapshot(file)
        if other := given.get(snapshot.facts.world):
            raise BenchError(f"{other} and {file} are both of the world '{snapshot.facts.world}'; leave one out.")
        given[snapshot.facts.world] = file
        found[snapshot.facts.world] = snapshot
    return list(found.values())
