"""How far an analysis is from the exact one, and what scores the exact one is expected to have.

With a Gaussian posterior of mean mu and variance sigma^2 at every point, and `<.>` the mean over cases and area:

    RMSE of mu                           sqrt(<sigma^2>)
    RMSE of the mean of M samples        sqrt((1 + 1/M) <sigma^2>)
    CRPS of the posterior                <sigma> / sqrt(pi)
    fair CRPS of M samples               the same (Ferro, 2014, doi:10.1002/qj.2270)
    CRPS of M samples                    (1 + 1/M) times that
    mean absolute error of mu            <sigma> sqrt(2 / pi)

the CRPS of a calibrated Gaussian forecast as in Gneiting & Raftery (2007, doi:10.1198/016214506000001437). No method
can expect less.
"""

__all__ = ["Measures", "expected_crps", "expected_mae", "expected_rmse", "fair_crps", "measure"]

import dataclasses
import math

import torch
from torch import Tensor


def expected_rmse(variance: Tensor, area: Tensor, members: int | None = None) -> Tensor:
    """Expected RMSE of the posterior mean, shape (channel,) [unit of its std].

    Arguments:
        variance: Of the posterior, shape (case, channel, latitude, longitude).
        area: Of the cells, shape (latitude, longitude).
        members: The same of the mean of so many samples of the posterior; None for the posterior mean itself.
    """
    return ((1 + (1 / members if members else 0)) * area_mean(variance, area).mean(0)).sqrt()


def expected_crps(variance: Tensor, area: Tensor, members: int | None = None, fair: bool = True) -> Tensor:
    """Expected CRPS of the posterior, shape (channel,) [unit of its std].

    Arguments:
        variance: Of the posterior, shape (case, channel, latitude, longitude).
        area: Of the cells, shape (latitude, longitude).
        members: Of so many samples of the posterior; None for the posterior itself.
        fair: Whether the samples' CRPS is the fair one, which is free of their number.
    """
    factor = 1 if fair or members is None else 1 + 1 / members
    return factor * area_mean(variance.sqrt(), area).mean(0) / math.sqrt(math.pi)


def expected_mae(variance: Tensor, area: Tensor) -> Tensor:
    """Expected mean absolute error of the posterior mean, shape (channel,); arguments as of `expected_rmse`."""
    return math.sqrt(2 / math.pi) * area_mean(variance.sqrt(), area).mean(0)


def fair_crps(members: Tensor, truth: Tensor) -> Tensor:
    """Fair CRPS of two members or more at every point, or the absolute error of a single one.

        1/M sum_i |x_i - y| - 1/(2 M (M - 1)) sum_ij |x_i - x_j|

    Arguments:
        members: Shape (case, member, channel, latitude, longitude).
        truth: Shape (case, channel, latitude, longitude).

    Returns:
        Shape of the truth.
    """
    count = members.shape[1]
    error = (members - truth[:, None]).abs().mean(1)
    if count == 1:
        return error
    # sorted, the k-th member stands above k others and below the rest
    order = (2 * torch.arange(count, device=members.device) - count + 1).to(members)
    pairs = (members.sort(1).values * order.view(-1, 1, 1, 1)).sum(1)
    return error - pairs / (count * (count - 1))


def area_mean(field: Tensor, area: Tensor) -> Tensor:
    """Mean over the last two axes."""
    return (field * area).sum((-2, -1)) / area.sum()


@dataclasses.dataclass(frozen=True)
class Measures:
    """What is known of a method's cases, each of shape (case, channel), float64, a mean over the area.

    Arguments:
        distance: Square of (mean of the members - exact mean) over the posterior variance.
        spread: Unbiased variance of the members over the posterior variance; NaN for a single one.
        mse: Square error of the members' mean.
        crps: Fair CRPS of the members; absolute error of a single one.
    """

    distance: Tensor
    spread: Tensor
    mse: Tensor
    crps: Tensor


def measure(members: Tensor, truth: Tensor, mean: Tensor, variance: Tensor, area: Tensor) -> Measures:
    """
    Arguments:
        members: A method's, shape (case, member, channel, latitude, longitude).
        truth: Shape (case, channel, latitude, longitude).
        mean, variance: Of the exact posterior, same shape.
        area: Of the cells, shape (latitude, longitude).
    """
    members, truth = members.double(), truth.double()
    own = members.mean(1)
    spread = members.var(1) if members.shape[1] > 1 else torch.full_like(own, torch.nan)
    return Measures(
        area_mean((own - mean).square() / variance, area),
        area_mean(spread / variance, area),
        area_mean((own - truth).square(), area),
        area_mean(fair_crps(members, truth), area),
    )
