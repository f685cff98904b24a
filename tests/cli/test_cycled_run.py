"""`bench run` and `bench literature` on the cycled worlds."""

import json

import pytest

from benchmark.running import cycled
from benchmark.running.cycling import cycle


def test_methods_on_lorenz96(bench, tmp_path):
    command = ["run", "--world", "lorenz96", "--method", "letkf", "--method", "etkf", "--method", "exact"]
    command += ["--ensemble", "9", "--cycles", "250", "--cases", "4", "--out", tmp_path / "results"]
    result = bench(*command, "--json")
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    found = summary["methods"]
    assert list(found) == ["background", "climatology", "letkf", "etkf"]
    assert summary["skipped"]["exact"]["reason"] == "exact-posterior"
    assert 0.15 < found["letkf"]["rmse_analysis"]["value"] < 0.26
    assert found["letkf"]["diverged"] == 0
    # nine members span fewer directions than the thirteen that grow
    assert found["etkf"]["diverged"] > 0
    assert found["climatology"]["rmse_analysis"]["value"] == pytest.approx(3.63, abs=0.1)
    again = bench(*command, "--json")
    assert json.loads(again.stdout)["methods"] == found
    table = bench(*command)
    assert "letkf" in table.stdout
    assert "4 seeds of 250 analyses" in table.stdout.replace("\n", " ")
    assert "skipped" in table.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--world", "lorenz96", "--members", "3"), "--members does not apply"),
        (("--world", "lorenz96", "--region", "tropics"), "--region does not apply"),
        (("--world", "twin", "--cycles", "100"), "--cycles is for cycled worlds"),
        (("--world", "lorenz96", "--data", "x.nc"), "reads no data"),
    ],
)
def test_what_does_not_apply_is_refused(bench, tmp_path, options, message):
    result = bench("run", "--method", "etkf", "--out", tmp_path, *options)
    assert result.exit_code == 2
    assert message in result.stderr


def test_typed_observations_go_before_the_settings(bench, tmp_path):
    options = ("--world", "lorenz96", "--cycles", "60", "--cases", "2", "--out", tmp_path, "--json")
    result = bench("run", "--method", "3dvar", "--obs-std", "0.5", *options)
    assert json.loads(result.stdout)["experiment"]["observing"]["obs_std"] == 0.5
    assert json.loads(result.stdout)["experiment"]["observing"]["network"] == "grid"


def test_a_run_that_is_stopped_keeps_the_seeds_that_were_done(bench, tmp_path, monkeypatch):
    command = ["run", "--world", "lorenz96", "--method", "etkf", "--cycles", "20", "--cases", "4", "--json"]
    whole = json.loads(bench(*command, "--out", tmp_path / "whole").stdout)["methods"]["etkf"]
    begun = []

    def counted(method, world, system, seeds, *rest):
        begun.append(list(seeds))
        if method.name == "etkf" and len(begun) > 10:
            raise KeyboardInterrupt
        return cycle(method, world, system, seeds, *rest)

    monkeypatch.setattr(cycled, "cycle", counted)
    # background and climatology take four batches each, etkf is stopped in its third
    assert bench(*command, "--out", tmp_path / "cut", "--chunk", "1").exit_code != 0
    begun.clear()
    monkeypatch.setattr(cycled, "cycle", lambda *given: begun.append(list(given[3])) or cycle(*given))
    found = json.loads(bench(*command, "--out", tmp_path / "cut").stdout)["methods"]["etkf"]
    assert begun == [[2, 3]]
    assert found["rmse_analysis"]["value"] == pytest.approx(whole["rmse_analysis"]["value"], rel=1e-6)


def test_a_method_whose_networks_nobody_trained_is_told(bench, tmp_path):
    result = bench("run", "--world", "lorenz96", "--method", "lo-sda", "--out", tmp_path)
    assert result.exit_code == 2
    assert "nothing of it is trained" in result.stderr


@pytest.mark.parametrize("world", ["lorenz63", "lorenz96", "ks"])
def test_every_published_score_is_met(bench, tmp_path, world):
    """With fewer analyses than the literature's, and a tolerance that is wider by twice their sampling error."""
    cycles, seeds = {"lorenz63": (400, 4), "lorenz96": (400, 6), "ks": (150, 2)}[world]
    result = bench("literature", "--world", world, "--cycles", cycles, "--seeds", seeds, "--out", tmp_path, "--json")
    rows = json.loads(result.stdout)
    missed = [(row["label"], row["expected"], row["measured"]["value"]) for row in rows if not row["within"]]
    assert missed == []
    assert result.exit_code == 0
    assert all(row["tolerance"] < 0.3 * row["expected"] for row in rows)


def test_runs_that_lose_the_truth_are_a_miss_where_they_may_not(bench, tmp_path, monkeypatch):
    from benchmark.running import literature

    spec = literature.load_spec("lorenz96")
    # without inflation fourteen members hold on to the truth in some runs
    row = spec.literature[0].model_copy(update={"method": "etkf[rotate=true]", "ensemble": 14, "tolerance": 10.0})
    for may_lose, within in ((0.0, False), (0.99, True)):
        changed = spec.model_copy(update={"literature": (row.model_copy(update={"may_lose": may_lose}),)})
        monkeypatch.setattr(literature, "load_spec", lambda name, changed=changed: changed)
        command = ["literature", "--world", "lorenz96", "--cycles", "150", "--seeds", "6", "--out", tmp_path]
        result = bench(*command, "--json")
        (found,) = json.loads(result.stdout)
        assert 0 < found["diverged"] < found["runs"] == 6
        assert found["within"] is within
        assert ("OUTSIDE" in bench(*command).stdout) is not within


def test_a_missed_score_is_told(bench, tmp_path, monkeypatch):
    from benchmark.running import literature

    spec = literature.load_spec("lorenz96")
    row = spec.literature[0].model_copy(update={"expected": 1.0})
    changed = spec.model_copy(update={"literature": (row,)})
    monkeypatch.setattr(literature, "load_spec", lambda name: changed)
    result = bench("literature", "--world", "lorenz96", "--cycles", "60", "--out", tmp_path)
    assert result.exit_code == 1
    assert "OUTSIDE" in result.stdout
