"""`bench exact`."""

__all__ = ["exact"]

import json
from pathlib import Path
from typing import Any

import click

from .settings import by_method


@click.command()
@click.option("--method", "methods", multiple=True, required=True, help="NAME, NAME[key=value,...] or FILE.py:Class.")
@click.option("--world", default="gaussian", show_default=True, help="A world that knows its posterior.")
@click.option(
    "--obs-frac",
    "fractions",
    multiple=True,
    type=float,
    default=(0.01,),
    show_default=True,
    help="Observed values / values of all channels; repeat it for several tables.",
)
@click.option("--obs-std", default="0.05", show_default=True, help="In climatological stds, or a YAML file.")
@click.option("--cases", default=32, show_default=True, type=click.IntRange(min=1), help="Test cases.")
@click.option("--members", type=click.IntRange(min=1), help="Members asked for; each method's own if not given.")
@click.option(
    "--ensemble", default=20, show_default=True, type=click.IntRange(2), help="Background members of ensemble methods."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of observations and methods.")
@click.option("--set", "settings", multiple=True, help="key=value or METHOD.key=value: a method's parameter.")
@click.option("--chunk", default=32, show_default=True, type=click.IntRange(min=1), help="Cases a batch.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--weights", type=click.Path(path_type=Path), help="Folder of your own trained weights.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def exact(
    methods: tuple[str, ...],
    world: str,
    fractions: tuple[float, ...],
    obs_std: str,
    settings: tuple[str, ...],
    as_json: bool,
    debug: bool,
    **flags: Any,
) -> None:
    """Measure methods against the exact posterior, on a world that knows it."""
    from rich.console import Console

    from benchmark.observing import ObservingSpec
    from benchmark.progress import ProgressBars
    from benchmark.running.exact_comparison import compare_with_exact
    from benchmark.running.planning import check_overrides
    from benchmark.running.request import RunRequest
    from benchmark.worlds import load_spec
    from leaderboards.exactness import print_exactness

    spec = load_spec(world)
    requests = [
        RunRequest(
            world=spec,
            observing=ObservingSpec.make(obs_frac=fraction, obs_std=obs_std, seed=flags["seed"]),
            methods=methods,
            overrides=by_method(settings),
            **flags,
        )
        for fraction in fractions
    ]
    check_overrides(requests[0])
    with ProgressBars() as bars:
        found = [compare_with_exact(request, bars) for request in requests]
    report = {"world": spec.name, "title": spec.title or spec.name, "seed": flags["seed"], "settings": found}
    if as_json:
        click.echo(json.dumps(report))
        return
    print_exactness(report, Console())
