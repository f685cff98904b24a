"""The place of results: a folder or a URL, whose files are whole or absent."""

import errno
import os
import time
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from benchmark.files import Place
from benchmark.problem import BenchError


class Elsewhere(LocalFileSystem):
    """A store of its own protocol, so that it is not taken for a folder of this machine."""

    protocol = "elsewhere"
    broken: Exception | None = None

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(str(path).removeprefix("elsewhere://"))

    def pipe_file(self, path, value, mode="overwrite", **options):
        if self.broken:
            raise self.broken
        return super().pipe_file(path, value, mode, **options)


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch):
    fsspec.register_implementation("elsewhere", Elsewhere, clobber=True)
    monkeypatch.setattr(Elsewhere, "broken", None)


@pytest.fixture(
    params=["{folder}", "file://{folder}", "elsewhere://{folder}", "memory://{folder}", "dir::file://{folder}"]
)
def place(request, tmp_path):
    yield Place(request.param.format(folder=tmp_path / "results"))
    if request.param.startswith("memory"):
        fsspec.filesystem("memory").store.clear()


def test_what_is_written_is_read_listed_and_removed(place):
    assert place.names("*/*.parquet") == []
    place.write("b/2.parquet", b"two")
    place.write("a/1.parquet", b"one")
    place.write("a/experiment.json", b"{}")
    place.write("a/1.parquet", b"other")
    assert place.names("*/*.parquet") == ["a/1.parquet", "b/2.parquet"]
    assert place.names("a/*") == ["a/1.parquet", "a/experiment.json"]
    assert place.read("a/1.parquet") == b"other"
    place.remove("a/1.parquet")
    place.remove("a/1.parquet")
    assert place.names("*/*.parquet") == ["b/2.parquet"]
    with pytest.raises(OSError, match=r".+"):
        place.read("a/1.parquet")


def test_a_folder_goes_with_its_last_file(tmp_path):
    place = Place(tmp_path)
    place.write("a/1.parquet", b"one")
    place.write("a/2.parquet", b"two")
    place.remove("a/1.parquet")
    assert (tmp_path / "a").is_dir()
    place.remove("a/2.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    place = Place(tmp_path)
    place.write("a/1.parquet", b"whole")

    def full(path, content):
        path.open("wb").write(content[:2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    for name in ("a/1.parquet", "b/1.parquet"):
        with pytest.raises(BenchError, match="the disk is full: make room and run the command again"):
            place.write(name, b"other")
    assert place.read("a/1.parquet") == b"whole"
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["1.parquet"]


@pytest.mark.parametrize("error", [PermissionError(13, "no"), RuntimeError("the token has run out")])
def test_an_error_of_any_kind_elsewhere_is_told(tmp_path, monkeypatch, error):
    place = Place(f"elsewhere://{tmp_path}")
    monkeypatch.setattr(Elsewhere, "broken", error)
    with pytest.raises(BenchError, match=r"elsewhere:.*/a/1.parquet cannot be written .*choose another place"):
        place.write("a/1.parquet", b"one")
    monkeypatch.setattr(Elsewhere, "cat_file", lambda self, path: (_ for _ in ()).throw(error))
    with pytest.raises(OSError, match=r"no|the token has run out"):
        place.read("a/1.parquet")
    monkeypatch.setattr(Elsewhere, "glob", lambda self, path: (_ for _ in ()).throw(error))
    with pytest.raises(BenchError, match="cannot be read"):
        place.names("*/*.parquet")


def test_a_place_that_nobody_knows(tmp_path):
    with pytest.raises(BenchError, match=r"nowhere://x cannot be reached .*check the URL"):
        Place("nowhere://x")
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError, match="is a file; name a folder"):
        Place(tmp_path / "file")


def test_half_written_files_are_passed_over_and_found(tmp_path):
    place = Place(tmp_path)
    place.write("a/1.parquet", b"one")
    (tmp_path / "a" / ".2.parquet.0123.tmp").write_bytes(b"tw")
    assert place.names("*/*") == ["a/1.parquet"]
    assert place.leftovers("*/*.parquet") == ["a/.2.parquet.0123.tmp"]
    assert place.leftovers("*/experiment.json") == []


def test_the_age_of_a_file(tmp_path):
    for place in (Place(tmp_path), Place(f"elsewhere://{tmp_path}")):
        place.write("a/1.parquet", b"one")
        os.utime(tmp_path / "a" / "1.parquet", (time.time() - 7200, time.time() - 7200))
        assert place.age_s("a/1.parquet") == pytest.approx(7200, abs=60)
        assert place.age_s("a/none") is None
