"""`bench train`."""

__all__ = ["train"]

from pathlib import Path
from typing import Any

import click

from .group import common
from .settings import nested


@click.command()
@click.argument("target")
@common
@click.option("--set", "settings", multiple=True, help="COMPONENT.key=value, such as autoencoder.plan.epochs=5.")
@click.option("--again", is_flag=True, help="Train the target anew though it is there already.")
@click.option("--from-scratch", is_flag=True, help="Use no weights that ship with the package: reproduce them.")
def train(target: str, world: str, data: str | None, device: str, weights: Path | None, **flags: Any) -> None:
    """Train a component (forecaster, autoencoder, latent-prior, background-error, ...) or all that a method needs."""
    from benchmark.progress import ProgressBars
    from benchmark.training.context import Context, choose_device, open_workspace
    from benchmark.training.recipes import train as train_components
    from benchmark.weights import SHIPPED
    from benchmark.worlds import load_spec

    chosen = choose_device(device)
    with ProgressBars() as bars:
        shipped = None if flags["from_scratch"] else SHIPPED
        opened, store = open_workspace(load_spec(world, data), weights, str(chosen), shipped)
        context = Context(opened, store, chosen, bars, nested(flags["settings"]))
        made = train_components(target, context, flags["again"])
    if idle := [name for name in context.overrides if name not in made]:
        click.echo(f"The settings of {', '.join(idle)} were not used: it is there already, or not needed.", err=True)
    if made:
        click.echo(f"Trained {', '.join(made)}; weights and cards are in {store.folder}.")
    else:
        click.echo(f"Everything that '{target}' needs is there already; --again trains it anew.")
