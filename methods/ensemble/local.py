"""Local analyses: the ensemble transform anew at every grid point, with the observations around it.

Hunt, Kostelich & Szunyogh (2007), doi:10.1016/j.physd.2006.11.008: R is divided by the taper, so a far observation
counts for less. Points are done in tiles, so that memory is bounded: the tile's Y Y^T are one matrix product of tapers
(point, value) and products of members (value, member^2).
"""

__all__ = ["local_update"]

from collections.abc import Iterator

import torch
from torch import Tensor

from benchmark.problem import Problem

from .filter import Members
from .localisation import Localisation
from .transform import inverse_root, precision_matrix, solve

MATRICES = 2**24
"""Numbers that a tile's matrices, its tapers and its products may take each: 64 MiB in single precision."""


def local_update(
    problem: Problem, members: Members, localisation: Localisation, transform: bool = True
) -> tuple[Tensor, Tensor | None]:
    """Analysis mean (case, channel, latitude, longitude) and anomalies (case, member, ...).

    Arguments:
        problem: Gives the places of the observed values.
        members: The background's.
        localisation: How far a value reaches.
        transform: Whether the anomalies are wanted; without them only weights of the mean are solved for.
    """
    mean = torch.empty(members.mean.shape).to(members.mean)
    anomalies = torch.empty(members.anomalies.shape).to(mean) if transform else None
    for cases in _alike(problem, members.anomalies.shape[1]):
        _update(problem, members, localisation, cases, mean, anomalies)
    return mean, anomalies


def _alike(problem: Problem, size: int) -> Iterator[slice]:
    """Cases that are observed at the same places go together, as many as the bound on their products allows."""
    observations = problem.observations
    places = (observations.latitude, observations.longitude, observations.channel)
    at_once = 1
    if bool(observations.mask.all()) and all(bool((place == place[:1]).all()) for place in places):
        at_once = max(1, MATRICES // max(1, observations.values.shape[1] * size * (size + 1)))
    for case in range(0, len(problem), at_once):
        yield slice(case, min(case + at_once, len(problem)))


def _update(
    problem: Problem, members: Members, localisation: Localisation, cases: slice, mean: Tensor, anomalies: Tensor | None
) -> None:
    observations = problem.observations
    first = cases.start
    real = observations.mask[first]
    latitude, longitude, channel = (
        t[first][real].cpu() for t in (observations.latitude, observations.longitude, observations.channel)
    )
    # values first: with those of all cases beside each other, one product has all their matrices
    Y, d = members.observed[cases][..., real].permute(2, 0, 1), members.innovation[cases][:, real].mT
    values, count, size = Y.shape
    device = Y.device
    state, old = members.mean[cases].flatten(2), members.anomalies[cases].flatten(3)
    new_mean = mean[cases].flatten(2)
    new_anomalies = None if anomalies is None else anomalies[cases].flatten(3)
    points = state.shape[-1]
    for tile in _tiles(points, count * size**2, max(values, 1)):
        reach = localisation.horizontal(tile, latitude, longitude)
        near = reach.any(0)
        seen, tapers = near.to(device), reach[:, near]
        products = _products(Y[seen], d[seen])
        for group in localisation.groups:
            taper = (tapers * localisation.between_levels(group[0], channel[near])).to(products)
            found = (taper @ products.flatten(1)).unflatten(1, (count, -1))
            S = precision_matrix(found[..., :-size].unflatten(-1, (size, size)))
            projected = found[..., -size:, None] / (size - 1)
            part = old[:, :, group, tile].permute(3, 0, 2, 1)
            T = None if new_anomalies is None else inverse_root(S)
            w = solve(S, projected) if T is None else T @ (T @ projected)
            new_mean[:, group, tile] = state[:, group, tile] + (part @ w).squeeze(-1).permute(1, 2, 0)
            if new_anomalies is not None and T is not None:
                new_anomalies[:, :, group, tile] = (part @ T).permute(1, 3, 2, 0)


def _products(Y: Tensor, d: Tensor) -> Tensor:
    """y y^T, flattened, and y d of every value, shape (value, case, member^2 + member)."""
    return torch.cat(((Y[..., :, None] * Y[..., None, :]).flatten(2), Y * d[..., None]), dim=-1)


def _tiles(points: int, matrix: int, values: int) -> Iterator[slice]:
    """Runs of points whose matrices and tapers fit into the bounds."""
    at_once = max(1, MATRICES // max(matrix, values))
    for begin in range(0, points, at_once):
        yield slice(begin, min(begin + at_once, points))
