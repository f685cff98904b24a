"""The command line. Thin: every command reads its flags and calls one function.

Nothing heavy is imported before a command runs, so that `--help` answers at once.
"""

__all__ = ["main"]

import json
import math
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


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="assimbench")
def main() -> None:
    """A benchmark for data assimilation: same truth, same background, same observations, error bars."""


def _common(command: Any) -> Any:
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


@main.command()
@click.option("--method", "methods", multiple=True, required=True, help="NAME, NAME[key=value,...] or FILE.py:Class.")
@_common
@click.option("--obs-frac", default=0.01, show_default=True, help="Observed values / values of the observed channels.")
@click.option("--network", default="random", show_default=True, help="random, columns, grid or stations.")
@click.option("--stations", help="CSV file with columns id, lat, lon, for --network stations.")
@click.option("--draw", default="area", show_default=True, help="area or index: what the drawing is uniform in.")
@click.option("--obs-vars", default="", help="Observed variables or channels, such as z500,t850; all if not given.")
@click.option("--obs-std", default="0.05", show_default=True, help="In climatological stds, or a YAML file.")
@click.option("--cases", default=128, show_default=True, help="Cases, spread evenly over the split; 0 for all.")
@click.option(
    "--members", type=click.IntRange(min=1), help="Members asked for; each method's own default if not given."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of observations and methods.")
@click.option("--region", default="global", show_default=True, help="Region that is scored.")
@click.option("--split", type=click.Choice(["test", "validate"]), default="test", show_default=True)
@click.option("--set", "settings", multiple=True, help="key=value or METHOD.key=value: a method's parameter.")
@click.option("--out", type=click.Path(path_type=Path), default="results", show_default=True, help="Results' folder.")
@click.option("--save-analyses", type=click.Path(path_type=Path), help="Write analyses to this Zarr store.")
@click.option("--plot", type=click.Path(path_type=Path), help="Write pictures of the middle case to this folder.")
@click.option("--chunk", default=32, show_default=True, type=click.IntRange(min=1), help="Cases a batch.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--fresh", is_flag=True, help="Compute again what is stored.")
def run(methods: tuple[str, ...], world: str, data: str | None, **flags: Any) -> None:
    """Run methods on the same cases and observations, and compare them."""
    from rich.console import Console

    from benchmark.observing import ObservingSpec
    from benchmark.progress import ProgressBars
    from benchmark.running.request import RunRequest, check_overrides, execute
    from benchmark.worlds import load_spec
    from leaderboards.terminal import print_summary

    keys = ("obs_frac", "network", "stations", "draw", "obs_vars", "obs_std", "seed")
    request = RunRequest(
        world=load_spec(world, data),
        observing=ObservingSpec.make(**{key: flags[key] for key in keys if flags[key] not in (None, "")}),
        methods=methods,
        overrides=_settings(flags["settings"]),
        cases=flags["cases"] or None,
        **{k: flags[k] for k in ("members", "seed", "region", "split", "device", "out", "weights", "chunk", "fresh")},
        save_analyses=flags["save_analyses"],
        plot=flags["plot"],
    )
    check_overrides(request)
    with ProgressBars() as bars:
        outcome = execute(request, bars)
    if flags["as_json"]:
        click.echo(json.dumps(outcome.summary, default=str))
        return
    print_summary(outcome.summary, outcome.channels, outcome.title, Console())


@main.command()
@click.argument("target")
@_common
@click.option("--set", "settings", multiple=True, help="COMPONENT.key=value, such as autoencoder.plan.epochs=5.")
@click.option("--again", is_flag=True, help="Train the target anew though it is there already.")
@click.option("--from-scratch", is_flag=True, help="Use no weights that ship with the package: reproduce them.")
def train(target: str, world: str, data: str | None, device: str, weights: Path | None, **flags: Any) -> None:
    """Train a component (forecaster, autoencoder, latent-prior, background-error) or all that a method needs."""
    from benchmark.progress import ProgressBars
    from benchmark.training.context import Context, choose_device, open_workspace
    from benchmark.training.recipes import train as train_components
    from benchmark.weights import SHIPPED
    from benchmark.worlds import load_spec

    chosen = choose_device(device)
    with ProgressBars() as bars:
        shipped = None if flags["from_scratch"] else SHIPPED
        opened, store = open_workspace(load_spec(world, data), weights, str(chosen), shipped)
        context = Context(opened, store, chosen, bars, _nested(flags["settings"]))
        made = train_components(target, context, flags["again"])
    if idle := [name for name in context.overrides if name not in made]:
        click.echo(f"The settings of {', '.join(idle)} were not used: it is there already, or not needed.", err=True)
    if made:
        click.echo(f"Trained {', '.join(made)}; weights and cards are in {store.folder}.")
    else:
        click.echo(f"Everything that '{target}' needs is there already; --again trains it anew.")


@main.group(cls=Group)
def world() -> None:
    """Make, draw and pack worlds that need no download."""


@world.command()
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), help="Zarr store to write; NAME.zarr if not given.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def make(name: str, out: Path | None, debug: bool) -> None:
    """Integrate a planet and write its archive; an interrupted run goes on where it stopped."""
    from benchmark.problem import BenchError
    from benchmark.progress import ProgressBars
    from benchmark.worlds import load_spec
    from benchmark.worlds.planet import PlanetSettings
    from benchmark.worlds.planet.making import make_planet

    spec = load_spec(name)
    if spec.planet is None:
        raise BenchError(f"The world '{spec.name}' is made of real fields and cannot be made here. {spec.data_note}")
    with ProgressBars() as bars:
        written = make_planet(PlanetSettings.read(spec.planet, spec.name), out or Path(f"{spec.name}.zarr"), bars)
    click.echo(f"Wrote {written}; use it with --world {name} --data {written}.")


@world.command()
@click.argument("name")
@click.option("--data", help="Path or URL of the world's fields.")
@click.option("--weights", type=click.Path(path_type=Path), help="Folder of your own trained weights.")
@click.option("--out", type=click.Path(path_type=Path), default="pictures", show_default=True, help="Folder.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def plot(name: str, data: str | None, weights: Path | None, out: Path, debug: bool) -> None:
    """Draw a world's jets, eddies, spectra, storm tracks and humidity, and its forecaster's skill."""
    from benchmark.pictures.atmosphere import atmosphere_pictures
    from benchmark.pictures.skill import skill_picture
    from benchmark.training.context import open_workspace
    from benchmark.worlds import load_spec

    opened, _ = open_workspace(load_spec(name, data), weights, "cpu")
    paths = atmosphere_pictures(opened, out)
    if opened.forecaster is not None:
        paths.append(skill_picture(opened, out))
    click.echo("\n".join(f"Wrote {path}" for path in paths))


@world.command()
@click.argument("name")
@click.option("--data", required=True, help="Path of the world's whole archive.")
@click.option("--weights", type=click.Path(path_type=Path), help="Folder of your own trained weights.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write the sample to.")
@click.option("--month", help="Test month that is kept at every step, such as 2012-04.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def sample(name: str, data: str, weights: Path | None, out: Path, month: str | None, debug: bool) -> None:
    """Pack test cases and statistics of a planet, as they ship with the package."""
    from benchmark.training.sampling import pack_world
    from benchmark.worlds import load_spec

    card = pack_world(load_spec(name, data), weights, out, month)
    click.echo(f"Wrote {card.times} times to {out}.")


@main.command()
def worlds() -> None:
    """List the worlds that ship with the package."""
    from benchmark.worlds import library

    for name, title in library().items():
        click.echo(f"{name:28} {title}")


@main.command()
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


@main.command()
@click.argument("analysis")
@click.argument("truth")
@click.option("--climatology", help="File with dimensions hour and dayofyear, for the ACC.")
@click.option("--region", default="global", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def score(analysis: str, truth: str, climatology: str | None, region: str, as_json: bool, debug: bool) -> None:
    """Score any two files in WeatherBench 2's layout."""
    from metrics import score_files

    scores = score_files(analysis, truth, climatology, region)
    scores = {name: dict(sorted(row.items())) for name, row in scores.items()}
    if as_json:
        # JSON has no NaN: a score that is not defined is null
        defined = {k: {c: v if math.isfinite(v) else None for c, v in row.items()} for k, row in scores.items()}
        click.echo(json.dumps(defined))
        return
    channels = list(next(iter(scores.values())))
    click.echo("".join(["channel".ljust(32), *(name.rjust(16) for name in scores)]))
    for channel in channels:
        click.echo("".join([channel.ljust(32), *(f"{scores[name][channel]:16.6g}" for name in scores)]))


def _pairs(settings: tuple[str, ...]) -> list[tuple[str, str]]:
    from benchmark.problem.errors import BenchError

    pairs = []
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise BenchError(f"Cannot read --set {text}; write --set key=value.")
        pairs.append((key.strip(), value.strip()))
    return pairs


def _settings(settings: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """`METHOD.key=value` by method; `key=value` under the empty name."""
    found: dict[str, dict[str, str]] = {}
    for key, value in _pairs(settings):
        method, _, parameter = key.rpartition(".")
        found.setdefault(method, {})[parameter] = value
    return found


def _nested(settings: tuple[str, ...]) -> dict[str, Any]:
    """`component.a.b=value` as nested dictionaries, values read as YAML."""
    import yaml

    from benchmark.problem.errors import BenchError

    found: dict[str, Any] = {}
    for key, value in _pairs(settings):
        *path, last = key.split(".")
        place = found
        try:
            for part in path:
                place = place.setdefault(part, {})
            place[last] = yaml.safe_load(value)
        except (AttributeError, TypeError, yaml.YAMLError):
            raise BenchError(f"Cannot read --set {key}={value}; write --set COMPONENT.key=value.") from None
    return found
