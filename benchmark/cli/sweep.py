"""`bench sweep`."""

__all__ = ["sweep"]

import json
from pathlib import Path
from typing import Any

import click

from .sweep_flags import data_of, sweep_options, typed

INTERRUPTED = 130
"""Exit code of a sweep that was broken off, as shells have it."""


@click.command()
@click.argument("spec", required=False)
@sweep_options
@click.option("--design", type=click.Choice(["star", "product"]), help="One axis at a time, or every combination.")
@click.option("--chunk", type=click.IntRange(1), help="Cases a unit of work.")
@click.option("--out", default="results", show_default=True, help="Folder or URL of the results.")
@click.option("--scheduler", default="local", show_default=True, help="local, slurm, or tcp://HOST:PORT of dask.")
@click.option("--workers", type=click.IntRange(1), help="Processes of --scheduler local; one a core if not given.")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1), help="Of a worker.")
@click.option("--device", default="cpu", show_default=True, help="auto, cpu or cuda.")
@click.option("--weights", type=click.Path(path_type=Path), help="Folder of your own trained weights.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--fresh", is_flag=True, help="Compute again what is stored.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def sweep(context: click.Context, spec: str | None, **flags: Any) -> None:
    """Run methods through worlds and observing systems: SPEC is a YAML file, or `standard`.

    Flags replace what the file says. Exits with 1 if an experiment could not be done, and with 2 if nothing can be.
    """
    from rich.console import Console

    from benchmark.running.store import ResultStore
    from benchmark.running.sweeping.estimating import Estimates
    from benchmark.running.sweeping.plan import plan_sweep
    from benchmark.running.sweeping.results import results_of
    from benchmark.running.sweeping.scheduler import choose_scheduler
    from benchmark.running.sweeping.settings import expand
    from benchmark.running.sweeping.spec import read_sweep
    from benchmark.running.sweeping.sweep import run_sweep
    from benchmark.running.workshop import Workshop
    from benchmark.sweep_progress import SweepLines
    from leaderboards.standard import find_sweep
    from leaderboards.sweep import print_plan, print_sweep
    from leaderboards.tuning.shipped import trials_of

    described = read_sweep(find_sweep(spec), typed(flags))
    store = ResultStore(flags["out"])
    store.place.require_shared()
    scheduler = choose_scheduler(flags["scheduler"], flags["workers"], flags["threads"], described.slurm)
    common = {key: flags[key] for key in ("out", "weights", "device", "fresh")}
    settings = expand(described, data_of(flags["data"], described), common)
    settings = [setting.with_trials(trials_of(setting.request.world.name)) for setting in settings]
    workshop = Workshop()
    with SweepLines() as lines:
        plan = plan_sweep(settings, store, workshop, lines.planning)
        if flags["dry_run"]:
            estimates = Estimates.of_store(store, plan.entries)
            print_plan(plan, estimates, scheduler.workers, Console())
            return
        try:
            report = run_sweep(plan, store, scheduler, lines, flags["fresh"])
        except KeyboardInterrupt:
            click.echo("bench: broken off; what is done is kept, and the same command goes on.", err=True)
            context.exit(INTERRUPTED)
    results = results_of(settings, report, store, workshop)
    if flags["as_json"]:
        click.echo(json.dumps({**report.record(), "settings": results}, default=str))
    else:
        print_sweep(report, results, Console())
    if report.failures:
        context.exit(1)
