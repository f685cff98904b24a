"""Plug-ins that are the method of CONTRIBUTING.md with a few lines more."""

import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[3] / "CONTRIBUTING.md"
(OI,) = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)

KINDS = '''
import dataclasses
import random

import numpy as np

from benchmark.problem import Status


class Point(OptimalInterpolation):
    name = "point"


class Sampler(OptimalInterpolation):
    """The analysis with members around it."""

    name = "sampler"
    point = False
    default_members = 4

    def analyse(self, problem, members, noise):
        xa = super().analyse(problem, members, noise).members
        return Analysis.of(xa + 0.1 * self.draw(problem, members, noise), Cost())

    def draw(self, problem, members, noise):
        shape = problem.background.shape[1:]
        return noise.members(members).randn(*shape).view(len(problem), members, *shape)


class Filter(OptimalInterpolation):
    """The analysis with the background's anomalies around it."""

    name = "filter"
    point = False
    default_members = 4
    needs = frozenset({Need.ENSEMBLE})

    def analyse(self, problem, members, noise):
        xa = super().analyse(problem, members, noise).members
        return Analysis.of(xa + problem.ensemble - problem.ensemble.mean(1, keepdim=True), Cost())
'''


@pytest.fixture
def write(tmp_path):
    """(Python, folder) -> path of a file that has it below the method of CONTRIBUTING.md and three kinds of it."""

    def go(code="", folder=tmp_path, name="plugin.py"):
        file = folder / name
        file.write_text(OI + KINDS + "\n" + code)
        return file

    return go


@pytest.fixture
def plugin(write):
    """(kind, body of `analyse` after `found` is the kind's analysis) -> the method, as `test-method` takes it."""

    def go(kind, body, more=""):
        lines = ["found = super().analyse(problem, members, noise)", *body.strip().splitlines()]
        text = "\n".join(f"        {line}" for line in lines)
        code = f"{more}\n\nclass Bad({kind}):\n    def analyse(self, problem, members, noise):\n{text}\n"
        return f"{write(code)}:Bad"

    return go
