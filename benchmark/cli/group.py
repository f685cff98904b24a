"""What all commands share: how errors are told, and the common options."""

__all__ = ["DEFAULT_WORLD", "Group", "common"]

import sys
import warnings
from pathlib import Path
from typing import Any

import click

DEFAULT_WORLD = "twin"


class Group(click.Group):
    """Turns a `BenchError` into one message and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        warnings.showwarning = _say_warning  # type: ignore[assignment]
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if "--debug" in sys.argv:
                raise
            from benchmark.problem.errors import BenchError

            if not isinstance(error, BenchError):
                text = f"{type(error).__name__}: {error}"
                click.echo(f"bench: something unforeseen went wrong ({text}); --debug shows where.", err=True)
                ctx.exit(3)
            click.echo(f"bench: {error}", err=True)
            ctx.exit(2)


def _say_warning(message: Warning | str, *_: Any) -> None:
    click.echo(f"bench: {message}", err=True)


def common(command: Any) -> Any:
    options = [
        click.option("--world", default=DEFAULT_WORLD, show_default=True, help="World: a name or a YAML file."),
        click.option("--data", help="Path or URL of the world's fields, in place of the one in its YAML file."),
        click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda."),
        click.option("--weights", type=click.Path(path_type=Path), help="Folder of your own trained weights."),
        click.option("--debug", is_flag=True, help="Show the traceback of an error."),
    ]
    for option in reversed(options):
        command = option(command)
    return command
