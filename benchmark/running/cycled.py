"""Runs methods on a cycled world: the scores of a run are means over its analyses, and a case is a run of one seed."""

__all__ = ["CYCLED_CONVENTION", "ERROR", "execute_cycled", "standard_error"]

from typing import Any

import numpy as np
import pandas as pd
import torch

from benchmark.observing import ObservingSystem
from benchmark.problem import BenchError, Method, Need, Status
from benchmark.training.context import Context, SilentReport, choose_device, open_workspace
from benchmark.training.recipes import prepare
from benchmark.worlds.cycled import CycledWorld
from methods.registry import find_method, source_hash

from .cycling import Series, calendar, cycle
from .executing import Outcome
from .experiment import Experiment, MethodRequest
from .planning import method_parameters, with_baselines
from .request import RunRequest
from .runner import Progress
from .skipping import SENTENCES, unmet
from .store import ResultStore

CYCLED_CONVENTION = (
    "RMSE: time mean of the spatial RMS error of the members' mean, after the burn-in; mean over seeds; "
    "intervals: 95 %, from the means of blocks of the time series"
)
SCORED = ("rmse_analysis", "rmse_forecast", "spread_analysis", "seconds_per_cycle")
ERROR = "rmse_analysis_error"
TENTHS = 10
"""Parts of a run of which none may have a mean analysis RMSE above the climatological std: members that know less than
the climatology for so long have lost the truth, and the run counts as diverged."""


def execute_cycled(request: RunRequest, progress: Progress, baselines: bool = True) -> Outcome:
    """Runs the seeds that are missing and scores all that were asked for.

    Arguments:
        request: What was asked for.
        progress: Hears of progress, in runs.
        baselines: Whether background and climatology are part of it though nobody asked for them.

    Raises:
        BenchError: If something in the request or the output folder is not right.
    """
    store = ResultStore(request.out)
    device = choose_device("cpu")
    opened, weights = open_workspace(request.world, request.weights, str(device))
    assert isinstance(opened, CycledWorld)
    world, spec = opened, opened.spec
    _refuse_what_belongs_to_fields(request)
    cycles = request.cycles or spec.cycles
    burn_in = spec.burn_in if cycles > 2 * spec.burn_in else cycles // 5
    seeds = [request.seed + i for i in range(request.cases or spec.seeds)]
    system = ObservingSystem(request.observing, world.grid, world.channels, world.normalisation, world.name)
    linear = Need.LINEAR_OPERATOR in system.offers
    context = Context(world, weights, device, SilentReport())
    found: dict[str, pd.DataFrame] = {}
    skipped: dict[str, dict[str, str]] = {}
    ids: dict[str, str] = {}
    parameters: dict[str, Any] = {}
    computed = 0
    labels = with_baselines(request.methods) if baselines else request.methods
    asked = [MethodRequest.parse(label) for label in labels]
    progress.start("runs", len(asked) * len(seeds), 0)
    for asked_for in asked:
        kind = find_method(asked_for.name)
        if need := unmet(kind, world, system):
            skipped[asked_for.label] = {"reason": str(need), "text": SENTENCES[need]}
            progress.step(len(seeds))
            continue
        method = kind(**method_parameters(asked_for, kind.defaults, request))
        hashes = prepare(method, context)
        experiment = _experiment(request, world, method, kind, hashes, cycles, burn_in, linear)
        rows = None if request.fresh else store.read(experiment.id)
        done = set() if rows is None else set(rows["seed"])
        missing = [seed for seed in seeds if seed not in done]
        progress.step(len(seeds) - len(missing))
        if missing:
            store.prepare(experiment, request.fresh)
        # a run that is killed keeps the batches of seeds that were done
        for first in range(0, len(missing), request.chunk):
            batch = missing[first : first + request.chunk]
            series = cycle(method, world, system, batch, cycles, request.ensemble)
            bound = world.climate_std() if method.assimilates else np.inf
            new = _rows(series, batch, burn_in, bound, experiment.id, asked_for.label)
            store.write(experiment, new)
            rows = new if rows is None else pd.concat([rows, new], ignore_index=True)
            computed += len(batch)
            progress.step(len(batch))
        assert rows is not None
        found[asked_for.label] = rows[rows["seed"].isin(seeds)]
        ids[asked_for.label], parameters[asked_for.label] = experiment.id, method.parameters
    summary = {
        "experiment": {
            "world": spec.name,
            "title": world.title,
            "observing_system": system.description(),
            "observing": request.observing.identity(),
            "cycles": cycles,
            "burn_in": burn_in,
            "seeds": seeds,
            "ensemble": request.ensemble,
            "convention": CYCLED_CONVENTION,
            "ids": ids,
            "parameters": parameters,
        },
        "methods": {label: _summarise(rows) for label, rows in found.items()},
        "skipped": skipped,
    }
    return Outcome(summary, {}, f"{world.title}; {system.description()}", computed)


def _refuse_what_belongs_to_fields(request: RunRequest) -> None:
    flags = {
        "--members": request.members is not None,
        "--region": request.region != "global",
        "--split": request.split != "test",
        "--save-analyses": request.save_analyses is not None,
        "--plot": request.plot is not None,
        "--withhold": request.observing.withhold > 0,
        "--device": request.device not in ("auto", "cpu"),
    }
    if given := [flag for flag, is_given in flags.items() if is_given]:
        raise BenchError(
            f"{', '.join(given)} does not apply to the cycled world '{request.world.name}': its cases are runs of "
            "many analyses; leave it out."
        )


def _experiment(
    request: RunRequest,
    world: CycledWorld,
    method: Method,
    kind: type[Method],
    hashes: dict[str, str],
    cycles: int,
    burn_in: int,
    linear: bool,
) -> Experiment:
    filters = {"ensemble": request.ensemble} if Need.ENSEMBLE in method.needs else {}
    return Experiment(
        world={"name": world.name, "training": world.training_hash},
        observing=request.observing.identity(),
        protocol={"cycles": cycles, "burn_in": burn_in, **filters},
        method={
            "name": method.name,
            "version": method.version,
            "source": source_hash(kind),
            "parameters": method.identity(linear),
        },
        weights=hashes,
    )


def _rows(series: Series, seeds: list[int], burn_in: int, bound: float, experiment: str, label: str) -> pd.DataFrame:
    """One row a seed and statistic; a run of which a tenth has an analysis RMSE above the bound has diverged."""
    analysis, forecast, spread = (x[burn_in:].mean(0) for x in (series.analysis, series.forecast, series.spread))
    scored = series.analysis[burn_in:]
    worst = np.max([part.mean(0) for part in np.array_split(scored, min(TENTHS, len(scored)))], axis=0)
    lost = series.lost | ~np.isfinite(analysis) | ~(worst <= bound)
    error = standard_error(series.analysis[burn_in:])
    values = np.stack([analysis, forecast, spread, np.full(len(seeds), series.seconds / len(seeds)), error])
    status = np.where(lost, str(Status.DIVERGED), str(Status.OK))
    names = (*SCORED, ERROR)
    return pd.DataFrame(
        {
            "experiment": experiment,
            "method": label,
            "time": np.repeat([calendar(seed, 0) for seed in seeds], len(names)),
            "seed": np.repeat(seeds, len(names)),
            "channel": "all",
            "region": "global",
            "statistic": np.tile(names, len(seeds)),
            "value": values.T.ravel(),
            "weight": 1.0,
            "status": np.repeat(status, len(names)),
            "torch": torch.__version__,
        }
    )


def standard_error(series: np.ndarray) -> np.ndarray:
    """Standard error of the time mean of correlated series, by the means of blocks (Flegal & Jones, 2010,
    doi:10.1214/09-AOS735): shape (time, seed) to (seed,)."""
    blocks = max(2, int(len(series) ** 0.5))
    length = len(series) // blocks
    means = series[: blocks * length].reshape(blocks, length, -1).mean(1)
    return means.std(0, ddof=1) / blocks**0.5


def _summarise(rows: pd.DataFrame) -> dict[str, Any]:
    """Means over the seeds that did not diverge; the analysis with its 95 % interval."""
    table = rows.pivot(index="seed", columns="statistic", values="value")
    diverged = rows.drop_duplicates("seed").set_index("seed")["status"] == str(Status.DIVERGED)
    kept = table[~diverged.reindex(table.index)]
    found: dict[str, Any] = {"seeds": len(table), "diverged": int(diverged.sum())}
    for name in SCORED:
        mean = float(kept[name].mean()) if len(kept) else None
        found[name] = {"value": mean, "low": None, "high": None}
    if len(kept):
        error = float(np.sqrt((kept[ERROR] ** 2).sum()) / len(kept))
        found[ERROR] = error
        found["rmse_analysis"] |= {
            "low": found["rmse_analysis"]["value"] - 1.96 * error,
            "high": found["rmse_analysis"]["value"] + 1.96 * error,
        }
    return found
