"""What the user asks to be run."""

__all__ = ["RunRequest"]

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pydantic

from benchmark.observing import ObservingSpec
from benchmark.worlds import BaseSpec


class RunRequest(pydantic.BaseModel):
    """
    Arguments:
        world: The world's description.
        observing: The observing system's.
        methods: Labels such as `lo-sda` or `lo-sda[levels=20]`.
        overrides: Method name (or `` for every method that has the parameter) -> parameters set by the user.
        cases: How many, spread evenly over the split; None for all. On a cycled world, seeds.
        cycles: Analyses of a run, on a cycled world; None for the world's own number.
        members: Members asked for; None for each method's own default.
        ensemble: Background members that ensemble methods get.
        seed: Of the methods' random numbers.
        region: Region that is scored.
        split: `test`, or `validate` while something is being tuned.
        device: `auto`, `cpu` or `cuda`.
        out: Folder or URL of the results.
        weights: Folder of the user's weights, None for the default one.
        chunk: Cases a batch and a result file.
        fresh: Whether to compute everything again.
        save_analyses: Zarr store to write analyses to.
        plot: Folder to write pictures of the middle case to.
        trials: By method, how many trials its parameters were chosen among; it stands in the rows and decides nothing.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    world: pydantic.SerializeAsAny[BaseSpec]
    observing: ObservingSpec
    methods: tuple[str, ...]
    overrides: dict[str, dict[str, str]] = {}
    cases: int | None = None
    members: int | None = None
    cycles: int | None = None
    ensemble: int = 20
    seed: int = 0
    region: str = "global"
    split: Literal["test", "validate"] = "test"
    device: str = "auto"
    out: Path | str = Path("results")
    weights: Path | None = None
    chunk: int = 32
    fresh: bool = False
    save_analyses: Path | None = None
    plot: Path | None = None
    trials: Mapping[str, int] = {}
