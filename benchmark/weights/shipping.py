"""Puts weights into the package: compressed, with their cards.

Nothing is lost: a card's sha256 is that of the weights before they were compressed.
"""

__all__ = ["COMPRESSED", "compress", "decompress", "ship"]

import lzma
from pathlib import Path

from benchmark.files import write_whole

from .card import Card

COMPRESSED = ".xz"
# numbers of two bytes: the first and the second have statistics of their own
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9, "lc": 0, "lp": 1, "pb": 1}]


def compress(content: bytes) -> bytes:
    """XZ for tensors in half precision."""
    return lzma.compress(content, format=lzma.FORMAT_XZ, filters=FILTERS)


def decompress(content: bytes) -> bytes:
    """
    Raises:
        lzma.LZMAError: If it is truncated or was changed.
    """
    return lzma.decompress(content, format=lzma.FORMAT_XZ)


def ship(source: Path, target: Path) -> list[str]:
    """Compresses every component of a folder into another, and removes what it replaces there.

    Arguments:
        source: Folder of a world's cards and weights.
        target: Where they go; may be the same.

    Returns:
        Names of the components.
    """
    done = []
    for place in sorted(source.glob("*.json")):
        card = Card.read(place)
        content = (source / card.file).read_bytes()
        if card.file.endswith(COMPRESSED):
            content = decompress(content)
        packed = compress(content)
        name = card.file.removesuffix(COMPRESSED) + COMPRESSED
        old = Card.read(target / place.name).file if (target / place.name).exists() else name
        _write(target / name, packed)
        _write(target / place.name, (card.model_copy(update={"file": name}).model_dump_json(indent=1) + "\n").encode())
        if old != name:
            (target / old).unlink(missing_ok=True)
        done.append(card.component)
    return done


def _write(place: Path, content: bytes) -> None:
    write_whole(place, lambda temporary: temporary.write_bytes(content))
