"""Cell areas against the area of spherical zones, and what a grid knows of itself."""

import numpy as np
import pytest

from benchmark.problem import BenchError, Grid

LONGITUDES = tuple(30.0 * i for i in range(12))


def _sin(degrees: float) -> float:
    return float(np.sin(np.deg2rad(degrees)))


def test_cell_centred_globe_adds_up_to_the_sphere() -> None:
    grid = Grid((-67.5, -22.5, 22.5, 67.5), LONGITUDES)
    zones = np.array([_sin(-45) - _sin(-90), _sin(0) - _sin(-45), _sin(45) - _sin(0), _sin(90) - _sin(45)])
    # A zone's share of the sphere is the difference of the sines of its bounds over two; the mean cell is 1/48.
    share = grid.cell_area / 48
    np.testing.assert_allclose(share.sum(1), zones / 2, atol=1e-15)
    np.testing.assert_allclose(share.sum(), 1, atol=1e-14)
    np.testing.assert_allclose(grid.row_area, zones / zones.mean(), atol=1e-15)
    assert grid.spans_poles
    assert grid.periodic


def test_globe_with_rows_at_the_poles() -> None:
    grid = Grid((-90.0, -45.0, 0.0, 45.0, 90.0), LONGITUDES)
    bounds = [-90, -67.5, -22.5, 22.5, 67.5, 90]
    zones = np.diff([_sin(b) for b in bounds])
    assert grid.spans_poles
    np.testing.assert_allclose(grid.cell_area.sum(1) / 60, zones / 2, atol=1e-15)


def test_region_ends_as_far_outside_as_it_reaches_inside() -> None:
    grid = Grid((30.0, 40.0, 60.0), (0.0, 1.0, 3.0))
    bounds = np.array([25, 35, 50, 70])
    zones = np.diff([_sin(b) for b in bounds])
    widths = np.array([1.0, 1.5, 2.0])
    expected = np.outer(zones, widths)
    assert not grid.spans_poles
    assert not grid.periodic
    np.testing.assert_allclose(grid.row_area, zones / zones.mean(), atol=1e-15)
    np.testing.assert_allclose(grid.cell_area, expected / expected.mean(), atol=1e-14)


def test_region_at_a_pole_does_not_reach_beyond_it() -> None:
    grid = Grid((70.0, 80.0, 90.0), LONGITUDES)
    zones = np.diff([_sin(b) for b in (65, 75, 85, 90)])
    np.testing.assert_allclose(grid.row_area, zones / zones.mean(), atol=1e-15)


def test_uneven_circle_is_split_at_its_seam() -> None:
    grid = Grid((0.0,), (0.0, 120.0, 240.5))
    # Gaps 120, 120.5 and 119.5 degrees; each cell has half of those beside it.
    np.testing.assert_allclose(grid.cell_area[0] * 120, [119.75, 120.25, 120.0], atol=1e-12)
    assert grid.periodic


def test_line_of_points() -> None:
    grid = Grid((0.0,), tuple(9.0 * i for i in range(40)))
    assert grid.shape == (1, 40)
    assert grid.periodic
    assert not grid.spans_poles
    np.testing.assert_allclose(grid.cell_area, np.ones((1, 40)), atol=1e-14)
    assert Grid((0.0,), (0.0,)).cell_area.tolist() == [[1.0]]


def test_hash_sees_a_shift_but_not_rounding() -> None:
    one = Grid((0.0, 1.5), (10.0, 11.0))
    assert one.hash == Grid((-0.0, 1.5), (float(np.float32(10.0)) + 1e-6, 11.0)).hash
    assert one.hash != Grid((0.0, 1.5), (10.001, 11.0)).hash


@pytest.mark.parametrize(
    ("latitude", "longitude", "message"),
    [
        ((60.0, 30.0), (0.0, 1.0), "latitude must be strictly ascending; sort it"),
        ((30.0, 60.0), (0.0, 0.0), "longitude must be strictly ascending"),
        ((), (0.0, 1.0), "latitude must be strictly ascending"),
        ((30.0, 91.0), (0.0, 1.0), "outside -90..90 degrees; check the coordinate's units"),
    ],
)
def test_bad_coordinates(latitude: tuple[float, ...], longitude: tuple[float, ...], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        Grid(latitude, longitude)
