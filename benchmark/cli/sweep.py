"""`bench sweep`."""

__all__ = ["sweep"]

import json
from pathlib import Path
from typing import Any

import click

AXES = {
    **{"obs_fracs": "obs_frac", "obs_stds": "obs_std", "networks": "network", "operators": "operator"},
    **{"draws": "draw", "withholds": "withhold", "splits": "split"},
}
"""Flag -> axis, of those that are taken as they are typed."""

INTERRUPTED = 130
"""Exit code of a sweep that was broken off, as shells have it."""


@click.command()
@click.argument("spec", required=False)
@click.option("--method", "methods", multiple=True, help="NAME, NAME[key=value,...] or all; repeat it.")
@click.option("--world", "worlds", multiple=True, help="A name or a YAML file; repeat it.")
@click.option("--data", multiple=True, help="WORLD=PATH of its fields; PATH alone where the sweep has one world.")
@click.option("--obs-frac", "obs_fracs", multiple=True, type=float, help="Observed values / values; repeat it.")
@click.option("--obs-vars", multiple=True, help="Observed variables, such as z500,t850, or all; repeat it.")
@click.option("--obs-std", "obs_stds", multiple=True, help="Observation error; repeat it.")
@click.option("--network", "networks", multiple=True, help="random, columns, grid or stations; repeat it.")
@click.option("--stations", multiple=True, help="CSV file, for --network stations; repeat it.")
@click.option("--operator", "operators", multiple=True, help="state, wind-speed, arctan or brightness; repeat it.")
@click.option("--draw", "draws", multiple=True, help="area or index; repeat it.")
@click.option("--withhold", "withholds", multiple=True, type=float, help="Share that methods do not get; repeat it.")
@click.option("--split", "splits", multiple=True, help="test, or validate; repeat it.")
@click.option("--seed", "seeds", multiple=True, type=click.IntRange(0), help="Of observations and methods; repeat it.")
@click.option("--design", type=click.Choice(["star", "product"]), help="One axis at a time, or every combination.")
@click.option("--cases", type=click.IntRange(0), help="Cases of every world; 0 for all.")
@click.option("--members", type=click.IntRange(1), help="Members asked for.")
@click.option("--ensemble", type=click.IntRange(2), help="Background members of ensemble methods.")
@click.option("--chunk", type=click.IntRange(1), help="Cases a unit of work.")
@click.option("--set", "settings", multiple=True, help="key=value or METHOD.key=value: a method's parameter.")
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

    described = read_sweep(find_sweep(spec), _typed(flags))
    store = ResultStore(flags["out"])
    store.place.require_shared()
    scheduler = choose_scheduler(flags["scheduler"], flags["workers"], flags["threads"], described.slurm)
    common = {key: flags[key] for key in ("out", "weights", "device", "fresh")}
    settings = expand(described, _data(flags["data"], described), common)
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


def _typed(flags: dict[str, Any]) -> dict[str, Any]:
    """Fields of the sweep that flags replace."""
    from .settings import pairs

    found: dict[str, Any] = {axis: list(flags[flag]) for flag, axis in AXES.items() if flags[flag]}
    if "obs_std" in found:
        from benchmark.observing.obs_std import read_obs_std

        found["obs_std"] = [read_obs_std(text) for text in found["obs_std"]]
    found |= {key: list(flags[key]) for key in ("methods", "worlds", "obs_vars", "stations", "seeds") if flags[key]}
    found |= {key: flags[key] for key in ("design", "cases", "members", "ensemble", "chunk") if flags[key] is not None}
    if flags["settings"]:
        found["set"] = dict(pairs(flags["settings"]))
    return found


def _data(given: tuple[str, ...], described: Any) -> dict[str, str]:
    from benchmark.problem.errors import BenchError

    found = {}
    for text in given:
        world, equals, path = text.partition("=")
        if not equals and len(described.worlds) > 1:
            raise BenchError(f"--data {text}: this sweep has several worlds; write --data WORLD=PATH.")
        found[world if equals else described.worlds[0].world] = path if equals else text
    return found
