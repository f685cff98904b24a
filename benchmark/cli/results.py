"""`bench results`."""

__all__ = ["results"]

import json
from pathlib import Path
from typing import Any

import click

from .group import Group


def common(command: Any) -> Any:
    options = [
        click.option("--out", default="results", show_default=True, help="Folder or URL of the results."),
        click.option("--where", "conditions", multiple=True, help="KEY=VALUE, such as method=3dvar; repeat it."),
        click.option("--debug", is_flag=True, help="Show the traceback of an error."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.group(cls=Group)
def results() -> None:
    """What is in a folder of results: list, export, publish, prune."""


@results.command("list")
@common
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
def list_command(out: str, conditions: tuple[str, ...], as_json: bool, debug: bool) -> None:
    """List experiments."""
    from rich.console import Console

    from benchmark.running.results.listing import choose, list_results
    from benchmark.running.store import ResultStore
    from leaderboards.listing import print_results

    chosen = choose(list_results(ResultStore(out)), conditions)
    if as_json:
        click.echo(json.dumps([one.record() for one in chosen], default=str))
    else:
        print_results(chosen, Console())


@results.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@common
@click.option("--rows", is_flag=True, help="The stored statistics of every case, in place of scores.")
@click.option("--region", help="The only region; all if not given.")
@click.option("--no-timing", is_flag=True, help="Leave out how long cases took: equal results make equal files.")
def export_command(
    path: Path, out: str, conditions: tuple[str, ...], rows: bool, region: str | None, no_timing: bool, debug: bool
) -> None:
    """Write scores, or rows, to PATH: .csv, .parquet, or .nc."""
    from benchmark.running.results.exporting import export
    from benchmark.running.results.listing import choose, list_results
    from benchmark.running.store import ResultStore

    store = ResultStore(out)
    count = export(store, choose(list_results(store), conditions), path, rows, region, timing=not no_timing)
    click.echo(f"{count} rows in {path}")


@results.command("publish")
@click.argument("folder", type=click.Path(path_type=Path))
@common
@click.option("--region", default="global", show_default=True, help="Region whose statistics are kept.")
def publish_command(folder: Path, out: str, conditions: tuple[str, ...], region: str, debug: bool) -> None:
    """Write what tables and pages need into FOLDER: a few megabytes, to be kept under version control."""
    from benchmark.running.results.opening import open_results
    from benchmark.running.results.published import write_published

    found = open_results(out, conditions, region)
    write_published(found, folder)
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) / 1e6
    click.echo(f"{len(found)} experiments in {folder}, {size:.1f} MB")


@results.command("prune")
@common
@click.option("--yes", is_flag=True, help="Remove them; without it they are only listed.")
def prune_command(out: str, conditions: tuple[str, ...], yes: bool, debug: bool) -> None:
    """Remove what no run will use again: experiments of an older version, of a method that has changed, or empty for
    hours, and what runs that were killed have left half-written."""
    from benchmark.running.results.listing import choose, list_results
    from benchmark.running.results.pruning import find_leftovers, find_stale, remove
    from benchmark.running.store import ResultStore

    store = ResultStore(out)
    stale = find_stale(store, choose(list_results(store), conditions))
    leftovers = [] if conditions else find_leftovers(store)
    for one in stale:
        click.echo(f"{one.stored.id} {one.stored.world} {one.stored.method}: {one.reason}")
    for name in leftovers:
        click.echo(f"{name}: half-written")
    told = f"{len(stale)} experiments and {len(leftovers)} half-written files"
    if yes:
        remove(store, stale)
        for name in leftovers:
            store.place.remove(name)
        click.echo(f"{told} removed")
    else:
        click.echo(f"{told} could go; --yes removes them")
