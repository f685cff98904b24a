"""What a world of fields is made of, as a YAML file says it."""

__all__ = ["BackgroundSpec", "BaseSpec", "WorldSpec"]

from typing import Any, Literal, Self

import pydantic

from benchmark.problem import BenchError, closest, describe, parse_channel


class BackgroundSpec(pydantic.BaseModel):
    """Where a world's background comes from.

    Arguments:
        kind: `forecaster` (a trained network), `persistence` (the truth `lead_h` earlier), `archive`
            (a data set of forecasts by start and lead time) or `planet` (the planet's own model).
        lead_h: Age of the background at its valid time [h].
        path: The archive's path or URL; for `archive` only.
        settings: What the network is; for `forecaster` only. `history` is how many states it sees (1), `step_h`
            the length of one of its steps [h] (`lead_h`), `conserve` the channels whose global mean a step keeps.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    kind: Literal["forecaster", "persistence", "archive", "planet"]
    lead_h: int = pydantic.Field(default=24, gt=0)
    path: str = ""
    settings: dict[str, Any] = {}

    @pydantic.model_validator(mode="after")
    def _belongs(self) -> Self:
        if self.kind == "archive" and not self.path:
            raise ValueError("kind 'archive' needs 'path', the data set of forecasts")
        if self.kind != "archive" and self.path:
            raise ValueError(f"'path' belongs to kind 'archive', not to '{self.kind}'; remove it or change the kind")
        if self.kind != "forecaster" and self.settings:
            raise ValueError(f"'settings' belong to kind 'forecaster', not to '{self.kind}'; remove them")
        for key, value in self.settings.items():
            if key == "conserve" and isinstance(value, list) and all(isinstance(name, str) for name in value):
                continue
            if key not in ("history", "step_h") or not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(
                    "'settings' know 'history' and 'step_h', whole numbers of at least 1, and 'conserve', a list of "
                    f"channels, and not {key}={value!r}"
                )
        if self.lead_h % self.step_h:
            raise ValueError(f"'step_h' must divide 'lead_h', and {self.step_h} does not divide {self.lead_h}")
        return self

    @property
    def history(self) -> int:
        """How many states the network sees."""
        return int(self.settings.get("history", 1))

    @property
    def step_h(self) -> int:
        """Length of one of the forecaster's steps [h]."""
        return int(self.settings.get("step_h", 6 if self.kind == "planet" else self.lead_h))

    @property
    def conserve(self) -> tuple[str, ...]:
        """Channels whose global mean the network keeps."""
        return tuple(self.settings.get("conserve", ()))


class BaseSpec(pydantic.BaseModel):
    """What every kind of world has.

    Arguments:
        name: What the user types after `--world`.
        title: One line for tables.
        data_note: Where the data come from and how to get them.
        training: Settings by component, passed through to the training recipes.
        methods: Method name -> parameters tuned for this world.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str = pydantic.Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    title: str = ""
    data_note: str = ""
    training: dict[str, Any] = {}
    methods: dict[str, dict[str, Any]] = {}

    @property
    def fitting_years(self) -> dict[str, list[int]]:
        """Years to fit and to tune on, where a world has years."""
        return {}


class WorldSpec(BaseSpec):
    """A world of real fields.

    Arguments:
        path: NetCDF file, Zarr store or URL; empty if the user must give it.
        channels: Channel names such as `z500`, in the order of the channel axis.
        train: Years to fit on; in YAML a year, a list of years or `2000-2006`.
        validate_: Years to tune on; called `validate` in YAML.
        test: Years that are scored, and only that.
        background: See `BackgroundSpec`.
        hours: UTC hours used; empty means all that the file has.
        archive_step_h: Hours between the training (and validation) cases, counted from 1970; None for all times.
        test_step_h: The same of the test cases.
        climatology: `window` (by hour and day, a window of 61 days) or `harmonics` (the year's mean and four
            harmonics, the same at all hours).
        variables: Channel (or variable) name -> name in the file, where it cannot be guessed.
        allow_gaps: Whether times may be missing between others; what needs them is then left out.
        planet: Settings of the planet that `bench world make` integrates to make the truth; None for real fields.
    """

    kind: Literal["fields"] = "fields"
    path: str = ""
    channels: tuple[str, ...] = pydantic.Field(min_length=1)
    train: tuple[int, ...] = pydantic.Field(min_length=1)
    validate_: tuple[int, ...] = pydantic.Field(min_length=1, alias="validate")
    test: tuple[int, ...] = pydantic.Field(min_length=1)
    background: BackgroundSpec
    hours: tuple[int, ...] = ()
    variables: dict[str, str] = {}
    archive_step_h: int | None = pydantic.Field(default=None, gt=0)
    test_step_h: int | None = pydantic.Field(default=None, gt=0)
    climatology: Literal["window", "harmonics"] = "window"
    allow_gaps: bool = False
    planet: dict[str, Any] | None = None

    @pydantic.field_validator("train", "validate_", "test", mode="before")
    @classmethod
    def _read_years(cls, value: Any) -> Any:
        words = value if isinstance(value, list | tuple) else [value]
        years: set[int] = set()
        for word in words:
            first, dash, last = str(word).partition("-")
            try:
                span = range(int(first), int(last if dash else first) + 1)
            except ValueError:
                raise ValueError(f"cannot read years from {word!r}; write 2007, [2007, 2008] or 2000-2006") from None
            if not span:
                raise ValueError(f"{word!r} ends before it starts; write the earlier year first")
            years.update(span)
        return tuple(sorted(years))

    @pydantic.field_validator("hours")
    @classmethod
    def _check_hours(cls, hours: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 0 <= h <= 23 for h in hours):
            raise ValueError("hours are UTC hours from 0 to 23")
        return tuple(sorted(set(hours)))

    @pydantic.field_validator("channels")
    @classmethod
    def _check_channels(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        channels = [parse_channel(n) for n in names]
        twice = sorted({c.name for c in channels if channels.count(c) > 1})
        if twice:
            raise ValueError(f"named twice: {', '.join(twice)}; keep one of each")
        return names

    @pydantic.model_validator(mode="after")
    def _keep_years_apart(self) -> Self:
        splits = {"train": self.train, "validate": self.validate_, "test": self.test}
        for one, other in (("train", "validate"), ("train", "test"), ("validate", "test")):
            common = sorted(set(splits[one]) & set(splits[other]))
            if common:
                raise ValueError(f"'{one}' and '{other}' share {common}; give every year to one of them")
        return self

    @pydantic.model_validator(mode="after")
    def _check_planet(self) -> Self:
        if self.background.kind == "planet" and self.planet is None:
            raise ValueError("the background is of kind 'planet', but the file has no 'planet'; add its settings")
        return self

    @pydantic.model_validator(mode="after")
    def _check_conserved(self) -> Self:
        for name in self.background.conserve:
            if name not in self.channels:
                raise ValueError(f"'background.settings.conserve' names '{name}'; {closest(name, self.channels)}")
        return self

    @pydantic.model_validator(mode="after")
    def _check_variables(self) -> Self:
        channels = [parse_channel(n) for n in self.channels]
        known = {name for c in channels for name in (c.name, c.long_name, c.variable, describe(c.variable).long)}
        for key in self.variables:
            if key not in known:
                raise ValueError(f"'variables' renames '{key}', which is not among the channels; {closest(key, known)}")
        return self

    @property
    def fitting_years(self) -> dict[str, list[int]]:
        return {"train": list(self.train), "validate": list(self.validate_)}

    def years(self, split: str) -> tuple[int, ...]:
        """The years of `train`, `validate` or `test`.

        Raises:
            BenchError: If there is no such split.
        """
        splits = {"train": self.train, "validate": self.validate_, "test": self.test}
        if split not in splits:
            raise BenchError(f"There is no split '{split}'; {closest(split, splits)}")
        return splits[split]
