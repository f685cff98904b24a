"""Withholding in a run: no method gets a withheld value, and the rows say how each fits both parts."""

import numpy as np
import pandas as pd
import pytest
import torch

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.running import workshop


@pytest.fixture
def seen(monkeypatch):
    """What every method got to see, by label, and all that was observed."""
    found = {"problems": [], "parts": []}
    analyse, split = workshop.analyse_batch, ObservingSystem.split

    def analyse_batch(run, problem, *arguments):
        found["problems"].append(problem)
        return analyse(run, problem, *arguments)

    def spying(system, truth, times):
        parts = split(system, truth, times)
        found["parts"].append(parts)
        return parts

    monkeypatch.setattr(workshop, "analyse_batch", analyse_batch)
    monkeypatch.setattr(ObservingSystem, "split", spying)
    return found


def _values(observations):
    return set(observations.values[observations.mask].tolist())


def test_no_method_gets_a_withheld_value(perform, tmp_path, seen):
    perform(tmp_path, "3dvar", observing=ObservingSpec(obs_frac=0.1, withhold=0.3))
    assert len(seen["problems"]) == 3
    withheld = [part for _, part in seen["parts"] if part is not None]
    hidden = set().union(*map(_values, withheld))
    assert len(hidden) > 30
    for problem in seen["problems"]:
        assert _values(problem.observations)
        assert not _values(problem.observations) & hidden
        # nor is it anywhere else in the problem
        for value in vars(problem).values():
            if isinstance(value, torch.Tensor):
                assert not set(value.flatten().tolist()) & hidden


def _rows(folder):
    return pd.concat([pd.read_parquet(file) for file in folder.glob("*/*.parquet")], ignore_index=True)


def test_rows_have_statistics_of_both_parts_and_scores_stay(perform, tmp_path):
    plain = perform(tmp_path / "plain", "3dvar").summary
    part = perform(tmp_path / "part", "3dvar", observing=ObservingSpec(obs_frac=0.1, withhold=0.3)).summary
    assert plain["observations"]["values_per_case"] * 0.6 < part["observations"]["values_per_case"]
    assert part["observations"]["values_per_case"] < plain["observations"]["values_per_case"] * 0.8
    assert list(part["methods"]["3dvar"]["rmse"]) == list(plain["methods"]["3dvar"]["rmse"])
    rows = _rows(tmp_path / "part")
    rows = rows[rows["region"] == "observations"]
    assert set(rows["statistic"]) == {*("misfit", "innovation", "desroziers", "misfit_withheld", "innovation_withheld")}
    # a case without a value of a channel has no weight, and no number
    assert (np.isfinite(rows["value"]) == (rows["weight"] > 0)).all()
    rows = rows[rows["weight"] > 0]
    mean = {
        key: float(np.average(group["value"], weights=group["weight"]))
        for key, group in rows.groupby(["method", "statistic"])
    }
    # the background misses all alike; 3D-Var fits what it was given, and what it was not better than the background
    assert mean["background", "misfit_withheld"] == pytest.approx(mean["background", "innovation_withheld"], rel=1e-5)
    assert mean["3dvar", "misfit"] < mean["3dvar", "misfit_withheld"] < mean["3dvar", "innovation_withheld"]
    told = part["methods"]["3dvar"]["observation_space"]
    assert set(told) == set(rows["statistic"])
    each = rows[(rows["method"] == "3dvar") & (rows["statistic"] == "misfit_withheld") & (rows["channel"] == "msl")]
    assert told["misfit_withheld"]["msl"] == pytest.approx(np.average(each["value"], weights=each["weight"]))
    unheld = _rows(tmp_path / "plain")
    assert not unheld["statistic"].str.endswith("_withheld").any()


def test_rows_of_a_nonlinear_operator_carry_its_name(perform, tmp_path):
    observing = ObservingSpec(obs_frac=0.2, operator="arctan", withhold=0.3)
    summary = perform(tmp_path, observing=observing).summary
    rows = _rows(tmp_path)
    names = set(rows.loc[rows["region"] == "observations", "channel"])
    assert names == {f"arctan({name})" for name in summary["methods"]["background"]["rmse"]}
    # they are no channels of the state: scores are of those alone
    assert summary["methods"]["background"]["relative_error"]["value"] == pytest.approx(1.0)


def test_cycled_worlds_withhold_nothing(bench):
    result = bench("run", "--world", "lorenz96", "--method", "etkf", "--withhold", "0.1")
    assert result.exit_code == 2
    assert "--withhold does not apply to the cycled world" in result.stderr
