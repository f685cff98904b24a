"""`bench worlds` and `bench methods`."""

__all__ = ["methods", "worlds"]

import json
from pathlib import Path
from typing import Any

import click


@click.command()
def worlds() -> None:
    """List the worlds that ship with the package."""
    from benchmark.worlds import library

    for name, title in library().items():
        click.echo(f"{name:28} {title}")


@click.command()
@click.argument("names", nargs=-1)
@click.option("--world", help="Also what belongs to this world: training years, weights, tuned parameters, trials.")
@click.option("--data", help="Path or URL of the world's fields, in place of the one in its YAML file.")
@click.option("--device", default="cpu", show_default=True, help="auto, cpu or cuda.")
@click.option("--weights", type=click.Path(path_type=Path), help="Folder of your own trained weights.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list of cards.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def methods(names: tuple[str, ...], world: str | None, as_json: bool, **flags: Any) -> None:
    """List the methods, built in and installed; or show the cards of NAMES.

    A name is one of the list, FILE.py:Class, or either with parameters in brackets.
    """
    from methods.registry import method_names

    if not (names or world or as_json):
        _list()
        return
    cards = _cards(names or tuple(method_names()), world, **flags)
    if as_json:
        click.echo(json.dumps(cards, default=str))
        return
    from rich.console import Console

    from leaderboards.cards import print_card

    console = Console()
    for card in cards:
        print_card(card, console)


def _list() -> None:
    from benchmark.problem import BenchError
    from methods.registry import find_method, method_names

    for name in method_names():
        try:
            method = find_method(name)
        except BenchError as error:
            click.echo(f"{name:16} broken: {error}")
            continue
        kind = "point" if method.point else f"{method.default_members} members"
        parameters = ", ".join(f"{k}={v}" for k, v in method.defaults.items())
        click.echo(f"{name:16} {kind:12} {method.paper or '-':20} {parameters}")


def _cards(
    names: tuple[str, ...], world: str | None, data: str | None, device: str, weights: Path | None, debug: bool
) -> list[dict[str, Any]]:
    from benchmark.problem import BenchError
    from benchmark.running.cards import method_card
    from benchmark.running.experiment import MethodRequest
    from methods.registry import find_method

    if world is None:
        if data:
            raise BenchError("--data goes with --world; name the world that the fields are of.")
        asked = [MethodRequest.parse(name) for name in names]
        return [method_card(one.label, find_method(one.name)(**one.parameters)) for one in asked]
    from benchmark.observing import ObservingSpec
    from benchmark.running.planning import plan_run
    from benchmark.running.request import RunRequest
    from benchmark.running.skipping import SENTENCES
    from benchmark.running.workshop import tuning_trials
    from benchmark.training.context import open_context
    from benchmark.worlds import load_spec
    from leaderboards.tuning.shipped import trials_of

    spec = load_spec(world, data)
    request = RunRequest(
        world=spec, observing=ObservingSpec(), methods=names, cases=1, weights=weights, trials=trials_of(spec.name)
    )
    plan = plan_run(request, open_context(spec, weights, device))
    for label, need in plan.skipped.items():
        click.echo(f"bench: {label} cannot run on {spec.name}: {SENTENCES[need]}.", err=True)
    return [method_card(r.label, r.method, r.experiment, spec, tuning_trials(r, request)) for r in plan.runs]
