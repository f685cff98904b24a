"""The next setting to try, by a tree-structured Parzen estimator (Bergstra et al., 2011; Watanabe, 2023,
https://arxiv.org/abs/2304.11127).

It models the density of good settings and that of the others, and proposes where their ratio is largest. A proposal
depends on the trials before it and on its own seed alone, so that a search that was interrupted goes on as if it had
not been.
"""

__all__ = ["SAMPLER", "STARTUP", "propose"]

import math
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from benchmark.problem import Range, Real, Whole

from .budget import Budget
from .record import Trial

SAMPLER = {"optuna": optuna.__version__, "sampler": "TPE"}
STARTUP = 8
"""Trials before the first that is not drawn at random."""

LOST, FAILED = 1e3, 1e6
"""What counts more than any excess over a budget: a lost case, and no score at all."""


def propose(space: Mapping[str, Range], trials: Sequence[Trial], budget: Budget, seed: int) -> dict[str, Any]:
    """A value for every parameter of the space.

    Arguments:
        space: Where to search.
        trials: Those before.
        budget: What a case may cost.
        seed: Of this proposal.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    names = {key: _distribution(span) for key, span in space.items()}
    sampler = optuna.samplers.TPESampler(seed=seed % 2**32, n_startup_trials=STARTUP)
    study = optuna.create_study(sampler=sampler)
    for trial in trials:
        # the current setting may lie outside: of such a trial the search learns nothing
        if all(span.holds(trial.parameters[key]) for key, span in space.items()):
            study.add_trial(_told(trial, names, budget))
    found = study.ask(names).params
    return {key: span.rounded(found[key]) for key, span in space.items()}


def _distribution(span: Range) -> BaseDistribution:
    match span:
        case Real():
            return FloatDistribution(span.low, span.high, log=span.log)
        case Whole():
            return IntDistribution(span.low, span.high, log=span.log)
        case _:
            return CategoricalDistribution(span.values)


def _told(trial: Trial, names: Mapping[str, BaseDistribution], budget: Budget) -> "optuna.trial.FrozenTrial":
    """What the sampler hears of a trial. Constraints that are above zero are violated, and the sum of them orders the
    trials that cannot be chosen, so that the search finds its way to where there are some that can."""
    violation = 0.0
    if trial.outcome == "failed":
        violation = FAILED
    elif trial.outcome == "diverged":
        violation = LOST + max(score.diverged for score in trial.scores)
    elif trial.outcome == "over-budget":
        violation = math.log(budget.excess(trial.seconds or 0.0, trial.calls or 0.0))
    return optuna.trial.create_trial(
        value=math.inf if trial.mean is None else trial.mean,
        params={key: trial.parameters[key] for key in names},
        distributions=dict(names),
        constraints={"outcome": violation},
    )
