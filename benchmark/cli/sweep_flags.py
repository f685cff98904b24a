"""The flags that say what a sweep is of: those of `bench sweep`, and of what takes one setting of it."""

__all__ = ["data_of", "sweep_options", "typed"]

from typing import Any

import click

AXES = {
    **{"obs_fracs": "obs_frac", "obs_stds": "obs_std", "networks": "network", "operators": "operator"},
    **{"draws": "draw", "withholds": "withhold", "splits": "split"},
}
"""Flag -> axis, of those that are taken as they are typed."""

SINGLE = ("design", "cases", "members", "ensemble", "chunk")
"""Flags that have one value; a command need not have all of them."""


def sweep_options(command: Any) -> Any:
    options = [
        click.option("--method", "methods", multiple=True, help="NAME, NAME[key=value,...] or all; repeat it."),
        click.option("--world", "worlds", multiple=True, help="A name or a YAML file; repeat it."),
        click.option(
            "--data", multiple=True, help="WORLD=PATH of its fields; PATH alone where the sweep has one world."
        ),
        click.option("--obs-frac", "obs_fracs", multiple=True, type=float, help="Observed values / values; repeat it."),
        click.option("--obs-vars", multiple=True, help="Observed variables, such as z500,t850, or all; repeat it."),
        click.option("--obs-std", "obs_stds", multiple=True, help="Observation error; repeat it."),
        click.option("--network", "networks", multiple=True, help="random, columns, grid or stations; repeat it."),
        click.option("--stations", multiple=True, help="CSV file, for --network stations; repeat it."),
        click.option(
            "--operator", "operators", multiple=True, help="state, wind-speed, arctan or brightness; repeat it."
        ),
        click.option("--draw", "draws", multiple=True, help="area or index; repeat it."),
        click.option(
            "--withhold", "withholds", multiple=True, type=float, help="Share that methods do not get; repeat it."
        ),
        click.option("--split", "splits", multiple=True, help="test, or validate; repeat it."),
        click.option(
            "--seed", "seeds", multiple=True, type=click.IntRange(0), help="Of observations and methods; repeat it."
        ),
        click.option("--cases", type=click.IntRange(0), help="Cases of every world; 0 for all."),
        click.option("--members", type=click.IntRange(1), help="Members asked for."),
        click.option("--ensemble", type=click.IntRange(2), help="Background members of ensemble methods."),
        click.option("--set", "settings", multiple=True, help="key=value or METHOD.key=value: a method's parameter."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def typed(flags: dict[str, Any]) -> dict[str, Any]:
    """Fields of the sweep that flags replace."""
    from .settings import pairs

    found: dict[str, Any] = {axis: list(flags[flag]) for flag, axis in AXES.items() if flags[flag]}
    if "obs_std" in found:
        from benchmark.observing.obs_std import read_obs_std

        found["obs_std"] = [read_obs_std(text) for text in found["obs_std"]]
    found |= {key: list(flags[key]) for key in ("methods", "worlds", "obs_vars", "stations", "seeds") if flags[key]}
    found |= {key: flags[key] for key in SINGLE if flags.get(key) is not None}
    if flags["settings"]:
        found["set"] = dict(pairs(flags["settings"]))
    return found


def data_of(given: tuple[str, ...], described: Any) -> dict[str, str]:
    """World -> path of its fields."""
    from benchmark.problem.errors import BenchError

    found = {}
    for text in given:
        world, equals, path = text.partition("=")
        if not equals and len(described.worlds) > 1:
            raise BenchError(f"--data {text}: this sweep has several worlds; write --data WORLD=PATH.")
        found[world if equals else described.worlds[0].world] = path if equals else text
    return found
