"""Clauses on random numbers: all of them come from the case's own streams."""

__all__ = ["DRAWS", "SEEDS"]

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch

from .clause import Broken, Clause, DoesNotApply
from .comparing import TOLERANCE, require_same
from .trial import Trial

REPEATED = 1e-6
"""How far two analyses of one problem may part [climatological std]: the same operations round alike."""


@contextlib.contextmanager
def global_seed(seed: int) -> Iterator[None]:
    """Seeds the generators that are everybody's, and leaves them as they were."""
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002 - these are what is tested
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
        torch.set_rng_state(before[2])


def _seeds(trial: Trial) -> str:
    with global_seed(1):
        first = trial.analyse(trial.problem)
    with global_seed(2):
        second = trial.analyse(trial.problem)
    what = "the same seeds of CaseNoise, other seeds of random, numpy.random and torch"
    require_same(trial, second.members, first.members, range(len(trial.problem)), what, REPEATED)
    return ""


def _draws(trial: Trial) -> str:
    if trial.method.point:
        raise DoesNotApply("it gives one analysis")
    other = trial.analyse(trial.problem, seed=1).members
    moved = (other - trial.ordinary.members).abs().flatten(1).amax(1)
    if trial.filters and bool((moved <= TOLERANCE).all()):
        raise DoesNotApply("its members are a transform of the background's in which nothing is random")
    if bool((moved <= TOLERANCE).any()):
        case = int(moved.argmin())
        raise Broken(f"another seed: expected other members, came the same to {TOLERANCE:g} in {trial.at(case)}")
    return ""


SEEDS = Clause("seeds", "the same seeds give the same numbers: all that is random comes from CaseNoise", _seeds)
DRAWS = Clause("draws", "another seed gives other members", _draws)
