"""The command that runs a stored experiment again."""

__all__ = ["command_for", "command_of", "world_title"]

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
    """`bench run ...` of a result, as `command_for` has it."""
    return command_for(result.facts, result.label, len(result.times))


def command_for(facts: Mapping[str, Any], method: str, cases: int) -> str:
    """`bench run ...`, such that its experiment has the id of the facts, as long as world, method and weights are the
    same.

    What cannot be typed stands in capitals: FILE.nc for the fields of a world that does not ship, STATIONS.csv.

    Arguments:
        facts: What the experiment is, flat, as `Stored.facts`.
        method: What is typed for the method: its label, or `file.py:Class`.
        cases: How many it has.
    """
    default, world = ObservingSpec(), str(facts.get("world.name", ""))
    words = ["bench", "run", "--world", world]
    tuned, needs_file = _of_world(world)
    words += ["--data", "FILE.nc"] if needs_file else []
    words += ["--method", method]
    observing = _below(facts, "observing.")
    words += ["--obs-frac", f"{observing['obs_frac']:g}"] if "obs_frac" in observing else ["--stations", "STATIONS.csv"]
    if observing.get("obs_vars"):
        words += ["--obs-vars", ",".join(observing["obs_vars"])]
    for flag in FLAGS:
        if flag in observing and observing[flag] != getattr(default, flag):
            words += [f"--{flag.replace('_', '-')}", _typed(observing[flag])]
    if any(name.startswith("obs_std.") for name in observing):
        words += ["--obs-std", "ERRORS.yaml"]
    protocol = _below(facts, "protocol.")
    words += ["--cases", str(cases)]
    for flag, usual in (("seed", 0), ("split", "test"), ("ensemble", 20)):
        if protocol.get(flag, usual) != usual:
            words += [f"--{flag}", str(protocol[flag])]
    name, chosen, usual_members = _chosen(method, tuned)
    members = int(facts.get("method.members", 1))
    words += ["--members", str(members)] if members not in (1, usual_members) else []
    parameters = _below(facts, "method.parameters.")
    differ = {key: value for key, value in sorted(parameters.items()) if key not in chosen or chosen[key] != value}
    words += [part for key, value in differ.items() for part in ("--set", f"{name}.{key}={_typed(value)}")]
    return shlex.join(words)


def world_title(name: str) -> str:
    """What a world of the library is; the name of any other."""
    return library().get(name, name)


@functools.lru_cache(64)
def _of_world(name: str) -> tuple[Mapping[str, Mapping[str, Any]], bool]:
    """Tuned parameters by method, and whether it needs a file; nothing of a world that is not of the library: a name in
    somebody's results is no path to read."""
    if name not in library():
        return {}, True
    spec = load_spec(name, None)
    return spec.methods, getattr(spec, "path", None) == "" and not (SAMPLES / name).is_dir()


def _chosen(typed: str, tuned: Mapping[str, Mapping[str, Any]]) -> tuple[str, dict[str, Any], int]:
    """Name of a method, parameters that a run takes of itself, and the usual number of members; nothing of a method in
    a file, whose code a look must not run, or of one that is not here."""
    try:
        request = MethodRequest.parse(typed)
        if ".py:" in request.name:
            return request.name, {}, 0
        kind = find_method(request.name)
        method = kind(**{**tuned.get(request.name, {}), **request.parameters})
    except BenchError:
        return typed.partition("[")[0], {}, 0
    return request.name, method.parameters, kind.default_members


def _below(facts: Mapping[str, Any], before: str) -> dict[str, Any]:
    return {key.removeprefix(before): value for key, value in facts.items() if key.startswith(before)}


def _typed(value: Any) -> str:
    return f"{value:.17g}" if isinstance(value, float) and float(f"{value:g}") != value else _short(value)


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
