"""From a sweep to its settings: a run of all methods on one world under one observing system."""

__all__ = ["Setting", "expand"]

import dataclasses
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.observing import ObservingSpec
from benchmark.problem import BenchError, parse_channel
from benchmark.worlds import BaseSpec, CycledSpec, load_spec
from methods.registry import find_method, method_names

from ..planning import check_overrides, with_baselines
from ..request import RunRequest
from .spec import ALL, AXES, SweepSpec, SweepWorld


@dataclasses.dataclass(frozen=True)
class Setting:
    """
    Arguments:
        request: All methods on one world under one observing system.
        varied: The values of the axes that the sweep varies, as tables show them.
    """

    request: RunRequest
    varied: Mapping[str, str]

    def with_trials(self, trials: Mapping[str, int]) -> "Setting":
        """The same, whose rows say among how many trials each method's parameters were chosen."""
        return dataclasses.replace(self, request=self.request.model_copy(update={"trials": dict(trials)}))

    def __str__(self) -> str:
        return ", ".join([self.request.world.name, *(f"{axis} {value}" for axis, value in self.varied.items())])


def expand(spec: SweepSpec, data: Mapping[str, str], common: Mapping[str, Any]) -> list[Setting]:
    """All settings of a sweep, world by world.

    Arguments:
        spec: The sweep.
        data: World -> path of its fields, in place of what the sweep says.
        common: Fields of every `RunRequest`: `out`, `weights`, `device`, ...

    Raises:
        BenchError: If a world, method, variable or value is not known.
    """
    if strangers := set(data) - {world.world for world in spec.worlds}:
        raise BenchError(f"--data {min(strangers)}=...: that world is not in this sweep.")
    points = _points(spec)
    varied = [axis for axis in AXES if len(getattr(spec, axis)) > 1]
    settings = []
    for world in spec.worlds:
        described = load_spec(world.world, data.get(world.world) or world.data or None)
        if isinstance(described, CycledSpec):
            raise BenchError(
                f"'{described.name}' is a cycled world, whose cases are long runs; use bench run or bench literature."
            )
        for point in points:
            request = _request(spec, world, described, point, common)
            check_overrides(request)
            settings.append(Setting(request, {axis: _say(point[axis]) for axis in varied}))
    return settings


def _points(spec: SweepSpec) -> list[dict[str, Any]]:
    axes = {axis: list(getattr(spec, axis)) for axis in AXES}
    if spec.design == "product":
        return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    centre = {axis: values[0] for axis, values in axes.items()}
    return [centre, *({**centre, axis: value} for axis, values in axes.items() for value in values[1:])]


def _request(
    spec: SweepSpec, world: SweepWorld, described: BaseSpec, point: Mapping[str, Any], common: Mapping[str, Any]
) -> RunRequest:
    observing: dict[str, Any] = {axis: point[axis] for axis in ("obs_frac", "obs_std", "network", "draw", "operator")}
    if point["stations"]:
        observing["stations"] = Path(point["stations"]).expanduser().resolve()
    methods = _methods(spec)
    cases = spec.cases if world.cases is None else world.cases
    return RunRequest(
        world=described,
        observing=ObservingSpec.make(
            **observing, obs_vars=_observed(spec, described, point["obs_vars"]), seed=point["seeds"]
        ),
        methods=with_baselines(methods),
        overrides=_by_method(spec.set),
        cases=cases or None,
        seed=point["seeds"],
        members=point["members"],
        ensemble=point["ensemble"],
        split=point["split"],
        chunk=spec.chunk,
        **common,
    )


def _methods(spec: SweepSpec) -> tuple[str, ...]:
    """`all` stands for every method that assimilates: bounds and oracles are asked for by name."""
    found: list[str] = []
    for label in spec.methods:
        if label == ALL:
            found += [name for name in method_names() if find_method(name).assimilates]
        else:
            found.append(label)
    return tuple(found)


def _observed(spec: SweepSpec, described: BaseSpec, name: str) -> tuple[str, ...]:
    """The variables of a set that a world has.

    Raises:
        BenchError: If it has none of them.
    """
    wanted = spec.obs_vars[name]
    channels = [parse_channel(channel) for channel in getattr(described, "channels", ())]
    known = {channel.name for channel in channels} | {channel.variable for channel in channels}
    if not wanted or not known:
        return wanted
    here = tuple(one for one in wanted if parse_channel(one).name in known)
    if not here:
        raise BenchError(
            f"The world '{described.name}' has none of the variables {', '.join(wanted)} of '{name}'; it has "
            f"{', '.join(channel.name for channel in channels)}."
        )
    return here


def _by_method(settings: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for key, value in settings.items():
        method, _, parameter = key.rpartition(".")
        found.setdefault(method, {})[parameter] = str(value)
    return found


def _say(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
