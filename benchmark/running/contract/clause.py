"""A clause of the contract, and how its check says that it is broken or does not apply."""

__all__ = ["Broken", "Clause", "DoesNotApply"]

import dataclasses
from collections.abc import Callable

from .trial import Trial


class Broken(Exception):  # noqa: N818 - it is a verdict, not an error of the program
    """The method breaks the clause; the message says what was expected, what came, and for which case."""


class DoesNotApply(Exception):  # noqa: N818 - likewise
    """The clause is not about methods of this kind; the message says why."""


@dataclasses.dataclass(frozen=True)
class Clause:
    """
    Arguments:
        name: One word for it.
        statement: What is promised, in one line.
        check: Returns a remark on a method that keeps it, perhaps an empty one; raises `Broken` or `DoesNotApply`.
    """

    name: str
    statement: str
    check: Callable[[Trial], str]
