"""`bench verify`."""

__all__ = ["by_world", "shipped_standard", "verify"]

import json
from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--standard", help="Published results or a store to hold it against; those that ship if not given.")
@click.option("--data", multiple=True, help="WORLD=PATH of the world's fields, where the package has none.")
@click.option("--weights", type=click.Path(path_type=Path), help="Folder of weights that the worlds themselves need.")
@click.option("--trust-code", is_flag=True, help="Execute the packed code of methods that are not the package's.")
@click.option("--no-rerun", is_flag=True, help="Run nothing again: the package's own methods are not accepted then.")
@click.option("--add-to", type=click.Path(path_type=Path), help="Add it to this folder of published results.")
@click.option("--replace", is_flag=True, help="With --add-to: replace another version of the same label.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def verify(
    context: click.Context,
    file: Path,
    standard: str | None,
    data: tuple[str, ...],
    weights: Path | None,
    trust_code: bool,
    no_rerun: bool,
    add_to: Path | None,
    replace: bool,
    as_json: bool,
    debug: bool,
) -> None:
    """Check a submission: what it says of itself, its observations, its scores, and its analyses by running them again.

    Exits with 0 if it is accepted, with 1 if it is refused, and with 2 if it could not be verified.
    """
    from benchmark.problem import BenchError
    from benchmark.progress import ProgressBars
    from benchmark.running import submissions

    if replace and not add_to:
        raise BenchError("--replace is of --add-to; name the folder with it, or leave it out.")
    request = submissions.VerifyRequest(
        file=file,
        standard=standard or add_to or shipped_standard(),
        data=by_world(data),
        weights=weights,
        trust_code=trust_code,
        rerun=not no_rerun,
    )
    with ProgressBars() as bars:
        found = submissions.verify(request, bars)
    added = {}
    if add_to and found.outcome == "accepted":
        replaced = submissions.add_to(add_to, found, replace)
        added = {"added_to": str(add_to), "replaced": replaced}
    if as_json:
        click.echo(json.dumps({**found.record(), **added}))
    else:
        for check in found.checks:
            click.echo(f"{check.name:<12} {check.verdict:<9} {check.note}")
        click.echo(found.outcome)
        if added:
            click.echo(f"added to {add_to}, where it replaces {added['replaced']} experiments")
    context.exit(found.exit_code)


def shipped_standard() -> Path | None:
    """The published results that ship with the package, if some do."""
    import leaderboards
    from benchmark.running.results.published import is_published

    folder = Path(leaderboards.__file__).parent / "results"
    return folder if is_published(folder) else None


def by_world(data: tuple[str, ...]) -> dict[str, str]:
    """`WORLD=PATH` by world."""
    from benchmark.problem import BenchError

    found = {}
    for text in data:
        world, equals, path = text.partition("=")
        if not equals or not world or not path:
            raise BenchError(f"Cannot read --data {text}; write --data WORLD=PATH.")
        found[world] = path
    return found
