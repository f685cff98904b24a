"""`bench test-method`: a line a clause, exit code 0, 1 or 2, plug-ins from files and from entry points."""

import json
import re

import pytest

from benchmark.running.contract import CLAUSES

NAMES = [clause.name for clause in CLAUSES]


def lines(result):
    """Clause -> verdict, as printed."""
    pattern = re.compile(r"^(passed|FAILED|does not apply) {2,}(\S+) {2,}\S")
    return {match[2]: match[1] for line in result.stdout.splitlines() if (match := pattern.match(line))}


def test_a_good_method_has_a_line_a_clause_and_exit_code_0(bench, write):
    result = bench("test-method", f"{write()}:OptimalInterpolation")
    assert result.exit_code == 0
    found = lines(result)
    assert list(found) == NAMES
    assert {name for name, verdict in found.items() if verdict != "passed"} == {"draws", "members"}
    assert "12 passed, 0 failed, 2 did not apply" in result.stdout


def test_a_bad_method_is_told_which_clause_and_why_with_exit_code_1(bench, plugin):
    label = plugin("Point", "return Analysis.of(found.members.double(), Cost())")
    result = bench("test-method", label)
    assert result.exit_code == 1
    assert [name for name, verdict in lines(result).items() if verdict == "FAILED"] == ["shapes"]
    (line,) = (line for line in result.stdout.splitlines() if line.startswith("FAILED"))
    assert line.endswith("expected members of the background's type torch.float32, came torch.float64")


def test_the_json_object_says_the_same(bench, plugin):
    result = bench("test-method", plugin("Point", "return Analysis.of(found.members.double(), Cost())"), "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert not report["passed"]
    assert report["world"] == "gaussian-ring"
    assert report["parameters"] == {"background_std": 0.4, "length_km": 500.0}
    assert [clause["clause"] for clause in report["clauses"]] == NAMES
    by_name = {clause["clause"]: clause for clause in report["clauses"]}
    assert by_name["shapes"]["verdict"] == "FAILED"
    assert "float64" in by_name["shapes"]["why"]
    assert by_name["draws"]["verdict"] == "does not apply"


def test_settings_reach_the_method(bench, write):
    label = f"{write()}:OptimalInterpolation"
    report = json.loads(bench("test-method", label, "--set", "length_km=900", "--json").stdout)
    assert report["parameters"]["length_km"] == 900.0


def test_the_ensemble_has_as_many_members_as_asked_for(bench, plugin):
    label = plugin("Filter", "assert problem.ensemble.shape[1] == 7\nreturn found")
    assert bench("test-method", label, "--ensemble", 7).exit_code == 0
    assert bench("test-method", label, "--ensemble", 8).exit_code == 1


@pytest.fixture
def installed(tmp_path, write, monkeypatch):
    """A package of somebody else's with entry points, as pip leaves it."""
    site = tmp_path / "site-packages"
    facts = site / "their_methods-1.0.dist-info"
    facts.mkdir(parents=True)
    write(
        "class Broken(Point):\n    name = 'broken'\n    def analyse(self, *_):\n        return 1\n", site, "theirs.py"
    )
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: their-methods\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(
        "[assimbench.methods]\ntheir-oi = theirs:OptimalInterpolation\ntheir-broken = theirs:Broken\n"
        "their-absent = theirs:Absent\n"
    )
    monkeypatch.syspath_prepend(str(site))


@pytest.mark.usefixtures("installed")
def test_an_installed_plug_in_is_found_by_its_name(bench):
    result = bench("test-method", "their-oi")
    assert result.exit_code == 0, result.stdout
    assert list(lines(result)) == NAMES
    assert bench("test-method", "their-broken").exit_code == 1


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("arguments", "told"),
    {
        ("their-absent",): "cannot be imported from theirs:Absent",
        ("their-io",): "did you mean .*'their-oi'",
        ("absent.py:Method",): "There is no file absent.py",
        ("autoencoder",): r"\(truth\): only the built-in oracles",
        ("3dvar", "--set", "modez=3"): "no method of this run has that parameter.*'modes'",
        ("3dvar", "--set", "enkf.inflation=2"): "that method is not in this run",
        ("3dvar", "--set", "modes=few"): "takes a positive value of type int",
        ("3dvar[modes=1", "--json"): "Cannot read the method",
    }.items(),
)
def test_bad_input_is_told_with_exit_code_2(bench, arguments, told):
    result = bench("test-method", *arguments)
    assert result.exit_code == 2
    assert re.search(told, result.stderr), result.stderr
    assert result.stdout == ""


def test_a_constructor_that_raises_is_told_with_exit_code_2(bench, write):
    code = "class Bad(Point):\n    def __init__(self, **parameters):\n        raise ZeroDivisionError('by zero')\n"
    result = bench("test-method", f"{write(code)}:Bad")
    assert result.exit_code == 2
    assert "cannot be made (ZeroDivisionError: by zero)" in result.stderr
