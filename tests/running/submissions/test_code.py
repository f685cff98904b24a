"""Code of strangers: it is read, hashed and left alone, until somebody says that it is trusted."""

import json

import pytest


@pytest.fixture
def marker(tmp_path, monkeypatch):
    """A file that is there once the plug-in was executed."""
    file = tmp_path / "marker"
    monkeypatch.setenv("SUBMITTED_MARKER", str(file))
    return file


def test_it_is_not_executed(plugged, check, marker):
    found = check(plugged)
    assert (found.outcome, found.rerun) == ("accepted", False)
    assert "'halfway' was not rerun: its code is not trusted" in found.checks[-1].note
    assert found.checks[-1].verdict == "not done"
    assert not marker.exists()


def test_it_is_executed_where_it_is_trusted(plugged, check, marker):
    found = check(plugged, trust_code=True)
    assert (found.outcome, found.rerun) == ("accepted", True)
    assert marker.read_text() == "executed"


def test_nothing_is_executed_of_what_was_refused_before(plugged, taken_apart, forge, refused, marker):
    members = taken_apart(plugged)
    told = json.loads(members["experiments.json"])
    told[0]["command"] = "echo"
    refused(forge({**members, "experiments.json": json.dumps(told).encode()}), "identity", "", trust_code=True)
    members["code/halfway.py"] += b"\n# more"
    refused(forge(members), "identity", "is not the code that was run", trust_code=True)
    assert not marker.exists()


def test_its_label_is_its_name_and_no_path(plugged, taken_apart, check):
    (result,) = check(plugged).results
    assert result.label == "halfway"
    (told,) = json.loads(taken_apart(plugged)["experiments.json"])
    assert told["code"] == "halfway.py:Halfway"
    assert told["command"].startswith("bench run --world gaussian-ring --method halfway.py:Halfway ")
    assert "/" not in told["command"]


def test_without_its_code_it_is_not_run_again(tmp_path, submit, check, marker):
    found = check(submit(tmp_path / "bare.zip", "halfway"), trust_code=True)
    assert "its code is not packed" in found.checks[-1].note
    assert (found.outcome, found.rerun) == ("accepted", False)


def test_what_was_edited_since_the_run_is_not_packed(tmp_path, bench, store, plugin):
    edited = tmp_path / "halfway.py"
    edited.write_text(plugin.read_text() + "\n# more\n")
    archive = tmp_path / "edited.zip"
    result = bench("submit", "--method", "halfway", "--results", store, "--source", f"{edited}:Halfway", archive)
    assert result.exit_code == 2
    assert "is not what was run" in result.stderr
    assert not archive.exists()


CODE = [
    ("other.py:Halfway", "no FILE.py:Class that is packed"),
    ("halfway.py:os.system", "no FILE.py:Class that is packed"),
    ("../halfway.py:Halfway", "no FILE.py:Class that is packed"),
]


@pytest.mark.parametrize(("code", "words"), CODE)
def test_code_that_is_not_there(plugged, taken_apart, forge, refused, code, words):
    members = taken_apart(plugged)
    (told,) = json.loads(members["experiments.json"])
    told["command"] = told["command"].replace(told["code"], code)
    told["code"] = code
    refused(forge({**members, "experiments.json": json.dumps([told]).encode()}), "identity", words)


def test_code_of_no_method(plugged, taken_apart, forge, refused):
    members = taken_apart(plugged)
    refused(forge({**members, "code/more.py": b"x"}), "identity", "code/more.py is the code of no submitted method")


USES = dict.fromkeys(("background", "adjoint", "ensemble", "network", "truth"), False)
RING = "gaussian-ring"


def of_world(**changes):
    """A change of what a card tells of the world."""
    return lambda card: {"worlds": {RING: {**card["worlds"][RING], **changes}}}


CARDS = [
    ({"url": "javascript:alert(1)"}, "no web address"),
    ({"family": "oracle"}, "which is none for submissions"),
    ({"family": "<b>"}, "which is none for submissions"),
    ({"uses": {**USES, "truth": True}}, "sees the truth"),
    ({"uses": {**USES, "truth": "<b>"}}, "with true or false"),
    ({"uses": {**USES, "<b>": True}}, "with true or false"),
    ({"uses": None}, "with true or false"),
    ({"name": "3dvar"}, "of another method"),
    ({"label": "3dvar"}, "of another method"),
    ({"version": 9}, "of another method"),
    ({"surprise": 1}, "other fields"),
    ({"paper": 1}, "a text of its card is none"),
    ({"worlds": {"twin": {}}}, "does not name its components"),
    ({"worlds": {}}, "is not what was run"),
    ({"worlds": []}, "does not tell of its world"),
    (of_world(training_years="1900-2100"), "is not what was run"),
    (of_world(parameters={"share": 0.9}), "is not what was run"),
    (of_world(hashes={"denoiser": "0" * 64}), "is not what was run"),
    (of_world(trials=-1), "is not what was run"),
    (of_world(components=["<b>"]), "does not name its components"),
]


@pytest.mark.parametrize(("told", "words"), CARDS)
def test_a_card_that_tells_too_much(plugged, taken_apart, forge, refused, told, words):
    members = taken_apart(plugged)
    (one,) = json.loads(members["experiments.json"])
    one["card"].update(told(one["card"]) if callable(told) else told)
    refused(forge({**members, "experiments.json": json.dumps([one]).encode()}), "identity", words)


def test_its_card_is_of_its_class(plugged, check):
    """Also of what is not installed where it is verified."""
    (result,) = check(plugged).results
    assert result.card["paper"] == "Nobody 2031"
    assert result.card["family"] == "interpolation"
    assert result.card["uses"] == {**USES, "background": True}
    assert result.card["worlds"][RING]["parameters"] == {"share": 0.5}


def test_markup_in_a_card_stays_text(plugged, taken_apart, forge, check):
    """It is of the method's author, and whoever shows it escapes it, as all texts."""
    members = taken_apart(plugged)
    (one,) = json.loads(members["experiments.json"])
    one["card"]["paper"] = "<script>alert(1)</script>"
    found = check(forge({**members, "experiments.json": json.dumps([one]).encode()}))
    assert found.outcome == "accepted"
    assert found.results.results[0].card["paper"] == "<script>alert(1)</script>"


def test_scores_of_another_method_under_a_name_of_one_s_own(tmp_path, bench, refused, store, submit):
    """Its packed analyses are those that it gives, but they are 3D-Var's."""
    copy = tmp_path / "mine.py"
    copy.write_text("from methods.threedvar import ThreeDVar\n\n\nclass Mine(ThreeDVar):\n    name = 'mine'\n")
    ring = ("--world", "gaussian-ring", "--cases", 6, "--obs-frac", 0.1, "--device", "cpu")
    out = tmp_path / "results"
    parameters = "modes=1000000"
    assert bench("run", "--method", f"{copy}:Mine[{parameters}]", *ring, "--out", out).exit_code == 0
    archive = submit(tmp_path / "mine.zip", "mine", out=out)
    refused(archive, "standard", f"mine[{parameters}]")
