"""Worlds of the library, opened once, and held against what a submission says of them."""

__all__ = ["Worlds", "check_world"]

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from benchmark.observing import ObservingSystem
from benchmark.problem import BenchError, hash_json
from benchmark.training.context import open_context
from benchmark.weights import Card
from benchmark.worlds import BaseSpec, CycledSpec, World, load_spec

from ..experiment import choose_times
from ..results.result_set import Result
from ..workshop import Site
from .checks import RefusedError, UndoneError, refuse_all
from .contents import Submission
from .describing import same_world
from .labels import WORLD_PARTS

CHUNK = 32


class Worlds:
    """
    Arguments:
        data: World -> path or URL of its fields, where the package has none.
        weights: Folder of the verifier's own weights, None for the default one; worlds whose backgrounds are made by
            networks that do not ship need it.
        device: Where methods run.
    """

    def __init__(self, data: Mapping[str, str], weights: Path | None = None, device: str = "cpu") -> None:
        self.data, self.weights, self.device = data, weights, device
        self._sites: dict[str, Site | UndoneError] = {}

    def spec(self, name: str) -> BaseSpec:
        """
        Raises:
            UndoneError: If it is a cycled one, or its data cannot be named so.
        """
        try:
            spec = load_spec(name, self.data.get(name))
        except BenchError as error:
            raise UndoneError(str(error)) from None
        if isinstance(spec, CycledSpec):
            raise RefusedError(
                f"'{name}' is a cycled world, whose cases are long runs; submissions are of worlds of fields"
            )
        return spec

    def site(self, name: str) -> Site:
        """
        Raises:
            UndoneError: If the world cannot be opened here; the reason says how it can.
        """
        if name not in self._sites:
            spec = self.spec(name)
            try:
                self._sites[name] = Site(open_context(spec, self.weights, self.device))
            except BenchError as error:
                cure = f"give its data with --data {name}=FILE" if "path" in type(spec).model_fields else "mend that"
                self._sites[name] = UndoneError(f"the world '{name}' is not here ({error}); {cure}")
        found = self._sites[name]
        if isinstance(found, UndoneError):
            raise found
        return found

    def site_with(self, name: str, weights: Mapping[str, Path], folder: Path) -> Site:
        """The same world, whose methods get only weights that ship and submitted ones.

        Arguments:
            name: Of the world.
            weights: Submitted cards and numbers, by file name.
            folder: An empty one, where they are put together.

        Raises:
            UndoneError: If the world cannot be opened here.
        """
        here = self.site(name).context
        own = folder / name
        own.mkdir(parents=True, exist_ok=True)
        for part in WORLD_PARTS:
            found = here.store.find(part)
            if found is not None and found[0] == here.store.folder:
                _copy(found[0], found[1], own)
        for file, source in weights.items():
            shutil.copyfile(source, own / file)
        try:
            return Site(open_context(self.spec(name), folder, self.device))
        except BenchError as error:
            raise UndoneError(f"the world '{name}' cannot be opened with these weights ({error})") from None


def check_world(submission: Submission, worlds: Worlds) -> str:
    """Data, cases and observations against the worlds themselves.

    Returns:
        In words, what was compared.

    Raises:
        RefusedError: If something differs.
        UndoneError: If a world is not here.
    """
    reasons: list[str] = []
    absent: dict[str, UndoneError] = {}
    drawn: dict[str, dict[np.datetime64, tuple[str, int]]] = {}
    for result in submission.results:
        try:
            world = worlds.site(result.world).context.world
        except UndoneError as undone:
            absent[result.world] = undone
            continue
        told = f"{result.label} ({result.id}): "
        reasons += [told + why for why in _differences(submission, result, world, drawn)]
    refuse_all(reasons)
    if absent:
        raise next(iter(absent.values()))
    return f"data, cases and the observations of {sum(len(known) for known in drawn.values())} cases made anew"


def _differences(
    submission: Submission, result: Result, world: World, drawn: dict[str, dict[np.datetime64, tuple[str, int]]]
) -> Iterable[str]:
    record = submission.records[result.id]
    if not same_world(record, world):
        return ["the data of its world, or its background, are not those that are here"]
    if result.channels != tuple(channel.name for channel in world.channels):
        return ["its channels are not its world's"]
    known = world.times("test").astype("datetime64[s]")
    if not np.isin(result.times, known).all():
        return ["it has cases that are none of the test years"]
    if not np.array_equal(result.times, choose_times(known, len(result.times))):
        return ["its cases are not spread evenly over the test years, as a run spreads them"]
    spec = submission.description(result.id).observes()
    known_cases = drawn.setdefault(hash_json([world.name, spec.identity()]), {})
    system = ObservingSystem(spec, world.grid, world.channels, world.normalisation, world.name)
    missing = np.array([time for time in result.times if time not in known_cases], dtype="datetime64[s]")
    for first in range(0, len(missing), CHUNK):
        part = missing[first : first + CHUNK].astype("datetime64[ns]")
        seen = system.observe(world.truth(part), part)
        told = zip(seen.hashes, seen.mask.sum(1).tolist(), strict=True)
        known_cases.update(zip(missing[first : first + CHUNK], told, strict=True))
    wrong = [str(t) for t, own in zip(result.times, result.observations, strict=True) if known_cases[t][0] != own]
    if wrong:
        return [f"the observations of {wrong[0]} are not those of its world: their sha256 differs"]
    values = float(np.mean([known_cases[time][1] for time in result.times]))
    if not np.isclose(values, result.provenance["values"], rtol=1e-6):
        return [f"its cases have {values:g} observed values, and its rows say {result.provenance['values']:g}"]
    return []


def _copy(folder: Path, card: Card, target: Path) -> None:
    for name in (card.file, f"{card.component}.json"):
        shutil.copyfile(folder / name, target / name)
