"""`bench submit` and `bench verify` as users type them."""

import dataclasses
import json
import shutil

import pytest

from benchmark.running.results.collecting import collect
from benchmark.running.results.published import read_published, write_published
from benchmark.running.store import ResultStore


@pytest.fixture
def published(tmp_path, store):
    """A folder of published results: the baselines of the ring and 3D-Var."""
    folder = tmp_path / "published"
    found = collect(ResultStore(store), "global")
    write_published(found.only(lambda one: one.method in ("background", "climatology")), folder)
    return folder


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_accepted(bench, honest, store):
    result = bench("verify", honest, "--standard", store)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "accepted"
    assert len(result.stdout.splitlines()) == 8


def test_refused(bench, members, forge, store):
    members["cases.csv"] = members["cases.csv"].replace(b",ok,", b",fine,")
    result = bench("verify", forge(members), "--standard", store)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "refused"
    assert "has the status 'fine'" in result.stdout


def test_not_verified(bench, honest, store):
    result = bench("verify", honest, "--standard", store, "--no-rerun")
    assert result.exit_code == 2
    assert result.stdout.splitlines()[-1] == "not verified"


def test_json(bench, honest, store):
    result = bench("verify", honest, "--standard", store, "--json")
    told = json.loads(result.stdout)
    assert (told["outcome"], told["rerun"]) == ("accepted", True)
    assert sorted(told["labels"]) == ["3dvar", "etkf"]
    names = ["archive", "identity", "consistency", "standard", "world", "scores", "rerun"]
    assert [check["name"] for check in told["checks"]] == names


def test_what_is_not_there(bench, tmp_path, store, honest):
    for arguments, words in (
        (("verify", tmp_path / "none.zip"), "There is no file"),
        (("verify", honest, "--data", "twin"), "write --data WORLD=PATH"),
        (("verify", honest, "--replace"), "--replace is of --add-to"),
        (("submit", "--method", "3dvar", "--results", tmp_path / "none", tmp_path / "a.zip"), "No result in"),
        (("submit", "--method", "4dvar", "--results", store, tmp_path / "a.zip"), "There are no results of '4dvar'"),
        (("submit", "--method", "3dvar", "--results", store, tmp_path / "a.tar"), "ends in .zip"),
        (
            ("submit", "--method", "halfway", "--results", store, "--source", "none.py", tmp_path / "a.zip"),
            "cannot be read",
        ),
    ):
        result = bench(*arguments)
        assert (result.exit_code, words in result.stderr) == (2, True), result.stderr
    assert not list(tmp_path.glob("a.*"))


def test_a_standard_that_is_not_there_is_told(bench, honest, tmp_path):
    result = bench("verify", honest, "--standard", tmp_path / "none")
    assert result.exit_code == 2
    assert "the standard cannot be read: No result" in result.stdout


def test_it_is_added(bench, honest, published):
    result = bench("verify", honest, "--add-to", published)
    assert result.exit_code == 0, result.stdout
    assert "added to" in result.stdout
    found = read_published(published)
    assert [one.method for one in found] == ["3dvar", "background", "climatology", "etkf"]
    assert sorted(contents(published)) == ["bins.parquet", "cases.parquet", "experiments.json", "values.parquet"]
    # the same again changes nothing
    before = contents(published)
    assert bench("verify", honest, "--add-to", published).exit_code == 0
    assert contents(published) == before


def test_what_is_not_accepted_is_not_added(bench, honest, published):
    before = contents(published)
    assert bench("verify", honest, "--add-to", published, "--no-rerun").exit_code == 2
    assert contents(published) == before


def test_whole_or_not_at_all(bench, honest, published, monkeypatch):
    from pathlib import Path

    before, honest_replace = contents(published), Path.replace

    def fails(self, target):
        if self.name == "values.parquet" and self.parent.name == "new" and Path(target).parent == published:
            raise OSError(28, "No space left on device")
        return honest_replace(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    result = bench("verify", honest, "--add-to", published)
    assert result.exit_code == 2
    assert "nothing was added" in result.stderr
    assert contents(published) == before


def test_a_setting_without_a_background_is_not_added_to(bench, honest, published, store):
    found = collect(ResultStore(store), "global")
    shutil.rmtree(published)
    write_published(found.only(lambda one: one.method == "climatology"), published)
    result = bench("verify", honest, "--add-to", published)
    assert result.exit_code == 2
    assert "have no background" in result.stderr


def test_what_is_there_under_another_label_is_not_added(bench, honest, published, store):
    found = collect(ResultStore(store), "global")
    own = next(one for one in found if one.method == "3dvar")
    results = [*read_published(published), dataclasses.replace(own, label="other")]
    write_published(dataclasses.replace(found, results=tuple(results)), published)
    result = bench("verify", honest, "--add-to", published)
    assert result.exit_code == 2
    assert "3dvar is published already, as other" in result.stderr


def test_scores_of_another_region_are_not_added_to(bench, honest, published, store):
    write_published(dataclasses.replace(read_published(published), region="tropics"), published)
    result = bench("verify", honest, "--standard", store, "--add-to", published)
    assert result.exit_code == 2
    assert "are of the region 'tropics'" in result.stderr


def test_another_version_of_a_label_is_replaced_only_when_asked_for(bench, tmp_path, plugin, published, submit, store):
    found = collect(ResultStore(store), "global")
    own = next(one for one in found if one.method == "halfway")
    facts = {**own.facts, "method.parameters.share": 0.25}
    values = {s: {c: 1.5 * v for c, v in channels.items()} for s, channels in own.values.items()}
    older = dataclasses.replace(own, id="0" * 16, label="halfway", facts=facts, values=values)
    results = [*read_published(published), older]
    write_published(dataclasses.replace(found, results=tuple(results)), published)
    archive = submit(tmp_path / "halfway.zip", "halfway")
    result = bench("verify", archive, "--add-to", published)
    assert result.exit_code == 2
    assert "replace that one with --replace" in result.stderr
    result = bench("verify", archive, "--add-to", published, "--replace")
    assert result.exit_code == 0
    assert "replaces 1 experiments" in result.stdout
    assert [one.id for one in read_published(published) if one.label == "halfway"] == [own.id]


def test_a_world_that_is_not_here(bench, honest, store, monkeypatch):
    """Then the verdict is that nobody knows, and how one would."""
    from benchmark.problem import BenchError
    from benchmark.running.submissions import worlds

    def nowhere(*_):
        raise BenchError("There are no data")

    monkeypatch.setattr(worlds, "open_context", nowhere)
    result = bench("verify", honest, "--standard", store)
    assert result.exit_code == 2
    assert "the world 'gaussian-ring' is not here (There are no data)" in result.stdout
    assert result.stdout.splitlines()[-1] == "not verified"


def test_what_verify_would_refuse_is_not_packed(bench, tmp_path, store):
    """A store whose cases are others than the standard's."""
    ring = ("--world", "gaussian-ring", "--cases", 5, "--obs-frac", 0.1, "--device", "cpu")
    out = tmp_path / "few"
    assert bench("run", "--method", "3dvar", *ring, "--out", out).exit_code == 0
    result = bench("submit", "--method", "3dvar", "--results", out, "--standard", store, tmp_path / "few.zip")
    assert result.exit_code == 2
    assert "This would not be accepted (standard)" in result.stderr
    assert not (tmp_path / "few.zip").exists()


def test_a_setting_that_the_standard_does_not_have_is_held_against_its_world(bench, tmp_path, store):
    ring = ("--world", "gaussian-ring", "--cases", 5, "--obs-frac", 0.3, "--device", "cpu")
    out = tmp_path / "other"
    assert bench("run", "--method", "3dvar", *ring, "--out", out).exit_code == 0
    assert bench("submit", "--method", "3dvar", "--results", out, tmp_path / "other.zip").exit_code == 0
    result = bench("verify", tmp_path / "other.zip", "--standard", store)
    assert result.exit_code == 0
    assert "the standard has none of its settings" in result.stdout
