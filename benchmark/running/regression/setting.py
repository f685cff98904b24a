"""What a golden file's scores are of: the world, the observations, the methods. It can be run anywhere.

Paths in it are relative to the folder of the golden file, so that a checkout may lie where it likes.
"""

__all__ = ["Setting", "Text"]

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic

from benchmark.observing import ObservingSpec
from benchmark.problem import BenchError
from benchmark.running.experiment import MethodRequest
from benchmark.running.planning import check_overrides
from benchmark.running.request import RunRequest
from benchmark.worlds import BaseSpec, CycledSpec, load_spec

Text = Annotated[
    str,
    pydantic.StringConstraints(
        strip_whitespace=True, min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$"
    ),
]
"""One line without control characters, which a terminal would obey."""


class Setting(pydantic.BaseModel):
    """
    Arguments:
        world: A name of the library, or the path of a YAML file.
        data: Path or URL of the world's fields, in place of the one in its YAML file.
        observing: The observing system, its seed included.
        methods: Labels as of `bench run --method`.
        overrides: Parameters set by the user, as in `RunRequest`.
        cases, members, ensemble, region, split: As in `RunRequest`.
        seed: Of the methods' random numbers.
        noise_seeds: Seeds, from that one on, over which the sampling error of a method that draws is estimated.
        relative_tolerance: What rounding may change; no score has a smaller tolerance.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    world: Text
    data: Text | None = None
    observing: ObservingSpec = ObservingSpec()
    methods: tuple[Text, ...] = pydantic.Field(min_length=1)
    overrides: dict[str, dict[Text, Text]] = {}
    cases: int = pydantic.Field(default=8, ge=1)
    members: int | None = pydantic.Field(default=None, ge=1)
    ensemble: int = pydantic.Field(default=20, ge=2)
    seed: int = pydantic.Field(default=0, ge=0)
    region: Text = "global"
    split: Literal["test", "validate"] = "test"
    noise_seeds: int = pydantic.Field(default=5, ge=3, le=100)
    relative_tolerance: float = pydantic.Field(default=1e-4, gt=0, lt=1)

    def describe(self) -> str:
        """World, methods and cases in words."""
        return f"{', '.join(self.methods)} on {self.cases} cases of {self.world}"

    def relative_to(self, folder: Path) -> "Setting":
        """Of a setting whose paths are seen from here, the one whose paths are seen from a folder."""
        return self._with_paths(lambda path: os.path.relpath(Path(path).expanduser(), folder))

    def seen_from_here(self, folder: Path) -> "Setting":
        """Of a setting whose paths are seen from a folder, the one whose paths are seen from here."""
        return self._with_paths(lambda path: os.path.relpath(folder / Path(path).expanduser()))

    def _with_paths(self, move: Any) -> "Setting":
        stations = self.observing.stations
        return self.model_copy(
            update={
                "world": move(self.world) if _is_file(self.world) else self.world,
                "data": move(self.data) if self.data and "://" not in self.data else self.data,
                "observing": self.observing.model_copy(update={"stations": stations and Path(move(stations))}),
                "methods": tuple(_moved(label, move) for label in self.methods),
                "overrides": {_moved(name, move) if name else name: v for name, v in self.overrides.items()},
            }
        )

    def labels(self, folder: Path) -> dict[str, str]:
        """Its methods' labels, by those that they have in a run: the paths in them are others."""
        return dict(zip(self.seen_from_here(folder).methods, self.methods, strict=True))

    def request(self, folder: Path, methods: tuple[str, ...], **fields: Any) -> RunRequest:
        """The run of some of its methods.

        Arguments:
            folder: Of the golden file.
            methods: Labels, as in the setting.
            fields: Of the request: seed, device, weights, out.

        Raises:
            BenchError: If the world, a method or a parameter does not exist, or the world is a cycled one.
        """
        here = self.seen_from_here(folder)
        request = RunRequest(
            world=_world(here),
            observing=here.observing,
            methods=here.methods,
            overrides=here.overrides,
            **{key: getattr(self, key) for key in ("cases", "members", "ensemble", "region", "split")},
            **fields,
        )
        check_overrides(request)
        chosen = tuple(a for a, b in zip(here.methods, self.methods, strict=True) if b in methods)
        names = {"", *(MethodRequest.parse(label).name for label in chosen)}
        overrides = {name: values for name, values in here.overrides.items() if name in names}
        return request.model_copy(update={"methods": chosen or methods, "overrides": overrides})


def _world(setting: Setting) -> BaseSpec:
    spec = load_spec(setting.world, setting.data)
    if isinstance(spec, CycledSpec):
        raise BenchError(
            f"'{spec.name}' is a cycled world, and bench check is for worlds of fields; the scores of cycled worlds "
            "are held to the literature's by bench literature."
        )
    return spec


def _is_file(world: str) -> bool:
    return "/" in world or Path(world).suffix in (".yaml", ".yml")


def _moved(label: str, move: Any) -> str:
    """A method's label with the path of its file moved, if it has one."""
    name = MethodRequest.parse(label).name
    if ".py:" not in name:
        return label
    path, colon, attribute = name.rpartition(":")
    return move(path) + colon + attribute + label[len(name) :]
