"""The one error that users see: it names the cause and the cure."""

__all__ = ["BenchError", "closest"]

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
