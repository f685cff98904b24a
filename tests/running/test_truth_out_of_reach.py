"""No method can see the truth: not by asking the world, nor in anything that it is handed."""

import dataclasses

import numpy as np
import pytest
import torch
import xarray as xr

import benchmark.running.runner as runner
from benchmark.problem import Analysis, BenchError, CaseNoise, Cost, Problem
from benchmark.worlds import Fields, World
from benchmark.worlds.reading import FieldReader
from methods.registry import find_method, method_names


def reachable(*roots):
    """Every object that can be reached from some, through attributes, containers and closures."""
    seen: dict[int, object] = {}
    stack = list(roots)
    while stack:
        found = stack.pop()
        if id(found) in seen or isinstance(found, type | str | bytes | int | float | torch.dtype | torch.device):
            continue
        seen[id(found)] = found
        if isinstance(found, dict):
            stack += [*found.keys(), *found.values()]
        elif isinstance(found, list | tuple | set | frozenset):
            stack += found
        elif not isinstance(found, torch.Tensor | np.ndarray):
            stack += vars(found).values() if hasattr(found, "__dict__") else ()
            cells = getattr(found, "__closure__", None) or ()
            stack += [cell.cell_contents for cell in cells]
    return list(seen.values())


def share_of_truth(objects, truth):
    """Largest share of the truth's values that one array holds, at their places in one of the cases."""
    share = 0.0
    for found in objects:
        if not isinstance(found, torch.Tensor | np.ndarray) or found.ndim < 3:
            continue
        values = torch.as_tensor(found)
        if values.shape[-3:] != truth.shape[-3:] or not values.is_floating_point():
            continue
        same = (values.reshape(-1, 1, *truth.shape[1:]) == truth).double().mean((2, 3, 4))
        share = max(share, same.max().item())
    return share


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
        make, truth, read = runner.make_problem, Fields.truth, Fields.read

        def make_problem(*arguments):
            made = make(*arguments)
            self.cases = made[0]
            return made

        def guarded_truth(world, times):
            assert not self.busy, f"{self.busy} asked for the truth"
            return truth(world, times)

        def guarded_read(world, times):
            assert not self.busy, f"{self.busy} asked for the truth"
            return read(world, times)

        monkeypatch.setattr(runner, "make_problem", make_problem)
        monkeypatch.setattr(Fields, "truth", guarded_truth)
        monkeypatch.setattr(Fields, "read", guarded_read)
        for name, method in ((name, find_method(name)) for name in method_names()):
            monkeypatch.setattr(method, "analyse", self.around(name))

    def around(self, name):
        def analyse(method, problem, members, noise):
            objects = reachable(method, problem, noise)
            assert not [o for o in objects if isinstance(o, World | FieldReader | xr.Dataset | xr.DataArray)]
            self.shares[name] = share_of_truth(objects, self.cases)
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
    names = method_names()
    perform(tmp_path, *names, cases=4, members=2)
    # two normalised fields of single precision agree at a point by chance once in some thousands of values
    assert guard.shares == pytest.approx(dict.fromkeys(names, 0.0), abs=0.02)


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
