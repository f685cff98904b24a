"""`bench run`."""

__all__ = ["run"]

import json
from pathlib import Path
from typing import Any

import click

from .group import common
from .settings import by_method

SAME = ("members", "ensemble", "cycles", "seed", "region", "split", "device", "out", "weights", "chunk", "fresh")
"""Flags that a `RunRequest` has under the same name."""


@click.command()
@click.option("--method", "methods", multiple=True, required=True, help="NAME, NAME[key=value,...] or FILE.py:Class.")
@common
@click.option("--obs-frac", default=0.01, show_default=True, help="Observed values / values of the observed channels.")
@click.option("--network", default="random", show_default=True, help="random, columns, grid or stations.")
@click.option("--stations", help="CSV file with columns id, lat, lon, for --network stations.")
@click.option("--draw", default="area", show_default=True, help="area or index: what the drawing is uniform in.")
@click.option("--operator", default="state", show_default=True, help="state, wind-speed, arctan or brightness.")
@click.option("--obs-vars", default="", help="Observed variables or channels, such as z500,t850; all if not given.")
@click.option("--obs-std", default="0.05", show_default=True, help="In climatological stds, or a YAML file.")
@click.option(
    "--withhold", default=0.0, help="Share of the observed values that methods do not get.", show_default=True
)
@click.option(
    "--cases", default=128, show_default=True, help="Cases, spread evenly over the split; 0 for all. Seeds, cycled."
)
@click.option("--cycles", type=click.IntRange(min=10), help="Analyses of a run, on a cycled world.")
@click.option(
    "--members", type=click.IntRange(min=1), help="Members asked for; each method's own default if not given."
)
@click.option(
    "--ensemble", default=20, show_default=True, type=click.IntRange(2), help="Background members of ensemble methods."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of observations and methods.")
@click.option("--region", default="global", show_default=True, help="Region that is scored.")
@click.option("--split", type=click.Choice(["test", "validate"]), default="test", show_default=True)
@click.option("--set", "settings", multiple=True, help="key=value or METHOD.key=value: a method's parameter.")
@click.option("--out", default="results", show_default=True, help="Folder or URL of the results.")
@click.option("--save-analyses", type=click.Path(path_type=Path), help="Write analyses to this Zarr store.")
@click.option("--plot", type=click.Path(path_type=Path), help="Write pictures of the middle case to this folder.")
@click.option("--chunk", default=32, show_default=True, type=click.IntRange(min=1), help="Cases a batch.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--fresh", is_flag=True, help="Compute again what is stored.")
@click.pass_context
def run(context: click.Context, methods: tuple[str, ...], world: str, data: str | None, **flags: Any) -> None:
    """Run methods on the same cases and observations, and compare them."""
    from rich.console import Console

    from benchmark.observing import ObservingSpec
    from benchmark.problem import BenchError
    from benchmark.progress import ProgressBars
    from benchmark.running.cycled import execute_cycled
    from benchmark.running.executing import execute
    from benchmark.running.planning import check_overrides
    from benchmark.running.request import RunRequest
    from benchmark.worlds import CycledSpec, load_spec
    from leaderboards.cycled import print_cycled
    from leaderboards.terminal import print_summary
    from leaderboards.tuning.shipped import add_tuning, trials_of

    keys = ("obs_frac", "network", "stations", "draw", "operator", "obs_vars", "obs_std", "withhold", "seed")
    spec = load_spec(world, data)
    observing = {key: flags[key] for key in keys if flags[key] not in (None, "")}
    if cycled := isinstance(spec, CycledSpec):
        # a setting of the literature has its own observations; what is typed goes before them
        given = [key for key in (*observing, "cases") if _is_typed(context, key)]
        observing = {**spec.observing, **{key: observing[key] for key in given if key in observing}}
        flags["cases"] = flags["cases"] if "cases" in given else None
    elif flags["cycles"]:
        raise BenchError(f"--cycles is for cycled worlds, and '{spec.name}' is none; leave it out.")
    request = RunRequest(
        world=spec,
        observing=ObservingSpec.make(**observing),
        methods=methods,
        overrides=by_method(flags["settings"]),
        cases=flags["cases"] or None,
        **{key: flags[key] for key in SAME},
        save_analyses=flags["save_analyses"],
        plot=flags["plot"],
        trials=trials_of(spec.name),
    )
    check_overrides(request)
    with ProgressBars() as bars:
        outcome = (execute_cycled if cycled else execute)(request, bars)
    if not cycled:
        add_tuning(outcome.summary)
    if flags["as_json"]:
        click.echo(json.dumps(outcome.summary, default=str))
        return
    if cycled:
        print_cycled(outcome.summary, outcome.title, Console())
    else:
        print_summary(outcome.summary, outcome.channels, outcome.title, Console())


def _is_typed(context: click.Context, flag: str) -> bool:
    return context.get_parameter_source(flag) is click.core.ParameterSource.COMMANDLINE
