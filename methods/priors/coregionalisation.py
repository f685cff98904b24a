"""Covariances that depend on distance alone, between any two channels: the linear model of coregionalisation.

    B_ij(a, b) = s_i(a) s_j(b) [ W^0_ij (a = b) + sum_k W^k_ij g(r_ab / L_k) ],    g(x) = (1 - x^2/3) exp(-x^2/2)

(Journel & Huijbregts, 1978, Mining Geostatistics, section III.B.3) with positive semidefinite W^k, a ladder of lengths
L_k, a nugget W^0, stds s that depend on channel and latitude, and the chord r of the great-circle distance. g is the
negative Laplacian of a Gaussian in three dimensions, so its spectrum, k^2 exp(-k^2/2), is nowhere negative; a function
that is positive definite in space is so on the sphere in chords (Gaspari & Cohn, 1999, doi:10.1002/qj.49712555417,
section 2). Unlike SOAR or a Gaussian it has the negative lobe that errors of winds and heights have.

Isotropy has a price: a covariance that changes its sign with direction, such as that of a height with the wind beside
it, averages out over the directions.
"""

__all__ = ["EARTH_RADIUS_KM", "Coregionalisation", "chord_square", "correlation", "fit_factors", "positions"]

import dataclasses
import functools

import torch
from torch import Tensor

from benchmark.problem import LinearOperator

EARTH_RADIUS_KM = 6371.0

AT_ONCE = 2**16
"""Distances between points that are worked on together: so many that they stay in the processor's cache."""

LEAST_EXPONENT = -600.0


def positions(latitude: Tensor, longitude: Tensor) -> Tensor:
    """Points of a grid in space: (row,) and (column,) [degrees] -> (row * column, 3) [km]."""
    lat, lon = torch.meshgrid(torch.deg2rad(latitude), torch.deg2rad(longitude), indexing="ij")
    parts = (lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin())
    return EARTH_RADIUS_KM * torch.stack(parts, dim=-1).flatten(0, 1)


def chord_square(a: Tensor, b: Tensor) -> Tensor:
    """Squared chords between points (n, 3) and (m, 3) [km], shape (n, m) [km^2]."""
    return (2 * (EARTH_RADIUS_KM**2 - a @ b.T)).clamp_min(0.0)


def correlation(square: Tensor, length: Tensor) -> Tensor:
    """g of squared chords [km^2] for a length [km]."""
    # far away it is zero; an exponential of numbers that hardly exist takes ten times as long
    exponent = (square * (-0.5 / length.square())).clamp_min_(LEAST_EXPONENT)
    gaussian = exponent.exp()
    return exponent.mul_(2 / 3).add_(1).mul_(gaussian)


@dataclasses.dataclass(frozen=True)
class Coregionalisation:
    """
    Arguments:
        factors: F^k with W^k = F^k F^kT, the nugget's first, shape (1 + length, channel, channel), float64.
        lengths: L, shape (length,) [km].
        std: s, shape (channel, latitude) [normalised].
        latitude, longitude: Of the grid, shapes (latitude,) and (longitude,) [degrees].
    """

    factors: Tensor
    lengths: Tensor
    std: Tensor
    latitude: Tensor
    longitude: Tensor

    @functools.cached_property
    def weights(self) -> Tensor:
        """W, shape (1 + length, channel, channel)."""
        return self.factors @ self.factors.mT

    @property
    def shares(self) -> Tensor:
        """Share of each W in the variance, mean of the channels, shape (1 + length,)."""
        variances = self.weights.diagonal(dim1=1, dim2=2)
        return (variances / variances.sum(0)).mean(1)

    @functools.cached_property
    def _points(self) -> Tensor:
        return positions(self.latitude, self.longitude)

    @functools.cached_property
    def _scale(self) -> Tensor:
        """s at every point, shape (channel, point)."""
        return self.std.repeat_interleave(len(self.longitude), 1)

    def scaled_by(self, variance: float) -> "Coregionalisation":
        """The covariance times a number."""
        return dataclasses.replace(self, std=self.std * variance**0.5)

    def without_nugget(self) -> "Coregionalisation":
        """Only what some distance is left of."""
        return dataclasses.replace(self, factors=torch.cat((torch.zeros_like(self.factors[:1]), self.factors[1:])))

    def between(self, operator: LinearOperator) -> Tensor:
        """H B H^T, shape (case, value, value), float64."""
        cases = zip(operator.index, operator.weight, strict=True)
        return torch.stack([self._of_values(index, weight) for index, weight in cases])

    def _of_values(self, index: Tensor, weight: Tensor) -> Tensor:
        """H B H^T of one case: index and weight have shape (value, k)."""
        count, values = len(self._points), len(index)
        channel, point = index // count, index % count
        gain = weight.double() * self._scale[channel, point]
        total = self.factors.new_zeros(values, values)
        for p in range(index.shape[1]):
            for q in range(index.shape[1]):
                for rows in torch.arange(values, device=index.device).split(max(1, AT_ONCE // values)):
                    one, other = (channel[rows, p], point[rows, p]), (channel[:, q], point[:, q])
                    total[rows] += gain[rows, p, None] * self._of_points(*one, *other) * gain[:, q]
        return total

    def _of_points(self, i: Tensor, a: Tensor, j: Tensor, b: Tensor) -> Tensor:
        """B / (s s) of channels i at points a, shape (n,), with channels j at points b, shape (m,): shape (n, m)."""
        pair = i[:, None], j
        square = chord_square(self._points[a], self._points[b])
        # by number: at a pole the points of a row have no distance
        found = self.weights[0][pair] * (a[:, None] == b)
        for W, length in zip(self.weights[1:], self.lengths, strict=True):
            found.addcmul_(W[pair], correlation(square, length))
        return found

    def apply(self, x: Tensor) -> Tensor:
        """B x; shape (..., n), float64. The cost goes with the points where some row of x is not zero."""
        rows = x.double().reshape(-1, *self._scale.shape) * self._scale
        found = self.weights[0] @ rows
        seen = rows.ne(0).any(0).any(0).nonzero().squeeze(1)
        for part in seen.split(max(1, AT_ONCE // len(self._points))):
            square = chord_square(self._points[part], self._points)
            for W, length in zip(self.weights[1:], self.lengths, strict=True):
                found += (W @ rows[:, :, part]) @ correlation(square, length)
        return (self._scale * found).reshape(x.shape)

    def to(self, device: torch.device | str) -> "Coregionalisation":
        parts = {field.name: getattr(self, field.name).to(device) for field in dataclasses.fields(self)}
        return Coregionalisation(**parts)


def fit_factors(sampled: Tensor, basis: Tensor, counts: Tensor, sweeps: int = 1000, tolerance: float = 1e-5) -> Tensor:
    """Weighted least squares under W^k >= 0 (Goulard & Voltz, 1992, doi:10.1007/BF02092013).

        minimise sum_b n_b |C_b - sum_k W^k g_kb|^2

    One W^k after the other is set to its best value, given the others, and projected on the positive semidefinite
    matrices; the problem is convex, so the order does not matter.

    Arguments:
        sampled: C, mean products of pairs, symmetric, shape (bin, channel, channel).
        basis: g, mean values of the functions over the pairs, shape (bin, function).
        counts: n, pairs in each bin, shape (bin,).
        sweeps: Most sweeps over all k.
        tolerance: Change of all W in a sweep, over their size, at which it ends.

    Returns:
        F with W^k = F^k F^kT, shape (function, channel, channel).
    """
    share = counts / counts.sum()
    normal = (basis * share[:, None]).T @ basis
    right = torch.einsum("bk,b,bij->kij", basis, share, sampled)
    F = torch.zeros_like(right)
    W = torch.zeros_like(right)
    for _ in range(sweeps):
        before = W.clone()
        for k in range(len(W)):
            others = torch.einsum("l,lij->ij", normal[k], W) - normal[k, k] * W[k]
            values, vectors = torch.linalg.eigh((right[k] - others) / normal[k, k])
            F[k] = vectors * values.clamp_min(0.0).sqrt()
            W[k] = F[k] @ F[k].T
        if (W - before).norm() <= tolerance * W.norm():
            break
    return F
