"""Clauses on what a method sees and leaves as it is.

The truth clause catches a method that opens a world, keeps one, or finds one, by whichever way, and one that holds the
truth or returns it. In Python nothing more can be had from inside the process: a method that draws the world's random
numbers itself, or reads the files that a world of fields is made of, is not found out by it unless it returns the truth
as it is.
"""

__all__ = ["INPUTS", "TRUTH"]

import copy

import torch

from benchmark.problem import LinearOperator, Problem
from benchmark.worlds import World

from .clause import Broken, Clause
from .comparing import require_same
from .reach import reachable, share_of_truth, surroundings
from .sealing import sealed
from .trial import Trial

CHANCE = 0.1
"""Share of values that agree bit by bit by chance: two normalised values of single precision do once in thousands."""


def _truth(trial: Trial) -> str:
    problem, open_world = trial.problem, trial.ordinary
    objects = reachable(surroundings(trial.method), problem, trial.noise(problem.times))
    if worlds := [found for found in objects if isinstance(found, World)]:
        raise Broken(
            f"expected a method that sees the Problem and nothing else, came one that holds a world "
            f"({type(worlds[0]).__name__})"
        )
    with sealed() as tried:
        try:
            analysis = trial.analyse(problem)
        except Exception:
            if not tried:
                raise
    if tried:
        raise Broken(f"expected a method that sees the Problem and nothing else, came one that {tried[0]}")
    cases = range(len(problem))
    what = "worlds out of reach, and within it"
    require_same(trial, analysis.members, open_world.members, cases, what)
    # drawn only now: while the method worked there was none to be found
    share = share_of_truth([*objects, analysis.members, open_world.members], trial.truth())
    if share > CHANCE:
        raise Broken(
            f"expected no truth in what the method holds, is handed or returns, came an array with {share:.0%} of the "
            "values of a case's truth"
        )
    return ""


def _inputs(trial: Trial) -> str:
    problem = copy.deepcopy(trial.problem)
    before = {name: array.clone() for name, array in _arrays(problem).items()}
    trial.analyse_itself(problem)
    for name, array in _arrays(problem).items():
        old = before[name]
        # NaN stands where padding has no position, and must stay there
        alike = (array == old) | (array.isnan() & old.isnan())
        if not alike.all():
            case = int((~alike).flatten(1).any(1).int().argmax())
            count = int((~alike[case]).sum())
            raise Broken(
                f"expected the problem to be left as it is, came a {name} with {count} changed values in "
                f"{trial.at(case)}; clone it before changing it in place"
            )
    return ""


def _arrays(problem: Problem) -> dict[str, torch.Tensor]:
    """Everything in a problem that could be changed in place, by name, cases first."""
    obs, H = problem.observations, problem.observations.operator
    assert isinstance(H, LinearOperator)
    arrays = {
        "background": problem.background,
        "climatology": problem.climatology,
        "observations.values": obs.values,
        "observations.error_std": obs.error_std,
        "observations.channel": obs.channel,
        "observations.latitude": obs.latitude,
        "observations.longitude": obs.longitude,
        "observations.operator.index": H.index,
        "observations.operator.weight": H.weight,
        "times": torch.from_numpy(problem.times.astype("int64")[:, None]),
    }
    return arrays if problem.ensemble is None else {**arrays, "ensemble": problem.ensemble}


TRUTH = Clause("truth", "it sees the Problem and nothing else: no world, no truth", _truth)
INPUTS = Clause("inputs", "background, climatology, ensemble and observations are not changed in place", _inputs)
