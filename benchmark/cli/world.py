"""`bench world`: make, draw and pack worlds."""

__all__ = ["world"]

from pathlib import Path

import click

from .group import Group


@click.group(cls=Group)
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
    from benchmark.worlds import load_fields_spec
    from benchmark.worlds.planet import PlanetSettings
    from benchmark.worlds.planet.making import make_planet

    spec = load_fields_spec(name)
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
    from benchmark.worlds import Fields, load_fields_spec

    opened, _ = open_workspace(load_fields_spec(name, data), weights, "cpu")
    assert isinstance(opened, Fields)
    paths = atmosphere_pictures(opened, out)
    if opened.forecaster is not None:
        paths.append(skill_picture(opened, out))
    click.echo("\n".join(f"Wrote {path}" for path in paths))


@world.command()
@click.argument("name")
@click.option("--data", help="Path or URL of the world's fields.")
@click.option("--weights", type=click.Path(path_type=Path), help="Folder of your own trained weights.")
@click.option("--out", type=click.Path(path_type=Path), default="pictures", show_default=True, help="Folder.")
@click.option("--cases", type=click.IntRange(2), default=120, show_default=True, help="Times, spread over the year.")
@click.option("--levels", type=click.IntRange(2), default=64, show_default=True, help="Noise levels of a sample.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def priors(
    name: str, data: str | None, weights: Path | None, out: Path, cases: int, levels: int, device: str, debug: bool
) -> None:
    """Draw samples of a world's priors beside the validation year."""
    from benchmark.running.prior_pictures import prior_pictures
    from benchmark.training.context import open_context
    from benchmark.worlds import load_fields_spec

    context = open_context(load_fields_spec(name, data), weights, device)
    for path in prior_pictures(context, out, cases, levels):
        click.echo(f"Wrote {path}")


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
    from benchmark.worlds import load_fields_spec

    card = pack_world(load_fields_spec(name, data), weights, out, month)
    click.echo(f"Wrote {card.times} times to {out}.")
