"""JSON from strangers: bounded in depth and length, without what JSON does not have."""

__all__ = ["read_json"]

import json
import math
from typing import Any, NoReturn

from .checks import RefusedError

DEEPEST = 12
LONGEST_TEXT = 2000
LONGEST_KEY = 200


def read_json(content: bytes, where: str) -> Any:
    """
    Arguments:
        content: As it was read.
        where: Its name, for messages.

    Returns:
        Objects, lists, texts of printable characters, finite numbers, booleans and null.

    Raises:
        RefusedError: If it is something else, too deep, or a text too long.
    """

    def refuse(why: str) -> NoReturn:
        raise RefusedError(f"{where} {why}")

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            refuse("has a key twice")
        return found

    def constant(word: str) -> NoReturn:
        refuse(f"holds {word}, which is no number of JSON")

    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=pairs, parse_constant=constant)
    except RecursionError:
        refuse("is too deep")
    except ValueError as error:
        refuse(f"is not JSON ({error})")
    waiting = [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        if depth > DEEPEST:
            refuse("is too deep")
        if isinstance(one, str) and not (len(one) <= LONGEST_TEXT and one.isprintable()):
            refuse(f"holds a text that is longer than {LONGEST_TEXT} characters or not printable: {one[:40]!r}")
        if isinstance(one, float) and not math.isfinite(one):
            refuse("holds a number that is not finite")
        if isinstance(one, dict):
            if any(len(key) > LONGEST_KEY or not key.isprintable() for key in one):
                refuse(f"has a key that is longer than {LONGEST_KEY} characters or not printable")
            waiting += [(part, depth + 1) for part in one.values()]
        elif isinstance(one, list):
            waiting += [(part, depth + 1) for part in one]
    return value
