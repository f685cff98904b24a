"""A submission of a real run, its members to be tampered with, and archives made of what came of that."""

import hashlib
import json
import stat
import zipfile
from pathlib import Path

import pytest

from benchmark.running.submissions import VerifyRequest, verify
from benchmark.running.submissions.archive import EPOCH
from benchmark.running.submissions.worlds import Worlds

RING = ("--world", "gaussian-ring", "--cases", 6, "--obs-frac", 0.1, "--device", "cpu")

# Moves the background half way to the climatology, and tells whoever looks that it was executed.
PLUGIN = """
import os
from pathlib import Path

from benchmark.problem import Analysis, Cost, Method

if "SUBMITTED_MARKER" in os.environ:
    Path(os.environ["SUBMITTED_MARKER"]).write_text("executed")


class Halfway(Method):
    name = "halfway"
    paper = "Nobody 2031"
    family = "interpolation"
    uses_adjoint = False
    defaults = {"share": 0.5}

    def analyse(self, problem, members, noise):
        x = problem.background + self["share"] * (problem.climatology - problem.background)
        return Analysis.of(x[:, None], Cost())
"""


class Silent:
    def start(self, label, steps, done):
        pass

    def step(self, count=1):
        pass


def _taken_apart(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as file:
        return {name: file.read(name) for name in file.namelist()}


def _entry(name, mode=stat.S_IFREG | 0o644, kind=zipfile.ZIP_DEFLATED):
    info = zipfile.ZipInfo(name, EPOCH)
    info.create_system, info.external_attr, info.compress_type = 3, mode << 16, kind
    return info


@pytest.fixture(scope="session")
def taken_apart():
    """(archive) -> its members by name."""
    return _taken_apart


@pytest.fixture(scope="session")
def entry():
    """(name, mode, compression) -> what a zip says of a member."""
    return _entry


@pytest.fixture(scope="session")
def plugin(tmp_path_factory):
    file = tmp_path_factory.mktemp("plugin") / "halfway.py"
    file.write_text(PLUGIN)
    return file


@pytest.fixture(scope="session")
def store(tmp_path_factory, bench, plugin):
    """A store of the ring with six cases: the baselines, a point method, an ensemble filter and a plug-in."""
    out = tmp_path_factory.mktemp("ring") / "results"
    methods = [word for name in ("3dvar", "etkf", f"{plugin}:Halfway") for word in ("--method", name)]
    result = bench("run", *methods, *RING, "--out", out)
    assert result.exit_code == 0, result.stderr
    return out


@pytest.fixture(scope="session")
def submit(bench, store):
    """(archive, method, options) -> the archive, packed from the store."""

    def go(archive, *methods, options=(), out=store):
        result = bench("submit", *[w for m in methods for w in ("--method", m)], "--results", out, *options, archive)
        assert result.exit_code == 0, result.stderr
        return archive

    return go


@pytest.fixture(scope="session")
def honest(tmp_path_factory, submit):
    """An archive of 3D-Var and the ensemble filter."""
    return submit(tmp_path_factory.mktemp("honest") / "honest.zip", "3dvar", "etkf")


@pytest.fixture(scope="session")
def plugged(tmp_path_factory, submit, plugin):
    """An archive of the plug-in, its code in it."""
    archive = tmp_path_factory.mktemp("plugged") / "plugged.zip"
    return submit(archive, "halfway", options=("--source", f"{plugin}:Halfway"))


@pytest.fixture
def members(honest):
    """Its members by name; a test may change them."""
    return _taken_apart(honest)


@pytest.fixture
def forge(tmp_path):
    """(members, changes) -> an archive with a manifest that fits them."""

    def go(members, manifest=True, **told):
        members = dict(members)
        if manifest:
            old = json.loads(members.pop("manifest.json"))
            sizes = {n: {"sha256": hashlib.sha256(c).hexdigest(), "bytes": len(c)} for n, c in members.items()}
            members["manifest.json"] = json.dumps({**old, "members": sizes, **told}).encode()
        path = tmp_path / "forged.zip"
        with zipfile.ZipFile(path, "w") as file:
            for name, content in members.items():
                file.writestr(_entry(name), content)
        return path

    return go


@pytest.fixture(scope="session")
def worlds():
    return Worlds({})


@pytest.fixture(scope="session")
def check(worlds, store):
    """(archive, fields of the request) -> what is said of it, held against the store."""

    def go(path, **fields):
        return verify(VerifyRequest(path, **{"standard": store, **fields}), Silent(), worlds)

    return go


@pytest.fixture(scope="session")
def refused(check):
    """(archive, check, words) -> it is refused by that check with these words, and by none before."""

    def go(path, name, words, **fields):
        found = check(path, **fields)
        (failed,) = [one for one in found.checks if one.verdict == "failed"]
        assert (found.outcome, failed.name) == ("refused", name), found
        assert words in failed.note, failed.note
        return found

    return go
