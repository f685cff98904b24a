"""`bench worlds` and `bench methods`."""

__all__ = ["methods", "worlds"]

import click


@click.command()
def worlds() -> None:
    """List the worlds that ship with the package."""
    from benchmark.worlds import library

    for name, title in library().items():
        click.echo(f"{name:28} {title}")


@click.command()
def methods() -> None:
    """List the methods: built in, and installed plug-ins."""
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
