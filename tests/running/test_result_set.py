"""Results as a set: the same numbers as a run's, small on disk, and nothing wrong is let in."""

import dataclasses
import json
import shlex

import numpy as np
import pandas as pd
import pytest

from benchmark.cli.run import run as run_command
from benchmark.problem import BenchError
from benchmark.running.results.commands import command_of
from benchmark.running.results.opening import open_results
from benchmark.running.results.published import read_published, write_published
from benchmark.running.results.tabulating import Tables, from_tables, to_tables
from leaderboards.comparing import Draws, find_quantity, settings_of


@pytest.fixture(scope="module")
def store(tmp_path_factory, small_world):
    from benchmark.observing import ObservingSpec
    from benchmark.running.executing import execute
    from benchmark.running.request import RunRequest
    from benchmark.worlds import load_spec

    class Silent:
        def start(self, label, steps, done):
            pass

        def step(self, count=1):
            pass

    folder = tmp_path_factory.mktemp("store")
    request = RunRequest(
        world=load_spec(small_world.world),
        methods=("3dvar", "3dvar[b_scale=0.5]", "lo-sda"),
        out=folder,
        weights=small_world.weights,
        device="cpu",
        cases=12,
        members=2,
        observing=ObservingSpec(obs_frac=0.1),
    )
    return folder, execute(request, Silent()).summary


@pytest.fixture(scope="module")
def results(store):
    return open_results(store[0])


def test_scores_and_intervals_are_those_of_the_run(store, results):
    summary = store[1]
    (setting,) = settings_of(results)
    draws = Draws(setting.times)
    for label, found in summary["methods"].items():
        own = draws.of(setting, setting.results[label], find_quantity("relative_error"), None)
        assert own.value == pytest.approx(found["relative_error"]["value"], rel=1e-12)
        assert own.low == pytest.approx(found["relative_error"]["low"], rel=1e-12)
        for one in found["scores"]:
            if one["statistic"] in ("rmse", "acc", "crps", "spread_skill") and one["value"] is not None:
                own = draws.of(setting, setting.results[label], find_quantity(one["statistic"]), one["channel"])
                assert own.value == pytest.approx(one["value"], rel=1e-12)
                assert own.high == pytest.approx(one["high"], rel=1e-12)
        own = setting.results[label].observation_space
        assert set(own) == set(found["observation_space"])
        for name, by_quantity in found["observation_space"].items():
            assert own[name] == pytest.approx(by_quantity)
    assert setting.background.observation_hash == summary["observations"]["hash"]


def test_a_published_set_says_the_same_to_five_digits(results, tmp_path):
    write_published(results, tmp_path)
    again = read_published(tmp_path)
    assert [r.id for r in again] == [r.id for r in results]
    for one, other in zip(results, again, strict=True):
        assert one.channels == other.channels
        assert (one.times == other.times).all()
        assert (one.observations == other.observations).all()
        assert one.facts == other.facts
        assert set(one.values) == set(other.values)
        for name, channels in one.values.items():
            for channel, values in channels.items():
                np.testing.assert_allclose(other.values[name][channel], values, rtol=1e-5)
        for name, channels in one.bins.items():
            for channel, values in channels.items():
                np.testing.assert_allclose(other.bins[name][channel], values, rtol=1e-5)


def test_publishing_what_was_published_changes_no_byte(results, tmp_path):
    write_published(results, tmp_path / "a")
    write_published(read_published(tmp_path / "a"), tmp_path / "b")
    for file in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / file.name).read_bytes() == file.read_bytes()


def test_the_background_comes_with_what_is_chosen(store, tmp_path, results):
    write_published(results, tmp_path)
    for where in (store[0], tmp_path):
        assert {r.label for r in open_results(where, ["method=lo-sda"])} == {"background", "lo-sda"}


def test_a_damaged_file_is_named(results, tmp_path):
    write_published(results, tmp_path)
    (tmp_path / "values.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(BenchError, match="cannot be read"):
        read_published(tmp_path)


def test_a_folder_of_nothing_is_refused(tmp_path):
    with pytest.raises(BenchError, match="no folder"):
        open_results(tmp_path / "absent")
    with pytest.raises(BenchError, match="bench results list"):
        open_results(tmp_path)


def test_another_region_than_the_published_is_refused(results, tmp_path):
    write_published(results, tmp_path)
    with pytest.raises(BenchError, match="region 'global' alone"):
        open_results(tmp_path, region="tropics")


def altered(results, **changes):
    tables = to_tables(results)
    plain = {name: getattr(tables, name).astype(object) for name in ("cases", "values", "bins")}
    records = json.loads(json.dumps(tables.records, default=str))
    parts = {"region": "global", "records": records, **plain}
    for name, change in changes.items():
        parts[name] = change(parts[name])
    return Tables(**parts)


def at(frame, column, value, row=0):
    frame = frame.copy()
    frame.loc[frame.index[row], column] = value
    return frame


def record_with(**fields):
    return lambda records: [{**records[0], **fields}, *records[1:]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"values": lambda f: at(f, "value", np.nan)}, "not finite"),
        ({"values": lambda f: at(f, "value", np.inf)}, "not finite"),
        ({"values": lambda f: at(f, "value", -1.0)}, "negative"),
        ({"values": lambda f: at(f, "value", "much")}, "number cannot be read"),
        ({"values": lambda f: at(f, "statistic", "luck")}, "no statistic 'luck'"),
        ({"values": lambda f: at(f, "time", "yesterday")}, "time cannot be read"),
        ({"values": lambda f: f.drop(index=f.index[0])}, "other cases"),
        ({"values": lambda f: pd.concat([f, f.iloc[:1]])}, "other cases"),
        ({"values": lambda f: f.drop(columns="channel")}, "no column 'channel'"),
        ({"values": lambda f: at(f, "experiment", "0" * 16)}, "not described"),
        ({"values": lambda f: f[f["statistic"] != "mse"]}, "no mse"),
        ({"cases": lambda f: pd.concat([f, f.iloc[:1]])}, "twice"),
        ({"cases": lambda f: at(f, "status", "superb")}, "status 'superb'"),
        ({"cases": lambda f: at(f, "observation_hash", "abc")}, "no sha256"),
        ({"bins": lambda f: at(f, "bin", 99)}, "missing or there twice"),
        ({"records": lambda r: [*r, r[0]]}, "described twice"),
        ({"records": lambda r: r[1:]}, "not described"),
        ({"records": lambda r: ["nothing", *r]}, "no JSON object"),
        ({"records": record_with(label="")}, "empty"),
        ({"records": record_with(label="a\nb")}, "control characters"),
        ({"records": record_with(label="a" * 300)}, "too long"),
        ({"records": record_with(cost={"seconds_per_case": float("nan")})}, "no finite number"),
        ({"records": record_with(facts=3)}, "no 'facts'"),
    ],
)
def test_nothing_wrong_is_let_in(results, changes, message):
    assert len(from_tables(altered(results), "here")) == len(results)
    with pytest.raises(BenchError, match=message):
        from_tables(altered(results, **changes), "here")


def test_the_command_of_a_result_gives_its_experiment_again(store, results, small_world, bench):
    """Typed into the command line, it finds everything in the store: no case is computed again."""
    for result in results:
        words = shlex.split(command_of(result))
        assert words[:2] == ["bench", "run"]
        words = words[1:]
        place = words.index("--world")
        # the world of this test is a file that no library knows
        words[place : place + 4 if "--data" in words else place + 2] = [str(w) for w in small_world.options]
        again = bench(*words, "--out", store[0], "--json")
        assert again.exit_code == 0, again.stderr
        assert result.id in json.loads(again.stdout)["experiment"]["ids"].values()


def test_the_command_names_only_what_is_not_usual(results):
    by_label = {result.label: command_of(result) for result in results}
    assert "--network" not in by_label["3dvar"]
    assert "--members 2" in by_label["lo-sda"]
    other = dataclasses.replace(results.results[0], facts={**results.results[0].facts, "observing.network": "columns"})
    assert "--network columns" in command_of(other)
    assert run_command.name == "run"
