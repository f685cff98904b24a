"""Runs a setting afresh, in a folder of its own, and takes the scores out of the summary."""

__all__ = ["Measured", "MethodFound", "diverged_everywhere", "measure"]

import dataclasses
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.problem import BenchError
from benchmark.running.executing import Outcome, execute
from benchmark.running.planning import BASELINES
from benchmark.running.runner import Progress

from .golden import HEADLINE
from .setting import Setting

SCORED = ("rmse", "acc", "crps", "spread")
"""Those of them that a summary has; the last is nothing of a single analysis."""

DIGITS = 9


@dataclasses.dataclass(frozen=True)
class MethodFound:
    """
    Arguments:
        id, parameters, members, network_calls: As in `MethodScores`.
        scores: By score and channel.
    """

    id: str
    parameters: Mapping[str, Any]
    members: int
    network_calls: float
    scores: Mapping[str, Mapping[str, float]]


@dataclasses.dataclass(frozen=True)
class Measured:
    """
    Arguments:
        title: World and observing system in words.
        cases: How many were scored.
        first_case, last_case, observations, convention: As in `Golden`.
        methods: By label.
        skipped: Why a method did not run, by label.
        diverged: In how many cases a method diverged, by label; it has no scores.
    """

    title: str
    cases: int
    first_case: str
    last_case: str
    observations: str
    convention: str
    methods: dict[str, MethodFound]
    skipped: dict[str, str]
    diverged: dict[str, int]


@dataclasses.dataclass(frozen=True)
class _Seeded:
    """Progress that says which world and seed."""

    progress: Progress
    name: str

    def start(self, label: str, steps: int, done: int) -> None:
        self.progress.start(f"{self.name}: {label}", steps, done)

    def step(self, count: int = 1) -> None:
        self.progress.step(count)


def measure(
    setting: Setting,
    folder: Path,
    progress: Progress,
    *,
    seed: int | None = None,
    methods: tuple[str, ...] | None = None,
    device: str = "cpu",
    weights: Path | None = None,
) -> Measured:
    """Nothing is read from stored results, and none are left.

    A summary leaves out the cases that diverge for any method. So where one diverges, methods are run one by one:
    then the others still have the scores that they had before.

    Arguments:
        setting: What is run.
        folder: Of the golden file.
        progress: Hears of progress.
        seed: Of the methods' random numbers, the setting's if None.
        methods: Labels of those that are run, all if None.
        device, weights: As in `RunRequest`.

    Raises:
        BenchError: If it cannot be run.
    """
    seed = setting.seed if seed is None else seed
    labels = tuple(dict.fromkeys(methods or setting.methods))

    def run(*chosen: str) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="bench-check-") as out:
            request = setting.request(folder, chosen, seed=seed, device=device, weights=weights, out=Path(out))
            return execute(request, _Seeded(progress, f"{request.world.name}, seed {seed}"))

    names = {label: label for label in BASELINES} | setting.labels(folder)
    try:
        outcome = run(*labels)
        if not any(found["diverged"] for found in outcome.summary["methods"].values()):
            return _measured(outcome, names)
    except BenchError as error:
        if not diverged_everywhere(error):
            raise
    parts, lost = [_measured(run(BASELINES[0]), names)], {}
    for label in (label for label in labels if label not in BASELINES):
        try:
            parts.append(_measured(run(label), names))
        except BenchError as error:
            if not diverged_everywhere(error):
                raise
            lost[label] = setting.cases
    return dataclasses.replace(
        parts[0],
        methods={label: found for part in parts for label, found in part.methods.items()},
        skipped={label: text for part in parts for label, text in part.skipped.items()},
        diverged={label: n for part in parts for label, n in part.diverged.items()} | lost,
    )


def diverged_everywhere(error: BenchError) -> bool:
    """Whether a run has no summary because a method diverged in every case."""
    return str(error).startswith("Every case diverged")


def _measured(outcome: Outcome, names: Mapping[str, str]) -> Measured:
    """A run's scores by the labels of the setting, which `names` has by those of the run."""
    summary = outcome.summary
    experiment, methods = summary["experiment"], summary["methods"]
    return Measured(
        title=outcome.title,
        cases=summary["cases"],
        first_case=experiment["first_case"],
        last_case=experiment["last_case"],
        observations=summary["observations"]["hash"],
        convention=experiment["convention"],
        methods={
            names[label]: _method(found, experiment, label) for label, found in methods.items() if not found["diverged"]
        },
        skipped={names[label]: found["text"] for label, found in summary["skipped"].items()},
        diverged={names[label]: found["diverged"] for label, found in methods.items() if found["diverged"]},
    )


def _method(found: Mapping[str, Any], experiment: Mapping[str, Any], label: str) -> MethodFound:
    scores: dict[str, dict[str, float]] = {HEADLINE: {"all": _rounded(found["relative_error"]["value"])}}
    for score in found["scores"]:
        name, value = score["statistic"], score["value"]
        if name in SCORED and value is not None and not (name == "spread" and found["members"] == 1):
            scores.setdefault(name, {})[score["channel"]] = _rounded(value)
    return MethodFound(
        id=experiment["ids"][label],
        parameters=experiment["parameters"][label],
        members=found["members"],
        network_calls=_rounded(found["cost"]["network_calls"]),
        scores=scores,
    )


def _rounded(value: float) -> float:
    """To as many digits as a rerun gives again."""
    return float(f"{value:.{DIGITS}g}")
