"""`bench check`: golden files that are made, held to, refused and written anew."""

import json
import math
import shutil

import numpy as np
import pytest

from leaderboards.regression import GOLDEN

PLUGIN = """
import torch
from benchmark.problem import Analysis, Cost, Method

class Shift(Method):
    name = "shift"
    def analyse(self, problem, members, noise):
        xa = problem.background + {by}
        {more}
        return Analysis.of(xa[:, None], Cost())
"""
RING = ("--world", "gaussian-ring", "--obs-frac", 0.1, "--cases", 4)
SOME_DIVERGE = "xa[problem.times == problem.times.min()] = torch.nan"
ALL_DIVERGE = "xa = xa * torch.nan"
DRAWS = "xa = xa + 0.1 * noise.randn(*xa.shape[1:])"
FORGETS_THE_SEED = "xa = xa + 0.1 * torch.rand(())"
RAISES = "raise RuntimeError('no luck')"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A project of its own, and the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    return tmp_path


@pytest.fixture
def write(place):
    """Writes the method: (shift in stds, another line of it)."""

    def go(by=0.5, more=""):
        (place / "shift.py").write_text(PLUGIN.format(by=by, more=more))

    return go


@pytest.fixture
def make(bench, write):
    """Makes the golden file `g.json` of the method beside 3D-Var."""

    def go(by=0.5, more="", options=()):
        write(by, more)
        methods = ("--method", "shift.py:Shift", "--method", "3dvar")
        return bench("check", "--golden", "g.json", "--update", "--reason", "first", *methods, *RING, *options)

    return go


@pytest.fixture
def look(bench):
    """Checks `g.json`: (exit code, the JSON object's only check)."""

    def go(*options):
        result = bench("check", "--golden", "g.json", "--json", *options)
        assert result.stdout, result.stderr
        return result.exit_code, json.loads(result.stdout)["checks"][0]

    return go


def edit(place, change):
    file = place / "g.json"
    values = json.loads(file.read_text())
    change(values)
    file.write_text(json.dumps(values))


def verdicts(check, method="shift.py:Shift"):
    return {f["verdict"] for f in check["findings"] if f["method"] == method}


def test_what_has_not_changed_passes_and_leaves_nothing_behind(make, look, place, bench):
    assert make().exit_code == 0
    code, check = look()
    assert (code, check["passed"]) == (0, True)
    assert {f["score"] for f in check["findings"]} == {"relative_error", "rmse", "acc", "crps"}
    assert {f["method"] for f in check["findings"]} == {"background", "climatology", "shift.py:Shift", "3dvar"}
    assert {path.name for path in place.iterdir()} <= {"shift.py", "g.json", "__pycache__"}
    shown = bench("check", "--golden", "g.json").stdout
    assert "scores are within their tolerance" in shown
    assert "rmse" not in shown
    assert "rmse z500" in bench("check", "--golden", "g.json", "--all").stdout


@pytest.mark.parametrize(("by", "verdict"), [(0.8, "worse"), (0.2, "improved"), (0.500001, "ok")])
def test_a_score_that_moves_fails_for_the_better_too(make, write, look, bench, by, verdict):
    make()
    write(by)
    code, check = look()
    assert code == (verdict != "ok")
    assert verdicts(check) - {"ok"} == {verdict} - {"ok"}
    assert verdicts(check, "3dvar") == {"ok"}
    shown = bench("check", "--golden", "g.json").stdout
    assert ("An improvement is a change too" in shown) == (verdict == "improved")
    assert ("bench check --golden g.json --update --reason TEXT" in shown) == (verdict != "ok")
    assert ("file or weights, are others" in shown) == (verdict != "ok")


def test_rows_that_are_lost_and_new(make, look, place):
    make()

    def change(values):
        values["setting"]["methods"] = ["shift.py:Shift", "interpolation"]
        scores = values["methods"]["shift.py:Shift"]["scores"]
        scores["rmse"]["z999"] = 1.0
        del scores["acc"]

    edit(place, change)
    code, check = look()
    assert code == 1
    assert verdicts(check, "3dvar") == {"lost"}
    assert verdicts(check, "interpolation") == {"new"}
    found = {(f["score"], f["channel"]): f["verdict"] for f in check["findings"] if f["method"] == "shift.py:Shift"}
    assert found["rmse", "z999"] == "lost"
    assert found["acc", ""] == "new"
    assert found["rmse", "z500"] == "ok"


@pytest.mark.parametrize("more", [SOME_DIVERGE, ALL_DIVERGE])
def test_a_method_that_diverges_fails_alone(make, write, look, more):
    make()
    write(more=more)
    code, check = look()
    assert code == 1
    assert verdicts(check) == {"diverged"}
    assert verdicts(check, "3dvar") == {"ok"}
    assert f"{1 if more == SOME_DIVERGE else 4} of 4" in next(f["note"] for f in check["findings"] if f["note"])


def test_other_observations_are_not_compared(make, look, place):
    make()
    edit(place, lambda values: values["setting"]["observing"].update(seed=1))
    code, check = look()
    assert code == 1
    assert [(f["score"], f["verdict"]) for f in check["findings"]] == [("observations", "not comparable")]


def test_a_file_that_cannot_be_run_hides_no_other(make, write, place, bench):
    make()
    folder = place / "golden"
    folder.mkdir()
    shutil.move(place / "g.json", folder / "a.json")
    assert bench("check", "--golden", "golden").exit_code == 2  # the method is beside the file, and was not moved
    options = ("--update", "--reason", "first", "--method", "3dvar", *RING)
    assert bench("check", "--golden", folder / "b.json", *options).exit_code == 0
    shutil.move(place / "shift.py", folder / "shift.py")
    assert bench("check", "--golden", "golden").exit_code == 0
    (folder / "shift.py").write_text(PLUGIN.format(by=0.5, more=RAISES))
    result = bench("check", "--golden", "golden", "--json")
    assert result.exit_code == 2
    first, second = json.loads(result.stdout)["checks"]
    assert "no luck" in first["error"]
    assert second["passed"]


@pytest.mark.parametrize(
    ("golden", "cause"),
    [("absent.json", "no golden file absent.json"), ("absent", "no golden file absent"), ("", "no golden file in")],
)
def test_a_missing_golden_file(bench, place, golden, cause):
    result = bench("check", "--golden", golden or place)
    assert result.exit_code == 2
    assert cause in result.stderr
    assert "--update --reason first" in result.stderr


def broken(values):
    """(how it is broken) -> the text of the file, and what the message names."""
    method = values["methods"]["3dvar"]
    setting = values["setting"]
    return {
        "no JSON": ("{", "Expecting"),
        "nested": ("[" * 100_000, "too deeply"),
        "a list": ("[]", "the whole"),
        "twice": ('{"format": 1, "format": 1}', "'format' stands there twice"),
        "NaN": ({**values, "methods": {"3dvar": {**method, "network_calls": math.nan}}}, "methods.3dvar.network_calls"),
        "another format": ({**values, "format": 2}, "format: "),
        "unknown field": ({**values, "extra": 1}, "extra: "),
        "no history": ({**values, "history": []}, "history: "),
        "no cases": ({**values, "setting": {**setting, "cases": 0}}, "setting.cases: "),
        "no methods": ({**values, "setting": {**setting, "methods": []}}, "setting.methods: "),
        "text for a score": (
            {**values, "methods": {"3dvar": {**method, "scores": {"rmse": {"z500": "low"}}}}},
            "methods.3dvar.scores.rmse.z500",
        ),
        "stds of nothing random": (
            {**values, "methods": {"3dvar": {**method, "stds": {"rmse": {"z500": 1}}}}},
            "'stds'",
        ),
        "samples without stds": ({**values, "methods": {"3dvar": {**method, "kind": "sampled"}}}, "'stds'"),
        "no headline": ({**values, "methods": {"3dvar": {**method, "scores": {}}}}, "'relative_error'"),
        "control characters": ({**values, "setting": {**setting, "world": "\x1b[2J"}}, "setting.world"),
        "control characters in a key": ({**values, "methods": {"\x1b[2J": method}}, "methods."),
        "observing": ({**values, "setting": {**setting, "observing": {"obs_frac": 2}}}, "setting.observing.obs_frac"),
    }


NAMES = list(broken({"methods": {"3dvar": {}}, "setting": {}}))


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_golden_file_is_refused_by_field(bench, place, name):
    text, field = broken(json.loads((GOLDEN / "twin.json").read_text()))[name]
    (place / "g.json").write_text(text if isinstance(text, str) else json.dumps(text))
    for more in ((), ("--update", "--reason", "x")):
        result = bench("check", "--golden", "g.json", *more)
        assert result.exit_code == 2
        assert field in result.stderr
        assert "g.json" in result.stderr
        assert "\x1b" not in result.stderr


def test_a_reason_is_kept_and_none_is_refused(make, write, look, place, bench):
    make()
    write(0.2)
    before = (place / "g.json").read_text()
    for reason in ((), ("--reason", " ")):
        result = bench("check", "--golden", "g.json", "--update", *reason)
        assert result.exit_code == 2
        assert "need a reason" in result.stderr
    assert bench("check", "--golden", "g.json", "--reason", "x").exit_code == 2
    assert (place / "g.json").read_text() == before
    result = bench("check", "--golden", "g.json", "--update", "--reason", "A smaller\nshift")
    assert result.exit_code == 0
    assert "improved" in result.stdout
    assert "g.json is written" in result.stdout
    first, second = json.loads((place / "g.json").read_text())["history"]
    assert (first["reason"], second["reason"]) == ("first", "A smaller shift")
    assert set(second) == {"date", "version", "reason", "changed"}
    assert second["changed"][0].startswith("shift.py:Shift: relative_error ")
    assert len(second["changed"]) == 1
    assert look()[0] == 0


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        (
            ("--golden", "g.json", "--cases", 5),
            "--cases: for a new golden file, and g.json holds shift.py:Shift, 3dvar on 4",
        ),
        (
            ("--golden", "g.json", "--update", "--reason", "x", "--method", "3dvar", "--set", "a=1"),
            "--method, --set: for",
        ),
        (("--golden", "new.json", "--update", "--reason", "x"), "at least one --method"),
        (("--golden", "new", "--update", "--reason", "x", "--method", "3dvar"), "ends in .json"),
        (("--golden", "n.json", "--update", "--reason", "x", "--method", "3dva", *RING), "did you mean '3dvar'"),
        (
            ("--golden", "n.json", "--update", "--reason", "x", "--method", "3dvar", "--world", "lorenz96"),
            "cycled world",
        ),
        (
            ("--golden", "n.json", "--update", "--reason", "x", "--method", "latent-ensf", "--world", "no.yaml"),
            "no world file",
        ),
        (
            ("--golden", "n.json", "--update", "--reason", "x", "--method", "exact", "--operator", "arctan", *RING),
            "'exact' cannot run here",
        ),
        (("--golden", "g.json", "--markdown", "no/such/folder.md"), "--markdown"),
    ],
)
def test_bad_input(make, place, bench, options, cause):
    make()
    before = (place / "g.json").read_text()
    result = bench("check", *options)
    assert result.exit_code == 2
    assert cause in result.stderr
    assert (place / "g.json").read_text() == before
    assert {path.name for path in place.glob("*.json")} == {"g.json"}


@pytest.mark.parametrize(
    ("more", "cause"),
    [(SOME_DIVERGE, "diverged in 1 case"), (ALL_DIVERGE, "diverged in 4 case"), (FORGETS_THE_SEED, "same seed")],
)
def test_what_cannot_be_held_to_makes_no_file(make, place, more, cause):
    result = make(more=more)
    assert result.exit_code == 2
    assert "'shift.py:Shift'" in result.stderr
    assert cause in result.stderr
    assert not (place / "g.json").exists()


def test_the_tolerance_of_a_method_that_draws(make, look, place, bench):
    make(more=DRAWS, options=("--noise-seeds", 4))
    kept = json.loads((place / "g.json").read_text())["methods"]
    assert {label: scores["kind"] for label, scores in kept.items()} == {
        **dict.fromkeys(("background", "climatology", "3dvar"), "deterministic"),
        "shift.py:Shift": "sampled",
    }
    assert "3 sqrt(2) standard deviations over the seeds 0 to 3" in kept["shift.py:Shift"]["tolerance"]

    # the same cases and observations with other seeds of the method alone
    def rmse(seed):
        edit(place, lambda values: values["setting"].update(seed=seed))
        code, check = look()
        found = next(f for f in check["findings"] if f["score"] == "rmse" and f["method"] == "shift.py:Shift")
        return code, found["now"], found["tolerance"], check["notes"]

    runs = [rmse(seed) for seed in range(4)]
    assert [run[0] for run in runs] == [0] * 4
    values = [run[1] for run in runs]
    assert len(set(values)) == 4
    assert runs[0][2] == pytest.approx(3 * math.sqrt(2) * np.std(values, ddof=1), rel=1e-3)
    assert runs[0][3] == {}
    assert "within the sampling error" in runs[1][3]["shift.py:Shift"][0]


def test_paths_are_relative_to_the_file(make, place, bench, monkeypatch):
    make()
    (place / "elsewhere").mkdir()
    monkeypatch.chdir(place / "elsewhere")
    assert bench("check", "--golden", place / "g.json").exit_code == 0
    write_to = place / "elsewhere" / "tests" / "golden.json"
    options = ("--method", "../shift.py:Shift[]", "--method", "3dvar", "--set", "3dvar.b_scale=0.5", *RING)
    result = bench("check", "--golden", write_to, "--update", "--reason", "first", *options)
    assert result.exit_code == 0, result.stderr
    kept = json.loads(write_to.read_text())
    assert kept["setting"]["methods"] == ["../../shift.py:Shift[]", "3dvar"]
    assert kept["methods"]["3dvar"]["parameters"]["b_scale"] == 0.5
    monkeypatch.chdir(place)
    assert bench("check", "--golden", "elsewhere/tests/golden.json").exit_code == 0


def test_names_of_a_file_mean_nothing_to_a_terminal_or_to_markdown(make, place, bench):
    make()
    name = "a|b `c` <img src=x> [red]d[/red] @e"
    edit(place, lambda values: values["methods"].update({name: values["methods"].pop("3dvar")}))
    (place / "summary.md").write_text("before\n")
    result = bench("check", "--golden", "g.json", "--markdown", "summary.md")
    assert result.exit_code == 1
    assert f"lost  {name}: " in result.stdout
    text = (place / "summary.md").read_text()
    assert text.startswith("before\n### ")
    assert not any(sign in text for sign in ("`", "<img", "@e"))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {4}
    assert any("a&#124;b" in row and row.startswith("| lost |") for row in rows)


def test_markdown_shows_the_scores_that_moved(make, write, place, bench):
    make()
    write(0.8)
    bench("check", "--golden", "g.json", "--markdown", "summary.md")
    text = (place / "summary.md").read_text()
    assert "| worse |" in text
    assert "| method | score | golden | now | change | tolerance | verdict |" in text
    figures = [line.split("|") for line in text.splitlines() if "rmse z500" in line]
    assert len(figures) == 1
    golden, now = float(figures[0][3]), float(figures[0][4])
    assert float(figures[0][5].strip(" %")) == pytest.approx(100 * (now / golden - 1), rel=0.05)


def test_the_golden_files_that_ship_are_kept_to(bench):
    result = bench("check", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0, [f for c in found["checks"] for f in c["findings"] if f["verdict"] != "ok"]
    assert {check["world"] for check in found["checks"]} == {"gaussian-ring", "twin"}
