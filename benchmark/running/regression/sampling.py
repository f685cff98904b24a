"""How far scores may move: measured with other random numbers on the same cases and observations."""

__all__ = ["sample"]

from pathlib import Path

import numpy as np

from benchmark.problem import BenchError
from benchmark.running.runner import Progress

from .golden import MethodScores
from .measuring import Measured, MethodFound, measure
from .setting import Setting

RANDOM = 1e-6
"""Relative change of a score above which its method is taken to draw random numbers."""


def sample(
    setting: Setting, folder: Path, progress: Progress, *, device: str = "cpu", weights: Path | None = None
) -> tuple[Measured, dict[str, MethodScores]]:
    """Runs a setting, the same again, and with other seeds of the methods' random numbers.

    Whether a method draws is measured and not asked: nothing is random in a transform filter that returns members, and
    a single analysis may be a draw.

    Arguments:
        setting: What is run.
        folder: Of the golden file.
        progress: Hears of progress.
        device, weights: As in `RunRequest`.

    Returns:
        What came out with the setting's own seed, and its scores with their tolerances.

    Raises:
        BenchError: If something cannot be run, diverges, or gives other numbers with the same seed.
    """

    def run(seed: int, methods: tuple[str, ...] | None = None) -> Measured:
        found = measure(setting, folder, progress, seed=seed, methods=methods, device=device, weights=weights)
        _refuse_gaps(found, seed)
        return found

    first = setting.seed
    own = run(first)
    _refuse_unrepeatable(own, run(first), setting.relative_tolerance)
    others = [run(first + 1)]
    random = tuple(label for label, found in own.methods.items() if _distance(found, others[0].methods[label]) > RANDOM)
    if random:
        others += [run(first + i, random) for i in range(2, setting.noise_seeds)]
    return own, {
        label: _scores(setting, found, [other.methods[label] for other in others] if label in random else [])
        for label, found in own.methods.items()
    }


def _scores(setting: Setting, own: MethodFound, others: list[MethodFound]) -> MethodScores:
    stds = {
        score: {
            channel: _std([value, *(o.scores[score][channel] for o in others if channel in o.scores.get(score, {}))])
            for channel, value in values.items()
        }
        for score, values in own.scores.items()
    }
    return MethodScores(
        kind="sampled" if others else "deterministic",
        tolerance=_words(setting, drawn=bool(others)),
        id=own.id,
        members=own.members,
        parameters=dict(own.parameters),
        network_calls=own.network_calls,
        scores={score: dict(values) for score, values in own.scores.items()},
        stds=stds if others else {},
    )


def _words(setting: Setting, drawn: bool) -> str:
    floor = f"{setting.relative_tolerance:g} relative"
    if not drawn:
        return f"{floor}, for rounding: another seed changes nothing"
    last = setting.seed + setting.noise_seeds - 1
    return (
        f"3 sqrt(2) standard deviations over the seeds {setting.seed} to {last} of the method's random numbers, on the "
        f"same cases and observations; at least {floor}"
    )


def _std(values: list[float]) -> float:
    return float(f"{np.std(values, ddof=1):.4g}") if len(values) > 1 else 0.0


def _distance(a: MethodFound, b: MethodFound) -> float:
    """The largest relative change of a score."""
    pairs = [(a.scores[s][c], b.scores.get(s, {}).get(c, np.inf)) for s in a.scores for c in a.scores[s]]
    return max(abs(y - x) / abs(x) if x else float(y != x) for x, y in pairs)


def _refuse_gaps(found: Measured, seed: int) -> None:
    for label, cases in found.diverged.items():
        raise BenchError(
            f"'{label}' diverged in {cases} case(s) with seed {seed}, and a golden file holds no diverged cases; "
            "mend the method, take other cases, or leave it out."
        )
    for label, text in found.skipped.items():
        raise BenchError(f"'{label}' cannot run here: {text}; leave it out of the setting.")


def _refuse_unrepeatable(own: Measured, again: Measured, relative: float) -> None:
    for label, found in own.methods.items():
        if _distance(found, again.methods[label]) > relative:
            raise BenchError(
                f"'{label}' gives other scores when it is run again with the same seed, so nothing can be held to "
                f"them; take all random numbers from 'noise' (bench test-method {label} says more)."
            )
