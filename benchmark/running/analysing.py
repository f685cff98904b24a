"""Hands a method some cases, and takes back its analysis."""

__all__ = ["MethodRun", "analyse_batch"]

import copy
import dataclasses
import time

import torch

from benchmark.problem import (
    Analysis,
    BenchError,
    CaseNoise,
    Method,
    Oracle,
    Problem,
    Status,
    first_line,
    seed_from,
)
from benchmark.worlds import World
from methods.registry import is_oracle

from .experiment import Experiment


@dataclasses.dataclass(frozen=True)
class MethodRun:
    """A method, and the experiment that it is.

    Arguments:
        label: As the user names it.
        method: With its parameters; it analyses once it is prepared.
        members: How many it is asked for.
        experiment: What it is part of.
    """

    label: str
    method: Method
    members: int
    experiment: Experiment


def analyse_batch(
    run: MethodRun,
    problem: Problem,
    world: World,
    seed: int,
    device: torch.device,
    truth: torch.Tensor | None = None,
) -> tuple[Analysis, float]:
    """A method's analysis of some cases, on the CPU, and the seconds it took.

    Arguments:
        run: The method, prepared.
        problem: The cases.
        world: Its name is a part of every seed.
        seed: Of the method's random numbers.
        device: Where the method works.
        truth: Of the cases, for the built-in oracles and nobody else; None where there are none.

    Raises:
        BenchError: If the method fails or returns something of a wrong shape.
    """
    times = (str(t) for t in problem.times.astype("datetime64[s]"))
    noise = CaseNoise([seed_from("method", world.name, t, seed) for t in times], device)
    # the cases are kept for other methods: what this one does to them in place must not reach those
    problem = copy.deepcopy(problem).to(device)
    if device.type == "cuda":
        torch.cuda.synchronize()
    started = time.perf_counter()
    try:
        with torch.no_grad():
            if truth is not None and isinstance(run.method, Oracle) and is_oracle(type(run.method)):
                analysis = run.method.reconstruct(truth.to(device), problem, run.members, noise)
            else:
                analysis = run.method.analyse(problem, run.members, noise)
    except BenchError:
        raise
    except Exception as error:
        kind = type(error).__name__
        raise BenchError(f"Method '{run.label}' failed ({kind}: {first_line(error)}); --debug shows where.") from error
    if device.type == "cuda":
        torch.cuda.synchronize()
    seconds = time.perf_counter() - started
    return _checked(run.label, problem, dataclasses.replace(analysis, members=analysis.members.cpu())), seconds


def _checked(label: str, problem: Problem, analysis: Analysis) -> Analysis:
    """The analysis, diverged where it is not finite, whatever a plug-in says of itself.

    Raises:
        BenchError: If its shape would be scored as something else.
    """
    cases, *state = problem.background.shape
    shape, words = tuple(analysis.members.shape), analysis.status
    if len(shape) != 5 or shape[1] == 0 or (shape[0], *shape[2:]) != (cases, *state) or len(words) != cases:
        raise BenchError(
            f"Method '{label}' returned members of shape {shape} and {len(words)} statuses for {cases} cases; "
            f"an analysis has members of shape {(cases, 'members', *state)} and a status for every case."
        )
    finite = torch.isfinite(analysis.members).flatten(1).all(1).tolist()
    status = tuple(word if good else Status.DIVERGED for word, good in zip(words, finite, strict=True))
    return dataclasses.replace(analysis, status=status)
