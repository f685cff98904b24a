"""No method can see the truth: not by asking the world, nor in anything that it is handed."""

import dataclasses

import numpy as np
import pytest
import torch
import xarray as xr

import benchmark.running.planning as planning
from benchmark.problem import Analysis, BenchError, CaseNoise, Cost, Problem
from benchmark.running.cases import Cases
from benchmark.running.contract.reach import reachable, share_of_truth
from benchmark.worlds import Fields, World
from benchmark.worlds.reading import FieldReader
from methods.autoencoder_oracle import AutoencoderOracle
from methods.registry import ORACLES, find_method, method_names


class Guard:
    """Lets the world's truth raise while a method analyses, after a look at what it can reach.

    Attributes:
        shares: Method -> largest share of the truth that one array within its reach holds.
        analyse: Method -> what the guarded method does.
    """

    def __init__(self, monkeypatch):
        self.shares: dict[str, float] = {}
        self.analyse = {name: find_method(name).analyse for name in method_names()}
        self.busy = ""
        self.cases = torch.empty(0)
        make, truth, read = Cases.problem, Fields.truth, Fields.read

        def problem(*arguments):
            made = make(*arguments)
            self.cases = made[0]
            return made

        def guarded_truth(world, times):
            assert not self.busy, f"{self.busy} asked for the truth"
            return truth(world, times)

        def guarded_read(world, times):
            assert not self.busy, f"{self.busy} asked for the truth"
            return read(world, times)

        monkeypatch.setattr(Cases, "problem", problem)
        monkeypatch.setattr(Fields, "truth", guarded_truth)
        monkeypatch.setattr(Fields, "read", guarded_read)
        for name, method in ((name, find_method(name)) for name in method_names()):
            monkeypatch.setattr(method, "analyse", self.around(name))

    def around(self, name):
        def analyse(method, problem, members, noise):
            objects = reachable(method, problem, noise)
            assert not [o for o in objects if isinstance(o, World | FieldReader | xr.Dataset | xr.DataArray)]
            share = share_of_truth(objects, self.cases)
            self.shares[name] = max(share, self.shares.get(name, 0.0))  # a method may call another's
            self.busy = name
            try:
                return self.analyse[name](method, problem, members, noise)
            finally:
                self.busy = ""

        return analyse


@pytest.fixture
def guard(monkeypatch):
    return Guard(monkeypatch)


def test_no_method_reaches_the_truth(guard, perform, tmp_path):
    # the oracles first, so that they have seen the truth before the others are looked at
    names = [*ORACLES, *(name for name in method_names() if name not in ORACLES)]
    summary = perform(tmp_path, *names, cases=4, members=2).summary
    assert set(summary["skipped"]) == {"exact"}
    ran = set(names) - {"exact"} - set(ORACLES)
    assert set(summary["methods"]) == ran | set(ORACLES)
    # two normalised fields of single precision agree at a point by chance once in some thousands of values
    assert guard.shares == pytest.approx(dict.fromkeys(ran, 0.0), abs=0.02)


def test_the_oracle_alone_is_shown_the_truth_and_says_so(guard, perform, tmp_path, monkeypatch):
    shown = []

    def reconstruct(method, truth, problem, members, noise):
        assert share_of_truth(reachable(method, problem, noise), guard.cases) < 0.02
        shown.append(torch.equal(truth, guard.cases))
        return Analysis.of(truth[:, None], Cost())

    monkeypatch.setattr(AutoencoderOracle, "reconstruct", reconstruct)
    summary = perform(tmp_path, "autoencoder", "3dvar", cases=4).summary
    assert shown == [True]
    assert summary["methods"]["autoencoder"]["relative_error"]["value"] == 0
    assert summary["experiment"]["oracles"] == ["autoencoder"]


def test_what_is_derived_from_an_oracle_is_not_shown_the_truth(perform, tmp_path, monkeypatch):
    class Derived(AutoencoderOracle):
        def reconstruct(self, truth, problem, members, noise):
            raise AssertionError("it was shown the truth")

    monkeypatch.setattr(planning, "find_method", lambda name: Derived if name == "autoencoder" else find_method(name))
    skipped = perform(tmp_path / "a", "autoencoder", cases=4).summary["skipped"]
    assert skipped["autoencoder"]["reason"] == "truth"
    # nor where nobody has looked at its needs
    monkeypatch.setattr(planning, "unmet", lambda *arguments: None)
    with pytest.raises(BenchError, match="'autoencoder' is an oracle"):
        perform(tmp_path / "b", "autoencoder", cases=4)


def test_a_method_that_asks_for_the_truth_is_caught(guard, perform, tmp_path, monkeypatch):
    worlds = []
    times = Fields.times
    monkeypatch.setattr(Fields, "times", lambda world, split: worlds.append(world) or times(world, split))

    def peek(method, problem, members, noise):
        return Analysis.of(worlds[0].truth(problem.times)[:, None], Cost())

    guard.analyse["background"] = peek
    with pytest.raises(BenchError, match="AssertionError: background asked for the truth"):
        perform(tmp_path, "background", cases=4)


def test_a_truth_that_is_hidden_in_the_problem_is_found():
    truth = torch.randn(3, 2, 4, 5, generator=torch.Generator().manual_seed(0))
    problem = Problem(truth + 1, truth * 0, None, None, (), np.zeros(3), ensemble=None)
    noise = CaseNoise([1, 2, 3])
    assert share_of_truth(reachable(problem, noise), truth) == 0.0
    hidden = dataclasses.replace(problem, ensemble=torch.stack([truth + 1, truth], dim=1))
    assert share_of_truth(reachable(hidden, noise), truth) == 1.0
    in_a_closure = dataclasses.replace(problem, grid=lambda: truth[2])
    assert share_of_truth(reachable(in_a_closure, noise), truth) == 1.0
