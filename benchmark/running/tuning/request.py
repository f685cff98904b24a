"""What the user asked for when something is to be tuned."""

__all__ = ["TuneRequest"]

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pydantic

from benchmark.observing import ObservingSpec
from benchmark.running.request import RunRequest
from benchmark.worlds import BaseSpec

from .budget import Budget


class TuneRequest(pydantic.BaseModel):
    """
    Arguments:
        world: The world's description.
        observing: The observing systems, which differ in the fraction alone; a trial's score is the mean over them.
        methods: Names; each gets the same number of trials.
        trials: How many.
        budget: What an analysis may cost.
        overrides: Method name (or `` for every method that has the parameter) -> parameters out of the search.
        cases, members, ensemble, seed, device, out, weights, chunk: As in `RunRequest`.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    world: pydantic.SerializeAsAny[BaseSpec]
    observing: tuple[ObservingSpec, ...] = pydantic.Field(min_length=1)
    methods: tuple[str, ...] = pydantic.Field(min_length=1)
    trials: int = pydantic.Field(ge=1)
    budget: Budget = Budget()
    overrides: dict[str, dict[str, str]] = {}
    cases: int | None = 60
    members: int | None = None
    ensemble: int = 20
    seed: int = 0
    device: str = "auto"
    out: Path = Path("results")
    weights: Path | None = None
    chunk: int = 32

    def run(self, observing: ObservingSpec, *methods: str, parameters: Mapping[str, Any] | None = None) -> RunRequest:
        """The run of some methods on the validation year.

        Arguments:
            observing: Under which observing system.
            methods: Their labels.
            parameters: Of the first, before everything else that sets them.
        """
        overrides = dict(self.overrides)
        if parameters:
            tried = {key: str(value) for key, value in parameters.items()}
            overrides[methods[0]] = {**overrides.get(methods[0], {}), **tried}
        return RunRequest(
            world=self.world,
            observing=observing,
            methods=methods,
            overrides=overrides,
            cases=self.cases,
            members=self.members,
            ensemble=self.ensemble,
            seed=self.seed,
            split="validate",
            device=self.device,
            out=self.out,
            weights=self.weights,
            chunk=self.chunk,
        )
