"""Mean state as the year's mean and its first harmonics: a climatology small enough to be shipped."""

__all__ = ["HARMONICS", "HarmonicClimatology", "harmonic_basis"]

import dataclasses
from collections.abc import Iterable

import numpy as np

from benchmark.problem import BenchError

HARMONICS = 4


def harmonic_basis(times: np.ndarray, harmonics: int = HARMONICS) -> np.ndarray:
    """1, cos and sin of the first harmonics of the phase of the calendar year.

    Arguments:
        times: Shape (time,), datetime64.

    Returns:
        Shape (time, 1 + 2 harmonics), float64.
    """
    seconds = np.asarray(times).astype("datetime64[s]")
    year = seconds.astype("datetime64[Y]")
    phase = (seconds - year) / ((year + 1).astype("datetime64[s]") - year.astype("datetime64[s]"))
    angle = 2 * np.pi * phase[:, None] * np.arange(1, harmonics + 1)
    return np.concatenate([np.ones((len(angle), 1)), np.cos(angle), np.sin(angle)], axis=1)


@dataclasses.dataclass(frozen=True)
class HarmonicClimatology:
    """The same at all hours of the day: for a world without a daily cycle.

    Arguments:
        coefficients: Shape (1 + 2 harmonics, channel, latitude, longitude), float32 [physical].
    """

    coefficients: np.ndarray

    @classmethod
    def fit(cls, batches: Iterable[tuple[np.ndarray, np.ndarray]], harmonics: int = HARMONICS) -> "HarmonicClimatology":
        """Least squares over all times.

        Arguments:
            batches: Pairs of times, shape (time,), and fields, shape (time, channel, latitude, longitude).
            harmonics: Of the year.

        Raises:
            BenchError: If the times do not determine the harmonics.
        """
        size = 1 + 2 * harmonics
        gram, shape, projected = np.zeros((size, size)), None, None
        for times, fields in batches:
            basis = harmonic_basis(times, harmonics)
            gram += basis.T @ basis
            part = basis.T @ fields.reshape(len(fields), -1).astype(np.float64)
            projected, shape = part if projected is None else projected + part, fields.shape[1:]
        # a basis spread over whole years is nearly orthogonal; one season of it is not
        if projected is None or shape is None or np.linalg.cond(gram) > 1e3:
            raise BenchError(
                "Harmonics of the year need training times that cover all seasons; check the training years."
            )
        return cls(np.linalg.solve(gram, projected).reshape(size, *shape).astype(np.float32))

    def at(self, times: np.ndarray) -> np.ndarray:
        """The climatology of each time, shape (case, channel, latitude, longitude), float32 [physical]."""
        coefficients = self.coefficients
        basis = harmonic_basis(times, (len(coefficients) - 1) // 2)
        flat = basis @ coefficients.reshape(len(coefficients), -1).astype(np.float64)
        return flat.reshape(len(basis), *coefficients.shape[1:]).astype(np.float32)
