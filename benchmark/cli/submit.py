"""`bench submit`."""

__all__ = ["submit"]

import re
from pathlib import Path

import click

MIB = 2**20
OUTSIDE_BRACKETS = r",(?![^\[]*\])"


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("--method", "methods", multiple=True, required=True, help="Names or labels of what is packed.")
@click.option("--results", default="results", show_default=True, help="Folder or URL of the results.")
@click.option("--where", "conditions", multiple=True, help="KEY=VALUE, such as world=twin; repeat it.")
@click.option("--data", multiple=True, help="WORLD=PATH of the world's fields, where the package has none.")
@click.option("--region", default="global", show_default=True, help="Region that is scored.")
@click.option(
    "--cases", default=4, show_default=True, type=click.IntRange(min=1), help="Cases whose analyses are packed."
)
@click.option("--weights", type=click.Path(path_type=Path), help="Folder of your own trained weights, as in the run.")
@click.option("--source", help="FILE.py or FILE.py:Class of a method that is not the package's.")
@click.option("--standard", help="Published results or a store to hold it against; those that ship if not given.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def submit(
    archive: Path,
    methods: tuple[str, ...],
    results: str,
    conditions: tuple[str, ...],
    data: tuple[str, ...],
    region: str,
    cases: int,
    weights: Path | None,
    source: str | None,
    standard: str | None,
    debug: bool,
) -> None:
    """Pack results of a method into ARCHIVE, a .zip that bench verify accepts."""
    from benchmark.progress import ProgressBars
    from benchmark.running.submissions import PackRequest, pack

    from .verify import by_world, shipped_standard

    request = PackRequest(
        methods=tuple(name.strip() for text in methods for name in re.split(OUTSIDE_BRACKETS, text)),
        results=results,
        archive=archive,
        conditions=conditions,
        region=region,
        data=by_world(data),
        cases=cases,
        weights=weights,
        source=source,
        standard=standard or shipped_standard(),
    )
    with ProgressBars() as bars:
        packed = pack(request, bars)
    for check in packed.verification.checks[:-1]:
        click.echo(f"{check.name}: {check.verdict}: {check.note}")
    click.echo(f"{archive}: {len(packed.verification.results or ())} experiments, {packed.bytes / MIB:.2f} MiB")
