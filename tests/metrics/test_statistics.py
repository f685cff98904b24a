"""Statistics on a 2 x 2 grid, worked out by hand."""

import numpy as np
import pytest

from benchmark.problem import BenchError, Channel, Grid
from metrics import STATISTICS, Scorer, find_statistic

# Weights of two rows, 1 and 3: sum 8.
WEIGHTS = np.array([[1.0, 1.0], [3.0, 3.0]])
GRID = Grid((0.0, 1.0), (0.0, 1.0))
TRUTH = np.array([[1.0, 2.0], [3.0, 4.0]])[None, None]
ERRORS = np.array([[1.0, -1.0], [2.0, 0.0]])
CLIMATOLOGY = np.array([[0.0, 2.0], [3.0, 3.0]])[None, None]
REGIONAL = [statistic for statistic in STATISTICS if statistic.regional and statistic.name != "wind_mse"]


def compute(name, forecast, truth=TRUTH, climatology=None):
    """Shape (case, channel)."""
    channels = [Channel(f"x{i}") for i in range(truth.shape[1])]
    return Scorer(GRID, channels, {"here": WEIGHTS}, [name]).compute(forecast, truth, climatology, None)


def one(name, forecast, climatology=None):
    values = compute(name, forecast, climatology=climatology)
    assert values.shape == (1, 1)
    assert values.dtype == np.float64
    return values.item()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # squares 1, 1, 4, 0 with weights 1, 1, 3, 3
        ("mse", 14 / 8),
        ("rmse_case", np.sqrt(14 / 8)),
        ("mae", (1 + 1 + 6) / 8),
        ("bias", (1 - 1 + 6) / 8),
        ("mse_member", 14 / 8),
        ("variance", 0.0),
        ("mse_debiased", 14 / 8),
        ("crps_skill", (1 + 1 + 6) / 8),
        ("crps_spread", 0.0),
        ("energy_score", np.sqrt(14 / 8)),
        # f' = 2, -1, 2, 1 and t' = 1, 0, 0, 1: sum w f't' = 2 + 3, sum w f'f' = 4 + 1 + 12 + 3, sum w t't' = 1 + 3
        ("acc", 5 / np.sqrt(20 * 4)),
    ],
)
def test_single_member(name, expected):
    assert one(name, (TRUTH + ERRORS)[:, None], CLIMATOLOGY) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # members err by 3 e and -e, so their mean errs by e; e^2 has the mean 14/8
        ("mse", 14 / 8),
        ("mae", 1.0),
        ("bias", 6 / 8),
        ("mse_member", (9 + 1) / 2 * 14 / 8),
        # unbiased variance of (3e, -e) is 8 e^2
        ("variance", 8 * 14 / 8),
        ("mse_debiased", 14 / 8 - 8 * 14 / 8 / 2),
        # |3e| and |e|; they are 4 |e| apart, and |e| has the mean 1
        ("crps_skill", 2.0),
        ("crps_spread", 4.0),
        ("energy_score", (3 + 1) / 2 * np.sqrt(14 / 8) - 4 * np.sqrt(14 / 8) / 2),
    ],
)
def test_two_members(name, expected):
    forecast = np.stack([TRUTH + 3 * ERRORS, TRUTH - ERRORS], axis=1)
    assert one(name, forecast) == pytest.approx(expected, rel=1e-14)


def test_cases_and_channels_stay_apart():
    truth = np.zeros((2, 3, 2, 2))
    forecast = truth[:, None] + np.arange(6.0).reshape(2, 1, 3, 1, 1)
    bias = compute("bias", forecast, truth)
    np.testing.assert_array_equal(bias, np.arange(6.0).reshape(2, 3))


def test_float32_fields_are_summed_in_float64():
    # the members' mean, 2^17 + 2^-7, is half-way between two neighbours in float32
    truth = np.full((1, 1, 2, 2), 2.0**17, dtype=np.float32)
    forecast = truth[:, None] + np.array([[0.0, 2.0**-6], [0.0, 0.0]], dtype=np.float32)
    forecast = np.concatenate([forecast, truth[:, None]], axis=1)
    value = compute("bias", forecast, truth).item()
    assert value == 2.0**-7 / 8


@pytest.mark.parametrize("statistic", REGIONAL, ids=lambda s: s.name)
@pytest.mark.parametrize("members", [1, 2])
def test_a_nan_is_never_averaged_around(statistic, members):
    forecast = np.random.default_rng(0).normal(size=(2, members, 1, 2, 2))
    forecast[0, 0, 0, 1, 1] = np.nan
    truth, climatology = np.zeros((2, 1, 2, 2)) + 1, np.zeros((2, 1, 2, 2))
    values = compute(statistic.name, forecast, truth, climatology)
    assert np.isnan(values[0, 0])
    assert np.isfinite(values[1, 0])


def test_acc_without_climatology_says_so():
    with pytest.raises(BenchError, match="climatology"):
        one("acc", TRUTH[:, None])


def test_acc_of_the_climatology_itself_is_undefined():
    assert np.isnan(one("acc", CLIMATOLOGY[:, None], CLIMATOLOGY))


def test_an_unknown_statistic_names_the_nearest():
    with pytest.raises(BenchError, match="did you mean 'variance'"):
        find_statistic("varianse")
