"""Reads a world's description: one of the library, or a YAML file."""

__all__ = ["KINDS", "library", "load_fields_spec", "load_spec"]

from pathlib import Path
from typing import Any

import pydantic
import yaml

from benchmark.problem import BenchError, closest

from .cycled import CycledSpec
from .gaussian import GaussianSpec
from .spec import BackgroundSpec, BaseSpec, WorldSpec

LIBRARY = Path(__file__).parent / "library"

KINDS: dict[str, type[BaseSpec]] = {"fields": WorldSpec, "cycled": CycledSpec, "gaussian": GaussianSpec}


def library() -> dict[str, str]:
    """Name -> title of the worlds that ship with the package."""
    titles = {}
    for file in sorted(LIBRARY.glob("*.yaml")):
        titles[file.stem] = str(yaml.safe_load(file.read_text()).get("title", ""))
    return titles


def load_spec(name_or_path: str | Path, data: str | Path | None = None) -> BaseSpec:
    """Reads a world's description.

    Arguments:
        name_or_path: A name in the library or the path of a YAML file, whose relative paths are relative to it.
        data: Replaces the description's `path`.

    Raises:
        BenchError: If there is no such world, or the YAML does not describe one.
    """
    text = str(name_or_path)
    shipped = LIBRARY / f"{text}.yaml"
    file = Path(text).expanduser()
    if "/" not in text and shipped.is_file():
        file = shipped
    elif not file.is_file():
        if file.suffix in (".yaml", ".yml"):
            raise BenchError(f"There is no world file '{text}'; check the path, or name a world of the library.")
        raise BenchError(f"There is no world '{text}'; {closest(text, library())} A path of a YAML file works too.")
    settings = _read_yaml(file)
    _resolve(settings, file.parent)
    kind = settings.get("kind", "fields")
    if kind not in KINDS:
        raise BenchError(f"World file '{file}': there is no kind '{kind}'; {closest(str(kind), KINDS)}")
    model = KINDS[kind]
    if data is not None:
        if "path" not in model.model_fields:
            raise BenchError(f"The world '{text}' is made when it is opened and reads no data; leave --data out.")
        settings["path"] = str(data)
    try:
        return model.model_validate(settings)
    except pydantic.ValidationError as error:
        raise BenchError(f"World file '{file}': {_explain(error, model)}") from None


def load_fields_spec(name_or_path: str | Path, data: str | Path | None = None) -> WorldSpec:
    """The same of a world of fields.

    Raises:
        BenchError: If it is of another kind.
    """
    spec = load_spec(name_or_path, data)
    if not isinstance(spec, WorldSpec):
        raise BenchError(f"The world '{spec.name}' is not made of fields; name one that is, such as twin.")
    return spec


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        settings = yaml.safe_load(file.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BenchError(f"World file '{file}' is not readable YAML ({error}); mend it there.") from None
    if not isinstance(settings, dict):
        raise BenchError(f"World file '{file}' must hold 'key: value' lines; take one of the library as a pattern.")
    return settings


def _resolve(settings: dict[str, Any], folder: Path) -> None:
    """Makes the relative paths in `settings` and its background relative to `folder`."""
    for part in (settings, settings.get("background")):
        if isinstance(part, dict) and isinstance(path := part.get("path"), str) and path and "://" not in path:
            part["path"] = str(folder / Path(path).expanduser())


def _explain(error: pydantic.ValidationError, whole: type[BaseSpec]) -> str:
    sentences = []
    for item in error.errors():
        field = ".".join(str(part) for part in item["loc"]) or "the whole"
        if item["type"] == "extra_forbidden":
            model = BackgroundSpec if field.startswith("background.") else whole
            known = [info.alias or name for name, info in model.model_fields.items()]
            sentences.append(f"unknown field '{field}', {closest(str(item['loc'][-1]), known)}")
        elif item["type"] == "missing":
            sentences.append(f"the field '{field}' is missing; add it.")
        else:
            given = "" if isinstance(item["input"], dict) else f", given {item['input']!r}"
            sentences.append(f"field '{field}': {item['msg'].removeprefix('Value error, ')}{given}.")
    return " ".join(sentences)
