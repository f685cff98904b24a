"""Searches: their trials, their journal, and what is chosen."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from benchmark.observing import ObservingSpec
from benchmark.problem import BenchError
from benchmark.running.executing import execute
from benchmark.running.tuning.budget import Budget
from benchmark.running.tuning.record import read_tuning
from benchmark.running.tuning.trial import background, perform

CURRENT = {"by": 0.8, "off": 0.0}
TWO = (ObservingSpec(obs_frac=0.05), ObservingSpec(obs_frac=0.2))


@pytest.fixture(scope="module")
def whole(search, nudge, tmp_path_factory):
    """Twelve trials, undisturbed: (folder, tuning)."""
    out = tmp_path_factory.mktemp("whole")
    return out, search(out, nudge, trials=12)


@pytest.fixture(scope="module")
def classical(search, tmp_path_factory):
    """Five trials of 3dvar at two fractions: (folder, tuning)."""
    out = tmp_path_factory.mktemp("classical")
    return out, search(out, "3dvar", trials=5, observing=TWO)


def file_of(out, method="nudge"):
    return out / "tuning" / "small" / f"{method}.json"


def test_the_first_trial_is_the_current_setting(search, ask, tmp_path):
    world = ask(tmp_path, "3dvar").world.model_copy(update={"methods": {"3dvar": {"b_scale": 0.3}}})
    first = search(tmp_path, "3dvar", world=world, trials=1, overrides={"": {"tolerance": "1e-6"}}).trials[0]
    assert (first.parameters["b_scale"], first.parameters["modes"]) == (0.3, 400)
    assert first.parameters["tolerance"] == 1e-6


def test_scores_are_those_of_bench_run(classical, ask):
    """Of the validation year, at each fraction, and their mean."""
    out, tuning = classical
    request = ask(out, "3dvar", observing=TWO)
    last = tuning.trials[-1]
    parameters = {key: last.parameters[key] for key in tuning.space}
    from benchmark.running.tuning.trial import _Silent

    errors = []
    for observing, score in zip(TWO, last.scores, strict=True):
        outcome = execute(request.run(observing, "3dvar", parameters=parameters), _Silent())
        assert outcome.computed == 0
        assert outcome.summary["experiment"]["split"] == "validate"
        found = outcome.summary["methods"]["3dvar"]["relative_error"]
        told = {key: found[key] for key in ("value", "low", "high")}
        assert told == {"value": score.relative_error, "low": score.low, "high": score.high}
        assert outcome.summary["experiment"]["ids"]["3dvar"] == score.experiment
        errors.append(found["value"])
    assert last.mean == pytest.approx(sum(errors) / 2, rel=1e-12)
    assert last.seconds == max(score.seconds for score in last.scores)


def test_only_the_validation_year_is_touched(classical):
    out, tuning = classical
    times = pd.concat([pd.read_parquet(file, columns=["time"]) for file in out.glob("*/*.parquet")])["time"]
    assert set(times.dt.year) == {2003}
    assert tuning.first_case.startswith("2003")
    assert tuning.split == "validate"


def test_all_trials_see_the_same_observations(classical):
    out, tuning = classical
    assert list(tuning.observations) == ["0.05", "0.2"]
    assert len(set(tuning.observations.values())) == 2
    ids = {score.experiment for trial in tuning.trials for score in trial.scores if score.obs_frac == 0.2}
    assert len(ids) == 5
    hashes = [
        tuple(pd.concat([pd.read_parquet(f) for f in sorted((out / i).glob("*.parquet"))])["observation_hash"])
        for i in ids
    ]
    assert len(set(hashes)) == 1


def test_the_best_is_the_best(whole):
    _, tuning = whole
    fit = [trial for trial in tuning.trials if trial.outcome == "ok"]
    assert 0 < len(fit) < 12
    best = min(fit, key=lambda trial: abs(trial.parameters["by"] - 1))
    assert tuning.chosen.trial == best.number
    assert tuning.chosen.entry == {"by": best.parameters["by"]}
    assert best.mean == min(trial.mean for trial in fit)


def test_what_is_fixed_stands_in_the_entry_and_in_every_trial(search, nudge, tmp_path):
    tuning = search(tmp_path, nudge, trials=3, overrides={nudge: {"off": "0.25"}})
    assert {trial.parameters["off"] for trial in tuning.trials} == {0.25}
    assert tuning.fixed == {"off": 0.25}
    assert tuning.chosen.entry["off"] == 0.25


def test_the_same_seed_makes_the_same_trials(whole, search, nudge, timeless, tmp_path):
    _, tuning = whole
    assert timeless(search(tmp_path / "again", nudge, trials=12)) == timeless(tuning)
    other = search(tmp_path / "other", nudge, trials=3, seed=1)
    assert {trial.parameters["by"] for trial in other.trials[1:]}.isdisjoint(
        trial.parameters["by"] for trial in tuning.trials[1:]
    )


def test_a_killed_search_ends_with_the_same_trials(
    whole, search, nudge, small_world, timeless, environment, monkeypatch, tmp_path
):
    command = [sys.executable, "-c", "from benchmark.cli import main; main()", "tune", nudge, "--trials", "12"]
    options = ["--cases", "6", "--obs-frac", "0.1", "--out", str(tmp_path), *small_world.options]
    with subprocess.Popen(
        [*command, *options],
        env={**environment, "NUDGE_SLEEP_S": "0.3"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            if file_of(tmp_path).exists() and len(read_tuning(file_of(tmp_path)).trials) >= 3:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    broken = read_tuning(file_of(tmp_path))
    assert 3 <= len(broken.trials) < 12
    assert broken.chosen is None
    performed = []

    def watched(request, label, number, *arguments):
        performed.append(number)
        return perform(request, label, number, *arguments)

    monkeypatch.setattr("benchmark.running.tuning.tuning.perform", watched)
    resumed = search(tmp_path, nudge, trials=12)
    assert performed == list(range(len(broken.trials), 12))
    assert timeless(resumed) == timeless(whole[1])
    assert resumed.chosen == whole[1].chosen
    assert resumed.trials[:3] == broken.trials[:3]


def test_more_trials_begin_with_the_same(whole, search, nudge, timeless, tmp_path):
    few = search(tmp_path, nudge, trials=3)
    more = search(tmp_path, nudge, trials=5)
    assert more.trials[:3] == few.trials
    assert timeless(more) == timeless(whole[1])[:5]
    assert read_tuning(file_of(tmp_path)) == more
    with pytest.raises(BenchError, match=r"holds 5 trials already.*--trials 5 or more"):
        search(tmp_path, nudge, trials=4)


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"cases": 5}, "cases"), ({"budget": Budget(calls=3.0)}, "budget"), ({"overrides": {"": {"off": "1"}}}, "fixed")],
)
def test_another_tuning_does_not_go_on_with_the_trials(search, nudge, tmp_path, changed, named):
    search(tmp_path, nudge, trials=1)
    before = file_of(tmp_path).read_bytes()
    with pytest.raises(BenchError, match=rf"differs in .*{named}.*another folder with --out"):
        search(tmp_path, nudge, trials=2, **changed)
    assert file_of(tmp_path).read_bytes() == before


def test_a_damaged_journal_is_told(search, nudge, tmp_path):
    search(tmp_path, nudge, trials=1)
    file_of(tmp_path).write_text(file_of(tmp_path).read_text()[:200])
    with pytest.raises(BenchError, match=r"nudge\.json cannot be read.*move the file away"):
        search(tmp_path, nudge, trials=2)
    file_of(tmp_path).write_text(json.dumps({"format": 2}))
    with pytest.raises(BenchError, match=r"nudge\.json cannot be read \(format: .*move the file away"):
        search(tmp_path, nudge, trials=2)


@pytest.mark.parametrize(
    ("by", "outcome", "reason"),
    [
        (1.9, "failed", "That is too far"),
        (0.1, "failed", "Every case diverged"),
        (0.3, "diverged", ""),
        (1.6, "over-budget", ""),
        (1.2, "ok", ""),
    ],
)
def test_outcomes(ask, nudge, tmp_path, by, outcome, reason):
    request = ask(tmp_path, nudge, budget=Budget(calls=150.0))
    observing = request.observing[0]
    seen = {"0.1": background(request, observing)["observations"]["hash"]}
    trial = perform(request, nudge, 7, {"by": by}, CURRENT, seen)
    assert (trial.number, trial.outcome) == (7, outcome)
    assert trial.reason.startswith(reason)
    assert trial.parameters == {"by": by, "off": 0.0}
    if outcome == "failed":
        assert (trial.mean, trial.scores) == (None, ())
    elif outcome == "over-budget":
        # it has stopped after one case; the world's own setting is run whole
        assert (trial.mean, trial.scores, trial.calls) == (None, (), pytest.approx(100 * by, rel=1e-12))
        assert len(perform(request, nudge, 0, {"by": by}, CURRENT, seen).scores) == 1
    else:
        # the members' mean is one analysis, whose cost is 100 calls times `by`
        assert trial.calls == pytest.approx(100 * by, rel=1e-12)
        assert [score.diverged for score in trial.scores] == [1 if outcome == "diverged" else 0]


def test_what_cannot_be_chosen_counts_and_is_never_best(search, nudge, tmp_path):
    """Below 75 calls there is no setting as good as the current one, which needs 80."""
    tuning = search(tmp_path, nudge, trials=12, budget=Budget(calls=75.0))
    assert len(tuning.trials) == 12
    assert tuning.trials[0].outcome == "over-budget"
    fit = [trial for trial in tuning.trials if trial.outcome == "ok"]
    assert all(0.4 <= trial.parameters["by"] <= 0.75 for trial in fit)
    best = tuning.trials[tuning.chosen.trial]
    assert best.mean == min(trial.mean for trial in fit)
    assert best.mean > tuning.trials[0].mean
    for trial in tuning.trials:
        by = trial.parameters["by"]
        expected = (
            "failed" if by > 1.8 or by < 0.2 else "diverged" if by < 0.4 else "ok" if by <= 0.75 else "over-budget"
        )
        assert trial.outcome == expected


def test_a_broken_place_is_no_failed_trial(search, nudge, tmp_path, monkeypatch):
    """What stops the background too stops the search, and leaves the trials as they were."""
    search(tmp_path, nudge, trials=1)
    before = file_of(tmp_path).read_bytes()

    def broken(*arguments):
        raise BenchError("The disk has gone; bring it back.")

    def then_broken(*arguments):
        monkeypatch.setattr("benchmark.running.tuning.trial.execute", broken)
        return perform(*arguments)

    monkeypatch.setattr("benchmark.running.tuning.tuning.perform", then_broken)
    with pytest.raises(BenchError, match="The disk has gone"):
        search(tmp_path, nudge, trials=3)
    assert file_of(tmp_path).read_bytes() == before


def test_other_observations_are_no_trial(ask, nudge, tmp_path):
    with pytest.raises(BenchError, match="saw other observations"):
        perform(ask(tmp_path, nudge), nudge, 1, {"by": 1.0}, CURRENT, {"0.1": "0" * 64})


def test_parameters_come_back_from_the_file_as_they_were(whole):
    out, tuning = whole
    back = read_tuning(file_of(out))
    assert back == tuning
    assert all(isinstance(trial.parameters["by"], float) for trial in back.trials)
    assert np.ptp([trial.parameters["by"] for trial in back.trials]) > 0.5


def test_what_only_costs_is_not_chosen(search, small_world, tmp_path):
    """The precision of networks is stated with the trials, and goes into no world's settings."""
    tuning = search(
        tmp_path, "denoising-3dvar", trials=1, overrides={"": {"precision": "bfloat16", "prior": "gaussian"}}
    )
    assert tuning.technical == ("compile", "precision")
    assert tuning.fixed["precision"] == "bfloat16"
    assert tuning.chosen.entry.keys() == {*tuning.space, "prior"}
