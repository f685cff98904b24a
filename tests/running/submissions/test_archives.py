"""Archives that are not what they seem: each is refused before anything of it is used, and nothing is left behind."""

import io
import json
import stat
import struct
import tempfile
import zipfile
from pathlib import Path

import pytest


@pytest.fixture
def with_entry(tmp_path, members, entry):
    """(entry, content) -> the archive with one member more."""

    def go(info, content=b"x"):
        path = tmp_path / "forged.zip"
        with zipfile.ZipFile(path, "w") as file:
            for name, own in members.items():
                file.writestr(entry(name), own)
            file.writestr(info, content)
        return path

    return go


@pytest.mark.parametrize(
    "name",
    [
        *("../evil.py", "code/../../evil.py", "/tmp/evil.py", "C:/evil.py", "code\\evil.py", "code/", "code/.evil.py"),
        *("weights/twin/model.pkl", "weights/../x.safetensors", "model.pt", "extra.json", "code/sub/evil.py"),
        *("analyses/0123456789abcdef.npy", "analyses/..safetensors", "weights/twin/x.safetensors.xz", "cases.parquet"),
    ],
)
def test_a_name_that_is_none_of_a_submission(with_entry, refused, name, entry):
    refused(with_entry(entry(name)), "archive", "is no part of a submission")


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFDIR | 0o755, stat.S_IFCHR | 0o644, stat.S_IFIFO])
def test_a_link_a_folder_or_a_device(with_entry, refused, mode, entry):
    refused(with_entry(entry("code/evil.py", mode), b"/etc/passwd"), "archive", "is a link, a folder or a device")


def test_a_name_twice_though_in_other_letters(with_entry, refused, entry):
    refused(with_entry(entry("CASES.csv".lower())), "archive", "twice")
    refused(with_entry(entry("code/Evil.py")), "archive", "do not agree")  # known by its name, so told by the manifest


def test_names_that_differ_by_case_are_one(tmp_path, members, refused, entry):
    path = tmp_path / "forged.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in ("code/evil.py", "code/EVIL.py"):
            file.writestr(entry(name), b"x")
    refused(path, "archive", "twice")


def test_an_encrypted_member(with_entry, refused, entry):
    path = with_entry(entry("code/evil.py"))
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02")
    content[place + 8] |= 1
    path.write_bytes(content)
    refused(path, "archive", "code/evil.py is encrypted")


def test_another_compression(with_entry, refused, entry):
    refused(with_entry(entry("code/evil.py", kind=zipfile.ZIP_LZMA)), "archive", "in a way that is not read")


def test_a_bomb(with_entry, refused, entry):
    zeros = bytes(2**19)
    refused(with_entry(entry("code/evil.py"), zeros), "archive", "times its size")


def test_a_member_that_is_too_large(with_entry, refused, entry):
    refused(with_entry(entry("code/evil.py", kind=zipfile.ZIP_STORED), bytes(2**20 + 1)), "archive", "larger than")


def test_a_bomb_that_says_to_be_small(with_entry, refused, entry):
    path = with_entry(entry("code/evil.py"), bytes(2**19))
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = content.rindex(mark)
        content[place + offset : place + offset + 4] = struct.pack("<I", 10)
    path.write_bytes(content)
    refused(path, "archive", "damaged or forged")


def test_a_member_that_says_to_be_large(with_entry, refused, entry):
    path = with_entry(entry("code/evil.py", kind=zipfile.ZIP_DEFLATED), b"abc" * 9)
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 1000)
    path.write_bytes(content)
    refused(path, "archive", "code/evil.py has 27 bytes and is said to have 1000")


def test_a_member_that_carries_more_than_its_bytes(with_entry, refused, entry):
    info = entry("code/evil.py")
    info.extra = struct.pack("<HH4s", 0xCAFE, 4, b"more")
    refused(with_entry(info), "archive", "code/evil.py is packed in a way that is not read")


def test_the_total_is_bounded_whatever_the_members_are(with_entry, refused, monkeypatch, entry):
    from benchmark.running.submissions import archive

    monkeypatch.setattr(archive, "MOST_BYTES", 2000)
    refused(with_entry(entry("code/evil.py")), "archive", "larger than")


def test_too_many_members(tmp_path, refused, entry):
    path = tmp_path / "forged.zip"
    with zipfile.ZipFile(path, "w") as file:
        for number in range(1001):
            file.writestr(entry(f"code/a{number}.py"), b"x")
    refused(path, "archive", "more than 1000 members")


def test_a_directory_that_tells_another_number_of_members(tmp_path, refused, entry):
    path = tmp_path / "forged.zip"
    with zipfile.ZipFile(path, "w") as file:
        for number in range(1001):
            file.writestr(entry(f"code/a{number}.py"), b"x")
    content = bytearray(path.read_bytes())
    content[-14:-10] = struct.pack("<HH", 5, 5)
    path.write_bytes(content)
    refused(path, "archive", "more than 1000 members, or names that are too long")


@pytest.mark.parametrize("kind", ["before", "behind", "comment", "text", "empty", "cut"])
def test_what_is_no_zip_archive_and_nothing_else(tmp_path, honest, refused, kind):
    whole = honest.read_bytes()
    content = {
        "before": b"#!/bin/sh\n" + whole,
        "behind": whole + b"more",
        "comment": whole[:-2] + b"\x04\x00more",
        "text": b"not an archive",
        "empty": b"",
        "cut": whole[: len(whole) // 2],
    }[kind]
    path = tmp_path / "forged.zip"
    path.write_bytes(content)
    refused(path, "archive", "it is no zip archive, or one with something before or behind it")


def test_a_directory_that_is_elsewhere(tmp_path, honest, refused):
    whole, path = honest.read_bytes(), tmp_path / "forged.zip"
    end = whole[-22:]
    path.write_bytes(whole[:-22] + b"more" + end)
    refused(path, "archive", "its directory is not in one piece")
    path.write_bytes(whole[:-22] + end[:4] + b"\x01\x00" + end[6:])
    refused(path, "archive", "its directory is not in one piece")
    path.write_bytes(whole[:-22] + b"PK\x06\x07" + bytes(16) + end)
    refused(path, "archive", "of the 64-bit kind")


def test_an_archive_that_is_too_large(tmp_path, honest, refused, monkeypatch):
    from benchmark.running.submissions import archive

    monkeypatch.setattr(archive, "LARGEST_ARCHIVE", 100)
    refused(honest, "archive", "the largest that is read")


def test_a_damaged_byte(tmp_path, honest, refused):
    content = bytearray(honest.read_bytes())
    place = content.index(b"cases.csv") + 60
    content[place] ^= 255
    path = tmp_path / "forged.zip"
    path.write_bytes(content)
    refused(path, "archive", "damaged or forged")


def test_a_manifest_that_does_not_fit(members, forge, refused):
    changed = {**members, "values.csv": members["values.csv"].replace(b"mse", b"mae")}
    refused(forge(changed, manifest=False), "archive", "values.csv is not what manifest.json says")
    refused(forge(members, format=2), "archive", "not of format 1")
    refused(forge(members, surprise=1), "archive", "not of format 1")
    refused(forge(members, score_version=1), "archive", "its scores are of version 1")
    refused(forge(members, convention="RMSE: the mean of roots"), "archive", "another convention")
    refused(forge({k: v for k, v in members.items() if k != "bins.csv"}), "archive", "there is no bins.csv")
    refused(forge({k: v for k, v in members.items() if k != "manifest.json"}, False), "archive", "no manifest.json")


def test_the_same_results_give_the_same_bytes(tmp_path, submit, honest):
    assert submit(tmp_path / "again.zip", "3dvar", "etkf").read_bytes() == honest.read_bytes()


def test_nothing_is_left_behind(tmp_path, honest, with_entry, check, monkeypatch, entry):
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    before = sorted(tmp_path.rglob("*"))
    assert check(honest).outcome == "accepted"
    assert sorted(tmp_path.rglob("*")) == before
    forged = with_entry(entry("../evil.py"))
    assert check(forged).outcome == "refused"
    assert sorted(tmp_path.rglob("*")) == sorted([*before, forged])


def test_nothing_is_left_behind_when_it_is_interrupted(tmp_path, honest, check, monkeypatch):
    from benchmark.running.submissions import verifying

    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))

    def interrupt(*_):
        assert list(place.rglob("cases.csv"))
        raise KeyboardInterrupt

    monkeypatch.setattr(verifying, "check_scores", interrupt)
    with pytest.raises(KeyboardInterrupt):
        check(honest)
    assert not list(place.iterdir())


def test_nothing_in_it_is_a_pickle(honest, taken_apart):
    for name, content in taken_apart(honest).items():
        assert not content.startswith(b"\x80"), name
        if name.endswith(".json"):
            json.loads(content)
        if name.endswith(".csv"):
            assert io.BytesIO(content).readline().startswith(b"experiment,")


def test_the_times_of_members_are_no_part_of_it(honest: Path):
    with zipfile.ZipFile(honest) as file:
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
