"""What the planet is made of: resolution, forcing, and the span that is written."""

__all__ = ["PLANET_CHANNELS", "PlanetSettings"]

import datetime

import numpy as np
import pydantic

from benchmark.problem import BenchError, hash_json

PLANET_LEVELS = (850, 500, 250)
PLANET_CHANNELS = (*(f"{v}{level}" for v in "ztuvq" for level in PLANET_LEVELS), "sp")


class PlanetSettings(pydantic.BaseModel):
    """A dry dynamical core with Held & Suarez' (1994, doi:10.1175/1520-0477(1994)075<1825:APFTIO>2.0.CO;2) forcing, to
    which mountains, seasons and water are added; `physics.py` has the formulas.

    Arguments:
        start: First valid time written, 00 UTC [date].
        end: Last day written [date].
        spin_up_days: Days integrated before `start` and not written.
        seed: Of the initial noise.
        wavenumbers: Triangular truncation; a Gaussian grid of `3 wavenumbers + 1` longitudes, rounded up.
        layers: Sigma layers of equal mass.
        step_min: Time step of the model [min]; divides 360.
        mean_pressure_pa: Global mean surface pressure, which every step restores.
        pole_contrast_k: Annual mean of the equator-to-pole contrast of the equilibrium temperature.
        season_k: Amplitude of its seasonal part at the poles.
        latent_share: Share of the latent heat that warms the air. At 1, without a convection scheme, condensation
            ends in storms one grid cell wide along the equator.
        diffusion_h: e-folding time of the smallest scale [h].
        height_share: Factor on the height of the mountains.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    start: datetime.date = datetime.date(2001, 1, 1)
    end: datetime.date = datetime.date(2012, 12, 31)
    spin_up_days: int = pydantic.Field(default=365, ge=0)
    seed: int = pydantic.Field(default=0, ge=0)
    wavenumbers: int = pydantic.Field(default=21, ge=5, le=85)
    layers: int = pydantic.Field(default=8, ge=5, le=40)
    step_min: int = pydantic.Field(default=40, ge=5, le=60)
    mean_pressure_pa: float = pydantic.Field(default=98_500.0, gt=8e4, lt=1.1e5)
    pole_contrast_k: float = pydantic.Field(default=70.0, gt=0, le=100)
    season_k: float = pydantic.Field(default=14.0, ge=0, le=40)
    latent_share: float = pydantic.Field(default=0.3, ge=0, le=1)
    diffusion_h: float = pydantic.Field(default=8.0, gt=0)
    height_share: float = pydantic.Field(default=1.0, ge=0, le=2)

    @pydantic.model_validator(mode="after")
    def _check(self) -> "PlanetSettings":
        if self.end < self.start:
            raise ValueError("'end' is before 'start'; exchange them")
        if 360 % self.step_min:
            raise ValueError(f"'step_min' must divide 360 minutes, and {self.step_min} does not; 40 does")
        return self

    @property
    def times(self) -> np.ndarray:
        """Valid times written, every 6 h, shape (time,), datetime64[ns]."""
        start, end = np.datetime64(self.start, "h"), np.datetime64(self.end, "h") + np.timedelta64(24, "h")
        return np.arange(start, end, np.timedelta64(6, "h")).astype("datetime64[ns]")

    @property
    def hash(self) -> str:
        """sha256 of all settings."""
        return hash_json(self.model_dump(mode="json"))

    @classmethod
    def read(cls, given: object, name: str) -> "PlanetSettings":
        """The settings under `planet` in a world file.

        Raises:
            BenchError: If one is unknown or out of range.
        """
        try:
            return cls.model_validate(given)
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            field = ".".join(["planet", *map(str, first["loc"])])
            said = first["msg"].removeprefix("Value error, ")
            raise BenchError(f"World '{name}', field '{field}': {said}; see docs/twin.md.") from None
