"""Two analyses that should be one, and states that should be finite."""

__all__ = ["TOLERANCE", "misfit", "require_finite", "require_same"]

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import Observations

from .clause import Broken
from .trial import Trial

TOLERANCE = 1e-4
"""How far two analyses of a case may part by rounding [climatological std]."""


def require_same(
    trial: Trial, found: Tensor, expected: Tensor, cases: Sequence[int], what: str, tolerance: float = TOLERANCE
) -> float:
    """
    Arguments:
        trial: Gives words for cases and channels.
        found, expected: Shape (case, member, channel, latitude, longitude) [normalised]; NaN equals NaN.
        cases: Which of the trial's cases these are.
        what: What was done to the problem.
        tolerance: Largest difference [climatological std].

    Returns:
        The largest difference.

    Raises:
        Broken: If it is above the tolerance, or the shapes differ.
    """
    if found.shape != expected.shape:
        raise Broken(f"{what}: expected members of shape {tuple(expected.shape)}, came {tuple(found.shape)}")
    a, b = found.double(), expected.double()
    # equal infinities have no difference, and a NaN on one side only is the worst that there is
    alike = (a == b) | (a.isnan() & b.isnan())
    difference = torch.where(alike, 0.0, (a - b).abs()).nan_to_num(nan=torch.inf)
    worst = float(difference.max())
    if worst > tolerance:
        place = tuple(int(i) for i in np.unravel_index(int(difference.argmax()), difference.shape))
        case, member, channel, row, column = place
        grid = trial.world.grid
        raise Broken(
            f"{what}: expected {float(b[place]):.6g} (to {tolerance:g} climatological stds), came "
            f"{float(a[place]):.6g} in {trial.at(cases[case])}, member {member}, {trial.world.channels[channel]} at "
            f"{grid.latitude[row]:g} N {grid.longitude[column]:g} E"
        )
    return worst


def require_finite(trial: Trial, members: Tensor, what: str) -> None:
    """
    Arguments:
        trial: Gives words for cases.
        members: Of all its cases, shape (case, ...).
        what: What the problem was.

    Raises:
        Broken: If a value is not finite.
    """
    bad = (~torch.isfinite(members)).flatten(1).sum(1)
    if bad.any():
        case = int(bad.argmax())
        raise Broken(
            f"{what}: expected finite values, came {int(bad[case])} of {members[case].numel()} that are not in "
            f"{trial.at(case)}"
        )


def misfit(observations: Observations, x: Tensor) -> Tensor:
    """1/2 |R^-1/2 (y - H x)|^2, shape (case,), float64.

    Arguments:
        observations: Give y, R and H.
        x: Shape (case, channel, latitude, longitude) [normalised].
    """
    return (observations.precision.double() * observations.innovation(x.double()).square()).sum(1) / 2
