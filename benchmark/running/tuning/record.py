"""The trials of a method, as the file that is their journal while it is tuned and their record afterwards."""

__all__ = ["Chosen", "FractionScore", "Outcome", "Trial", "Tuning", "read_tuning", "write_tuning"]

import json
import math
from pathlib import Path
from typing import Any, Literal

import pydantic

from benchmark.files import write_whole
from benchmark.problem import BenchError

from .budget import Budget

Outcome = Literal["ok", "over-budget", "diverged", "failed"]
"""`ok` may be chosen; `over-budget` costs too much; `diverged` lost a case, and its score is without it; `failed` has
no score at all."""

PROGRESS = {"asked", "trials", "chosen", "made_with"}
"""Fields that may differ between a command and the file that it goes on with."""


class _Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FractionScore(_Model):
    """
    Arguments:
        obs_frac: The fraction that was observed.
        relative_error: Of the mean of the members: RMSE over that of the background, mean of the channels.
        low, high: 95 % interval; None with too few cases.
        seconds: A case.
        calls: Network calls a case.
        diverged: Cases.
        experiment: Id of the rows in the results' folder.
    """

    obs_frac: float
    relative_error: float
    low: float | None
    high: float | None
    seconds: float
    calls: float
    diverged: int
    experiment: str


class Trial(_Model):
    """
    Arguments:
        number: From 0, which is the world's current setting.
        parameters: All of the method's.
        outcome: See `Outcome`.
        reason: Why it failed.
        scores: By fraction; none if it failed, or if its first case was over the budget.
        mean: Mean relative error of the fractions; None without scores.
        seconds, calls: A case, of the fraction where it costs most; None if it failed.
    """

    number: int
    parameters: dict[str, Any]
    outcome: Outcome
    reason: str = ""
    scores: tuple[FractionScore, ...] = ()
    mean: float | None = None
    seconds: float | None = None
    calls: float | None = None


class Chosen(_Model):
    """
    Arguments:
        trial: Its number.
        entry: What goes under `methods` in the world's YAML file.
    """

    trial: int
    entry: dict[str, Any]


class Tuning(_Model):
    """
    Arguments:
        format: Of the file.
        world: Name and hashes of the validation data and of what makes the backgrounds.
        observing: The observing system, by fraction.
        observations: sha256 of the observations, by fraction.
        split: Always the validation year.
        cases, first_case, last_case: Evenly over it.
        convention: How the scores are made.
        method: Name, version, and sha256 of its file if it is not built in.
        weights: sha256 of its components.
        members, ensemble: Members asked for, None for the method's own; background members, None if it has none.
        seed: Of observations, method and search.
        budget: What a case may cost.
        space: Where every parameter is searched.
        fixed: The other parameters, the same in every trial.
        technical: The method's parameters that are not chosen: they move no score.
        made_with: Versions of what decides the trials.
        asked: How many trials there are to be.
        trials: Those that are done.
        chosen: The best, when all are done; None if there is none.
    """

    format: Literal[1] = 1
    world: dict[str, str]
    observing: dict[str, dict[str, Any]]
    observations: dict[str, str]
    split: Literal["validate"] = "validate"
    cases: int
    first_case: str
    last_case: str
    convention: str
    method: dict[str, Any]
    weights: dict[str, str]
    members: int | None
    ensemble: int | None
    seed: int
    budget: Budget
    space: dict[str, str]
    fixed: dict[str, Any]
    technical: tuple[str, ...] = ()
    made_with: dict[str, str]
    asked: int
    trials: tuple[Trial, ...] = ()
    chosen: Chosen | None = None

    def differences(self, other: "Tuning") -> list[str]:
        """Fields in which two tunings are not the same one, whatever has been done of each."""
        own, others = (json.loads(x.model_dump_json(exclude=PROGRESS)) for x in (self, other))
        return [key for key in own if own[key] != others[key]]

    def best(self) -> Trial | None:
        """The trial of the lowest mean among those that may be chosen; the first of equals."""
        return min((t for t in self.trials if t.outcome == "ok"), key=lambda t: t.mean or math.inf, default=None)


def read_tuning(path: Path) -> Tuning:
    """
    Raises:
        BenchError: If the file cannot be read or holds something else.
    """
    try:
        return Tuning.model_validate(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        first = error.errors()[0] if isinstance(error, pydantic.ValidationError) else None
        cause = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else error
        raise BenchError(
            f"The trials in {path} cannot be read ({cause}); move the file away, and they are made anew."
        ) from None


def write_tuning(path: Path, tuning: Tuning) -> None:
    """The file is whole or as it was before.

    Raises:
        BenchError: If it cannot be written.
    """
    text = json.dumps(tuning.model_dump(mode="json"), indent=1) + "\n"
    write_whole(path, lambda temporary: temporary.write_text(text))
