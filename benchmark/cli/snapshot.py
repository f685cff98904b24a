"""`bench snapshot`."""

__all__ = ["snapshot"]

from pathlib import Path
from typing import Any

import click

from .sweep_flags import data_of, sweep_options, typed


@click.command()
@click.argument("spec", required=False)
@sweep_options
@click.option("--time", help="Valid time of the case, such as 2012-07-01T00; the middle one of the cases if not given.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write, .safetensors.")
@click.option("--device", default="cpu", show_default=True, help="auto, cpu or cuda.")
@click.option("--weights", type=click.Path(path_type=Path), help="Folder of your own trained weights.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def snapshot(context: click.Context, spec: str | None, time: str | None, out: Path, **flags: Any) -> None:
    """Keep the fields of one case of all methods, for the maps of a page.

    SPEC is a YAML file of a sweep, or `standard`; flags replace what it says. Of an axis with several values it is the
    first that counts, which is the sweep's default. Exits with 1 if a method failed.
    """
    from benchmark.problem import BenchError
    from benchmark.progress import ProgressBars
    from benchmark.running.planning import plan_run
    from benchmark.running.snapshots import FAILED, take_snapshot, write_snapshot
    from benchmark.running.sweeping.settings import expand
    from benchmark.running.sweeping.spec import read_one_world
    from benchmark.training.context import open_context
    from leaderboards.standard import find_sweep

    worlds, when = flags.pop("worlds"), _time(time)
    if len(worlds) > 1:
        raise BenchError(f"A snapshot is of one world, and --world names {len(worlds)}; leave one.")
    described = read_one_world(find_sweep(spec), typed({**flags, "worlds": ()}), *(worlds or (None,)))
    if flags["cases"] is not None:
        described = described.model_copy(
            update={"worlds": tuple(one.model_copy(update={"cases": None}) for one in described.worlds)}
        )
    common = {key: flags[key] for key in ("weights", "device")}
    request = expand(described, data_of(flags["data"], described), common)[0].request
    opened = open_context(request.world, request.weights, request.device)
    with ProgressBars() as bars:
        taken = take_snapshot(plan_run(request, opened), opened, bars, when)
    write_snapshot(taken, out)
    click.echo(f"Wrote {out}: {len(taken.analyses)} methods, {taken.facts.world}, {taken.facts.time}")
    for label, reason in taken.facts.left_out.items():
        click.echo(f"left out: {label} ({reason})")
    if FAILED in taken.facts.left_out.values():
        context.exit(1)


def _time(text: str | None) -> Any:
    import numpy as np

    from benchmark.problem import BenchError

    if text is None:
        return None
    try:
        return np.datetime64(text).astype("datetime64[ns]")
    except ValueError:
        raise BenchError(f"Cannot read --time {text}; write it like 2012-07-01T00.") from None
