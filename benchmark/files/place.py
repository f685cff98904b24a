"""A folder on this machine, or at any URL that fsspec knows; its files are whole or absent in both."""

__all__ = ["Place"]

import time
from pathlib import Path

import fsspec

from benchmark.problem import BenchError, first_line

from .whole import temporary_name, write_whole

LOCAL = ("file", "local")


class Place:
    """
    Arguments:
        where: A path, or a URL such as `s3://bucket/results`.

    Raises:
        BenchError: If the path is a file, or nobody knows how to reach the URL.
    """

    def __init__(self, where: str | Path) -> None:
        self.where = str(where)
        protocol, separator, rest = self.where.partition("://")
        self.folder: Path | None = None
        if not separator or protocol in LOCAL:
            self.folder = Path(rest if separator else where).expanduser()
            if self.folder.exists() and not self.folder.is_dir():
                raise BenchError(f"{self.folder} is a file; name a folder for the results with --out.")
            return
        try:
            self._system, self._root = fsspec.core.url_to_fs(self.where)
        except Exception as error:  # each kind of place has errors of its own
            raise BenchError(
                f"{self.where} cannot be reached ({first_line(error)}); check the URL, and that what fsspec needs for "
                f"'{protocol}://' is installed."
            ) from error

    def require_shared(self) -> None:
        """
        Raises:
            BenchError: If other processes do not see what is written.
        """
        if self.folder is None and self._system.protocol in ("memory", ("memory",)):
            raise BenchError(f"{self.where} is seen by one process only, and a sweep has several; name a folder.")

    def write(self, name: str, content: bytes) -> None:
        """Puts a file there, in the place of one of that name.

        Arguments:
            name: Relative, with `/` between folders.
            content: All of it.

        Raises:
            BenchError: If it cannot be written; then nothing of it is there.
        """
        if self.folder is not None:
            write_whole(self.folder / name, lambda path: path.write_bytes(content))
            return
        try:
            # object stores show an object when it is complete; the others have no folder to make beforehand
            self._system.makedirs(f"{self._root}/{name}".rpartition("/")[0], exist_ok=True)
            self._system.pipe_file(f"{self._root}/{name}", content)
        except Exception as error:  # each kind of place has errors of its own
            raise BenchError(
                f"{self.where}/{name} cannot be written ({first_line(error)}); choose another place and run the "
                "command again."
            ) from error

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises:
            OSError: If it cannot be read.
        """
        if self.folder is not None:
            return (self.folder / name).read_bytes()
        try:
            return bytes(self._system.cat_file(f"{self._root}/{name}"))
        except OSError:
            raise
        except Exception as error:
            raise OSError(first_line(error)) from error

    def names(self, pattern: str) -> list[str]:
        """Files that match, such as `*/experiment.json`, sorted; hidden ones are passed over.

        Raises:
            BenchError: If the place cannot be looked at.
        """
        try:
            if self.folder is not None:
                found = [path.relative_to(self.folder).as_posix() for path in self.folder.glob(pattern)]
            else:
                self._system.invalidate_cache()
                root = self._system._strip_protocol(self._root).rstrip("/")
                paths = self._system.glob(f"{root}/{pattern}")
                found = [str(path)[len(root) :].lstrip("/") for path in paths]
        except Exception as error:
            raise BenchError(
                f"{self.where} cannot be read ({first_line(error)}); check the address and what it needs to be let in."
            ) from error
        return sorted(name for name in found if not name.rpartition("/")[2].startswith("."))

    def remove(self, name: str) -> None:
        """Takes a file away if it is there, and its folder with the last one.

        Raises:
            BenchError: If it cannot be removed.
        """
        try:
            if self.folder is None:
                if self._system.exists(f"{self._root}/{name}"):
                    self._system.rm_file(f"{self._root}/{name}")
                return
            path = self.folder / name
            path.unlink(missing_ok=True)
            if path.parent != self.folder and path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
        except Exception as error:
            raise BenchError(
                f"{self.where}/{name} cannot be removed ({first_line(error)}); make the place writable and run the "
                "command again."
            ) from error

    def age_s(self, name: str) -> float | None:
        """Seconds since a file was written, by the clock; None where nobody knows."""
        try:
            if self.folder is not None:
                return time.time() - (self.folder / name).stat().st_mtime
            return time.time() - float(self._system.modified(f"{self._root}/{name}").timestamp())
        except (OSError, NotImplementedError, AttributeError):
            return None

    def leftovers(self, pattern: str) -> list[str]:
        """What writers that were killed have left of files that match, sorted. A writer that lives may have one too."""
        if self.folder is None:
            return []
        folder, _, name = pattern.rpartition("/")
        found = self.folder.glob(f"{folder}/{temporary_name(name, '*')}" if folder else temporary_name(name, "*"))
        return sorted(path.relative_to(self.folder).as_posix() for path in found)
