"""`bench check`."""

__all__ = ["check"]

import json
from pathlib import Path
from typing import Any

import click

from .settings import by_method

OBSERVED = ("obs_frac", "network", "stations", "draw", "operator", "obs_vars", "obs_std", "seed")
SAME = ("world", "data", "methods", "cases", "members", "ensemble", "seed", "region", "split", "noise_seeds")
"""Flags that a `Setting` has under the same name."""


@click.command()
@click.option("--golden", type=click.Path(path_type=Path), help="A golden file or a folder of them; those that ship.")
@click.option("--update", is_flag=True, help="Write the golden files anew, or make one from the flags at the end.")
@click.option("--reason", help="Why the scores are meant to have moved; kept in the file. With --update.")
@click.option("--all", "every", is_flag=True, help="Show all scores, not only those beyond their tolerance.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Append a Markdown table to this file.")
@click.option("--device", default="cpu", show_default=True, help="auto, cpu or cuda.")
@click.option("--weights", type=click.Path(path_type=Path), help="Folder of your own trained weights.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option("--method", "methods", multiple=True, help="Of a new file: as in bench run.")
@click.option("--world", default="twin", show_default=True, help="Of a new file.")
@click.option("--data", help="Of a new file: path or URL of the world's fields.")
@click.option("--obs-frac", default=0.01, show_default=True, help="Of a new file.")
@click.option("--network", default="random", show_default=True, help="Of a new file.")
@click.option("--stations", help="Of a new file.")
@click.option("--draw", default="area", show_default=True, help="Of a new file.")
@click.option("--operator", default="state", show_default=True, help="Of a new file.")
@click.option("--obs-vars", default="", help="Of a new file.")
@click.option("--obs-std", default="0.05", show_default=True, help="Of a new file.")
@click.option("--cases", default=8, show_default=True, type=click.IntRange(min=1), help="Of a new file.")
@click.option("--members", type=click.IntRange(min=1), help="Of a new file.")
@click.option("--ensemble", default=20, show_default=True, type=click.IntRange(2), help="Of a new file.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of a new file.")
@click.option("--region", default="global", show_default=True, help="Of a new file.")
@click.option("--split", type=click.Choice(["test", "validate"]), default="test", show_default=True)
@click.option("--set", "settings", multiple=True, help="Of a new file: key=value or METHOD.key=value.")
@click.option(
    "--noise-seeds",
    default=5,
    show_default=True,
    type=click.IntRange(3, 100),
    help="Of a new file: seeds over which the tolerance of a method that draws is measured.",
)
@click.pass_context
def check(
    context: click.Context,
    golden: Path | None,
    update: bool,
    reason: str | None,
    every: bool,
    as_json: bool,
    markdown: Path | None,
    device: str,
    weights: Path | None,
    debug: bool,
    **flags: Any,
) -> None:
    """Run small settings again and compare the scores with golden files.

    Exits with 1 if a score moved beyond its tolerance, for the better too, or was lost, and with 2 if something could
    not be run.
    """
    from rich.console import Console

    from benchmark.problem import BenchError
    from benchmark.progress import ProgressBars
    from benchmark.running.regression import check_files, exit_code, find_golden, update_files
    from leaderboards.regression import GOLDEN, print_check
    from leaderboards.regression import markdown as as_markdown

    place = golden or GOLDEN
    typed = [f"--{name.replace('_', '-')}" for name in flags if _is_typed(context, name)]
    typed = ["--method" if flag == "--methods" else "--set" if flag == "--settings" else flag for flag in typed]
    if reason is not None and not update:
        raise BenchError("--reason is of --update, which writes the golden files anew; leave it out, or add --update.")
    if update and not (reason or "").strip():
        raise BenchError("Scores that move need a reason, which the golden file keeps; say it with --reason TEXT.")
    places: dict[str, Any] = {"device": device, "weights": weights}
    with ProgressBars() as bars:
        if update and not place.exists():
            reports = update_files([_new(place)], reason or "", bars, new=_setting(flags), **places)
        else:
            files = find_golden(place)
            _refuse(typed, files, update)
            reports = (
                update_files(files, reason or "", bars, **places) if update else check_files(files, bars, **places)
            )
    if markdown:
        _append(markdown, as_markdown(reports))
    if as_json:
        checks = [report.record() for report in reports]
        code = exit_code(reports)
        click.echo(json.dumps({"passed": code == 0, "checks": checks}, default=str))
    else:
        print_check(reports, Console(), every)
    context.exit(exit_code(reports))


def _is_typed(context: click.Context, flag: str) -> bool:
    return context.get_parameter_source(flag) is click.core.ParameterSource.COMMANDLINE


def _refuse(typed: list[str], files: list[Path], update: bool) -> None:
    from benchmark.problem import BenchError
    from benchmark.running.regression import read_golden

    if not typed:
        return
    held = "; ".join(f"{file.name} holds {read_golden(file).setting.describe()}" for file in files)
    cure = "change 'setting' in the file, or name a file that does not exist yet" if update else "add --update"
    raise BenchError(f"{', '.join(typed)}: for a new golden file, and {held}; leave that out, or {cure}.")


def _new(place: Path) -> Path:
    from benchmark.problem import BenchError

    if place.suffix != ".json":
        raise BenchError(f"There is no golden file {place}, and a new one needs a name that ends in .json.")
    return place


def _setting(flags: dict[str, Any]) -> Any:
    import pydantic

    from benchmark.observing import ObservingSpec
    from benchmark.problem import BenchError
    from benchmark.running.regression import Setting

    if not flags["methods"]:
        raise BenchError(
            "A new golden file needs at least one --method NAME, and may have all other options of bench run."
        )
    observing = {key: flags[key] for key in OBSERVED if flags[key] not in (None, "")}
    try:
        return Setting(
            observing=ObservingSpec.make(**observing),
            overrides=by_method(flags["settings"]),
            **{key: flags[key] for key in SAME},
        )
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise BenchError(f"--{first['loc'][0]}: {first['msg']}, given {first['input']!r}.") from None


def _append(path: Path, text: str) -> None:
    from benchmark.problem import BenchError

    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise BenchError(f"{path} cannot be written ({error.strerror}); name another file with --markdown.") from None
