"""Samples of priors beside the archive: the statistics by hand, and the pictures of a trained world."""

import numpy as np
import pytest
from matplotlib.image import imread

from benchmark.pictures.samples import sample_statistics, samples_picture
from benchmark.problem import Grid

GLOBE = Grid(tuple(range(-80, 81, 20)), tuple(range(0, 360, 30)))
REGION = Grid((40.0, 45.0, 50.0), (0.0, 5.0, 10.0, 15.0))


def test_a_wave_has_its_power_at_its_wavenumber():
    """A cos(m x) has power A^2 / 4 in the coefficients of m, divided by the number of points."""
    wave = 3.0 * np.cos(2 * np.radians(GLOBE.longitude))
    found = sample_statistics(np.stack([wave * np.ones((1, 9, 12)), -wave * np.ones((1, 9, 12))]), GLOBE)
    assert found.power[0] == pytest.approx([0, 0, 9 / 4, 0, 0, 0, 0], abs=1e-12)
    assert found.mean == pytest.approx([0.0], abs=1e-12)
    assert found.std == pytest.approx([3 / 2**0.5])


def test_a_trend_over_a_region_does_not_look_like_a_short_wave():
    """By its mirror image it is continued without a jump, which would leave power as 1 / k^2, and has 1 / k^4."""
    ramp = np.linspace(-1.0, 1.0, 4) * np.ones((1, 3, 4))
    power = sample_statistics(np.stack([ramp, -ramp]), REGION).power[0]
    assert power[1] > 0.98 * power[1:].sum()


def test_moments_by_hand():
    """Two times of +-a about a mean, the second channel half of the first and opposite; at one latitude nothing."""
    field = np.repeat([[2.0], [2.0], [0.0]], 4, axis=1)
    states = np.stack([np.stack([1 + sign * field, -0.5 * sign * field]) for sign in (1, -1)])
    found = sample_statistics(states, REGION)
    area = REGION.row_area / REGION.row_area.sum()
    assert found.mean == pytest.approx([1.0, 0.0])
    assert found.std == pytest.approx([2 * np.sqrt(area[0] + area[1]), np.sqrt(area[0] + area[1])])
    assert found.latitude_std[0] == pytest.approx([2.0, 2.0, 0.0])
    assert found.correlation == pytest.approx(np.array([[1.0, -1.0], [-1.0, 1.0]]))


def test_a_picture_is_drawn(tmp_path):
    fields = np.random.default_rng(0).normal(size=(6, 2, 9, 12))
    path = samples_picture(fields, 2 * fields, GLOBE, ["z500", "t850"], tmp_path / "new" / "samples.png")
    assert path.exists()
    assert imread(path).std() > 0.01


def test_a_world_draws_the_priors_that_it_has(bench, small_world, tmp_path):
    options = ("--weights", small_world.weights, "--out", tmp_path, "--device", "cpu", "--cases", 3, "--levels", 3)
    result = bench("world", "priors", small_world.world, *options)
    assert result.exit_code == 0, result.stderr
    names = ["climate-prior.png", "latent-prior.png", "state-prior.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert all(f"Wrote {tmp_path / name}" in result.stdout for name in names)


def test_without_a_prior_it_says_how_one_is_trained(bench, small_world, tmp_path):
    result = bench("world", "priors", small_world.world, "--weights", tmp_path / "none", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "bench train" in result.stderr
    assert not (tmp_path / "out").exists()
