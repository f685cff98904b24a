"""`bench test-method`."""

__all__ = ["test_method"]

import json

import click

from .settings import by_method


@click.command("test-method")
@click.argument("name")
@click.option("--set", "settings", multiple=True, help="key=value: a parameter of the method.")
@click.option(
    "--ensemble", default=20, show_default=True, type=click.IntRange(2), help="Background members of ensemble methods."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def test_method(
    context: click.Context, name: str, settings: tuple[str, ...], ensemble: int, as_json: bool, debug: bool
) -> None:
    """Put a method to the contract that all methods keep; exits with 1 if a clause is broken.

    NAME is a built-in method, an installed plug-in, or path/to/file.py:Class.
    """
    from rich.console import Console

    from benchmark.running.contract import check_method
    from leaderboards.contract import print_contract

    report = check_method(name, by_method(settings), ensemble=ensemble)
    if as_json:
        click.echo(json.dumps(report.record(), default=str))
    else:
        print_contract(report.record(), Console())
    if not report.passed:
        context.exit(1)
