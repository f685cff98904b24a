"""Runs the packed cases again and compares the analyses."""

__all__ = ["HALF", "SAME", "analyse_cases", "check_rerun", "plan_of"]

import json
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import Analysis, BenchError, Need, first_line

from ..analysing import analyse_batch
from ..planning import Plan, plan_run
from ..results.result_set import Result
from ..runner import Progress
from ..skipping import SENTENCES
from ..workshop import Site
from .checks import UndoneError, refuse_all
from .contents import Submission
from .describing import Description, request_of
from .rescoring import packed_analyses, packed_times
from .worlds import Worlds

SAME = 1e-4
"""How far analyses may be apart, as the root of their mean square difference over that of the field; for rounding."""

HALF = 1e-2
"""The same of networks in bfloat16, whose rounding other processors do otherwise."""

NETWORK_CALLS = 1.5
"""By what factor the calls of the rows, a mean over all cases, may be below those of the cases that were run again."""


def check_rerun(submission: Submission, worlds: Worlds, folder: Path, trust_code: bool, progress: Progress) -> str:
    """
    Arguments:
        submission: Whose scores fit its analyses.
        worlds: Opens the worlds.
        folder: A temporary one.
        trust_code: Whether packed code may be executed.
        progress: Hears of progress.

    Returns:
        In words, what was run.

    Raises:
        RefusedError: If other analyses come out, or another experiment.
        UndoneError: If some cannot be run here, or is not trusted.
    """
    files = _code(submission, folder / "code") if trust_code else {}
    sites: dict[str, Site] = {}
    reasons: list[str] = []
    left: dict[str, str] = {}
    progress.start("experiments again", len(submission.results), 0)
    for result in submission.results:
        file, _, kind = submission.code.get(result.id, "").partition(":")
        if submission.description(result.id).built_in:
            method = ""
        elif file in files:
            method = f"{files[file]}:{kind}"
        else:
            left[result.method] = "its code is not packed" if trust_code else "its code is not trusted"
            progress.step()
            continue
        if result.world not in sites:
            weights = _weights(submission, result.world)
            sites[result.world] = worlds.site_with(result.world, weights, folder / f"weights-{len(sites)}")
        reasons += [f"{result.label} ({result.id}): {why}" for why in _rerun(submission, result, sites, method)]
        progress.step()
    refuse_all(reasons)
    if left:
        raise UndoneError("; ".join(f"'{name}' was not rerun: {why}" for name, why in left.items()), needed=False)
    return f"the drawn cases of {len(submission.results)} experiments give the packed analyses"


def _rerun(submission: Submission, result: Result, sites: Mapping[str, Site], method: str) -> list[str]:
    description, site = submission.description(result.id), sites[result.world]
    times = packed_times(submission, result)
    try:
        plan = plan_of(description, site, method)
        if plan.runs[0].experiment.id != result.id:
            return [f"it is another experiment here ({plan.runs[0].experiment.id}): {_why(submission, result, plan)}"]
        analysis = analyse_cases(plan, site, times)
    except Exception as error:  # numbers of another shape and trusted code fail with whatever they like
        why = str(error) if isinstance(error, BenchError) else f"{type(error).__name__}: {first_line(error)}"
        raise UndoneError(f"{result.label} ({result.id}) could not be run again: {why}") from None
    packed = packed_analyses(submission, result, site, times)
    if analysis.members.shape != packed.shape:
        return [f"it returns {analysis.members.shape[1]} members, and {packed.shape[1]} are packed"]
    words = result.status[np.isin(result.times, times)]
    if [str(status) for status in analysis.status] != list(words):
        return ["its cases end with another status when they are run again"]
    allowed = HALF if description.method.parameters.get("precision") == "bfloat16" else SAME
    apart = _distance(analysis.members, packed)
    if apart > allowed:
        return [f"its analyses do not come out again: they are {apart:.2g} apart, and {allowed:g} is rounding"]
    calls = analysis.cost.network_forwards + analysis.cost.network_backwards
    if calls > NETWORK_CALLS * result.cost["network_calls"] + 1:
        return [f"it makes {calls:g} network calls a case, and its cost says {result.cost['network_calls']:g}"]
    return []


def plan_of(description: Description, site: Site, method: str = "") -> Plan:
    """The plan of one experiment.

    Arguments:
        description: What it is.
        site: Its world.
        method: What the method is called here, its own name if empty.

    Raises:
        BenchError: If it cannot run here.
    """
    context = site.context
    request = request_of(description, context.world.spec, context.store.folder.parent, Path("unused"), method)
    plan = plan_run(request.model_copy(update={"device": str(context.device)}), context)
    if plan.skipped:
        raise BenchError(SENTENCES[next(iter(plan.skipped.values()))])
    return plan


def analyse_cases(plan: Plan, site: Site, times: np.ndarray) -> Analysis:
    """The analyses of some cases, as a run makes them."""
    (run,) = plan.runs
    ensemble = plan.request.ensemble if Need.ENSEMBLE in run.method.needs else 0
    truth, problem, _ = site.cases.problem(plan.system, times.astype("datetime64[ns]"), ensemble)
    context = site.context
    return analyse_batch(site.prepared(run), problem, context.world, plan.request.seed, context.device, truth)[0]


def _why(submission: Submission, result: Result, plan: Plan) -> str:
    record, own = submission.records[result.id], plan.runs[0].experiment.record()
    parts = [key for key in ("world", "observing", "protocol", "method", "weights") if _plain(own[key]) != record[key]]
    cure = "; weights that do not ship are packed with --weights" if "weights" in parts else ""
    return f"its {' and '.join(parts) or 'description'} differ{cure}"


def _plain(value: object) -> object:
    return json.loads(json.dumps(value, default=str))


def _distance(one: Tensor, other: Tensor) -> float:
    """The largest over cases and channels; what is not finite is to be so in both."""
    finite = torch.isfinite(one)
    if not torch.equal(finite, torch.isfinite(other)):
        return float("inf")
    one, other = (torch.where(finite, x, 0.0).double() for x in (one, other))
    axes = (1, 3, 4)
    apart = (one - other).square().mean(axes).sqrt() / other.square().mean(axes).sqrt().clamp_min(1e-3)
    return float(apart.max())


def _weights(submission: Submission, world: str) -> dict[str, Path]:
    """Those of a world that are packed, by file name."""
    paths = {PurePosixPath(name): place for name, place in submission.members.items() if name.startswith("weights/")}
    return {name.name: place for name, place in paths.items() if name.parts[1] == world}


def _code(submission: Submission, folder: Path) -> dict[str, Path]:
    """Copies of the packed code, each in a folder of its own, by file name."""
    found = {}
    for number, (name, place) in enumerate(sorted(submission.members.items())):
        if name.startswith("code/"):
            target = folder / str(number) / PurePosixPath(name).name
            target.parent.mkdir(parents=True)
            shutil.copyfile(place, target)
            found[target.name] = target
    return found
