"""Tapers and distances."""

import math

import numpy as np
import pytest
import torch

from benchmark.problem import Channel, Grid
from methods.ensemble.localisation import Localisation, gaspari_cohn

CHANNELS = (Channel("z", 500), Channel("t", 850), Channel("u", 500), Channel("msl"))


def globe(rows: int = 8, columns: int = 16) -> Grid:
    step = 180 / rows
    return Grid(tuple(-90 + step / 2 + step * i for i in range(rows)), tuple(360 / columns * i for i in range(columns)))


def test_the_taper_is_dappers():
    localization = pytest.importorskip("dapper.tools.localization")
    distance = np.linspace(0, 40, 500)
    ours = gaspari_cohn(torch.from_numpy(distance), 7.0).numpy()
    np.testing.assert_allclose(ours, localization.dist2coeff(distance, 7.0, "GC"), atol=1e-12)


def test_the_taper_falls_from_one_to_nothing():
    distance = torch.linspace(0, 10, 1000, dtype=torch.float64)
    taper = gaspari_cohn(distance, 1.0)
    assert taper[0] == 1
    assert (taper.diff() <= 1e-12).all()
    assert (taper[distance >= 3.64] == 0).all()
    assert (taper[distance < 3.5] > 0).all()
    assert gaspari_cohn(torch.tensor([1.0], dtype=torch.float64), 1.0).item() == pytest.approx(math.exp(-0.5), abs=0.03)


def test_kilometres_go_along_great_circles():
    grid = globe()
    where = Localisation(grid, CHANNELS, 3000.0, "km", 1.0)
    lat, lon = torch.tensor([10.0]), torch.tensor([350.0])
    found = where.horizontal(slice(0, 128), lat, lon).view(8, 16)
    for row, column in ((3, 0), (4, 15), (7, 5), (0, 8)):
        a, b = math.radians(grid.latitude[row]), math.radians(10.0)
        dlon = math.radians(grid.longitude[column] - 350.0)
        h = math.sin((a - b) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(dlon / 2) ** 2
        distance = torch.tensor([2 * 6371.0 * math.asin(math.sqrt(h))])
        assert found[row, column].item() == pytest.approx(gaspari_cohn(distance, 3000.0).item(), abs=1e-5)


def test_cells_go_around_the_ring_but_not_around_a_region():
    ring = Grid((0.0,), tuple(9.0 * i for i in range(40)))
    where = Localisation(ring, CHANNELS, 4.0, "cells", 1000.0)
    found = where.horizontal(slice(0, 40), torch.tensor([0.0]), torch.tensor([9.0]))[:, 0]
    expected = gaspari_cohn(torch.tensor([min(abs(i - 1), 40 - abs(i - 1)) for i in range(40)]).float(), 4.0)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    region = Grid((40.0, 43.0, 46.0), (0.0, 3.0, 6.0, 9.0))
    where = Localisation(region, CHANNELS, 2.0, "cells", 1000.0)
    found = where.horizontal(slice(0, 12), torch.tensor([44.5]), torch.tensor([0.0]))[:, 0].view(3, 4)
    assert found[2, 3].item() == pytest.approx(gaspari_cohn(torch.tensor([9.25]).sqrt(), 2.0).item(), abs=1e-6)


def test_channels_of_a_level_share_their_tapers():
    where = Localisation(globe(), CHANNELS, 1000.0, "km", 1.0)
    assert sorted(map(sorted, where.groups)) == [[0, 2], [1], [3]]
    levels = where.between_levels(0, torch.tensor([0, 1, 2, 3]))
    assert levels[0] == levels[2] == 1
    assert levels[1].item() == pytest.approx(gaspari_cohn(torch.tensor([math.log(850 / 500)]), 1.0).item(), abs=1e-6)
    assert levels[3] < levels[1]
    everywhere = Localisation(globe(), CHANNELS, 1000.0, "km", 1000.0)
    assert everywhere.groups == [[0, 1, 2, 3]]
    assert (everywhere.between_levels(0, torch.tensor([0, 1, 3])) == 1).all()
