"""The command that runs a stored experiment again."""

__all__ = ["command_of", "world_title"]

import functools
import shlex
from collections.abc import Mapping
from typing import Any

from benchmark.observing import ObservingSpec
from benchmark.problem import BenchError
from benchmark.worlds import library, load_spec
from benchmark.worlds.sample import SAMPLES
from methods.registry import find_method

from ..experiment import MethodRequest
from .result_set import Result

FLAGS = ("network", "draw", "operator", "withhold", "obs_std")
"""Settings of the observing system whose flags have their names."""


def command_of(result: Result) -> str:
    """`bench run ...`, such that its experiment has the id of the result, as long as world, method and weights are the
    same.

    What cannot be typed stands in capitals: FILE.nc for the fields of a world that does not ship, STATIONS.csv.

    Arguments:
        result: Of any experiment.
    """
    facts, default = result.facts, ObservingSpec()
    words = ["bench", "run", "--world", result.world]
    tuned, path = _of_world(result.world)
    words += ["--data", "FILE.nc"] if path else []
    words += ["--method", result.label]
    observing = _below(facts, "observing.")
    words += ["--obs-frac", f"{observing['obs_frac']:g}"] if "obs_frac" in observing else ["--stations", "STATIONS.csv"]
    if observing.get("obs_vars"):
        words += ["--obs-vars", ",".join(observing["obs_vars"])]
    for name in FLAGS:
        if name in observing and observing[name] != getattr(default, name):
            words += [f"--{name.replace('_', '-')}", _typed(observing[name])]
    if any(name.startswith("obs_std.") for name in observing):
        words += ["--obs-std", "ERRORS.yaml"]
    protocol = _below(facts, "protocol.")
    words += ["--cases", str(len(result.times))]
    for name, usual in (("seed", 0), ("split", "test"), ("ensemble", 20)):
        if protocol.get(name, usual) != usual:
            words += [f"--{name}", str(protocol[name])]
    chosen, members = _chosen(result.label, tuned)
    if result.members not in (1, members):
        words += ["--members", str(result.members)]
    parameters = _below(facts, "method.parameters.")
    differ = {key: value for key, value in parameters.items() if key not in chosen or chosen[key] != value}
    words += [part for key, value in differ.items() for part in ("--set", f"{result.method}.{key}={_typed(value)}")]
    return shlex.join(words)


def world_title(name: str) -> str:
    """What a world of the library is; the name of any other."""
    return library().get(name, name)


@functools.lru_cache(64)
def _of_world(name: str) -> tuple[Mapping[str, Mapping[str, Any]], bool]:
    """Tuned parameters by method, and whether it needs a file; nothing of a world that is not here."""
    try:
        spec = load_spec(name, None)
    except BenchError:
        return {}, True
    return spec.methods, getattr(spec, "path", None) == "" and not (SAMPLES / name).is_dir()


def _chosen(label: str, tuned: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Any], int]:
    """Parameters that a run takes of itself, and the usual number of members; nothing of a method in a file, whose code
    a look must not run."""
    request = MethodRequest.parse(label)
    if ".py:" in request.name:
        return {}, 0
    try:
        kind = find_method(request.name)
        method = kind(**{**tuned.get(request.name, {}), **request.parameters})
    except BenchError:
        return {}, 0
    return method.parameters, kind.default_members


def _below(facts: Mapping[str, Any], before: str) -> dict[str, Any]:
    return {key.removeprefix(before): value for key, value in facts.items() if key.startswith(before)}


def _typed(value: Any) -> str:
    return f"{value:.17g}" if isinstance(value, float) and float(f"{value:g}") != value else _short(value)


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
