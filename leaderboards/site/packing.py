"""A world's rows without the words that every row and channel would repeat: they are most of a page's size."""

__all__ = ["pack_rows"]

from collections.abc import Mapping, Sequence
from typing import Any


def pack_rows(rows: Sequence[Mapping[str, Any]], channels: Sequence[str]) -> dict[str, Any]:
    """
    Arguments:
        rows: As the content has them.
        channels: Names of the world's channels.

    Returns:
        `fields`, names of what a row has; `scores`, names of what a row has of a channel; `rows`, a list a row: its
        values in the order of `fields`, then for each channel a list in the order of `scores`, or null.
    """
    fields = list(dict.fromkeys(key for row in rows for key in row if key != "channels"))
    scores = list(dict.fromkeys(key for row in rows for one in row["channels"].values() for key in one))
    packed = [
        [*(row.get(key) for key in fields), *(_packed(row, channel, scores) for channel in channels)] for row in rows
    ]
    return {"fields": fields, "scores": scores, "rows": packed}


def _packed(row: Mapping[str, Any], channel: str, scores: Sequence[str]) -> list[Any] | None:
    found = row["channels"].get(channel)
    return None if found is None else [found.get(score) for score in scores]
