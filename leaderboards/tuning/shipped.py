"""The trials that ship with the package: where the tuned settings of the library's worlds come from."""

__all__ = ["add_tuning", "shipped_tunings", "trials_of"]

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.running.experiment import MethodRequest
from benchmark.running.tuning.record import Tuning, read_tuning

FOLDER = Path(__file__).parent


def shipped_tunings(world: str, folder: Path = FOLDER) -> dict[str, Tuning]:
    """Tunings of a world by method; of none where none ship.

    Arguments:
        world: Its name.
        folder: Holds `WORLD/METHOD.json`.

    Raises:
        BenchError: If a file cannot be read.
    """
    return {file.stem: read_tuning(file) for file in sorted((folder / world).glob("*.json"))}


def trials_of(world: str, folder: Path = FOLDER) -> dict[str, int]:
    """Among how many trials a world's parameters were chosen, by method.

    Raises:
        BenchError: If a file cannot be read.
    """
    return {name: len(tuning.trials) for name, tuning in shipped_tunings(world, folder).items() if tuning.chosen}


def add_tuning(summary: Mapping[str, Any], folder: Path = FOLDER) -> None:
    """Gives every method of a run `tuning`: how many trials its settings come from, and whether it runs with the ones
    that were chosen; null where no trials ship. Parameters that the method has got since are not compared.

    Arguments:
        summary: The JSON object of `bench run --json`, which is changed.
        folder: Holds `WORLD/METHOD.json`.
    """
    experiment = summary["experiment"]
    known = shipped_tunings(experiment["world"], folder)
    for label, found in summary["methods"].items():
        tuning = known.get(MethodRequest.parse(label).name)
        found["tuning"] = None if tuning is None else _told(tuning, experiment["parameters"][label])


def _told(tuning: Tuning, parameters: Mapping[str, Any]) -> dict[str, Any]:
    best = None if tuning.chosen is None else tuning.trials[tuning.chosen.trial].parameters
    compared = {k: v for k, v in (best or {}).items() if k not in tuning.technical}
    chosen = best is not None and all(parameters.get(key) == value for key, value in compared.items())
    return {"trials": len(tuning.trials), "chosen": chosen}
