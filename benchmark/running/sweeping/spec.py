"""What a sweep goes through: read from YAML, or typed as flags."""

__all__ = ["AXES", "OBSERVING_AXES", "SweepSpec", "SweepWorld", "read_one_world", "read_sweep"]

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import yaml

from benchmark.problem import BenchError, closest

OBSERVING_AXES = ("obs_frac", "obs_vars", "obs_std", "network", "stations", "draw", "operator", "withhold")
AXES = (*OBSERVING_AXES, "seeds", "members", "ensemble", "split")
"""Everything that a sweep can vary beside worlds and methods."""

ALL = "all"
TWICE = "a value stands there twice; leave it there once"


class SweepWorld(pydantic.BaseModel):
    """
    Arguments:
        world: Name of the library, or path of a YAML file.
        data: Path or URL of its fields; empty for those that ship or that the file names.
        cases: How many, in place of the sweep's own number.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    world: str
    data: str = ""
    cases: int | None = pydantic.Field(default=None, ge=0)


class SweepSpec(pydantic.BaseModel):
    """
    Arguments:
        design: `star` varies one axis at a time, around the first value of each; `product` takes every combination.
        methods: Labels such as `lo-sda[levels=20]`; `all` for every method that is installed and is no bound.
        worlds: Names, or mappings with `world`, `data` and `cases`.
        obs_frac, obs_std, network, draw, operator, withhold: As of `bench run`: a value or a list.
        stations: CSV files, for the network `stations`; the other networks do not see them.
        obs_vars: Sets of observed variables by a name of their own; variables that a world lacks are left out of it.
        seeds: Of observations and methods.
        members: Members asked for; null for each method's own number.
        ensemble: Background members of ensemble methods.
        split: `test` or `validate`.
        cases: Cases of every world, spread evenly; 0 for all.
        chunk: Cases a unit of work.
        set: `key: value` or `METHOD.key: value`, parameters of methods.
        slurm: For `--scheduler slurm`: `jobs`, and what dask-jobqueue's SLURMCluster takes.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    design: Literal["star", "product"] = "product"
    methods: tuple[str, ...] = ()
    worlds: tuple[SweepWorld, ...] = ()
    obs_frac: tuple[float, ...] = (0.01,)
    obs_vars: Mapping[str, tuple[str, ...]] = {ALL: ()}
    obs_std: tuple[float | str | dict[str, float], ...] = (0.05,)
    network: tuple[str, ...] = ("random",)
    stations: tuple[str, ...] = ("",)
    draw: tuple[str, ...] = ("area",)
    operator: tuple[str, ...] = ("state",)
    withhold: tuple[float, ...] = (0.0,)
    seeds: tuple[Annotated[int, pydantic.Field(ge=0)], ...] = (0,)
    members: tuple[Annotated[int, pydantic.Field(ge=1)] | None, ...] = (None,)
    ensemble: tuple[Annotated[int, pydantic.Field(ge=2)], ...] = (20,)
    split: tuple[Literal["test", "validate"], ...] = ("test",)
    cases: int = pydantic.Field(default=32, ge=0)
    chunk: int = pydantic.Field(default=32, ge=1)
    set: Mapping[str, bool | int | float | str] = {}
    slurm: Mapping[str, Any] = {}

    @pydantic.field_validator("methods", *(axis for axis in AXES if axis != "obs_vars"), mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return value if isinstance(value, list | tuple) else (value,)

    @pydantic.field_validator("worlds", mode="before")
    @classmethod
    def _a_name_is_a_world(cls, value: Any) -> Any:
        several = value if isinstance(value, list | tuple) else (value,)
        return [{"world": one} if isinstance(one, str) else one for one in several]

    @pydantic.field_validator("obs_vars", mode="before")
    @classmethod
    def _sets_have_names(cls, value: Any) -> Any:
        """`z,t` and `[z, t]` are sets that are called so."""
        if isinstance(value, Mapping):
            return {str(name): _names(members) for name, members in value.items()}
        several = value if isinstance(value, list | tuple) else (value,)
        named = [(str(one) or ALL, _names(one)) for one in several]
        if len(dict(named)) < len(named):
            raise ValueError(TWICE)
        return dict(named)

    @pydantic.field_validator(*AXES, "methods", "worlds")
    @classmethod
    def _something(cls, value: Any) -> Any:
        if not value:
            raise ValueError("the list is empty")
        listed = [one.world if isinstance(one, SweepWorld) else str(one) for one in value]
        if len(set(listed)) < len(listed):
            raise ValueError(TWICE)
        return value


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(str(name) for name in value)
    text = "" if value in (None, ALL) else str(value)
    return tuple(name.strip() for name in text.split(",") if name.strip())


class _Once(yaml.SafeLoader):
    """YAML whose keys stand there once: of two the first would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise yaml.YAMLError(f"the key '{twice[0]}' stands there twice")
        return super().construct_mapping(node, deep)


def read_sweep(path: Path | None, flags: Mapping[str, Any]) -> SweepSpec:
    """A sweep from a file, and from flags that replace what stands there.

    Arguments:
        path: YAML file, or None for flags alone.
        flags: Field -> value.

    Raises:
        BenchError: If the file cannot be read, or does not describe a sweep; the message names the field.
    """
    settings: dict[str, Any] = {}
    where = "The sweep"
    if path is not None:
        where = f"Sweep file '{path}'"
        try:
            settings = yaml.load(path.read_text(encoding="utf-8"), _Once)  # noqa: S506 - a safe loader
        except OSError as error:
            raise BenchError(f"{where} cannot be read ({error.strerror}); check its path.") from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise BenchError(f"{where} is not readable YAML ({error}); mend it there.") from None
        if not isinstance(settings, dict):
            raise BenchError(f"{where} must hold 'key: value' lines; take leaderboards/standard.yaml as a pattern.")
    try:
        spec = SweepSpec.model_validate({**settings, **flags, **_worlds(settings, flags)})
    except pydantic.ValidationError as error:
        raise BenchError(f"{where}: {_explain(error)}") from None
    for field, flag in (("methods", "--method"), ("worlds", "--world")):
        if not getattr(spec, field):
            raise BenchError(f"{where} names no {field}; add '{field}:' or {flag}.")
    return spec


def _worlds(settings: Mapping[str, Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    """A world that a flag names keeps what the file says of it, but for the cases, if a flag says how many."""
    stated = settings.get("worlds")
    if not isinstance(stated, list):
        return {}
    listed: list[Any] = stated
    if "cases" in flags:
        listed = [{k: v for k, v in one.items() if k != "cases"} if isinstance(one, dict) else one for one in listed]
    described = {one["world"]: one for one in listed if isinstance(one, dict) and isinstance(one.get("world"), str)}
    if "worlds" in flags:
        listed = [described.get(name, name) if isinstance(name, str) else name for name in flags["worlds"]]
    return {"worlds": listed}


def read_one_world(path: Path | None, flags: Mapping[str, Any], world: str | None) -> SweepSpec:
    """The same of one world; a world that the file describes keeps what stands there of it.

    Arguments:
        path, flags: As of `read_sweep`, without a flag for worlds.
        world: Its name, or path of a YAML file; None for the only one of the sweep.

    Raises:
        BenchError: As `read_sweep`, or if the sweep has several worlds and none is named.
    """
    if world is not None:
        return read_sweep(path, {**flags, "worlds": [world]})
    spec = read_sweep(path, flags)
    if len(spec.worlds) > 1:
        names = ", ".join(one.world for one in spec.worlds)
        raise BenchError(f"This sweep has several worlds ({names}); say which one with --world.")
    return spec


def _explain(error: pydantic.ValidationError) -> str:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = SweepWorld.model_fields if field.startswith("worlds.") else SweepSpec.model_fields
        return f"there is no setting '{field}'; {closest(str(first['loc'][-1]), known)}"
    return f"{field}: {first['msg'].removeprefix('Value error, ')}; docs/sweeps.md has the settings."
