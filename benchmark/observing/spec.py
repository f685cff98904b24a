"""What the user says about the observations."""

__all__ = ["ObservingSpec"]

import hashlib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from benchmark.problem import BenchError, closest, parse_channel

from .obs_std import read_obs_std
from .quantities import OPERATORS, OperatorName

_CURES = {
    "obs_frac": "give a fraction of the values, above 0 and at most 1: 0.01 is 1 %",
    "network": "choose one of random, columns, grid and stations",
    "stations": "give a CSV file with columns id, lat, lon together with network=stations, and only then",
    "draw": "choose area or index",
    "operator": f"choose one of {', '.join(OPERATORS)}",
    "obs_vars": "give names of channels or variables, such as z500,t, and none with operator=brightness",
    "obs_std": "give a number, zero or more, in climatological stds, or, where values have a unit, {name: std in it}",
    "withhold": "give a share of the observed values, zero or more and below 1, such as 0.1",
    "seed": "give a whole number",
}


class ObservingSpec(BaseModel):
    """A network, its observed variables and its error; the names are those of the flags and of YAML.

    Build it with `make`, whose errors are meant for users.

    Arguments:
        obs_frac: Observed values / state values of the observed variables, 0 < f <= 1. For `stations` it is
            ignored: every station inside the grid observes every observed channel.
        network: `random` draws points independently for each channel, `columns` draws grid columns that
            observe every observed channel, `grid` is a regular thinning, `stations` are real positions.
        stations: CSV file with columns id, lat, lon and perhaps elev; for `stations` only.
        draw: `area` draws uniformly in area, `index` uniformly in grid index; for `random` and `columns`.
        operator: `state` observes the channels themselves. `wind-speed` observes that of every level with u and v
            among the observed channels, `arctan` the arctangent of every observed channel's normalised value,
            `brightness` one brightness temperature a column.
        obs_vars: Names of observed channels or variables; empty for all. `brightness` takes none: it reads whole
            columns.
        obs_std: Observation error std [climatological std of the channel, or unit of the quantity], or {name of a
            channel or variable: std [physical unit]}. Text is read by `read_obs_std`.
        withhold: Share of the observed values that methods do not get and are judged by, 0 <= w < 1. Of a `random`
            network single values are withheld, of any other all values of a place.
        seed: Another seed gives other positions and errors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    obs_frac: float = Field(default=0.01, gt=0, le=1)
    network: Literal["random", "columns", "grid", "stations"] = "random"
    stations: Path | None = Field(default=None, validate_default=True)
    draw: Literal["area", "index"] = "area"
    operator: OperatorName = "state"
    obs_vars: tuple[str, ...] = ()
    obs_std: float | dict[str, float] = 0.05
    withhold: float = Field(default=0.0, ge=0, lt=1)
    seed: int = 0

    @classmethod
    def make(cls, **settings: Any) -> "ObservingSpec":
        """The specification of these settings.

        Raises:
            BenchError: If one is unknown or has an impossible value; the message names it and the cure.
        """
        try:
            return cls(**settings)
        except ValidationError as error:
            first = error.errors()[0]
        field = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            raise BenchError(f"Observations have no setting '{field}'; {closest(field, _CURES)}")
        message = first["msg"].removeprefix("Value error, ")
        raise BenchError(f"{field}={settings.get(field)!r}: {message}; {_CURES[field]}.")

    @field_validator("stations")
    @classmethod
    def _stations_go_with_their_network(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        network = info.data.get("network")
        if network is not None and (network == "stations") != (value is not None):
            raise ValueError(f"network={network} {'needs' if value is None else 'does not read'} a stations file")
        return value

    @field_validator("obs_vars", mode="before")
    @classmethod
    def _split_names(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("obs_vars")
    @classmethod
    def _columns_are_whole(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value and info.data.get("operator") == "brightness":
            raise ValueError("operator=brightness reads the temperature and humidity of all levels")
        return value

    @field_validator("obs_std", mode="before")
    @classmethod
    def _read_text(cls, value: Any) -> Any:
        return read_obs_std(value) if isinstance(value, str) else value

    @field_validator("obs_std")
    @classmethod
    def _sound(cls, value: float | dict[str, float], info: ValidationInfo) -> float | dict[str, float]:
        if isinstance(value, dict) and info.data.get("operator") == "arctan":
            raise ValueError("an arctangent has no physical unit")
        named = value if isinstance(value, dict) else {"it": value}
        if isinstance(value, dict):
            names = [parse_channel(name).name for name in value]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice or not value:
                raise ValueError(f"it names {', '.join(twice)} twice" if twice else "it names nothing")
        for name, std in named.items():
            if std < 0:
                raise ValueError(f"{name} is negative")
        return value

    def identity(self) -> dict[str, Any]:
        """All that decides what methods see of a given world and what they are judged by, JSON-able, for hashing."""
        drawn = self.drawn()
        # zero is left out, so that an observing system that withholds nothing keeps its hash
        return {**drawn, "withhold": self.withhold} if self.withhold else drawn

    def drawn(self) -> dict[str, Any]:
        """All that decides the observed values of a given world, withheld ones included, JSON-able, for hashing.

        Settings that a network ignores are left out, names are in their short form and sorted, and a stations
        file stands there as the sha256 of its contents, so that moving it changes nothing.

        Raises:
            BenchError: If the stations file cannot be read.
        """
        std = self.obs_std
        drawn: dict[str, Any] = {
            "network": self.network,
            "obs_vars": sorted({parse_channel(name).name for name in self.obs_vars}),
            "obs_std": {parse_channel(k).name: v for k, v in sorted(std.items())} if isinstance(std, dict) else std,
            "seed": self.seed,
        }
        if self.stations is not None:
            try:
                drawn["stations"] = hashlib.sha256(self.stations.read_bytes()).hexdigest()
            except OSError as error:
                raise BenchError(
                    f"The stations file {self.stations} cannot be read ({error.strerror}); check its path."
                ) from None
        else:
            drawn["obs_frac"] = self.obs_frac
        if self.network in ("random", "columns"):
            drawn["draw"] = self.draw
        # the default is left out, so that what was observed before there were others keeps its hash
        if self.operator != "state":
            drawn["operator"] = self.operator
        return drawn
