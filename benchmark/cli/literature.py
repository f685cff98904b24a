"""`bench literature`."""

__all__ = ["literature"]

import json
from pathlib import Path

import click


@click.command()
@click.option("--world", "worlds", multiple=True, help="lorenz63, lorenz96 or ks; all if not given.")
@click.option("--cycles", type=click.IntRange(min=10), help="Analyses of a run; as in the literature if not given.")
@click.option("--seeds", type=click.IntRange(min=1), help="Runs; as in the literature if not given.")
@click.option("--out", type=click.Path(path_type=Path), default="results", show_default=True, help="Results' folder.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def literature(
    context: click.Context,
    worlds: tuple[str, ...],
    cycles: int | None,
    seeds: int | None,
    out: Path,
    as_json: bool,
    debug: bool,
) -> None:
    """Hold the ensemble filters and 3D-Var against published scores; exits with 1 if one is missed."""
    from rich.console import Console

    from benchmark.progress import ProgressBars
    from benchmark.running.literature import check_literature
    from leaderboards.cycled import print_literature

    with ProgressBars() as bars:
        rows = check_literature(worlds, out, bars, cycles, seeds)
    if as_json:
        click.echo(json.dumps(rows))
    else:
        print_literature(rows, Console())
    if not all(row["within"] for row in rows):
        context.exit(1)
