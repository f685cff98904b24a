"""Reads `--set key=value`."""

__all__ = ["by_method", "nested"]

from typing import Any


def pairs(settings: tuple[str, ...]) -> list[tuple[str, str]]:
    from benchmark.problem.errors import BenchError

    pairs = []
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise BenchError(f"Cannot read --set {text}; write --set key=value.")
        pairs.append((key.strip(), value.strip()))
    return pairs


def by_method(settings: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """`METHOD.key=value` by method; `key=value` under the empty name."""
    found: dict[str, dict[str, str]] = {}
    for key, value in pairs(settings):
        method, _, parameter = key.rpartition(".")
        found.setdefault(method, {})[parameter] = value
    return found


def nested(settings: tuple[str, ...]) -> dict[str, Any]:
    """`component.a.b=value` as nested dictionaries, values read as YAML."""
    import yaml

    from benchmark.problem.errors import BenchError

    found: dict[str, Any] = {}
    for key, value in pairs(settings):
        *path, last = key.split(".")
        place = found
        try:
            for part in path:
                place = place.setdefault(part, {})
            place[last] = yaml.safe_load(value)
        except (AttributeError, TypeError, yaml.YAMLError):
            raise BenchError(f"Cannot read --set {key}={value}; write --set COMPONENT.key=value.") from None
    return found
