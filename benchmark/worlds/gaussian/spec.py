"""What a Gaussian world is made of, as a YAML file says it."""

__all__ = ["GaussianSpec", "SpectrumSpec"]

from typing import Literal, Self

import numpy as np
import pydantic

from benchmark.problem import hash_json, parse_channel

from ..spec import BaseSpec

VERSION = 1  # raised when the same description would give other draws


class SpectrumSpec(pydantic.BaseModel):
    """How the variance of a field is spread over scales.

    Total wavenumber l has a share proportional to n_l (1 + (l / scale)^2)^-slope, with n_l = 2 l + 1 waves on the
    sphere; on a ring zonal wavenumber k has n_0 = 1 and n_k = 2. Beyond the truncation is nothing but the grid's white
    noise.

    Arguments:
        scale: Wavenumber beyond which the spectrum falls.
        slope: How steeply: for 2 the variance by wavenumber falls as l^-3 on the sphere, as k^-4 on a ring.
        truncation: Largest wavenumber.
        white: Share of the variance that is independent at every point, so that the covariance is invertible.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    scale: float = pydantic.Field(gt=0)
    slope: float = pydantic.Field(default=2.0, gt=0)
    truncation: int = pydantic.Field(ge=1)
    white: float = pydantic.Field(default=1e-3, gt=0, lt=1)

    def shares(self, ring: bool) -> np.ndarray:
        """Share of every wavenumber in the variance that is not white, shape (truncation + 1,), sum 1."""
        wave = np.arange(self.truncation + 1, dtype=np.float64)
        waves = np.where(wave == 0, 1.0, 2.0) if ring else 2 * wave + 1
        power = waves * (1 + (wave / self.scale) ** 2) ** -self.slope
        return power / power.sum()


class GaussianSpec(BaseSpec):
    """A world of Gaussian random fields, homogeneous on the sphere or on a ring.

    Arguments:
        latitudes: How many, equally spaced from pole to pole; 1 for a ring on the equator.
        longitudes: How many around the globe.
        channels: Channel names such as `z500`.
        mean, std: Climatological mean and std of each channel [its unit].
        correlation: Correlation of the channels at a point, of the truth and of the background's error alike.
        error_std: Std of the background's error by channel [climatological std].
        climatology: Spectrum of the truth.
        background_error: Spectrum of the background's error.
        train: How many cases methods may fit on.
        validate_: How many they may be tuned on; called `validate` in YAML.
        test: How many are scored.
    """

    kind: Literal["gaussian"] = "gaussian"
    latitudes: int = pydantic.Field(ge=1)
    longitudes: int = pydantic.Field(ge=4)
    channels: tuple[str, ...] = pydantic.Field(min_length=1)
    mean: tuple[float, ...]
    std: tuple[float, ...]
    correlation: tuple[tuple[float, ...], ...]
    error_std: tuple[float, ...]
    climatology: SpectrumSpec
    background_error: SpectrumSpec
    # each split has its own stretch of artificial days, so that a case's draw depends on no count
    train: int = pydantic.Field(default=1500, ge=2, le=14000)
    validate_: int = pydantic.Field(default=256, ge=1, le=7000, alias="validate")
    test: int = pydantic.Field(default=1024, ge=1, le=36000)

    @pydantic.model_validator(mode="after")
    def _check_channels(self) -> Self:
        count = len(self.channels)
        if len({parse_channel(name).name for name in self.channels}) < count:
            raise ValueError("'channels' names one twice; keep one of each")
        for name in ("mean", "std", "error_std", "correlation"):
            if len(getattr(self, name)) != count:
                raise ValueError(f"'{name}' needs one entry for each of the {count} channels")
        for name in ("std", "error_std"):
            if min(getattr(self, name)) <= 0:
                raise ValueError(f"'{name}' must be positive")
        return self

    @pydantic.model_validator(mode="after")
    def _check_correlation(self) -> Self:
        if any(len(row) != len(self.channels) for row in self.correlation):
            raise ValueError("'correlation' must be square: one row and one column a channel")
        Q = np.array(self.correlation)
        if not np.array_equal(Q, Q.T) or not np.all(np.diag(Q) == 1):
            raise ValueError("'correlation' must be symmetric with ones on its diagonal")
        if np.linalg.eigvalsh(Q)[0] <= 1e-6:
            raise ValueError("'correlation' must be positive definite; make its entries smaller")
        return self

    @property
    def ring(self) -> bool:
        """Whether the world has one latitude only."""
        return self.latitudes == 1

    @property
    def identity(self) -> str:
        """sha256 of all that decides a draw."""
        told = {"title", "data_note", "training", "methods", "train", "validate_", "test"}
        return hash_json([VERSION, self.model_dump(mode="json", exclude=told)])
