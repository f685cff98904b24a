"""The method in CONTRIBUTING.md works as it stands there."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.problem import CaseNoise, Channel, Grid, LinearOperator, Normalisation, Observations, Problem
from methods.registry import find_method

GUIDE = Path(__file__).resolve().parents[1] / "CONTRIBUTING.md"
CHANNELS = (Channel("msl"), Channel("t", 850))
GRID = Grid(tuple(np.arange(30.0, 61.0, 3.0)), tuple(np.arange(-20.0, 15.0, 3.0)))
TIMES = np.array(["2008-01-01T12", "2008-01-02T12"], dtype="datetime64[ns]")


@pytest.fixture
def method(tmp_path):
    (block,) = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    (tmp_path / "oi.py").write_text(block)
    return find_method(f"{tmp_path / 'oi.py'}:OptimalInterpolation")


def problem(background, observations):
    return Problem(background, torch.zeros_like(background), observations, GRID, CHANNELS, TIMES[: len(background)])


def analyse(method, task, **parameters):
    return method(**parameters).analyse(task, 1, CaseNoise(range(len(task))))


def single_observation(channel, row, column, value, error_std):
    """One value at a grid point, and one of padding."""
    point = (channel * GRID.shape[0] + row) * GRID.shape[1] + column
    return Observations(
        values=torch.tensor([[value, 0.0]]),
        error_std=torch.tensor([[error_std, torch.inf]]),
        operator=LinearOperator(torch.tensor([[[point], [0]]]), torch.tensor([[[1.0], [0.0]]]), (2, *GRID.shape)),
        channel=torch.tensor([[channel, -1]]),
        latitude=torch.tensor([[GRID.latitude[row], torch.nan]]),
        longitude=torch.tensor([[GRID.longitude[column], torch.nan]]),
        hashes=("",),
    )


def test_one_observation_is_weighted_by_the_errors_and_spread_by_distance(method):
    xb = torch.zeros(1, 2, *GRID.shape)
    task = problem(xb, single_observation(1, 5, 4, value=1.0, error_std=0.3))
    xa = analyse(method, task, background_std=0.4, length_km=500.0).members[0, 0]
    gain = 0.16 / (0.16 + 0.09)
    # three degrees along a meridian, as the chord that the correlation is a function of
    chord = 2 * 6371 * np.sin(np.deg2rad(3) / 2)
    # positions of 6371 km in float32 are exact to 5e-4 km, which moves the exponent by chord 1e-3 / 500^2 = 1e-6
    assert xa[1, 5, 4].item() == pytest.approx(gain, rel=1e-5)
    assert xa[1, 6, 4].item() == pytest.approx(gain * np.exp(-(chord**2) / (2 * 500**2)), rel=1e-5)
    assert xa[0].abs().max().item() == 0.0


def test_the_analysis_is_closer_to_the_observations_than_the_background(method):
    generator = torch.Generator().manual_seed(0)
    truth = torch.randn(2, 2, *GRID.shape, generator=generator)
    # an error of one value everywhere, 0.4: what the method's default std says
    xb = truth + 0.4
    spec = ObservingSpec.make(obs_frac=0.1, obs_std=0.05)
    observations = ObservingSystem(spec, GRID, CHANNELS, Normalisation((0.0, 0.0), (1.0, 1.0)), "toy").observe(
        truth, TIMES
    )
    analysis = analyse(method, problem(xb, observations))
    before = (observations.precision * observations.innovation(xb).square()).sum(1)
    after = (observations.precision * observations.innovation(analysis.mean).square()).sum(1)
    # an error of 8 stds gives each of the 26 values a misfit of 65, and at most its own error of 1 may be left;
    # chi-square of 26 values exceeds twice its mean with a probability of 0.1 %
    assert (after < 2 / 65 * before).all()
    assert set(analysis.status) == {"ok"}
    assert (analysis.mean - truth).square().mean().sqrt() < 0.4


def test_a_case_does_not_depend_on_its_batch(method):
    truth = torch.randn(2, 2, *GRID.shape, generator=torch.Generator().manual_seed(1))
    system = ObservingSystem(
        ObservingSpec.make(obs_frac=0.1), GRID, CHANNELS, Normalisation((0.0, 0.0), (1.0, 1.0)), "toy"
    )
    task = problem(truth + 0.4, system.observe(truth, TIMES))
    both, alone = analyse(method, task), analyse(method, task.select(slice(1, 2)))
    # a batched solve may round differently: float32 epsilon times a condition number below 0.16 * 27 / 0.0025
    torch.testing.assert_close(both.members[1:], alone.members, rtol=0, atol=2e-4)
