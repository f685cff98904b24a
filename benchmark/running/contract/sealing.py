"""Puts every world out of reach for a while."""

__all__ = ["sealed"]

import contextlib
from collections.abc import Iterator
from typing import Any

from benchmark.problem import BenchError
from benchmark.worlds import World

_ABSENT = object()


@contextlib.contextmanager
def sealed() -> Iterator[list[str]]:
    """While it lasts no world can be opened, and every attribute of an open one raises: truth, archive and all else.

    It is done in the classes, so it does not matter how a world is come by: imported, kept in a global, found on the
    stack or by the garbage collector.

    Yields:
        What was tried, in words, though the one who tried may have caught the error.
    """
    tried: list[str] = []

    def refuse(attempt: str) -> BenchError:
        tried.append(attempt)
        return BenchError(f"A method {attempt}; it sees the Problem and nothing else.")

    def opened(world: World, *_: Any, **__: Any) -> None:
        raise refuse(f"opened a world ({type(world).__name__})")

    def touched(world: World, name: str) -> Any:
        if name == "__class__":  # isinstance asks for it
            return object.__getattribute__(world, name)
        raise refuse(f"asked for '{name}' of a world ({type(world).__name__})")

    guards = {"__init__": opened, "__getattribute__": touched}
    saved = [(kind, name, vars(kind).get(name, _ABSENT)) for kind in _kinds(World) for name in guards]
    try:
        for kind, name, _ in saved:
            setattr(kind, name, guards[name])
        yield tried
    finally:
        for kind, name, old in saved:
            if old is _ABSENT:
                delattr(kind, name)
            else:
                setattr(kind, name, old)


def _kinds(root: type) -> set[type]:
    """A class and all that derive from it."""
    children: list[type] = root.__subclasses__()
    return {root}.union(*map(_kinds, children))
