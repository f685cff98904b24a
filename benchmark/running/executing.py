"""From what the user asked for to a finished, summarised run."""

__all__ = ["Outcome", "execute"]

import dataclasses
from typing import Any

from benchmark.training.context import Context, open_context
from metrics import find_region, region_weights

from .analyses import AnalysisWriter
from .experiment import middle_time
from .planning import plan_run, with_baselines
from .plotting import plot_run
from .reporting import report
from .request import RunRequest
from .runner import Progress, run_methods
from .store import ResultStore
from .workshop import Site


@dataclasses.dataclass(frozen=True)
class Outcome:
    """
    Arguments:
        summary: The JSON object of `bench run --json`.
        channels: Units by channel name.
        title: What was run, for the table's caption.
        computed: Method-cases that were computed and not read from the store.
    """

    summary: dict[str, Any]
    channels: dict[str, str]
    title: str
    computed: int


def execute(request: RunRequest, progress: Progress, context: Context | None = None) -> Outcome:
    """Runs what is missing and scores everything that was asked for, the baselines with it.

    Arguments:
        request: What was asked for.
        progress: Hears of progress.
        context: Its world, weights and device, from an earlier run of the same three; None to open them.

    Raises:
        BenchError: If something in the request, the data, the weights or the output folder is not right.
    """
    find_region(request.region)
    store = ResultStore(request.out)
    context = context or open_context(request.world, request.weights, request.device)
    world = context.world
    region_weights(world.grid, request.region)  # an empty region is told before the computation
    asked = list(dict.fromkeys(label.strip() for label in request.methods))
    plan = plan_run(request.model_copy(update={"methods": with_baselines(request.methods)}), context)
    # the baselines are drawn and written only where nothing else was asked for
    shown = [label for label in asked if label not in with_baselines(())] or asked
    site = Site(context)
    writer = AnalysisWriter(request.save_analyses, world, shown) if request.save_analyses else None
    try:
        computed = run_methods(plan, site, store, progress, keep=writer.add if writer else None)
        if writer:
            writer.finish()
    finally:
        if writer:
            writer.discard()
    summary = report(plan, store)
    if request.plot:
        middle = middle_time(plan.times)
        plot_run(request.plot, [r for r in plan.runs if r.label in shown], plan, site, middle, summary)
    units = {channel.name: channel.unit for channel in world.channels}
    return Outcome(summary, units, f"{world.title}; {plan.system.description()}", computed)
