"""`bench diff`."""

__all__ = ["diff"]

import click


@click.command()
@click.argument("before")
@click.argument("after")
@click.option("--where", "conditions", multiple=True, help="KEY=VALUE, such as world=twin; repeat it.")
@click.option("--region", help="Region whose scores are compared; the globe if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def diff(
    context: click.Context,
    before: str,
    after: str,
    conditions: tuple[str, ...],
    region: str | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Say what changed from BEFORE to AFTER: folders or URLs of results, stored or published.

    Ends with 0 if all scores are the same, with 1 if one moved, came or went.
    """
    import json

    from rich.console import Console

    from benchmark.running.results.opening import open_results
    from leaderboards.difference import Change, difference_of
    from leaderboards.difference_table import print_differences, record

    old, new = (open_results(where, conditions, region, ("mse",)) for where in (before, after))
    found = difference_of(old, new)
    if as_json:
        click.echo(json.dumps([record(one) for one in found], default=str))
    else:
        print_differences(found, Console())
    context.exit(0 if all(one.change is Change.SAME for one in found) else 1)
