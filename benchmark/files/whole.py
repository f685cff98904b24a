"""Files that are either whole or absent: written under a temporary name, then renamed."""

__all__ = ["file_hash", "temporary_name", "write_whole"]

import contextlib
import errno
import hashlib
import os
import uuid
from collections.abc import Callable
from pathlib import Path

from benchmark.problem import BenchError


def file_hash(path: Path) -> str:
    """sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def temporary_name(name: str, unique: str) -> str:
    """What a file is called until it is whole; hidden, so that readers pass it over."""
    return f".{name}.{unique}.tmp"


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Calls `write` with a temporary path in the same folder, then renames it to `path`.

    Raises:
        BenchError: If the folder cannot be written or the disk is full; nothing is left behind.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(temporary_name(path.name, uuid.uuid4().hex))
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        cause = "the disk is full: make room" if full else f"{error.strerror or error}: choose another folder"
        raise BenchError(f"{path} cannot be written, {cause} and run the command again.") from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
