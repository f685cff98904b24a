import errno
from pathlib import Path

import pytest

from benchmark.files import file_hash, write_whole
from benchmark.problem import BenchError


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.txt"
    for text in ("abc", "other"):
        write_whole(file, lambda part, text=text: part.write_text(text))
        assert file.read_text() == text
    assert [p.name for p in file.parent.iterdir()] == ["a.txt"]


def test_sha256_of_abc(tmp_path: Path) -> None:
    # The first example of FIPS 180-2.
    (tmp_path / "a").write_bytes(b"abc")
    assert file_hash(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), r"cannot be written, the disk is full: make room and run"),
        (OSError(errno.EACCES, "Permission denied"), r"cannot be written, Permission denied: choose another folder"),
    ],
)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: OSError, message: str) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")

    def fail(part: Path) -> None:
        part.write_text("half of it")
        raise error

    with pytest.raises(BenchError, match=message):
        write_whole(file, fail)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.txt", "old")]


def test_an_error_of_the_writer_passes_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        write_whole(tmp_path / "a.txt", lambda part: part.write_text(str(1 / 0)))
    assert list(tmp_path.iterdir()) == []
