"""Methods are compared on the same cases and the same observations, or not at all."""

import numpy as np
import pandas as pd
import pytest

from benchmark.observing import ObservingSpec
from benchmark.problem import BenchError

BROKEN = """
import dataclasses

import torch

from benchmark.problem import Analysis, Cost, Method, Status


class Broken(Method):
    name = "broken"
    defaults = {"month": 2, "honest": True}

    def analyse(self, problem, members, noise):
        months = problem.times.astype("datetime64[M]").astype(int) % 12 + 1
        bad = torch.from_numpy(months == self["month"])
        xa = torch.where(bad[:, None, None, None], torch.nan, problem.background)
        analysis = Analysis.of(xa[:, None], Cost())
        return analysis if self["honest"] else dataclasses.replace(analysis, status=(Status.OK,) * len(problem))


class Flat(Method):
    name = "flat"

    def analyse(self, problem, members, noise):
        return Analysis.of(problem.background, Cost())


class Empty(Method):
    name = "empty"
"""


@pytest.fixture
def plugin(tmp_path):
    file = tmp_path / "plugin.py"
    file.write_text(BROKEN)
    return lambda text: f"{file}:{text}"


def test_all_methods_see_the_same_observations(perform, stored_rows, tmp_path):
    ids = perform(tmp_path, "3dvar", "lo-sda", members=1).summary["experiment"]["ids"]
    hashes = {
        label: stored_rows(tmp_path, folder).groupby("time")["observation_hash"].unique().map(tuple)
        for label, folder in ids.items()
    }
    for label in ids:
        assert hashes[label].equals(hashes["background"])
    # one hash a case, another one for every case
    assert hashes["background"].map(len).eq(1).all()
    assert hashes["background"].nunique() == 12


def test_a_method_alone_sees_what_it_sees_in_company(perform, tmp_path):
    alone = perform(tmp_path / "a", "3dvar").summary
    company = perform(tmp_path / "b", "lo-sda", "3dvar", members=1, chunk=5).summary
    assert alone["observations"] == company["observations"]


def test_another_seed_makes_other_observations(run, tmp_path):
    one, other = (run(tmp_path, "background", options=("--seed", seed))["observations"]["hash"] for seed in (0, 1))
    assert one != other


def test_rows_of_other_observations_are_refused(perform, tmp_path):
    ids = perform(tmp_path, "3dvar").summary["experiment"]["ids"]
    (file,) = (tmp_path / ids["3dvar"]).glob("*.parquet")
    rows = pd.read_parquet(file).astype({"observation_hash": str})
    rows.loc[rows["time"] == rows["time"].iloc[0], "observation_hash"] = "0" * 64
    rows.to_parquet(file, index=False)
    with pytest.raises(BenchError, match=r"did not see the same observations .*--fresh"):
        perform(tmp_path, "3dvar")


@pytest.mark.parametrize("honest", [True, False])
def test_a_diverged_case_is_counted_and_left_out_for_all(perform, plugin, stored_rows, tmp_path, honest):
    label = plugin(f"Broken[honest={honest}]")
    summary = perform(tmp_path / "results", "3dvar", label).summary
    ids = summary["experiment"]["ids"]
    assert summary["cases"] == 11
    diverged = {name: found["diverged"] for name, found in summary["methods"].items()}
    assert diverged == {"background": 0, "climatology": 0, "3dvar": 0, label: 1}
    assert summary["methods"][label]["statuses"] == {"ok": 11, "diverged": 1}
    # the other cases of the method are the background
    assert summary["methods"][label]["relative_error"]["value"] == pytest.approx(1.0, rel=1e-12)
    rows = stored_rows(tmp_path / "results", ids["3dvar"])
    rows = rows[(rows["region"] == "global") & (rows["statistic"] == "mse") & (rows["channel"] == "msl")]
    kept = rows[rows["time"].dt.month != 2]["value"]
    assert len(kept) == 11
    assert summary["methods"]["3dvar"]["rmse"]["msl"] == pytest.approx(np.sqrt(kept.mean()), rel=1e-12)


def test_diverged_cases_are_shown(bench, small_world, plugin, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    options = ("--cases", 12, "--obs-frac", 0.1, "--out", tmp_path / "results", *small_world.options)
    result = bench("run", "--method", plugin("Broken"), *options)
    assert result.exit_code == 0, result.stderr
    assert "11 cases of the test years" in result.stdout
    headline = result.stdout[result.stdout.index("Relative error:") : result.stdout.index("Cost of a case")]
    (row,) = (line for line in headline.splitlines() if "plugin.py:Broken" in line)
    # members, diverged, not converged
    assert row.split()[-3:] == ["1", "1", "0"]


def test_nothing_is_scored_where_every_case_diverged(perform, plugin, tmp_path):
    with pytest.raises(BenchError, match=r"Every case diverged .*leave that method out"):
        # the one case of a year is in July
        perform(tmp_path / "results", plugin("Broken[month=7]"), cases=1)


def test_an_analysis_of_another_shape_is_refused(perform, plugin, tmp_path):
    with pytest.raises(BenchError, match=r"members of shape \(12, 2, 6, 8\).*\(12, 'members', 2, 6, 8\)"):
        perform(tmp_path / "results", plugin("Flat"))


def test_a_method_without_an_analysis_is_refused(perform, plugin, tmp_path):
    with pytest.raises(BenchError, match="does not implement analyse; add it"):
        perform(tmp_path / "results", plugin("Empty"))


@pytest.mark.parametrize("method", ["3dvar", "lo-sda"])
def test_scores_do_not_depend_on_the_batch(perform, tmp_path, method):
    one, many = (perform(tmp_path / str(n), method, chunk=n, members=2).summary["methods"][method] for n in (1, 32))
    assert one["relative_error"]["value"] == pytest.approx(many["relative_error"]["value"], rel=1e-4)
    values = [[s["value"] for s in found["scores"] if s["statistic"] != "bias"] for found in (one, many)]
    assert values[0] == pytest.approx(values[1], rel=1e-4)


SPOILER = """
from benchmark.problem import Analysis, Cost, Method


class Spoiler(Method):
    name = "spoiler"

    def analyse(self, problem, members, noise):
        found = problem.background.clone()
        problem.background.zero_()
        problem.climatology.zero_()
        problem.observations.values.zero_()
        return Analysis.of(found[:, None], Cost())
"""


def test_a_method_that_spoils_its_input_spoils_no_other_methods(perform, scores, tmp_path):
    (tmp_path / "spoiler.py").write_text(SPOILER)
    alone = scores(perform(tmp_path / "a", "3dvar").summary)["methods"]
    beside = scores(perform(tmp_path / "b", f"{tmp_path / 'spoiler.py'}:Spoiler", "3dvar").summary)["methods"]
    for label in ("background", "climatology", "3dvar"):
        assert beside[label] == alone[label]


def test_all_variables_by_name_are_all_variables(perform, tmp_path):
    plain = perform(tmp_path, "3dvar").summary
    named = perform(tmp_path, "3dvar", observing=ObservingSpec(obs_frac=0.1, obs_vars=("t850", "msl")))
    assert named.computed == 0
    assert named.summary["observations"] == plain["observations"]
    part = perform(tmp_path, "3dvar", observing=ObservingSpec(obs_frac=0.1, obs_vars=("msl",))).summary
    assert part["observations"] != plain["observations"]


def test_one_experiment_under_two_labels_is_one_rival(perform, tmp_path):
    labels = ("3dvar", "3dvar[b_scale=1.0]", "interpolation")
    summary = perform(tmp_path, *labels).summary
    corrected = [c for c in summary["comparisons"] if c["p_adjusted"] is not None]
    assert [(c["a"], c["b"]) for c in corrected] == [("3dvar", "interpolation")]
    assert summary["best"]["comparisons"] == 1


def test_three_cases_have_no_verdict(perform, tmp_path):
    summary = perform(tmp_path, "3dvar", "interpolation", cases=3).summary
    assert all(c["p"] is c["p_adjusted"] is c["low"] is None for c in summary["comparisons"])
    found = summary["best"]
    assert {found["label"], *found["not_significantly_worse"]} == {"3dvar", "interpolation"}


def test_scores_in_observation_space_are_of_the_cases_that_are_scored(perform, plugin, tmp_path):
    label = plugin("Broken[honest=False]")
    found = perform(tmp_path / "results", label).summary
    assert found["cases"] == 11
    # the other cases of the method are the background
    ours, theirs = (found["methods"][name]["observation_space"] for name in (label, "background"))
    assert ours["misfit"] == pytest.approx(theirs["misfit"], rel=1e-12)
