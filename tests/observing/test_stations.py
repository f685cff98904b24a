"""Stations: reading their file, and interpolating to them."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.observing import bilinear, read_stations
from benchmark.problem import BenchError, Grid


def _interpolate(grid: Grid, field: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    inside, index, weight = bilinear(grid, lat, lon)
    np.testing.assert_allclose(weight.sum(1), 1, atol=1e-15)
    return inside, (field.ravel()[index] * weight).sum(1)


def test_a_linear_function_is_reproduced_on_an_uneven_grid() -> None:
    grid = Grid((-10.0, -3.0, 4.0, 20.0), (100.0, 101.0, 105.0, 112.0, 113.0))
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(-10, 20, 200), rng.uniform(100, 113, 200)
    field = 3 + 0.5 * np.array(grid.latitude)[:, None] - 2 * np.array(grid.longitude)
    inside, values = _interpolate(grid, field, lat, lon)
    assert inside.all()
    # A few roundings of numbers of size 230: 230 * 2.2e-16 * 4 = 2e-13.
    np.testing.assert_allclose(values, 3 + 0.5 * lat - 2 * lon, atol=1e-12, rtol=0)


def test_a_bilinear_term_is_reproduced_too() -> None:
    grid = Grid((0.0, 1.0), (0.0, 1.0))
    _, values = _interpolate(grid, np.array([[0.0, 0.0], [0.0, 1.0]]), np.array([0.25]), np.array([0.5]))
    assert values.tolist() == [0.125]


@pytest.mark.parametrize("start", [0.0, -180.0, 1.25])
def test_the_seam_of_a_periodic_grid(start: float) -> None:
    grid = Grid((-67.5, -22.5, 22.5, 67.5), tuple(start + 30 * i for i in range(12)))
    field = np.zeros((4, 12))
    field[1, 0], field[1, 11] = 1.0, 5.0
    # A third of the way from the last longitude to the first one, in three ways of writing it.
    lon = start + 340 + np.array([0.0, -360.0, -720.0])
    inside, values = _interpolate(grid, field, np.full(3, -22.5), lon)
    assert inside.all()
    np.testing.assert_allclose(values, 5 - 4 / 3, atol=1e-12)


def test_beyond_the_outermost_row_of_a_global_grid_is_that_row() -> None:
    grid = Grid((-67.5, -22.5, 22.5, 67.5), tuple(30.0 * i for i in range(12)))
    field = np.repeat(np.arange(4.0), 12).reshape(4, 12)
    inside, values = _interpolate(grid, field, np.array([-90.0, -70.0, 67.5, 89.0]), np.array([0.0, 10.0, 350.0, 5.0]))
    assert inside.all()
    assert values.tolist() == [0.0, 0.0, 3.0, 3.0]


def test_a_band_is_periodic_in_longitude_but_ends_in_latitude() -> None:
    grid = Grid((30.0, 40.0, 50.0), tuple(30.0 * i for i in range(12)))
    inside, _, _ = bilinear(grid, np.array([29.0, 30.0, 45.0, 50.1]), np.array([355.0] * 4))
    assert inside.tolist() == [False, True, True, False]


def test_read(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("id,lat,lon,elev\n01001,70.94,-8.668,9.0\nX,-1,359,\n")
    stations = read_stations(file)
    assert stations.id == ("01001", "X")
    assert stations.latitude.tolist() == [70.94, -1.0]
    assert stations.longitude.tolist() == [-8.668, 359.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"cannot be read as CSV .*; give a file with columns id, lat, lon"),
        ("", r"cannot be read as CSV"),
        ("name,latitude,lon\na,1,2\n", r"has no column id, lat \(it has: name, latitude, lon\)"),
        ("id,lat,lon\n", r"names no station"),
        ("id,lat,lon\na,1,2\nb,91,2\n", r"Station b .* has lat=91, lon=2; write degrees, lat in -90\.\.90"),
        ("id,lat,lon\na,1,\n", r"Station a .* has lat=1, lon=nan"),
        ("id,lat,lon\na,1N,2\n", r"Station a .* has lat=1N, lon=2"),
        ("id,lat,lon\na,1,400\n", r"has lat=1, lon=400"),
    ],
)
def test_bad_files(tmp_path: Path, text: str | None, message: str) -> None:
    file = tmp_path / "s.csv"
    if text is not None:
        file.write_text(text)
    with pytest.raises(BenchError, match=message):
        read_stations(file)
