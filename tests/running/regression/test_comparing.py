"""Every verdict that a score can get, on figures made up by hand."""

import dataclasses

import pytest

from benchmark.running.regression import Golden, Setting, Verdict
from benchmark.running.regression.comparing import compare, explain
from benchmark.running.regression.golden import Change, MethodScores
from benchmark.running.regression.measuring import Measured, MethodFound

FACTS = {"id": "abc", "parameters": {"a": 1.0}, "members": 4, "network_calls": 8.0}
SCORES = {
    "relative_error": {"all": 0.8},
    "rmse": {"z500": 200.0, "t850": 2.0},
    "acc": {"z500": 0.9},
    "spread": {"z500": 100.0},
}
STDS = {
    "relative_error": {"all": 0.01},
    "rmse": {"z500": 1.0, "t850": 0.0},
    "acc": {"z500": 0.001},
    "spread": {"z500": 5.0},
}
HEAD = {"first_case": "2000", "last_case": "2001", "observations": "f" * 64, "convention": "mean"}


@pytest.fixture
def golden():
    methods = {
        "a": MethodScores(kind="deterministic", tolerance="rounding", scores=SCORES, **FACTS),
        "b": MethodScores(kind="sampled", tolerance="stds", scores=SCORES, stds=STDS, **FACTS),
    }
    history = (Change(date="2025-01-01", version="1", reason="first"),)
    setting = Setting(world="w", methods=("a", "b"), cases=8)
    return Golden(setting=setting, made_with={}, methods=methods, history=history, **HEAD)


def measured(a=None, b=None, **fields):
    """What came out: scores that differ from the golden ones, by (score, channel)."""

    def found(changes):
        scores = {score: dict(values) for score, values in SCORES.items()}
        for (score, channel), value in (changes or {}).items():
            scores.setdefault(score, {})[channel] = value
        return MethodFound(scores=scores, **FACTS)

    common = {"title": "", "cases": 8, "methods": {"a": found(a), "b": found(b)}, "skipped": {}, "diverged": {}}
    return Measured(**{**common, **HEAD, **fields})


def failures(golden, now):
    return [(f.method, f.score, f.channel, f.verdict) for f in compare(golden, now) if f.verdict is not Verdict.OK]


def test_the_same_scores_are_ok(golden):
    findings = compare(golden, measured())
    assert [f.verdict for f in findings] == [Verdict.OK] * 10


@pytest.mark.parametrize(
    ("score", "channel", "factor", "verdict"),
    [
        ("rmse", "z500", 1.00009, None),
        ("rmse", "z500", 1.00011, Verdict.WORSE),
        ("rmse", "z500", 0.99991, None),
        ("rmse", "z500", 0.99989, Verdict.IMPROVED),
        ("acc", "z500", 1.00011, Verdict.IMPROVED),
        ("acc", "z500", 0.99989, Verdict.WORSE),
        ("relative_error", "all", 1.00011, Verdict.WORSE),
        ("spread", "z500", 1.00011, Verdict.MOVED),
        ("spread", "z500", 0.99989, Verdict.MOVED),
    ],
)
def test_a_deterministic_score_may_move_by_1e_4(golden, score, channel, factor, verdict):
    now = measured(a={(score, channel): SCORES[score][channel] * factor})
    assert failures(golden, now) == ([("a", score, channel, verdict)] if verdict else [])


def test_a_sampled_score_may_move_by_three_stds_of_a_difference(golden):
    # 3 sqrt(2) = 4.243 stds of 1
    assert failures(golden, measured(b={("rmse", "z500"): 204.23})) == []
    assert failures(golden, measured(b={("rmse", "z500"): 204.25})) == [("b", "rmse", "z500", Verdict.WORSE)]
    assert failures(golden, measured(b={("rmse", "z500"): 195.75})) == [("b", "rmse", "z500", Verdict.IMPROVED)]
    # without a std there is still rounding
    assert failures(golden, measured(b={("rmse", "t850"): 2.00019})) == []
    assert failures(golden, measured(b={("rmse", "t850"): 2.00021})) == [("b", "rmse", "t850", Verdict.WORSE)]


def test_a_move_within_the_sampling_error_is_told(golden):
    now = measured(b={("rmse", "z500"): 204.0, ("rmse", "t850"): 2.00001})
    told = explain(golden, now, compare(golden, now))
    assert list(told) == ["b"]
    assert told["b"][0].startswith("1 of its scores moved within the sampling error")


def test_what_is_lost_and_what_is_new(golden):
    now = measured(a={("crps", "z500"): 1.0, ("crps", "t850"): 1.0, ("acc", "t850"): 0.5})
    del now.methods["a"].scores["spread"], now.methods["a"].scores["rmse"]["t850"], now.methods["b"]
    now.methods["c"] = now.methods["a"]
    now = dataclasses.replace(now, skipped={"b": "no ensemble"})
    golden = golden.model_copy(update={"setting": golden.setting.model_copy(update={"methods": ("a", "b", "c")})})
    assert failures(golden, now) == [
        ("a", "rmse", "t850", Verdict.LOST),
        ("a", "acc", "t850", Verdict.NEW),
        ("a", "spread", "", Verdict.LOST),
        ("a", "crps", "", Verdict.NEW),
        ("b", "", "", Verdict.LOST),
        ("c", "", "", Verdict.NEW),
    ]
    assert next(f.note for f in compare(golden, now) if f.method == "b") == "no ensemble"


def test_a_method_that_diverges_says_in_how_many_cases(golden):
    now = measured()
    del now.methods["b"]
    now = dataclasses.replace(now, diverged={"b": 2})
    assert failures(golden, now) == [("b", "", "", Verdict.DIVERGED)]
    assert "2 of 8" in compare(golden, now)[-1].note


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("observations", "0" * 64, "observations"),
        ("cases", 7, "cases"),
        ("first_case", "1999", "first case"),
        ("last_case", "2002", "last case"),
        ("convention", "median", "convention"),
    ],
)
def test_other_observations_or_cases_are_not_compared(golden, field, value, name):
    now = measured(a={("rmse", "z500"): 1.0}, **{field: value})
    findings = compare(golden, now)
    assert [(f.score, f.verdict) for f in findings] == [(name, Verdict.NOT_COMPARABLE)]
    assert str(value)[:12] in findings[0].note


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "are the same, so the code or a library was changed"),
        ({"id": "other"}, "version, file or weights, are others"),
        (
            {"id": "other", "parameters": {"a": 2.0, "c": True}},
            "its parameters are others: a 2.0, was 1.0, c True, was none",
        ),
        ({"id": "other", "members": 8}, "it has 8 members, and had 4"),
        ({"network_calls": 9.0}, "9 network calls a case, and made 8"),
    ],
)
def test_why_scores_moved(golden, fields, words):
    now = measured(a={("rmse", "z500"): 300.0})
    now.methods["a"] = dataclasses.replace(now.methods["a"], **fields)
    told = explain(golden, now, compare(golden, now))
    assert list(told) == ["a"]
    assert words in "; ".join(told["a"])
