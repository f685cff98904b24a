"""From a sweep to its settings: a run of all methods on one world under one observing system."""

__all__ = ["Setting", "expand"]

import contextlib
import dataclasses
import itertools
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark.observing import ObservingSpec
from benchmark.problem import BenchError, Channel, closest, parse_channel
from benchmark.problem.channels import SHORT_NAMES
from benchmark.worlds import BaseSpec, CycledSpec, load_spec
from methods.registry import find_method, method_names

from ..experiment import MethodRequest
from ..planning import check_overrides, with_baselines
from ..request import RunRequest
from .spec import ALL, AXES, SweepSpec, SweepWorld

STATIONS = "stations"
AS_THEY_ARE = ("obs_frac", "obs_std", "network", "draw", "operator", "withhold")
"""Axes whose values an observing system takes as they are."""


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
        return ", ".join(
            [self.request.world.name, *(f"{axis} {value}" for axis, value in self.varied.items() if value)]
        )


def expand(spec: SweepSpec, data: Mapping[str, str], common: Mapping[str, Any]) -> list[Setting]:
    """All settings of a sweep, world by world. Warns of those that a world has none of the variables for.

    Arguments:
        spec: The sweep.
        data: World -> path of its fields, in place of what the sweep says.
        common: Fields of every `RunRequest`: `out`, `weights`, `device`, ...

    Raises:
        BenchError: If a world, method, variable or value is not known, or a world has no setting at all.
    """
    if strangers := set(data) - {world.world for world in spec.worlds}:
        raise BenchError(f"--data {min(strangers)}=...: that world is not in this sweep.")
    points = _points(spec)
    methods = with_baselines(_methods(spec))
    known: set[str] = set()
    varied = [axis for axis in AXES if len(getattr(spec, axis)) > 1]
    settings = []
    for world in spec.worlds:
        described = load_spec(world.world, data.get(world.world) or world.data or None)
        if isinstance(described, CycledSpec):
            raise BenchError(
                f"'{described.name}' is a cycled world, whose cases are long runs; use bench run or bench literature."
            )
        channels = [parse_channel(name) for name in getattr(described, "channels", ())]
        known |= {name for channel in channels for name in (channel.name, channel.variable)}
        lacking = [name for name, wanted in spec.obs_vars.items() if not _has_any(channels, wanted)]
        here = [point for point in points if point["obs_vars"] not in lacking]
        for name in lacking:
            told = f"the world '{described.name}' has none of the variables {', '.join(spec.obs_vars[name])}"
            if not here:
                raise BenchError(f"obs_vars: {told}; it has {', '.join(c.name for c in channels)}.")
            warnings.warn(f"{told}: the settings of obs_vars '{name}' are left out there", stacklevel=2)
        for point in here:
            request = _request(spec, world, described, point, {**common, "methods": methods})
            if point is here[0]:
                check_overrides(request)  # the others of this world are alike in that
            settings.append(Setting(request, {axis: _say(point[axis]) for axis in varied}))
    _check_variables(spec, known)
    return settings


def _points(spec: SweepSpec) -> list[dict[str, Any]]:
    axes = {axis: list(getattr(spec, axis)) for axis in AXES}
    if any(spec.stations) and STATIONS not in spec.network:
        raise BenchError(
            "stations: files of stations go with the network 'stations'; add it to network, or leave them."
        )
    if spec.design == "product":
        points = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    else:
        centre = {axis: values[0] for axis, values in axes.items()}
        points = [centre]
        for axis, values in axes.items():
            network = {"network": STATIONS} if axis == STATIONS else {}
            points += [{**centre, **network, axis: value} for value in values[1:]]
    # the other networks do not read stations, so that their points are one
    alone = [point if point["network"] == STATIONS else {**point, "stations": ""} for point in points]
    return [point for place, point in enumerate(alone) if point not in alone[:place]]


def _request(
    spec: SweepSpec, world: SweepWorld, described: BaseSpec, point: Mapping[str, Any], common: Mapping[str, Any]
) -> RunRequest:
    observing: dict[str, Any] = {axis: point[axis] for axis in AS_THEY_ARE}
    if point["stations"]:
        observing["stations"] = Path(point["stations"]).expanduser().resolve()
    cases = spec.cases if world.cases is None else world.cases
    return RunRequest(
        world=described,
        observing=ObservingSpec.make(
            **observing, obs_vars=_observed(spec, described, point["obs_vars"]), seed=point["seeds"]
        ),
        overrides=_overrides(spec),
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
    """The variables of a set that a world has."""
    channels = [parse_channel(channel) for channel in getattr(described, "channels", ())]
    return tuple(one for one in spec.obs_vars[name] if _has_any(channels, (one,)))


def _has_any(channels: Sequence[Channel], wanted: Sequence[str]) -> bool:
    """Whether some of these channels are wanted; nothing wanted is all of them."""
    known = {name for channel in channels for name in (channel.name, channel.variable)}
    return not wanted or not channels or any(parse_channel(one).name in known for one in wanted)


def _check_variables(spec: SweepSpec, known: set[str]) -> None:
    """A variable that no world of the sweep has may be one of other worlds, or misspelt."""
    for name, wanted in spec.obs_vars.items():
        for one in wanted:
            if parse_channel(one).name not in known and parse_channel(one).variable not in SHORT_NAMES:
                raise BenchError(f"obs_vars '{name}': no world has a variable '{one}'; {closest(one, known)}")


def _overrides(spec: SweepSpec) -> dict[str, dict[str, str]]:
    """Without a parameter for all methods that none of the sweep has, if others have it: the standard set is run with
    methods of which it knows nothing. A misspelt one stays, and is refused where the run is planned."""
    found = _by_method(spec.set)
    own, known = (_parameters(names) for names in (_methods(spec), method_names()))
    found[""] = {key: value for key, value in found.get("", {}).items() if key in own or key not in known}
    return found


def _parameters(labels: Iterable[str]) -> set[str]:
    """Of methods that can be found."""
    known: set[str] = set()
    for label in labels:
        with contextlib.suppress(BenchError):
            known |= set(find_method(MethodRequest.parse(label).name).defaults)
    return known


def _by_method(settings: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for key, value in settings.items():
        method, _, parameter = key.rpartition(".")
        found.setdefault(method, {})[parameter] = str(value)
    return found


def _say(value: Any) -> str:
    if value is None:
        return "own"
    return f"{value:g}" if isinstance(value, float) else str(value)
