"""`bench export-wb2`."""

__all__ = ["export_wb2"]

from pathlib import Path

import click


@click.command("export-wb2")
@click.argument("stores", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Zarr store to write; a folder for several."
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def export_wb2(stores: tuple[Path, ...], out: Path, debug: bool) -> None:
    """Write saved analyses as forecasts that WeatherBench 2's own evaluation reads."""
    from benchmark.files import export_wb2
    from benchmark.problem import BenchError

    targets = [out / f"{store.stem}.zarr" for store in stores] if len(stores) > 1 else [out]
    if len(set(targets)) < len(targets):
        raise BenchError("Two of the stores have the same name, and would be one file; export them one by one.")
    for target in targets:  # told before hours of copying
        if target.exists():
            raise BenchError(f"{target} exists already; name another place with --out, or remove it.")
    for store, target in zip(stores, targets, strict=True):
        export_wb2(store, target)
        click.echo(f"{target}")
