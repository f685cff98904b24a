"""`bench score`."""

__all__ = ["score"]

import json
import math

import click

Scores = dict[str, dict[str, float]]


@click.command()
@click.argument("analysis")
@click.argument("truth")
@click.option("--climatology", help="File with dimensions hour and dayofyear, for the ACC.")
@click.option("--region", default="global", show_default=True)
@click.option(
    "--engine",
    type=click.Choice(["own", "weatherbench2"]),
    default="own",
    show_default=True,
    help="weatherbench2: its own code beside ours, if it is installed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def score(
    analysis: str, truth: str, climatology: str | None, region: str, engine: str, as_json: bool, debug: bool
) -> None:
    """Score any two files in WeatherBench 2's layout."""
    from metrics import require_weatherbench2, score_files, score_with_weatherbench2

    if engine == "weatherbench2":
        require_weatherbench2()
    scores = score_files(analysis, truth, climatology, region)
    scores = {name: dict(sorted(row.items())) for name, row in scores.items()}
    channels = list(next(iter(scores.values())))
    if engine == "own":
        _print_own(scores, channels, as_json)
    else:
        theirs = score_with_weatherbench2(analysis, truth, climatology, region, channels)
        _print_both(scores, theirs, channels, as_json)


def _print_own(scores: Scores, channels: list[str], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_defined(scores)))
        return
    click.echo("".join(["channel".ljust(32), *(name.rjust(16) for name in scores)]))
    for channel in channels:
        click.echo("".join([channel.ljust(32), *(f"{scores[name][channel]:16.6g}" for name in scores)]))


def _print_both(ours: Scores, theirs: Scores, channels: list[str], as_json: bool) -> None:
    """A score that only one of them has stands there without a difference."""
    both = [name for name in ours if name in theirs]
    difference = {name: {c: ours[name][c] - theirs[name][c] for c in channels} for name in both}
    if as_json:
        parts = {"ours": ours, "weatherbench2": theirs, "difference": difference}
        click.echo(json.dumps({key: _defined(part) for key, part in parts.items()}))
        return
    columns = {"ours": ours, "weatherbench2": theirs, "difference": difference}
    click.echo("".join(["channel".ljust(32), "score".ljust(16), *(name.rjust(16) for name in columns)]))
    for channel in channels:
        for name in dict.fromkeys([*ours, *theirs]):
            cells = [f"{part[name][channel]:16.6g}" if name in part else "-".rjust(16) for part in columns.values()]
            click.echo("".join([channel.ljust(32), name.ljust(16), *cells]))


def _defined(scores: Scores) -> dict[str, dict[str, float | None]]:
    """JSON has no NaN: a score that is not defined is null."""
    return {k: {c: v if math.isfinite(v) else None for c, v in row.items()} for k, row in scores.items()}
