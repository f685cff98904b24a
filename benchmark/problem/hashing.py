"""Stable hashes: of specifications, of arrays, and seeds made from them."""

__all__ = ["hash_arrays", "hash_json", "seed_from"]

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import numpy as np


def hash_json(value: Any) -> str:
    """sha256 of a JSON-able value; dictionaries are ordered by key first."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def hash_arrays(arrays: Iterable[np.ndarray]) -> str:
    """sha256 of the shapes, little-endian dtypes and bytes of arrays, in their order."""
    digest = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def seed_from(*words: Any) -> int:
    """A 63-bit seed that depends on every word and on nothing else (not on the process or platform)."""
    return int(hash_json([str(word) for word in words])[:16], 16) >> 1
