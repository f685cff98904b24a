"""Clauses on what a method gives back."""

__all__ = ["FINITE", "SHAPES"]

import dataclasses
import math
import numbers

import torch

from benchmark.problem import Analysis, Cost, Status

from .clause import Broken, Clause
from .comparing import require_finite
from .trial import Trial

SEVERAL = 3
"""Members that a point method is asked for, to see that it gives one."""


def _shapes(trial: Trial) -> str:
    point, problem = trial.method.point, trial.problem
    analysis = trial.analyse(problem, SEVERAL if point else None)
    if not isinstance(analysis, Analysis):
        raise Broken(f"expected an Analysis, came {type(analysis).__name__}")
    members = analysis.members
    if not isinstance(members, torch.Tensor):
        raise Broken(f"expected the members as a torch.Tensor, came {type(members).__name__}")
    cases, *state = problem.background.shape
    expected = (cases, trial.expected_members, *state)
    if tuple(members.shape) != expected:
        asked = f"for {SEVERAL} members asked of a point method" if point else f"for {trial.members} members asked"
        if trial.filters:
            asked = f"for a background ensemble of {trial.ensemble}"
        raise Broken(
            f"expected members of shape {expected}: (case, member, channel, latitude, longitude) {asked}; came "
            f"{tuple(members.shape)}"
        )
    if members.dtype != problem.background.dtype:
        raise Broken(f"expected members of the background's type {problem.background.dtype}, came {members.dtype}")
    if len(analysis.status) != cases:
        raise Broken(f"expected one status a case, {cases} of them, came {len(analysis.status)}")
    strange = [word for word in analysis.status if not isinstance(word, Status)]
    if strange:
        raise Broken(f"expected words of benchmark.problem.Status, came {strange[0]!r}")
    if not isinstance(analysis.cost, Cost):
        raise Broken(f"expected the cost as a Cost, came {type(analysis.cost).__name__}")
    for name, value in vars(analysis.cost).items():
        if not isinstance(value, numbers.Real):
            raise Broken(f"expected a number for cost.{name}, came {type(value).__name__}")
        if not (math.isfinite(value) and float(value) >= 0):
            raise Broken(f"expected a finite cost.{name}, zero or more, came {value}")
    counted = {name: value for name, value in dataclasses.asdict(analysis.cost).items() if value}
    return ", ".join(f"{name} {value:g}" for name, value in counted.items())


def _finite(trial: Trial) -> str:
    analysis = trial.ordinary
    require_finite(trial, analysis.members, "ordinary cases")
    for case, word in enumerate(analysis.status):
        if word is Status.DIVERGED:
            raise Broken(f"expected the status of a finite analysis, came '{word}' in {trial.at(case)}")
    late = sum(word is Status.NOT_CONVERGED for word in analysis.status)
    return f"{late} of {len(analysis.status)} cases not converged" if late else ""


SHAPES = Clause(
    "shapes", "members (case, member, channel, latitude, longitude) of the background's type, statuses, cost", _shapes
)
FINITE = Clause("finite", "ordinary cases have finite analyses whose status says so", _finite)
