"""`bench tune`: what it prints, what it writes, and what it refuses."""

import json
import re

import pytest
import yaml

NOTHING_FITS = "--budget", "calls=1"


@pytest.fixture
def options(small_world, tmp_path):
    return ("--cases", 4, "--obs-frac", 0.1, "--out", tmp_path / "out", *small_world.options)


def test_the_table_and_the_line_for_the_world(bench, options, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    command = ("tune", "3dvar", "interpolation", "--trials", 3, "--obs-frac", 0.2, *options)
    result = bench(*command, "--set", "3dvar.modes=30")
    assert result.exit_code == 0, result.stderr
    files = {name: tmp_path / "out" / "tuning" / "small" / f"{name}.json" for name in ("3dvar", "interpolation")}
    found = {name: json.loads(file.read_text()) for name, file in files.items()}
    assert [len(tuning["trials"]) for tuning in found.values()] == [3, 3]
    assert list(found["3dvar"]["observing"]) == ["0.1", "0.2"]
    for name, tuning in found.items():
        best = min(tuning["trials"], key=lambda trial: trial["mean"])
        assert tuning["chosen"]["trial"] == best["number"]
        rows = [line.split() for line in result.stdout.splitlines() if f"{best['mean']:.4f}" in line.split()]
        assert any(row[0] == str(best["number"]) and "chosen" in row for row in rows), name
    entries = yaml.safe_load(result.stdout[result.stdout.rindex("methods:") :])["methods"]
    assert entries == {name: tuning["chosen"]["entry"] for name, tuning in found.items()}
    assert entries["3dvar"]["modes"] == 30
    again = bench(*command, "--set", "3dvar.modes=30", "--json")
    assert json.loads(again.stdout) == list(found.values())
    # the line works as it stands
    line = ",".join(f"{key}={value}" for key, value in entries["3dvar"].items())
    run = bench("run", "--method", f"3dvar[{line}]", "--split", "validate", *options, "--json")
    error = json.loads(run.stdout)["methods"][f"3dvar[{line}]"]["relative_error"]["value"]
    chosen = found["3dvar"]["trials"][found["3dvar"]["chosen"]["trial"]]
    assert error == chosen["scores"][0]["relative_error"]


def test_a_budget_that_nothing_keeps_to(bench, options, small_world):
    result = bench("tune", "lo-sda", "--trials", 2, "--members", 2, *options, *NOTHING_FITS)
    assert result.exit_code == 1
    assert result.stdout.count("over budget") >= 2
    assert "No trial of lo-sda can be chosen" in result.stdout
    assert "methods:" not in result.stdout


SPOILT = """
from benchmark.problem import Analysis, Cost, Method, Need, Real
class Spoilt(Method):
    name = "spoilt"
    defaults = {"by": 1.0}
    def analyse(self, problem, members, noise):
        return Analysis.of(problem.background[:, None], Cost())
class Outside(Spoilt):
    search = {"by": Real(2.0, 3.0)}
class Exacting(Spoilt):
    search = {"by": Real(0.5, 3.0)}
    needs = frozenset({Need.EXACT_POSTERIOR})
"""

INPUTS = {
    "unknown method": (("3dva",), "no method called '3dva'", "did you mean '3dvar'"),
    "one of several unknown": (("3dvar", "letk"), "no method called 'letk'", "did you mean 'letkf'"),
    "no search space": (("FILE:Spoilt",), "does not say where its parameters may be searched", "give its class"),
    "a default outside": (("FILE:Outside",), "does not hold its default 1.0", "widen the range"),
    "no method": (("background",), "ignores the observations", "name another method"),
    "no argument": ((), "Missing argument", "METHODS"),
    "no trials": (("3dvar", "--trials", 0), "--trials", "x>=1"),
    "unknown budget": (("3dvar", "--budget", "second=2"), "no budget 'second'", "did you mean 'seconds'"),
    "budget without value": (("3dvar", "--budget", "2"), "Cannot read --budget 2", "write --budget seconds=2"),
    "negative budget": (("3dvar", "--budget", "calls=-2"), "takes a positive number", "write --budget calls=2"),
    "budget of words": (("3dvar", "--budget", "calls=few"), "takes a positive number", "write --budget calls=2"),
    "budget twice": (("3dvar", "--budget", "calls=2", "--budget", "calls=3"), "twice", "leave one out"),
    "brackets": (("3dvar[b_scale=2]",), "in brackets", "--set key=value"),
    "twice": (("FILE:Twice", "3dvar"), "named twice", "each once"),
    "all fixed": (("3dvar", "--set", "b_scale=1", "--set", "modes=3"), "fixes every parameter", "leave one free"),
    "unknown parameter": (("3dvar", "--set", "b_scal=1"), "no method of this run", "did you mean 'b_scale'"),
    "bad value": (("3dvar", "--set", "b_scale=x"), "takes a positive value", "default 1.0"),
    "split": (("3dvar", "--split", "test"), "No such option", "--split"),
    "too many cases": (("3dvar", "--cases", 1000), "this split has 365 cases", "ask for 1 to 365"),
    "no fraction": (("3dvar", "--obs-frac", 0), "greater than 0", "above 0 and at most 1"),
    "results are a file": (("3dvar", "--out", "FILE"), "is a file", "name a folder"),
    "cycled world": (("3dvar", "--world", "lorenz96"), "no validation year", "world of fields"),
    "needs of a method": (("FILE:Exacting",), "knows its exact posterior", "another method or world"),
}


@pytest.mark.parametrize("name", INPUTS)
def test_one_message_with_cause_and_cure_and_nothing_written(bench, options, tmp_path, name):
    given, cause, cure = INPUTS[name]
    file = tmp_path / "spoilt.py"
    file.write_text(SPOILT + "from methods.threedvar import ThreeDVar as Twice\n")
    given = tuple(word.replace("FILE", str(file)) if isinstance(word, str) else word for word in given)
    options = (*options[:-6], *options[-4:]) if "--world" in given else options
    result = bench("tune", "--trials", 2, *options, *given)
    assert result.exit_code == 2, result.stdout
    assert result.stdout == ""
    message = result.stderr.strip()
    assert re.search(re.escape(cause), message), message
    assert re.search(re.escape(cure), message), message
    assert "Traceback" not in message
    assert not list(tmp_path.glob("out/tuning/**/*.json"))
