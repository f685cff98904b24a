"""The harmonic climatology is the least-squares fit of the year's mean and harmonics."""

import numpy as np
import pytest

from benchmark.problem import BenchError
from benchmark.worlds.harmonics import HarmonicClimatology, harmonic_basis

TIMES = np.arange("2001-01-01", "2005-01-01", 12, dtype="datetime64[h]").astype("datetime64[ns]")


def test_what_harmonics_made_comes_back():
    coefficients = np.random.default_rng(0).normal(size=(9, 2, 3, 4))
    fields = np.tensordot(harmonic_basis(TIMES), coefficients, 1).astype(np.float32)
    parts = [(TIMES[i : i + 100], fields[i : i + 100]) for i in range(0, len(TIMES), 100)]
    found = HarmonicClimatology.fit(parts)
    # single-precision fields of size 3: 2e-7 each, and the mean over 2922 of them less
    np.testing.assert_allclose(found.coefficients, coefficients, atol=1e-6)
    np.testing.assert_allclose(found.at(TIMES[7:9]), fields[7:9], atol=3e-6)


def test_the_phase_is_that_of_the_calendar_year():
    basis = harmonic_basis(np.array(["2001-01-01", "2001-07-02T12", "2004-07-02"], "datetime64[ns]"), 1)
    # the middle of 365 days is 2 July 12 UTC, of 366 days 2 July 00 UTC
    np.testing.assert_allclose(basis, [[1, 1, 0], [1, -1, 0], [1, -1, 0]], atol=1e-12)


def test_noise_is_averaged_away():
    noise = np.random.default_rng(1).normal(size=(len(TIMES), 1, 1, 50)).astype(np.float32)
    error = HarmonicClimatology.fit([(TIMES, noise)]).at(TIMES)
    # 9 coefficients from 2922 independent values: a mean square of 9 / 2922
    assert np.square(error).mean() == pytest.approx(9 / len(TIMES), rel=0.2)


def test_a_season_alone_is_refused():
    summer = TIMES[150:300]
    with pytest.raises(BenchError, match="cover all seasons"):
        HarmonicClimatology.fit([(summer, np.zeros((len(summer), 1, 1, 1), np.float32))])
    with pytest.raises(BenchError, match="cover all seasons"):
        HarmonicClimatology.fit([])
