"""`bench score`."""

__all__ = ["score"]

import json
import math

import click


@click.command()
@click.argument("analysis")
@click.argument("truth")
@click.option("--climatology", help="File with dimensions hour and dayofyear, for the ACC.")
@click.option("--region", default="global", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def score(analysis: str, truth: str, climatology: str | None, region: str, as_json: bool, debug: bool) -> None:
    """Score any two files in WeatherBench 2's layout."""
    from metrics import score_files

    scores = score_files(analysis, truth, climatology, region)
    scores = {name: dict(sorted(row.items())) for name, row in scores.items()}
    if as_json:
        # JSON has no NaN: a score that is not defined is null
        defined = {k: {c: v if math.isfinite(v) else None for c, v in row.items()} for k, row in scores.items()}
        click.echo(json.dumps(defined))
        return
    channels = list(next(iter(scores.values())))
    click.echo("".join(["channel".ljust(32), *(name.rjust(16) for name in scores)]))
    for channel in channels:
        click.echo("".join([channel.ljust(32), *(f"{scores[name][channel]:16.6g}" for name in scores)]))
