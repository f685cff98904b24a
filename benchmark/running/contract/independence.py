"""Clauses on what a case's result must not depend on: its batch, its padding, how many members there are."""

__all__ = ["BATCH", "MEMBERS", "PADDING"]

from .alterations import ABSURD, padded, spoil_background, spoil_observations
from .clause import Broken, Clause, DoesNotApply
from .comparing import require_same
from .trial import Trial

PLACES = 5
"""How many places of padding are added."""

FEW = 3
"""Members that are asked for beside the usual number: an odd one, since members may come in pairs."""


def _batch(trial: Trial) -> str:
    together, cases = trial.ordinary, range(len(trial.problem))
    worst = 0.0
    for case in cases:
        alone = trial.analyse(trial.problem.select(slice(case, case + 1)))
        what = "a case alone, and in its batch"
        worst = max(worst, require_same(trial, alone.members, together.members[case : case + 1], [case], what))
        if alone.status[0] != together.status[case]:
            raise Broken(
                f"{what}: expected the status '{together.status[case]}', came '{alone.status[0]}' in {trial.at(case)}"
            )
    spoilt = {
        f"observed values of a neighbour times {ABSURD:g}": spoil_observations(trial.problem, 0),
        "a neighbour's background not a number": spoil_background(trial.problem, 0),
    }
    for what, problem in spoilt.items():
        beside = trial.analyse(problem)
        worst = max(worst, require_same(trial, beside.members[1:], together.members[1:], cases[1:], what))
    return f"largest difference {worst:.1g}"


def _padding(trial: Trial) -> str:
    found = trial.analyse(padded(trial.problem, PLACES))
    what = f"{PLACES} more places of padding"
    worst = require_same(trial, found.members, trial.ordinary.members, range(len(trial.problem)), what)
    return f"largest difference {worst:.1g}"


def _members(trial: Trial) -> str:
    if trial.method.point:
        raise DoesNotApply("it gives one analysis")
    if trial.filters:
        raise DoesNotApply("its members are made together, from those of the background")
    few = min(FEW, trial.members)
    found = trial.analyse(trial.problem, few)
    what = f"{few} members asked for in place of {trial.members}"
    expected = trial.ordinary.members[:, :few]
    return f"largest difference {require_same(trial, found.members, expected, range(len(trial.problem)), what):.1g}"


BATCH = Clause("batch", "a case does not depend on the others of its batch, not even on spoilt ones", _batch)
PADDING = Clause("padding", "padding of the observations changes nothing", _padding)
MEMBERS = Clause("members", "member i is the same however many are asked for", _members)
