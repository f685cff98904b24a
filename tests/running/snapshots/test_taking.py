"""What is kept of a case is what methods make of it in a run."""

import numpy as np
import pytest

from benchmark.problem import BenchError
from benchmark.running.runner import run_methods
from benchmark.running.snapshots.taking import REACH
from benchmark.running.store import ResultStore
from benchmark.running.workshop import Site

LABELS = ("background", "3dvar", "3dvar[b_scale=2.0]", "etkf", "mmps[levels=3]", "autoencoder")


class Silent:
    def start(self, label, steps, done):
        pass

    def step(self, count=1):
        pass


@pytest.fixture
def run(ring, planned, tmp_path):
    """The plan, and the analyses and rows of a whole run of it: label -> means, shape (case, ...) [physical]."""

    def go(*labels, **given):
        plan, store, kept = planned(*labels, **given), ResultStore(tmp_path), {}
        scale = ring.world.normalisation.denormalise

        def keep(label, times, analysis):
            kept.setdefault(label, []).append(scale(analysis.members.double().mean(1).numpy()))

        run_methods(plan, Site(ring), store, Silent(), keep)
        rows = {run.label: store.read(run.experiment.id) for run in plan.runs}
        return plan, {label: np.concatenate(parts) for label, parts in kept.items()}, rows

    return go


def half_a_step(low, high):
    # and what single precision of a normalised value leaves of a physical one
    return ((high - low) / 255 / 2)[:, None, None] * (1 + 1e-9) + 1e-5 * np.abs(high)[:, None, None]


def test_fields_are_those_of_the_middle_case_of_a_run(ring, run, take):
    plan, analyses, _ = run(*LABELS)
    snapshot = take(*LABELS)
    assert snapshot.facts.time == str(np.datetime_as_string(plan.times[3], unit="m"))
    truth = ring.world.normalisation.denormalise(ring.world.truth(plan.times[3:4])[0].double().numpy())
    assert (np.abs(snapshot.true() - truth) <= half_a_step(*snapshot.facts.ranges)).all()
    assert list(snapshot.analyses) == list(LABELS)
    reach = snapshot.facts.errors
    for label in LABELS:
        error = np.clip(analyses[label][3] - truth, -reach[:, None, None], reach[:, None, None])
        assert (np.abs(snapshot.error(label) - error) <= half_a_step(-reach, reach)).all()
    assert np.array_equal(snapshot.error(), snapshot.error("background"))
    # the codes are used: a field of them all alike would pass nothing of this
    assert len(np.unique(snapshot.analyses["3dvar"])) > 30


def test_it_says_which_experiments_and_observations_it_is_of(run, take):
    plan, _, rows = run("3dvar", "etkf", cases=3)
    facts = take("3dvar", "etkf", cases=3).facts
    assert facts.experiments == {run.label: run.experiment.id for run in plan.runs}
    of_case = rows["3dvar"][rows["3dvar"]["time"] == plan.times[1].astype("datetime64[s]")]
    assert set(of_case["observation_hash"]) == {facts.observation_hash}
    assert facts.world == "gaussian-ring"
    assert facts.observing_system == plan.system.description()


def test_any_time_of_the_split_can_be_asked_for(ring, take):
    other = ring.world.times("test")[17]
    assert take("background", time=other).facts.time == str(np.datetime_as_string(other, unit="m"))
    with pytest.raises(BenchError, match="the nearest is"):
        take("background", time=other + np.timedelta64(1, "m"))
    with pytest.raises(BenchError, match="validate years"):
        take("background", time=other, split="validate")


def test_what_diverges_fails_or_cannot_run_is_left_out_and_named(take, plugins):
    labels = [plugins("Diverges"), plugins("Fails"), "background", "interpolation"]
    with pytest.warns(UserWarning, match="no such number"):
        snapshot = take(*labels, observing={"operator": "arctan"})
    assert list(snapshot.analyses) == ["background"]
    assert snapshot.facts.left_out[labels[0]] == "diverged"
    assert snapshot.facts.left_out[labels[1]] == "failed"
    assert "linearly" in snapshot.facts.left_out["interpolation"]
    assert set(snapshot.maps()["left_out"]) == set(labels) - {"background"}


def test_one_that_is_far_off_leaves_the_codes_to_the_others(take, plugins):
    alone, beside = take("3dvar"), take("3dvar", plugins("Far"))
    assert (alone.facts.errors <= beside.facts.errors).all()
    largest = np.abs(beside.error()).max((1, 2))
    assert beside.facts.errors == pytest.approx(REACH * largest, rel=0.02)
    assert beside.facts.clipped == {plugins("Far"): 1.0}
    assert (beside.analyses[plugins("Far")] == 255).all()
    assert alone.facts.clipped == {}


def test_observed_values_are_those_of_the_truth_in_its_unit(take):
    snapshot = take("background", observing={"obs_std": 0.0, "obs_frac": 0.5})
    seen, facts = snapshot.observed, snapshot.facts
    assert len(seen.value) == round(0.5 * snapshot.truth.size)
    column = np.abs(np.array(facts.longitude)[:, None] - seen.longitude).argmin(0)
    assert np.array(facts.longitude)[column] == pytest.approx(seen.longitude)
    truth = snapshot.true()[seen.channel, 0, column]
    assert (np.abs(seen.value - truth) <= half_a_step(*facts.ranges)[seen.channel, 0, 0] + 1e-6 * np.abs(truth)).all()
    listed = snapshot.maps()["observations"]
    assert sum(len(values) for values in listed.values()) == len(seen.value)
    name = facts.channels[seen.channel[0]].name
    assert listed[name][0] == pytest.approx([seen.latitude[0], seen.longitude[0], seen.value[0]], rel=1e-6)


def test_values_of_another_quantity_are_in_that_ones_unit(ring, take):
    snapshot = take("background", observing={"obs_std": 0.0, "operator": "arctan"})
    seen, facts = snapshot.observed, snapshot.facts
    column = np.abs(np.array(facts.longitude)[:, None] - seen.longitude).argmin(0)
    x = ring.world.truth(np.array([facts.time], "datetime64[ns]"))[0].double().numpy()
    assert seen.value == pytest.approx(np.arctan(x[seen.channel, 0, column]), abs=1e-6)
    assert set(facts.observed.values()) == {f"arctan({channel.name})" for channel in facts.channels}
