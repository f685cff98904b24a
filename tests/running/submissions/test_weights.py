"""Weights of one's own: packed with their card, loaded without unpickling, and run."""

import hashlib
import json
import re

import pytest
from safetensors.numpy import load, save

from benchmark.problem import hash_json
from benchmark.running.cards import card_of
from benchmark.running.results.listing import facts_of
from benchmark.running.submissions import verifying
from benchmark.running.submissions.describing import Description, recomputed_id
from benchmark.running.submissions.labels import submitted_label
from benchmark.training.context import open_context
from benchmark.training.recipes import train
from benchmark.worlds import loading
from methods.priors.background_error import BackgroundError

LITTLE = """\
name: little
path: {path}
channels: [msl, t850]
train: 2000-2002
validate: 2003
test: 2004
background: {{kind: persistence, lead_h: 24}}
"""
NUMBERS, CARD = "weights/little/background-error.safetensors", "weights/little/background-error.json"


@pytest.fixture(scope="module", autouse=True)
def library(tmp_path_factory, make_weather):
    """A library with one little world, whose weights do not ship."""
    folder = tmp_path_factory.mktemp("library")
    make_weather().to_netcdf(folder / "little.nc", engine="h5netcdf")
    (folder / "little.yaml").write_text(LITTLE.format(path=folder / "little.nc"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loading, "LIBRARY", folder)
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory, bench, submit):
    """Results of 3D-Var with background errors that no fit gives, and their archive."""
    folder = tmp_path_factory.mktemp("trained")
    options = ("--weights", folder / "weights")
    context = open_context(loading.load_spec("little"), folder / "weights", "cpu")
    train("background-error", context)
    part, card = context.store.load(BackgroundError)
    tensors, settings = part.state()
    own = type(part).from_state({**tensors, "scale": tensors["scale"] * 1.05}, settings)
    context.store.save(own, depends=card.depends, years=card.years)
    run = ("--method", "3dvar", "--world", "little", "--cases", 5, "--obs-frac", 0.2, "--device", "cpu")
    result = bench("run", *run, *options, "--out", folder / "results")
    assert result.exit_code == 0, result.stderr
    return folder / "results", submit(folder / "own.zip", "3dvar", options=options, out=folder / "results")


@pytest.fixture
def parts(trained, taken_apart):
    return taken_apart(trained[1])


def with_numbers(parts, content):
    """The members with other numbers, whose card fits them."""
    told = {**json.loads(parts[CARD]), "sha256": hashlib.sha256(content).hexdigest()}
    return {**parts, NUMBERS: content, CARD: json.dumps(told).encode()}


def test_they_are_packed_and_run(trained, check, parts):
    assert {NUMBERS, CARD} <= set(parts)
    found = check(trained[1], standard=trained[0])
    assert (found.outcome, found.rerun) == ("accepted", True)
    (result,) = found.results
    assert re.fullmatch(r"3dvar\[trained=[0-9a-f]{8}\]", result.label)


def test_without_them_it_is_another_experiment(trained, parts, forge, refused):
    bare = {name: content for name, content in parts.items() if name not in (NUMBERS, CARD)}
    refused(forge(bare), "rerun", "its weights differ", standard=trained[0])


def test_others_than_the_rows_come_from(trained, parts, forge, refused):
    tensors = load(parts[NUMBERS])
    other = save({**tensors, "scale": tensors["scale"] * 2})
    refused(forge({**parts, NUMBERS: other}), "identity", "its sha256 differs", standard=trained[0])
    refused(forge(with_numbers(parts, other)), "identity", "its sha256 differs", standard=trained[0])


def test_cards_that_lead_elsewhere(trained, parts, forge, refused):
    for key, value in (("file", "../../../etc/passwd"), ("component", "forecaster"), ("world", "gaussian")):
        told = json.dumps({**json.loads(parts[CARD]), key: value}).encode()
        refused(forge({**parts, CARD: told}), "identity", "is of something else", standard=trained[0])
    for told in (b"{}", b"[]", b'{"component": NaN}'):
        refused(forge({**parts, CARD: told}), "identity", "background-error.json", standard=trained[0])
    refused(forge({k: v for k, v in parts.items() if k != CARD}), "identity", "without its card", standard=trained[0])


@pytest.mark.parametrize("name", ["forecaster", "perturbations", "state-prior"])
def test_parts_of_the_world_are_nobody_s_to_submit(trained, parts, forge, refused, name):
    more = {f"weights/little/{name}.safetensors": parts[NUMBERS], f"weights/little/{name}.json": parts[CARD]}
    refused(forge({**parts, **more}), "identity", "is no part of a submitted method", standard=trained[0])


@pytest.fixture
def anew(parts):
    """(content of the weights) -> the members, id, label and all, as if these weights had been run."""

    def go(content):
        (one,) = json.loads(parts["experiments.json"])
        old = one["id"]
        one["description"]["weights"]["background-error"] = hashlib.sha256(content).hexdigest()
        new = one["id"] = one["description"]["id"] = recomputed_id(one["description"])
        one["provenance"]["weights_hash"] = hash_json(one["description"]["weights"])[:16]
        one["label"] = submitted_label(one["label"], Description.check(one["description"]))
        one["card"] = card_of(one["label"], facts_of(one["description"]), one["provenance"]["trials"])
        found = {n.replace(old, new): c.replace(old.encode(), new.encode()) for n, c in parts.items()}
        found["experiments.json"] = json.dumps([one]).encode()
        return with_numbers(found, content), {"labels": [one["label"]]}

    return go


def lies(content):
    """The same numbers under a header that says there are more of them."""
    changed = re.sub(rb'"shape":\[(\d)', rb'"shape":[9\1', content, count=1)
    length = int.from_bytes(content[:8], "little") + len(changed) - len(content)
    return length.to_bytes(8, "little") + changed[8:]


@pytest.mark.parametrize("kind", ["header", "pickle", "shape", "names"])
def test_numbers_that_do_not_fit(trained, parts, anew, forge, check, monkeypatch, kind):
    tensors = load(parts[NUMBERS])
    content = {
        "header": lies(parts[NUMBERS]),
        "pickle": b"\x80\x04K\x01.",
        "shape": save({**tensors, "scale": tensors["scale"][:1].copy()}),
        "names": save({"surprise": tensors["scale"]}),
    }[kind]
    members, told = anew(content)
    # other cases would be drawn of another id; what is looked at here comes after
    monkeypatch.setattr(verifying, "check_scores", lambda *_: "")
    found = check(forge(members, **told), standard=trained[0])
    assert found.outcome != "accepted"
    assert [one.name for one in found.checks if one.verdict != "passed"] == ["rerun"]
    words = ("could not be run again", "do not come out again", "is another experiment here")
    assert any(word in found.checks[-1].note for word in words)


def test_numbers_that_fail_while_they_are_used(trained, check, monkeypatch):
    """Of another shape, say; whatever a library raises is told in a line, and nothing is accepted."""
    from benchmark.running.submissions import rerunning

    def fails(*_):
        raise RuntimeError("The size of tensor a (9) must match\nthe size of tensor b")

    monkeypatch.setattr(rerunning, "analyse_batch", fails)
    found = check(trained[1], standard=trained[0])
    assert (found.outcome, found.checks[-1].verdict) == ("not verified", "not done")
    assert "could not be run again: RuntimeError: The size of tensor a (9) must match" in found.checks[-1].note
