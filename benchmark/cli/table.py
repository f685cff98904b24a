"""`bench table`."""

__all__ = ["table"]

from pathlib import Path

import click

FORMATS = ("terminal", "markdown", "csv", "latex")


@click.command()
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--results", default="results", show_default=True, help="Folder or URL of the results.")
@click.option("--rows", default="method", show_default=True, help="Axis of the rows: method, channel, obs_frac, ...")
@click.option("--columns", help="Axis of the columns; the observed fraction if it varies, else channels.")
@click.option("--score", default="relative_error", show_default=True, help="Score that is shown: rmse, acc, crps, ...")
@click.option("--channel", default="mean", show_default=True, help="Channel that is shown, where none is an axis.")
@click.option("--region", help="Region whose scores are shown; the globe if not given.")
@click.option("--where", "conditions", multiple=True, help="KEY=VALUE, such as method=3dvar; repeat it.")
@click.option(
    "--format", "form", type=click.Choice(["terminal", "markdown", "csv", "latex"]), help="In place of PATH's."
)
@click.option("--no-intervals", is_flag=True, help="Values alone.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def table(
    path: Path | None,
    results: str,
    rows: str,
    columns: str | None,
    score: str,
    channel: str,
    region: str | None,
    conditions: tuple[str, ...],
    form: str | None,
    no_intervals: bool,
    debug: bool,
) -> None:
    """Compare stored results along two axes: in the terminal, or in PATH (.md, .csv, .tex).

    An axis is method, channel, score, or one that experiments differ in: obs_frac, obs_vars, obs_std, network, world.
    """
    from rich.console import Console

    from benchmark.running.results.opening import open_results
    from leaderboards.tables import TableRequest, build_tables, statistics_of, write_tables

    request = TableRequest(rows, columns, score, channel)
    found = open_results(results, conditions, region, statistics_of(request))
    write_tables(build_tables(found, request), path, form, not no_intervals, Console())
