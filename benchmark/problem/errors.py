"""The one error that users see: it names the cause and the cure."""

__all__ = ["BenchError", "closest", "first_line"]

import difflib
from collections.abc import Iterable


class BenchError(Exception):
    """Bad input or an impossible request; the command line prints it and exits with code 2.

    The message says what is wrong and what to do about it.
    """


def closest(name: str, known: Iterable[str]) -> str:
    """A sentence that helps somebody who misspelt `name`."""
    known = sorted(set(known))
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(repr(n) for n in near)}?"
    return f"known: {', '.join(known) if known else 'none'}."


def first_line(error: Exception) -> str:
    """The first line of an error's message, or its kind if it has none."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__
