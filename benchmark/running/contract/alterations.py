"""Problems made from others: with padding, without observations, with a case that is spoilt."""

__all__ = ["keep_first", "more_accurate", "padded", "spoil_background", "spoil_observations", "unobserved"]

import dataclasses

import torch
from torch import Tensor
from torch.nn.functional import pad

from benchmark.problem import LinearOperator, Observations, Problem

ABSURD = 1000.0
"""Factor on observed values."""


def keep_first(problem: Problem, counts: Tensor) -> Problem:
    """The problem with only the first values of every case; the others become padding.

    Arguments:
        problem: With a linear observation operator.
        counts: How many values a case keeps, shape (case,).
    """
    obs = problem.observations
    kept = torch.arange(obs.values.shape[1]) < counts[:, None]
    H = _linear(obs)
    return _observing(
        problem,
        values=torch.where(kept, obs.values, 0.0),
        error_std=torch.where(kept, obs.error_std, torch.inf),
        operator=dataclasses.replace(
            H, index=torch.where(kept[..., None], H.index, 0), weight=torch.where(kept[..., None], H.weight, 0.0)
        ),
        channel=torch.where(kept, obs.channel, -1),
        latitude=torch.where(kept, obs.latitude, torch.nan),
        longitude=torch.where(kept, obs.longitude, torch.nan),
    )


def unobserved(problem: Problem) -> Problem:
    """The problem with nothing but padding."""
    return keep_first(problem, torch.zeros(len(problem), dtype=torch.long))


def padded(problem: Problem, count: int) -> Problem:
    """The problem with `count` more places of padding."""
    obs, more = problem.observations, (0, count)
    H = _linear(obs)
    return _observing(
        problem,
        values=pad(obs.values, more),
        error_std=pad(obs.error_std, more, value=torch.inf),
        operator=dataclasses.replace(H, index=pad(H.index, (0, 0, *more)), weight=pad(H.weight, (0, 0, *more))),
        channel=pad(obs.channel, more, value=-1),
        latitude=pad(obs.latitude, more, value=torch.nan),
        longitude=pad(obs.longitude, more, value=torch.nan),
    )


def more_accurate(problem: Problem, factor: float) -> Problem:
    """The problem with the same values, whose error stds are said to be smaller by a factor."""
    return _observing(problem, error_std=problem.observations.error_std / factor)


def spoil_observations(problem: Problem, case: int) -> Problem:
    """The problem with absurd values in one case."""
    values = problem.observations.values.clone()
    values[case] *= ABSURD
    return _observing(problem, values=values)


def spoil_background(problem: Problem, case: int) -> Problem:
    """The problem with a background, and background members, that are not a number in one case."""
    background = problem.background.clone()
    background[case] = torch.nan
    ensemble = problem.ensemble
    if ensemble is not None:
        ensemble = ensemble.clone()
        ensemble[case] = torch.nan
    return dataclasses.replace(problem, background=background, ensemble=ensemble)


def _observing(problem: Problem, **changes: object) -> Problem:
    return dataclasses.replace(problem, observations=dataclasses.replace(problem.observations, **changes))  # type: ignore[arg-type]


def _linear(observations: Observations) -> LinearOperator:
    H = observations.operator
    assert isinstance(H, LinearOperator)  # the trial's observing systems observe the state itself
    return H
