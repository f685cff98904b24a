"""The card beside a weights file: what it is, what it was trained on, and whether it is intact."""

__all__ = ["Card"]

import json
from pathlib import Path
from typing import Any

import pydantic

from benchmark.problem import BenchError, first_line


class Card(pydantic.BaseModel):
    """Everything that is known of a weights file.

    Arguments:
        component: Name of the component.
        world: World it was trained on.
        file: Name of the safetensors file beside the card, which may be compressed (`.xz`).
        sha256: Of that file before it was compressed.
        grid_hash: Of the grid it is for.
        channels: Channel names it is for, in order.
        training_hash: Of the training and validation fields.
        depends: sha256 of the components that it was trained with, by name.
        settings: From which the component is rebuilt.
        training: Settings of the training: epochs, rate, seed, ...
        scores: What was measured on the validation year.
        years: Training and validation years.
        seconds: Training time.
        device: Where it was trained, and in which precision.
        versions: Of assimbench, torch and azula.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    component: str
    world: str
    file: str
    sha256: str
    grid_hash: str
    channels: tuple[str, ...]
    training_hash: str
    depends: dict[str, str] = {}
    settings: dict[str, Any] = {}
    training: dict[str, Any] = {}
    scores: dict[str, Any] = {}
    years: dict[str, list[int]] = {}
    seconds: float = 0.0
    device: str = ""
    versions: dict[str, str] = {}

    @classmethod
    def read(cls, path: Path) -> "Card":
        """
        Raises:
            BenchError: If the card is not JSON or lacks a field.
        """
        try:
            return cls.model_validate(json.loads(path.read_text()))
        except (ValueError, OSError) as error:
            raise BenchError(
                f"The weights card {path} cannot be read ({first_line(error)}); train the component again."
            ) from error
