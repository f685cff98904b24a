"""One trial: a setting of a method on the validation year, at every observed fraction."""

__all__ = ["background", "perform"]

import math
from collections.abc import Mapping
from typing import Any

from benchmark.observing import ObservingSpec
from benchmark.problem import BenchError
from benchmark.running.executing import execute
from benchmark.running.request import RunRequest
from benchmark.training.context import Context

from .record import FractionScore, Outcome, Trial
from .request import TuneRequest


class _Silent:
    """Says nothing: progress is told in trials."""

    def start(self, label: str, steps: int, done: int) -> None:
        pass

    def step(self, count: int = 1) -> None:
        pass


def background(request: TuneRequest, observing: ObservingSpec, context: Context | None = None) -> dict[str, Any]:
    """The summary of the background alone: what does not depend on any method.

    Raises:
        BenchError: If something that no setting can help is not right: data, weights, cases, the results' folder.
    """
    return execute(request.run(observing, "background"), _Silent(), context).summary


def perform(
    request: TuneRequest,
    label: str,
    number: int,
    searched: Mapping[str, Any],
    current: Mapping[str, Any],
    observations: Mapping[str, str],
    context: Context | None = None,
) -> Trial:
    """Runs a setting and says what came of it; what is stored already is not computed again.

    With a budget of network calls a proposed setting begins with one case, and ends with it if that costs too much.

    Arguments:
        request: What was asked for.
        label: The method's.
        number: Of the trial.
        searched: The parameters that are tried.
        current: All parameters as the world has them.
        observations: sha256 of the observations that must have been seen, by fraction.
        context: See `execute`.

    Raises:
        BenchError: If it fails for something else than its setting.
    """
    parameters = {**current, **searched}
    try:
        runs = [request.run(observing, label, parameters=searched) for observing in request.observing]
        if (
            number
            and request.budget.calls is not None
            and (cost := _cost(runs[-1], label, context))[1] > request.budget.calls
        ):
            return Trial(number=number, parameters=parameters, outcome="over-budget", seconds=cost[0], calls=cost[1])
        summaries = [execute(run, _Silent(), context).summary for run in runs]
    except BenchError as error:
        # what stops the background too is not the setting's fault, and must not count as a trial
        for observing in request.observing:
            background(request, observing, context)
        return Trial(number=number, parameters=parameters, outcome="failed", reason=str(error))
    for observing, summary in zip(request.observing, summaries, strict=True):
        _check(label, summary["observations"]["hash"], observations[f"{observing.obs_frac:g}"])
        if not math.isfinite(summary["methods"][label]["relative_error"]["value"]):
            reason = f"the relative error at obs_frac={observing.obs_frac:g} is not finite"
            return Trial(number=number, parameters=parameters, outcome="failed", reason=reason)
    scores = [_score(*pair, label) for pair in zip(request.observing, summaries, strict=True)]
    seconds, calls = max(s.seconds for s in scores), max(s.calls for s in scores)
    outcome: Outcome = "ok"
    if any(score.diverged for score in scores):
        outcome = "diverged"
    elif request.budget.excess(seconds, calls) > 1:
        outcome = "over-budget"
    return Trial(
        number=number,
        parameters=parameters,
        outcome=outcome,
        scores=tuple(scores),
        mean=math.fsum(score.relative_error for score in scores) / len(scores),
        seconds=seconds,
        calls=calls,
    )


def _cost(run: RunRequest, label: str, context: Context | None) -> tuple[float, float]:
    """Seconds and network calls of one case, zero if it comes to no end: what that means is told by all cases."""
    try:
        summary = execute(run.model_copy(update={"cases": 1}), _Silent(), context).summary
    except BenchError:
        return 0.0, 0.0
    cost = summary["methods"][label]["cost"]
    return cost["seconds_per_case"], cost["network_calls"]


def _score(observing: ObservingSpec, summary: Mapping[str, Any], label: str) -> FractionScore:
    found = summary["methods"][label]
    return FractionScore(
        obs_frac=observing.obs_frac,
        relative_error=found["relative_error"]["value"],
        low=found["relative_error"]["low"],
        high=found["relative_error"]["high"],
        seconds=found["cost"]["seconds_per_case"],
        calls=found["cost"]["network_calls"],
        diverged=found["diverged"],
        experiment=summary["experiment"]["ids"][label],
    )


def _check(label: str, seen: str, expected: str) -> None:
    if seen != expected:
        raise BenchError(
            f"A trial of '{label}' saw other observations than the trials before ({seen[:12]}, not {expected[:12]}); "
            "name another folder with --out and start again."
        )
