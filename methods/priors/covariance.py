"""A covariance with a few hundred free modes and an isotropic remainder: every function of it is cheap.

    B = S [ E diag(v) E^T + r (I - E E^T) ] S

with orthonormal modes E (empirical orthogonal functions of scaled samples), their variances v, the mean
variance r of all that the modes leave out, and a diagonal scale S. A sample covariance keeps its full
cross-channel, inhomogeneous structure, and the remainder makes it invertible.
"""

__all__ = ["SpectralCovariance"]

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor

from benchmark.problem import LinearOperator


@dataclasses.dataclass(frozen=True)
class SpectralCovariance:
    """
    Arguments:
        modes: E^T, orthonormal rows, shape (mode, n).
        variances: v, shape (mode,), descending.
        remainder: r, a scalar tensor.
        scale: The diagonal of S, shape (n,).
    """

    modes: Tensor
    variances: Tensor
    remainder: Tensor
    scale: Tensor

    @classmethod
    def fit(cls, samples: Tensor, scale: Tensor, modes: int) -> "SpectralCovariance":
        """
        Arguments:
            samples: Zero-mean samples, shape (sample, n).
            scale: S, shape (n,): the samples are divided by it before the modes are found.
            modes: How many modes to keep at most.
        """
        scaled = (samples / scale).double()
        count, size = scaled.shape
        total = scaled.square().sum() / count
        modes = min(modes, count - 1, size)
        if size <= 4096:
            values, vectors = torch.linalg.eigh(scaled.T @ scaled / count)
            values, vectors = values.flip(0)[:modes], vectors.flip(1)[:, :modes].T
        else:
            _, singular, vectors = torch.linalg.svd(scaled, full_matrices=False)
            values, vectors = singular[:modes].square() / count, vectors[:modes]
        # a full set of modes leaves nothing over; what its modes miss by rounding must not look impossible
        rest = (total - values.sum()) / (size - modes) if modes < size else values[-1]
        remainder = rest.clamp_min(values[-1] * 1e-3)
        return cls(vectors.float().contiguous(), values.float(), remainder.float(), scale.float())

    def refitted(self, samples: Tensor) -> "SpectralCovariance":
        """The same modes and scale, with the variances that zero-mean samples, shape (sample, n), have in them."""
        scaled = (samples / self.scale).double()
        variances = (scaled @ self.modes.double().T).square().mean(0)
        left = scaled.square().mean(0).sum() - variances.sum()
        rest = left / max(1, len(self.scale) - len(self.modes))
        remainder = rest.clamp_min(float(variances.min()) * 1e-3)
        return dataclasses.replace(self, variances=variances.float(), remainder=remainder.float())

    @classmethod
    def identity(cls, size: int) -> "SpectralCovariance":
        """The unit matrix."""
        return cls(torch.zeros(0, size), torch.zeros(0), torch.ones(()), torch.ones(size))

    @property
    def explained(self) -> float:
        """Share of the variance of scaled samples that the modes hold."""
        kept, left = float(self.variances.sum()), float(self.remainder) * (len(self.scale) - len(self.modes))
        return kept / (kept + left)

    def orthonormalised(self) -> "SpectralCovariance":
        """The same with modes that are orthonormal again, after they were stored in half precision."""
        if len(self.modes) == 0:
            return self
        q, r = torch.linalg.qr(self.modes.double().T)
        return dataclasses.replace(self, modes=(q * r.diagonal().sign()).T.to(self.modes).contiguous())

    def truncated(self, modes: int) -> "SpectralCovariance":
        """The same covariance with fewer modes; what they held goes to the remainder."""
        if modes >= len(self.modes):
            return self
        size = len(self.scale)
        dropped = self.variances[modes:].sum() + self.remainder * (size - len(self.modes))
        return dataclasses.replace(
            self, modes=self.modes[:modes], variances=self.variances[:modes], remainder=dropped / (size - modes)
        )

    def scaled_by(self, variance: float) -> "SpectralCovariance":
        """The covariance times a number."""
        return dataclasses.replace(self, scale=self.scale * variance**0.5)

    def map_modes(self, function: Callable[[Tensor], Tensor], v: Tensor) -> Tensor:
        """f(S^-1 B S^-1) v for a function of the eigenvalues; v has shape (..., n).

        With parameters of shape (batch, 1) in the function and v of shape (batch, n), every row has its own.
        """
        coefficients = v @ self.modes.T.to(v)
        rest = function(self.remainder.to(v))
        return rest * v + ((function(self.variances.to(v)) - rest) * coefficients) @ self.modes.to(v)

    def mapped(self, function: Callable[[Tensor], Tensor]) -> "SpectralCovariance":
        """S f(S^-1 B S^-1) S."""
        return dataclasses.replace(self, variances=function(self.variances), remainder=function(self.remainder))

    def mean_eigenvalue(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """Mean of the diagonal of f(S^-1 B S^-1): shape (), or (batch,) for parameters of shape (batch, 1)."""
        rest = len(self.scale) - len(self.modes)
        total = function(self.variances).sum(-1) + rest * function(self.remainder.reshape(1)).sum(-1)
        return total / len(self.scale)

    def sqrt(self, v: Tensor) -> Tensor:
        """B^{1/2} v = S f(..) v; shape (..., n)."""
        return self.scale.to(v) * self.map_modes(torch.sqrt, v)

    def sqrt_adjoint(self, x: Tensor) -> Tensor:
        """(B^{1/2})^T x; shape (..., n)."""
        return self.map_modes(torch.sqrt, self.scale.to(x) * x)

    def apply(self, x: Tensor) -> Tensor:
        """B x; shape (..., n)."""
        return self.scale.to(x) * self.map_modes(lambda v: v, self.scale.to(x) * x)

    def between(self, operator: LinearOperator) -> Tensor:
        """H B H^T, shape (case, value, value), float64."""
        return self.seen_by(operator).between(self)

    def seen_by(self, operator: LinearOperator) -> "SeenModes":
        """What an observation operator sees of the modes, worked out once for all covariances that have them."""
        return SeenModes(self, operator)

    def diagonal(self) -> Tensor:
        """Variances, shape (n,)."""
        kept = ((self.variances - self.remainder)[:, None] * self.modes.square()).sum(0)
        return self.scale.square() * (kept + self.remainder)

    def dense(self) -> Tensor:
        """B as a matrix, shape (n, n), float64; for tests and small problems."""
        return self.apply(torch.eye(len(self.scale), dtype=torch.float64))

    def tensors(self) -> dict[str, Tensor]:
        """Its four tensors by name."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def double(self) -> "SpectralCovariance":
        """The same in double precision."""
        parts = {k: v.double() if v.is_floating_point() else v for k, v in self.tensors().items()}
        return SpectralCovariance(**parts)

    def to(self, device: torch.device | str) -> "SpectralCovariance":
        return SpectralCovariance(**{k: v.to(device) for k, v in self.tensors().items()})


class SeenModes:
    """H C H^T and C H^T for covariances C that are `mapped` from one and the same.

    Arguments:
        B: One of them.
        operator: H.
    """

    def __init__(self, B: SpectralCovariance, operator: LinearOperator) -> None:
        index = operator.index
        gain = operator.weight.double() * B.scale.double()[index]
        self.operator = operator
        self.seen = (B.modes[:, index].double() * gain).sum(-1).transpose(0, 1)
        self.same = torch.zeros(*index.shape[:-1], index.shape[-2], dtype=torch.float64, device=gain.device)
        for p in range(index.shape[-1]):
            for q in range(index.shape[-1]):
                meet = index[..., :, None, p] == index[..., None, :, q]
                self.same += gain[..., :, None, p] * meet * gain[..., None, :, q]

    def between(self, C: SpectralCovariance) -> Tensor:
        """H C H^T, shape (case, value, value), float64."""
        rest = C.remainder.double()
        return self.seen.mT @ ((C.variances.double() - rest)[:, None] * self.seen) + rest * self.same

    def spread(self, C: SpectralCovariance, weights: Tensor) -> Tensor:
        """C H^T weights: (case, member, value) to (case, member, n)."""
        rest = C.remainder.to(weights)
        coefficients = weights @ self.seen.to(weights).mT
        local = C.scale.to(weights) * self.operator.adjoint(weights).flatten(2)
        return C.scale.to(weights) * (
            rest * local + ((C.variances.to(weights) - rest) * coefficients) @ C.modes.to(weights)
        )
