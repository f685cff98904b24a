"""Zonal spectra of waves whose power is known."""

import numpy as np
import pytest
from scipy import fft

from benchmark.problem import Grid, parse_channel
from metrics import Scorer, find_score
from metrics.zonal_waves import ZonalWaves, bin_of

LATITUDE = tuple(np.linspace(-80, 80, 9))


def spectrum(grid, field):
    waves = ZonalWaves(grid)
    return dict(zip(waves.bins, waves.power(waves.transform(field.reshape(*field.shape[:-2], -1))).T, strict=True))


def test_power_of_two_waves():
    """A wave of amplitude A has the mean square A^2 / 2, a mean its square, and the shortest wave its whole square."""
    grid = Grid(LATITUDE, tuple(np.arange(16) * 22.5))
    lon = np.deg2rad(grid.longitude)
    weights = grid.row_area / grid.row_area.sum()
    amplitude = np.linspace(1, 2, 9)
    field = amplitude[:, None] * (3 + 2 * np.cos(5 * lon + 1) + 0.5 * np.cos(8 * lon))
    found = spectrum(grid, field)
    expected = dict.fromkeys(range(9), 0.0) | {0: 9.0, 5: 2.0, 8: 0.25}
    scale = weights @ amplitude**2
    assert found == pytest.approx({k: v * scale for k, v in expected.items()}, rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("longitude", [np.arange(15) * 24.0, np.arange(16) * 22.5, np.arange(20.0)])
def test_powers_sum_to_the_mean_square(longitude):
    grid = Grid(LATITUDE, tuple(longitude))
    field = np.random.default_rng(3).normal(size=(2, *grid.shape)) + 1
    mean_square = np.einsum("cij,ij->c", field**2, grid.cell_area) / grid.cell_area.sum()
    np.testing.assert_allclose(sum(spectrum(grid, field).values()), mean_square, rtol=1e-13)


def test_a_limited_area_counts_half_waves_and_takes_no_trend_for_a_short_wave():
    n = 32
    grid = Grid(LATITUDE, tuple(np.arange(n) * 1.0))
    wave = np.cos(np.pi * 5 * (np.arange(n) + 0.5) / n)
    found = spectrum(grid, np.broadcast_to(wave, grid.shape))
    assert found == pytest.approx(dict.fromkeys(range(n), 0.0) | {5: 0.5}, abs=1e-13)
    trend = np.broadcast_to(np.arange(n) * 1.0, grid.shape)
    short = sum(power for k, power in spectrum(grid, trend).items() if k >= n // 2)
    naive = np.abs(fft.rfft(trend[0]))[n // 4 :] ** 2 * 2 / n**2
    assert short < 0.01 * naive.sum()


def test_bins_above_32_are_thirds_of_octaves():
    assert [bin_of(i) for i in (0, 1, 32, 33, 34, 35, 38, 41)] == [0, 1, 32, 40, 50, 64, 128, 256]
    grid = Grid((0.0,), tuple(np.arange(180) * 2.0))
    assert ZonalWaves(grid).bins[31:] == (31, 32, 40, 50, 64, 80, 101)
    lon = np.deg2rad(grid.longitude)
    # wavenumbers 51 .. 64 are one band, of which each counts a fourteenth; 81 .. 90 are all that is left of the last
    field = (np.cos(51 * lon) + np.cos(64 * lon) + np.cos(50 * lon) + np.cos(90 * lon + 0.0))[None]
    found = spectrum(grid, field)
    assert found[50] == pytest.approx(0.5 / 10, rel=1e-12)
    assert found[64] == pytest.approx(1.0 / 14, rel=1e-12)
    assert found[80] == pytest.approx(0.0, abs=1e-12)
    assert found[101] == pytest.approx(1.0 / 10, rel=1e-12)


def test_spectra_of_a_case():
    """Truth 4 cos 2, members 4 cos 2 + (1 +- 3) cos 3, background 4 cos 2 + 6 cos 3, in waves."""
    grid = Grid((-30.0, 30.0), tuple(np.arange(8) * 45.0))
    lon = np.deg2rad(grid.longitude)
    two, three = (np.broadcast_to(np.cos(k * lon), (1, 1, *grid.shape)) for k in (2, 3))
    members = np.stack([4 * two + a * three for a in (4, -2)], axis=1)
    names = ("analysis", "mean", "truth", "error", "background_error", "increment")
    scorer = Scorer(grid, [parse_channel("msl")], statistics=[f"spectrum_{name}" for name in names])
    values = scorer.compute(members, 4 * two, None, 4 * two + 6 * three)[0].reshape(len(names), 5)
    expected = {"analysis": (8, (8 + 2) / 2), "mean": (8, 0.5), "truth": (8, 0)}
    expected |= {"error": (0, 0.5), "background_error": (0, 18), "increment": (0, 12.5)}
    for row, name in zip(values, names, strict=True):
        np.testing.assert_allclose(row, [0, 0, *expected[name], 0], atol=1e-13, err_msg=name)


def test_effective_resolution_is_where_the_error_takes_over():
    truth = np.array([100.0, 8, 4, 2, 1])
    score = find_score("effective_resolution")
    errors = np.array([[0, 0, 1, 0.9, 2], [0, 0, 3, 1.5, 2], [50, 8, 4, 2, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, np.nan]])
    found = score({"spectrum_error": errors, "spectrum_truth": np.broadcast_to(truth, errors.shape)})
    np.testing.assert_array_equal(found, [3, 1, 0, 4, np.nan])
    # above 32 it is the number of the band
    found = score({"spectrum_error": np.zeros((1, 36)), "spectrum_truth": np.ones((1, 36))})
    np.testing.assert_array_equal(found, [64])
