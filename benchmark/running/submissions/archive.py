"""Zip archives: written the same bytes for the same contents, and taken apart without trusting a word of theirs."""

__all__ = ["Extracted", "extract", "write_archive"]

import dataclasses
import hashlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from .checks import RefusedError
from .members import LARGEST_ARCHIVE, MOST_BYTES, MOST_MEMBERS, largest

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip knows: when something was packed is no part of it."""

PART = 2**20
MOST_RATIO = 200
"""Of unpacked to packed; tables of results have 20 or so, and deflate can have 1000."""

END, LOCATOR_64, FIRST = b"PK\x05\x06", b"PK\x06\x07", b"PK\x03\x04"
END_BYTES, LOCATOR_BYTES = 22, 20
ENTRY_BYTES = 46 + 160
"""Of the directory, for a member whose name is one that there may be."""

ENCRYPTED = 0x1 | 0x40 | 0x2000


@dataclasses.dataclass(frozen=True)
class Extracted:
    """
    Arguments:
        paths: Where the members lie, by name.
        digests: Their sha256, likewise.
    """

    paths: Mapping[str, Path]
    digests: Mapping[str, str]


def write_archive(path: Path, members: Mapping[str, bytes | Path]) -> None:
    """
    Arguments:
        path: Of the archive.
        members: Contents, or the file that holds them, by name.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            numbers = name.endswith(".safetensors")
            info.compress_type = zipfile.ZIP_STORED if numbers else zipfile.ZIP_DEFLATED
            content = members[name]
            archive.writestr(info, content if isinstance(content, bytes) else content.read_bytes())


def extract(path: Path, folder: Path) -> Extracted:
    """Takes an archive apart.

    Sizes are counted while bytes come out; what the archive says of itself is believed only where it is the stricter.

    Arguments:
        path: The archive.
        folder: An empty one; nothing is written elsewhere.

    Raises:
        RefusedError: If it is no such archive, or holds what it may not.
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        _check_ends(file)
        try:
            with zipfile.ZipFile(file) as archive:
                return _extract_all(archive, folder)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise RefusedError(f"the archive is damaged or forged ({error})") from error


def _check_ends(file: BinaryIO) -> None:
    """Before the directory is read, which an honest one has in one piece at the end, and of a bounded size."""
    size = file.seek(0, 2)
    if size > LARGEST_ARCHIVE:
        raise RefusedError(f"the archive has {size} bytes; the largest that is read has {LARGEST_ARCHIVE}")
    file.seek(0)
    head = file.read(len(FIRST))
    file.seek(max(0, size - END_BYTES - LOCATOR_BYTES))
    tail = file.read()
    end = tail[-END_BYTES:]
    if head != FIRST or len(end) < END_BYTES or not end.startswith(END):
        raise RefusedError("it is no zip archive, or one with something before or behind it")
    if tail.startswith(LOCATOR_64):
        raise RefusedError("it is a zip archive of the 64-bit kind, which none of this size needs")
    disk, first_disk, here, count, directory, start, comment = struct.unpack("<HHHHIIH", end[len(END) :])
    if disk or first_disk or here != count or comment or start + directory + END_BYTES != size:
        raise RefusedError("its directory is not in one piece at its end")
    if count > MOST_MEMBERS or directory > count * ENTRY_BYTES:
        raise RefusedError(f"it has more than {MOST_MEMBERS} members, or names that are too long")


def _extract_all(archive: zipfile.ZipFile, folder: Path) -> Extracted:
    members = archive.infolist()
    _check_members(members)
    left = MOST_BYTES
    paths, digests = {}, {}
    for info in members:
        place = folder / info.filename
        place.parent.mkdir(parents=True, exist_ok=True)
        digests[info.filename], taken = _unpack(archive, info, place, left)
        paths[info.filename] = place
        left -= taken
    return Extracted(paths, digests)


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        raise RefusedError(f"it has more than {MOST_MEMBERS} members")
    seen: set[str] = set()
    for info in members:
        name = info.filename
        if name != info.orig_filename or largest(name) is None:
            raise RefusedError(f"it holds {info.orig_filename[:80]!r}, which is no part of a submission")
        if name.casefold() in seen:
            raise RefusedError(f"it holds {name} twice")
        seen.add(name.casefold())
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or info.external_attr & 0x10:
            raise RefusedError(f"{name} is a link, a folder or a device, and no file")
        if info.flag_bits & ENCRYPTED:
            raise RefusedError(f"{name} is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.extra:
            raise RefusedError(f"{name} is packed in a way that is not read")


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: Path, left: int) -> tuple[str, int]:
    """The sha256 and the size of a member, which is written."""
    name = info.filename
    most = min(largest(name) or 0, left)
    bound = min(most, MOST_RATIO * max(info.compress_size, 1))
    digest, size = hashlib.sha256(), 0
    if info.file_size > most:
        raise RefusedError(f"{name} is larger than {most} bytes")
    with archive.open(info) as source, place.open("xb") as target:
        while part := source.read(PART):
            size += len(part)
            if size > bound:
                raise RefusedError(
                    f"{name} unpacks to more than {MOST_RATIO} times its size, or to more than {most} bytes"
                )
            digest.update(part)
            target.write(part)
    if size != info.file_size:
        raise RefusedError(f"{name} has {size} bytes and is said to have {info.file_size}")
    return digest.hexdigest(), size
