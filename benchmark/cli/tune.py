"""`bench tune`."""

__all__ = ["tune"]

import json
from pathlib import Path
from typing import Any

import click

from .group import common
from .settings import by_method

SAME = ("trials", "members", "ensemble", "seed", "device", "out", "weights", "chunk")
"""Flags that a `TuneRequest` has under the same name."""


@click.command()
@click.argument("methods", nargs=-1, required=True)
@common
@click.option("--trials", required=True, type=click.IntRange(min=1), help="Settings to try, of every method.")
@click.option(
    "--obs-frac",
    "fractions",
    multiple=True,
    type=float,
    default=(0.01, 0.05),
    show_default=True,
    help="Observed values / values of all channels; repeat it: a trial's score is the mean.",
)
@click.option(
    "--cases", default=60, show_default=True, help="Cases, spread evenly over the validation year; 0 for all."
)
@click.option("--members", type=click.IntRange(min=1), help="Members asked for; each method's own if not given.")
@click.option(
    "--ensemble", default=20, show_default=True, type=click.IntRange(2), help="Background members of ensemble methods."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of all that is random.")
@click.option("--set", "settings", multiple=True, help="key=value or METHOD.key=value: taken out of the search.")
@click.option("--budget", "budgets", multiple=True, help="seconds=N or calls=N a case: what costs more is not chosen.")
@click.option("--out", type=click.Path(path_type=Path), default="results", show_default=True, help="Results' folder.")
@click.option("--chunk", default=32, show_default=True, type=click.IntRange(min=1), help="Cases a batch.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@click.pass_context
def tune(
    context: click.Context,
    methods: tuple[str, ...],
    world: str,
    data: str | None,
    fractions: tuple[float, ...],
    budgets: tuple[str, ...],
    as_json: bool,
    **flags: Any,
) -> None:
    """Search the parameters of METHODS on the validation year, each with as many trials.

    The first trial is the world's current setting. Exits with 1 if no trial of a method can be chosen.
    """
    from rich.console import Console

    from benchmark.observing import ObservingSpec
    from benchmark.progress import ProgressBars
    from benchmark.running.tuning.budget import Budget
    from benchmark.running.tuning.request import TuneRequest
    from benchmark.running.tuning.tuning import tune as search
    from benchmark.worlds import load_spec
    from leaderboards.tuning.table import print_tuning

    request = TuneRequest(
        world=load_spec(world, data),
        observing=tuple(ObservingSpec.make(obs_frac=f, seed=flags["seed"]) for f in sorted(set(fractions))),
        methods=tuple(dict.fromkeys(method.strip() for method in methods)),
        budget=Budget.parse(budgets),
        overrides=by_method(flags["settings"]),
        cases=flags["cases"] or None,
        **{key: flags[key] for key in SAME},
    )
    with ProgressBars() as bars:
        found = search(request, bars)
    if as_json:
        click.echo(json.dumps([tuning.model_dump(mode="json") for tuning in found]))
    else:
        print_tuning(found, request.out, Console())
    if any(tuning.chosen is None for tuning in found):
        context.exit(1)
