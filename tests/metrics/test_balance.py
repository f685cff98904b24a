"""Balance of increments, and humidity below zero, of fields made to measure."""

import numpy as np
import pytest

from benchmark.problem import Grid, parse_channel
from benchmark.problem.geostrophy import OMEGA, RADIUS_M
from metrics import Scorer

GRID = Grid(tuple(np.arange(-87.0, 88.0, 2.0)), tuple(np.arange(0.0, 360, 3.0)))


def score(names, statistic, background, members, grid=GRID):
    """Channel -> value, of one case."""
    scorer = Scorer(grid, [parse_channel(name) for name in names], statistics=[statistic])
    values = scorer.compute(np.stack(members)[None], background[None], None, background[None])[0]
    return dict(zip([key.channel for key in scorer.keys(len(members))], values, strict=True))


def balanced():
    """Of z = 2 Omega a V sin(phi) cos(phi) sin(lambda): z, u and v."""
    phi, lon = np.meshgrid(np.deg2rad(GRID.latitude), np.deg2rad(GRID.longitude), indexing="ij")
    z = 2 * OMEGA * RADIUS_M * 10.0 * np.sin(phi) * np.cos(phi) * np.sin(lon)
    return np.stack([z, -10.0 * np.cos(2 * phi) / np.sin(phi) * np.sin(lon), 10.0 * np.cos(lon)])


def test_geostrophic_correlation():
    names = ("z500", "u500", "v500")
    background = np.random.default_rng(0).normal(size=(3, *GRID.shape)) * 100
    d = balanced()

    def correlation(increment):
        found = score(names, "geostrophic_correlation", background, [background + increment])
        assert list(found) == ["wind500"]
        return found["wind500"]

    # its differences are those of a wave of 360 degrees in steps of 3: all but exact, and of the increment alone
    assert correlation(d) == pytest.approx(1, abs=1e-4)
    assert correlation(d * [[[2.0]], [[0.5]], [[0.5]]]) == pytest.approx(1, abs=1e-4)
    assert correlation(d * [[[-1.0]], [[1.0]], [[1.0]]]) == pytest.approx(-1, abs=1e-4)
    # a wind at right angles knows nothing of it
    across = np.stack([d[0], -d[2], d[1]])
    assert correlation(across) == pytest.approx(0, abs=1e-4)
    # what the tropics do does not matter
    tropics = np.abs(np.array(GRID.latitude)) < 20
    d[1:, tropics] = 1e3
    assert correlation(d) == pytest.approx(1, abs=1e-4)
    assert np.isnan(correlation(0 * d))


def test_hydrostatic_residual():
    names = ("z850", "t850", "z500", "t500", "z200", "t250")
    rng = np.random.default_rng(1)
    background = rng.normal(size=(6, *GRID.shape))
    t850, t500, z850 = rng.normal(size=(3, *GRID.shape))
    layer = 287.05 * np.log(850 / 500) * (t850 + t500) / 2

    def residual(thickness):
        d = np.stack([z850, t850, z850 + thickness, t500, t500, t500])
        found = score(names, "hydrostatic_residual", background, [background + d])
        # 200 and 250 hPa have one of the two each
        assert list(found) == ["layer500-850"]
        return found["layer500-850"]

    assert residual(layer) == pytest.approx(0, abs=1e-12)
    assert residual(-layer) == pytest.approx(np.sqrt(2), rel=1e-12)
    assert residual(0 * layer) == pytest.approx(1, rel=1e-12)
    assert residual(2 * layer) == pytest.approx(np.sqrt(1 / 5), rel=1e-12)


def test_hydrostatic_residual_of_an_isothermal_increment_of_the_textbook():
    """One kelvin more between 1000 and 500 hPa thickens the layer by 20.3 gpm."""
    names = ("z1000", "z500", "t1000", "t500")
    background = np.zeros((4, *GRID.shape))
    d = np.stack([np.full(GRID.shape, value) for value in (0.0, 20.29 * 9.80665, 1.0, 1.0)])
    assert score(names, "hydrostatic_residual", background, [d])["layer500-1000"] < 1e-3


def test_share_of_negative_humidity():
    """Half of one of two members, and one row of the other."""
    grid = Grid((0.0, 60.0), (0.0, 10.0, 20.0, 30.0))
    members = np.full((2, 2, *grid.shape), 1e-3)
    members[0, 1, :, :2] = -1e-9
    members[1, 1, 0] = -1.0
    found = score(("q500", "q850"), "negative_humidity", members[0], list(members), grid)
    row = grid.row_area[0] / grid.row_area.sum()
    assert found == pytest.approx({"q500": 0.0, "q850": (0.5 + row) / 2}, rel=1e-14)
