"""The JSON object of `bench run`: its shape, and its numbers against a computation of their own."""

import itertools
import json
import math

import numpy as np
import pytest
import xarray as xr

from benchmark.training.context import open_workspace
from benchmark.worlds import load_spec

METHODS = ("3dvar", "lo-sda")
LABELS = ["background", "climatology", *METHODS]
CHANNELS = ["msl", "t850"]
SINGLE = ["rmse", "rmse_per_case", "mae", "bias", "acc", "rmse_member", "spread"]
MEMBERS = ["spread_skill", "mse_debiased", "crps", "energy_score"]
LAST = ["effective_resolution", "relative_error"]


@pytest.fixture(scope="module")
def summary(bench, small_world, tmp_path_factory):
    out = tmp_path_factory.mktemp("summary")
    chosen = [word for method in METHODS for word in ("--method", method)]
    options = ("--members", 3, "--cases", 12, "--obs-frac", 0.1, "--out", out, *small_world.options)
    result = bench("run", *chosen, *options, "--json")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("\n") == 1

    def refuse(word):
        raise ValueError(f"{word} is not JSON")

    return json.loads(result.stdout, parse_constant=refuse)


@pytest.fixture(scope="module")
def cases():
    """Days of the twelve cases: evenly over the 366 days of 2004, half a stride from the ends."""
    days = [math.floor((i + 0.5) * 366 / 12) for i in range(12)]
    return np.datetime64("2004-01-01T12") + np.array(days) * np.timedelta64(1, "D")


def test_schema(summary):
    assert list(summary) == [
        *("experiment", "cases", "observations", "region", "intervals", "methods", "comparisons", "best", "skipped")
    ]
    assert summary["skipped"] == {}
    assert summary["experiment"]["oracles"] == []
    assert set(summary["experiment"]) == {
        *("world", "title", "split", "first_case", "last_case", "observing_system", "observing", "seed"),
        *("convention", "ids", "oracles", "parameters"),
    }
    assert set(summary["observations"]) == {"hash", "values_per_case"}
    assert set(summary["intervals"]) == {"level", "block_cases", "draws"}
    assert list(summary["methods"]) == LABELS
    for found in summary["methods"].values():
        assert set(found) == {
            *("relative_error", "rmse", "acc", "scores", "cost", "diverged", "members", "statuses", "tuning"),
            "observation_space",
        }
        # no trials of this world ship
        assert found["tuning"] is None
        assert set(found["relative_error"]) == {"value", "low", "high", "effective_cases"}
        assert list(found["rmse"]) == list(found["acc"]) == CHANNELS
        assert [(s["statistic"], s["channel"]) for s in found["scores"]] == list(
            itertools.product([*SINGLE, *MEMBERS, *LAST], CHANNELS)
        )
        assert all(set(s) == {"channel", "region", "statistic", "value", "low", "high"} for s in found["scores"])
        assert set(found["cost"]) == {
            *("seconds_per_case", "network_calls", "network_forwards", "network_backwards"),
            *("operator_calls", "iterations", "peak_memory_mb"),
        }
    for comparison in summary["comparisons"]:
        assert set(comparison) == {"a", "b", "difference", "low", "high", "p", "p_adjusted", "effective_cases"}
    assert set(summary["best"]) == {"label", "not_significantly_worse", "comparisons", "level"}


def test_what_was_run(summary, cases):
    assert (summary["cases"], summary["region"]) == (12, "global")
    experiment = summary["experiment"]
    assert (experiment["world"], experiment["split"], experiment["seed"]) == ("small", "test", 0)
    assert experiment["first_case"] == str(cases[0].astype("datetime64[s]"))
    assert experiment["last_case"] == str(cases[-1].astype("datetime64[s]"))
    assert list(experiment["ids"]) == LABELS
    assert len(set(experiment["ids"].values())) == len(LABELS)
    # ten of a hundred of 6 x 8 x 2 values
    assert summary["observations"]["values_per_case"] == 10
    assert len(summary["observations"]["hash"]) == 64
    # a month between cases outlasts the weather's memory; the cube root of 12 rounds up to 3
    assert summary["intervals"] == {"level": 0.95, "block_cases": 3, "draws": 2000}


def test_the_background_is_the_unit(summary):
    assert summary["methods"]["background"]["relative_error"] == {
        **{"value": 1.0, "low": 1.0, "high": 1.0, "effective_cases": 12.0}
    }


def test_undefined_scores_are_null(summary):
    climatology = summary["methods"]["climatology"]
    assert climatology["acc"] == {"msl": None, "t850": None}
    assert all(s["low"] is s["high"] is None for s in climatology["scores"] if s["statistic"] == "acc")


def test_members_and_status(summary):
    members = {label: found["members"] for label, found in summary["methods"].items()}
    assert members == {"background": 1, "climatology": 1, "3dvar": 1, "lo-sda": 3}
    for found in summary["methods"].values():
        assert found["diverged"] == 0
        assert sum(found["statuses"].values()) == 12
        assert set(found["statuses"]) <= {"ok", "not-converged"}


def test_intervals_hold_their_values_and_are_open_where_something_was_measured(summary):
    for label, found in summary["methods"].items():
        for s in found["scores"]:
            if s["value"] is not None:
                assert s["low"] <= s["value"] <= s["high"]
                known = (s["statistic"], label) == ("relative_error", "background")
                known = known or (s["statistic"] in ("spread", "spread_skill") and label != "lo-sda")
                if s["statistic"] == "effective_resolution":
                    continue  # a whole number, which may be the same on every resample
                assert (s["low"] < s["high"]) == (not known)


def test_relative_error_by_channel_is_the_ratio_whose_mean_is_the_headline(summary):
    for found in summary["methods"].values():
        ratios = {s["channel"]: s["value"] for s in found["scores"] if s["statistic"] == "relative_error"}
        for channel in CHANNELS:
            ratio = found["rmse"][channel] / summary["methods"]["background"]["rmse"][channel]
            assert ratios[channel] == pytest.approx(ratio, rel=1e-12)
        mean = sum(ratios.values()) / len(CHANNELS)
        assert found["relative_error"]["value"] == pytest.approx(mean, rel=1e-12)


def test_both_methods_use_the_observations(summary):
    for method in METHODS:
        assert summary["methods"][method]["relative_error"]["high"] < 0.8


def test_stored_in_half_precision_the_gaussian_prior_is_still_one(run, summary, tmp_path):
    """The weather is Gaussian, so the two latent methods find nearly the same; a covariance whose modes are no longer
    orthonormal makes 3D-Var's cost function meaningless, and its analysis stays at the background (0.86)."""
    found = run(tmp_path, "latent-3dvar")["methods"]["latent-3dvar"]["relative_error"]["value"]
    # three members' mean has a third of the analysis variance on top: at most sqrt(4 / 3) = 1.15
    assert found < 1.15 * summary["methods"]["lo-sda"]["relative_error"]["value"]


def test_every_pair_is_compared_once_and_everything_with_the_background(summary):
    relative = {label: found["relative_error"]["value"] for label, found in summary["methods"].items()}
    pairs = [(c["a"], c["b"]) for c in summary["comparisons"]]
    assert pairs == [
        *itertools.combinations(LABELS[1:], 2),
        *((label, "background") for label in LABELS[1:]),
    ]
    for c in summary["comparisons"]:
        assert c["difference"] == pytest.approx(relative[c["a"]] - relative[c["b"]], abs=1e-12)
        assert c["low"] <= c["difference"] <= c["high"]


def test_comparisons_are_antisymmetric(run, tmp_path):
    one = run(tmp_path, "3dvar", "lo-sda")["comparisons"]
    other = run(tmp_path, "lo-sda", "3dvar")["comparisons"]
    (first,) = (c for c in one if (c["a"], c["b"]) == ("3dvar", "lo-sda"))
    (second,) = (c for c in other if (c["a"], c["b"]) == ("lo-sda", "3dvar"))
    assert second["difference"] == -first["difference"]
    # percentiles are interpolated from either end
    assert second["low"] == pytest.approx(-first["high"], abs=1e-12)
    assert second["high"] == pytest.approx(-first["low"], abs=1e-12)


def test_scores_are_those_of_the_fields(summary, small_world, cases):
    """RMSE, bias and relative error of the background from the file, with areas worked out here."""
    with xr.open_dataset(small_world.data, engine="h5netcdf") as file:
        file = file.sel(time=cases)
        truth = np.stack([file[name].values for name in CHANNELS], axis=1).astype(np.float64)
        latitude = file["latitude"].values
    world = open_workspace(load_spec(small_world.world), small_world.weights, "cpu")[0]
    times = cases.astype("datetime64[ns]")
    fields = {"background": world.background(times), "climatology": world.climatology(times)}
    # cells of 3 degrees reach 1.5 degrees to both sides
    area = np.sin(np.deg2rad(latitude + 1.5)) - np.sin(np.deg2rad(latitude - 1.5))
    rmse = {}
    for label, field in fields.items():
        error = world.normalisation.denormalise(field.double().numpy()) - truth
        rmse[label] = np.sqrt((error**2).mean((0, 3)) @ area / area.sum())
        bias = error.mean((0, 3)) @ area / area.sum()
        found = {s["channel"]: s["value"] for s in summary["methods"][label]["scores"] if s["statistic"] == "bias"}
        assert [summary["methods"][label]["rmse"][c] for c in CHANNELS] == pytest.approx(rmse[label], rel=1e-5)
        # of msl 1e5 Pa, kept in single precision of departures of 700 Pa: 1e-4 Pa
        assert [found[c] for c in CHANNELS] == pytest.approx(bias, abs=1e-2)
    ratio = (rmse["climatology"] / rmse["background"]).mean()
    assert summary["methods"]["climatology"]["relative_error"]["value"] == pytest.approx(ratio, rel=1e-5)


def test_the_headline_is_the_mean_ratio_of_the_channels(summary):
    reference = summary["methods"]["background"]["rmse"]
    for found in summary["methods"].values():
        ratio = sum(found["rmse"][c] / reference[c] for c in CHANNELS) / 2
        assert found["relative_error"]["value"] == pytest.approx(ratio, rel=1e-12)


def test_a_region_that_holds_the_grid_is_the_grid(run, tmp_path):
    europe = run(tmp_path, "3dvar", options=("--region", "europe"))
    assert europe["region"] == "europe"
    # 40 to 55 N and 12 W to 9 E lie inside 35 to 75 N and 12.5 W to 42.5 E, so the region is the whole grid
    assert europe["methods"]["3dvar"]["rmse"] == run(tmp_path, "3dvar")["methods"]["3dvar"]["rmse"]


def test_too_few_cases_have_no_interval_and_no_verdict(bench, small_world, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    options = ("--cases", 3, "--obs-frac", 0.1, "--out", tmp_path, *small_world.options)
    chosen = ("--method", "3dvar", "--method", "3dvar[b_scale=2]")
    few = json.loads(bench("run", *chosen, *options, "--json").stdout)
    assert few["methods"]["3dvar"]["relative_error"]["low"] is None
    assert all(c["low"] is c["high"] is None for c in few["comparisons"])
    assert "too few cases to tell" in bench("run", *chosen, *options).stdout


def test_one_method_has_no_table_of_pairs(bench, small_world, tmp_path):
    options = ("--cases", 4, "--obs-frac", 0.1, "--out", tmp_path, *small_world.options)
    assert "Paired differences" not in bench("run", "--method", "3dvar", *options).stdout
