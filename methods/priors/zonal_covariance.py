"""A covariance that is homogeneous in longitude: the best Gaussian prior a periodic grid allows to be estimated.

Where statistics do not depend on longitude, zonal wavenumbers are uncorrelated (Obukhov, 1947; Parrish & Derber,
1992), and for each of them a full covariance over latitude and channel can be fitted:

    B = S F^-1 [ E_m diag(v_m) E_m^H + r_m (I - E_m E_m^H) ]_m F S

with F the unitary Fourier transform in longitude, complex orthonormal modes E_m of wavenumber m, their variances
v_m, the mean variance r_m of all that its modes leave out, and a diagonal scale S, which may depend on longitude.
"""

__all__ = ["ZonalCovariance"]

import dataclasses
import functools
from collections.abc import Callable

import torch
from torch import Tensor

from benchmark.problem import LinearOperator

from .looked_up import LookedUp

BATCH = 256


@dataclasses.dataclass(frozen=True)
class ZonalCovariance:
    """
    Arguments:
        modes: Real and imaginary parts of the modes, shape (mode, 2, row): a row is a latitude of a channel.
        variances: v, shape (mode,), descending over all wavenumbers.
        wavenumbers: Of each mode, shape (mode,), int64.
        remainder: r, shape (wavenumber,).
        scale: The diagonal of S, shape (channel, latitude, longitude).
    """

    modes: Tensor
    variances: Tensor
    wavenumbers: Tensor
    remainder: Tensor
    scale: Tensor

    @classmethod
    def fit(cls, samples: Tensor, scale: Tensor, modes: int) -> "ZonalCovariance":
        """
        Arguments:
            samples: Zero-mean samples, shape (sample, channel, latitude, longitude).
            scale: S, shape (channel, latitude, longitude): the samples are divided by it first.
            modes: How many modes to keep in all, those that hold most of the variance.
        """
        rows = scale.shape[0] * scale.shape[1]
        waves = samples.shape[-1] // 2 + 1
        gram = torch.zeros(waves, rows, rows, dtype=torch.complex128)
        for part in samples.split(BATCH):
            spectrum = torch.fft.rfft((part / scale).double(), norm="ortho").flatten(1, 2).permute(2, 1, 0)
            gram += spectrum @ spectrum.mH
        gram /= len(samples)
        values, vectors = torch.linalg.eigh(gram)
        counts = torch.full((waves, 1), 2.0, dtype=torch.float64)
        counts[0] = 1.0
        if samples.shape[-1] % 2 == 0:
            counts[-1] = 1.0
        kept = (values * counts).flatten().argsort(descending=True)[: min(modes, values.numel())]
        kept = kept[values.flatten()[kept].argsort(descending=True)]
        wave, number = kept // rows, kept % rows
        chosen = values.flatten()[kept]
        left = values.sum(1).index_add(0, wave, -chosen)
        free = rows - torch.bincount(wave, minlength=waves)
        floor = values[:, -1] * 1e-6 + 1e-12
        remainder = torch.maximum(left / free.clamp_min(1), floor)
        return cls(
            torch.view_as_real(vectors[wave, :, number]).permute(0, 2, 1).float().contiguous(),
            chosen.float(),
            wave,
            remainder.float(),
            scale.float(),
        )

    def refitted(self, samples: Tensor) -> "ZonalCovariance":
        """The same modes and scale, with the variances that zero-mean samples have in them.

        Arguments:
            samples: Shape (sample, n), flattened states.
        """
        modes, rows = len(self.modes), self.modes.shape[-1]
        square = torch.zeros(modes + int(self.free.sum()), dtype=torch.float64)
        energy = torch.zeros(len(self.remainder), dtype=torch.float64)
        for part in samples.split(BATCH):
            scaled = part.unflatten(-1, self.scale.shape) / self.scale
            square += self.project(scaled).double().square().sum(0)
            energy += torch.fft.rfft(scaled, norm="ortho").abs().double().square().sum((0, 1, 2))
        square, energy = square / len(samples), energy / len(samples)
        variances = square[:modes].clone()
        variances[self.free] = (variances[self.free] + square[modes:]) / 2
        left = energy.index_add(0, self.wavenumbers, -variances)
        free = rows - torch.bincount(self.wavenumbers, minlength=len(energy))
        remainder = torch.maximum(left / free.clamp_min(1), variances.min() * 1e-6 + 1e-12)
        return dataclasses.replace(self, variances=variances.float(), remainder=remainder.float())

    @classmethod
    def of_matrices(cls, matrices: Tensor, scale: Tensor) -> "ZonalCovariance":
        """A covariance that is known and not fitted, with all its modes, in the precision that it comes in.

        Arguments:
            matrices: Positive definite covariance of the rows of S^-1 B S^-1 at every zonal wavenumber, real
                (statistics do not tell east from west), for the unitary transform, shape (wavenumber, row, row).
            scale: S, shape (channel, latitude, longitude).
        """
        values, vectors = torch.linalg.eigh(matrices)
        rows = values.shape[1]
        order = values.flatten().argsort(descending=True)
        wave, number = order // rows, order % rows
        modes = vectors[wave, :, number]
        chosen = values.flatten()[order]
        # the modes leave nothing over; what they miss by rounding must not look impossible
        return cls(torch.stack((modes, torch.zeros_like(modes)), dim=1), chosen, wave, values[:, 0].contiguous(), scale)

    @property
    def explained(self) -> float:
        """Share of the variance of scaled samples that the modes hold."""
        nothing = dataclasses.replace(self, remainder=torch.zeros_like(self.remainder))
        return float(nothing.mean_eigenvalue(lambda v: v) / self.mean_eigenvalue(lambda v: v))

    def orthonormalised(self) -> "ZonalCovariance":
        """The same with modes that are orthonormal again, after they were stored in half precision."""
        modes = self.modes.clone()
        for wave in self.wavenumbers.unique():
            chosen = self.wavenumbers == wave
            E = torch.complex(self.modes[chosen, 0].double(), self.modes[chosen, 1].double())
            q, r = torch.linalg.qr(E.mT)
            phase = r.diagonal() / r.diagonal().abs()
            modes[chosen] = torch.view_as_real(q * phase).permute(1, 2, 0).to(modes)
        return dataclasses.replace(self, modes=modes)

    def truncated(self, modes: int) -> "ZonalCovariance":
        """The same covariance with fewer modes, those of largest variance; what the others held goes to the
        remainder of their wavenumber."""
        if modes >= len(self.modes):
            return self
        rows, waves = self.modes.shape[-1], len(self.remainder)
        free = rows - torch.bincount(self.wavenumbers, minlength=waves)
        left = (self.remainder * free).index_add(0, self.wavenumbers[modes:], self.variances[modes:])
        free = rows - torch.bincount(self.wavenumbers[:modes], minlength=waves)
        return dataclasses.replace(
            self,
            modes=self.modes[:modes],
            variances=self.variances[:modes],
            wavenumbers=self.wavenumbers[:modes],
            remainder=left / free.clamp_min(1),
        )

    def scaled_by(self, variance: float) -> "ZonalCovariance":
        """The covariance times a number."""
        return dataclasses.replace(self, scale=self.scale * variance**0.5)

    def map_modes(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """f(S^-1 B S^-1) x for a function of the eigenvalues; x has shape (..., n), flattened states.

        With parameters of shape (batch, 1) in the function and x of shape (batch, n), every row has its own.
        """
        fields = x.unflatten(-1, self.scale.shape)
        spectrum = torch.fft.rfft(fields, norm="ortho").flatten(-3, -2)
        spectrum = spectrum.reshape(-1, *spectrum.shape[-2:]).permute(2, 1, 0)
        # one column for all states, or one for each
        rest, gains = (torch.atleast_2d(function(v.to(x))).mT for v in (self.remainder, self.variances))
        mapped = []
        for wave, (modes, place) in enumerate(self._blocks):
            E, x_m = modes.to(spectrum), spectrum[wave]
            mapped.append(rest[wave] * x_m + E.mT @ ((gains[place] - rest[wave]) * (E.conj() @ x_m)))
        fields = torch.stack(mapped).permute(2, 1, 0).unflatten(1, self.scale.shape[:2])
        return torch.fft.irfft(fields, n=self.scale.shape[-1], norm="ortho").reshape(x.shape)

    def mapped(self, function: Callable[[Tensor], Tensor]) -> "ZonalCovariance":
        """S f(S^-1 B S^-1) S."""
        return dataclasses.replace(self, variances=function(self.variances), remainder=function(self.remainder))

    def mean_eigenvalue(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """Mean of the diagonal of f(S^-1 B S^-1): shape (), or (batch,) for parameters of shape (batch, 1)."""
        waves, rows = len(self.remainder), self.modes.shape[-1]
        last = self.scale.shape[-1] / 2
        twice = torch.tensor([1.0 if wave in (0, last) else 2.0 for wave in range(waves)]).to(self.remainder)
        free = twice * (rows - torch.bincount(self.wavenumbers, minlength=waves))
        total = (function(self.variances) * twice[self.wavenumbers]).sum(-1) + (function(self.remainder) * free).sum(-1)
        return total / self.scale.numel()

    def sqrt(self, v: Tensor) -> Tensor:
        """B^{1/2} v = S f(..) v; shape (..., n)."""
        return self.scale.flatten().to(v) * self.map_modes(torch.sqrt, v)

    def sqrt_adjoint(self, x: Tensor) -> Tensor:
        """(B^{1/2})^T x; shape (..., n)."""
        return self.map_modes(torch.sqrt, self.scale.flatten().to(x) * x)

    def apply(self, x: Tensor) -> Tensor:
        """B x; shape (..., n)."""
        scale = self.scale.flatten().to(x)
        return scale * self.map_modes(lambda v: v, scale * x)

    def diagonal(self) -> Tensor:
        """Variances, shape (n,)."""
        rows = self._table.diagonal(dim1=0, dim2=1)[0].view(*self.scale.shape[:2], 1)
        return (self.scale.square() * rows).flatten()

    def between(self, operator: LinearOperator) -> Tensor:
        """H B H^T, shape (case, value, value), float64, by looking up covariances of points."""
        longitudes = self.scale.shape[-1]
        scale, table = self.scale.flatten().double(), self._table
        total = None
        for p in range(operator.index.shape[-1]):
            for q in range(operator.index.shape[-1]):
                one, other = operator.index[..., p], operator.index[..., q]
                row, column = one // longitudes, other // longitudes
                shift = (one[..., :, None] - other[..., None, :]) % longitudes
                found = table[row[..., :, None], column[..., None, :], shift].double()
                left = (operator.weight[..., p].double() * scale[one])[..., :, None]
                right = (operator.weight[..., q].double() * scale[other])[..., None, :]
                part = left * found * right
                total = part if total is None else total + part
        assert total is not None
        return total

    def seen_by(self, operator: LinearOperator) -> LookedUp:
        """What `SpectralCovariance.seen_by` gives: here every covariance has a table of its own."""
        return LookedUp(operator)

    @property
    def free(self) -> Tensor:
        """Which modes have a phase of their own, shape (mode,), bool: all but those of wavenumber 0 and, for an even
        number of longitudes, the last."""
        last = self.scale.shape[-1] / 2
        return (self.wavenumbers > 0) & (self.wavenumbers != last)

    def project(self, fields: Tensor) -> Tensor:
        """Real coordinates of fields in the basis of the modes: first every mode's real part, then the imaginary
        part of those that have one. The basis is orthonormal.

        Arguments:
            fields: Shape (batch, channel, latitude, longitude).

        Returns:
            Shape (batch, n), n = modes + free modes.
        """
        spectrum = torch.fft.rfft(fields, norm="ortho").flatten(1, 2).permute(2, 1, 0)
        parts = [modes.conj().to(x_m) @ x_m for (modes, _), x_m in zip(self._blocks, spectrum, strict=True)]
        found = torch.cat(parts)[torch.cat([place for _, place in self._blocks]).argsort()].T
        free = self.free
        return torch.cat((found.real * self._lengths.to(fields), 2**0.5 * found.imag[:, free]), dim=1)

    def expand(self, coordinates: Tensor) -> Tensor:
        """The inverse of `project` on the span of the modes: (batch, n) to (batch, channel, latitude, longitude)."""
        free, modes = self.free, len(self.modes)
        imaginary = torch.zeros_like(coordinates[:, :modes])
        imaginary[:, free] = coordinates[:, modes:] / 2**0.5
        found = torch.complex(coordinates[:, :modes] / self._lengths.to(coordinates), imaginary)
        parts = [modes.mT.to(found) @ found.T[place] for modes, place in self._blocks]
        spectrum = torch.stack(parts).permute(2, 1, 0).unflatten(1, self.scale.shape[:2])
        return torch.fft.irfft(spectrum, n=self.scale.shape[-1], norm="ortho")

    @functools.cached_property
    def _blocks(self) -> list[tuple[Tensor, Tensor]]:
        """Of every wavenumber E_m^T, shape (mode, row), and which modes these are."""
        blocks = []
        for wave in range(len(self.remainder)):
            place = torch.nonzero(self.wavenumbers == wave).squeeze(1)
            blocks.append((torch.complex(self.modes[place, 0], self.modes[place, 1]), place))
        return blocks

    @property
    def _lengths(self) -> Tensor:
        """sqrt(2) for a mode that stands for itself and its conjugate, 1 for others, shape (mode,), float64."""
        return 1 + (2**0.5 - 1) * self.free.double()

    @functools.cached_property
    def _table(self) -> Tensor:
        """S^-1 B S^-1 of two rows by difference of longitude, shape (row, row, longitude)."""
        identity = torch.eye(self.modes.shape[-1]).to(self.modes)
        matrices = []
        for rest, (E, place) in zip(self.remainder, self._blocks, strict=True):
            matrices.append(E.mT @ ((self.variances[place] - rest)[:, None] * E.conj()) + rest * identity)
        return torch.fft.irfft(torch.stack(matrices, dim=-1), n=self.scale.shape[-1])

    def tensors(self) -> dict[str, Tensor]:
        """Its tensors by name."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def double(self) -> "ZonalCovariance":
        """The same in double precision."""
        return self._cast(torch.float64)

    def single(self) -> "ZonalCovariance":
        """The same in single precision."""
        return self._cast(torch.float32)

    def _cast(self, dtype: torch.dtype) -> "ZonalCovariance":
        return ZonalCovariance(**{k: v.to(dtype) if v.is_floating_point() else v for k, v in self.tensors().items()})

    def to(self, device: torch.device | str) -> "ZonalCovariance":
        return ZonalCovariance(**{k: v.to(device) for k, v in self.tensors().items()})
