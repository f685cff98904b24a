"""The command line. Thin: every command reads its flags and calls one function.

Nothing heavy is imported before a command runs, so that `--help` answers at once.
"""

__all__ = ["main"]

import click

from .check import check
from .diff import diff
from .exact import exact
from .export_wb2 import export_wb2
from .group import Group
from .listing import methods, worlds
from .literature import literature
from .publish import publish
from .results import results
from .run import run
from .score import score
from .snapshot import snapshot
from .submit import submit
from .sweep import sweep
from .table import table
from .test_method import test_method
from .train import train
from .tune import tune
from .verify import verify
from .world import world


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="assimbench")
def main() -> None:
    """A benchmark for data assimilation: same truth, same background, same observations, error bars."""


COMMANDS = (
    *(run, sweep, snapshot, check, results, table, diff, publish, score, export_wb2),
    *(submit, verify, tune, train, world, worlds, methods, literature, exact, test_method),
)

for command in COMMANDS:
    main.add_command(command)
