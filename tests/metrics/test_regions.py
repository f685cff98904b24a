"""Regions: which points lie inside, worked out by hand."""

import numpy as np
import pytest

from benchmark.problem import BenchError, Grid
from metrics import REGIONS, find_region, region_weights

LATITUDES = (-80.0, -60.0, -20.0, 0.0, 20.0, 50.0, 75.0)
LONGITUDES = tuple(np.arange(0.0, 360, 12.5)[:28])
GRID = Grid(LATITUDES, LONGITUDES)


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("global", {-80, -60, -20, 0, 20, 50, 75}, set(LONGITUDES)),
        ("tropics", {-20, 0, 20}, set(LONGITUDES)),
        ("extra-tropics", {-80, -60, -20, 20, 50, 75}, set(LONGITUDES)),
        ("northern-extratropics", {20, 50, 75}, set(LONGITUDES)),
        ("southern-extratropics", {-80, -60, -20}, set(LONGITUDES)),
        ("arctic", {75}, set(LONGITUDES)),
        ("antarctic", {-80, -60}, set(LONGITUDES)),
        ("europe", {50, 75}, {0, 12.5, 25, 37.5}),
        ("north-america", {50}, {250, 262.5, 275}),
        ("north-atlantic", {50}, {300, 312.5, 325, 337.5}),
        ("north-pacific", {50}, {150, 162.5, 175, 187.5, 200, 212.5, 225}),
        ("east-asia", {50}, {112.5, 125, 137.5, 150}),
        ("ausnz", {-20}, {125, 137.5, 150, 162.5, 175}),
    ],
)
def test_points_inside(name, rows, columns):
    mask = find_region(name).mask(GRID)
    assert {lat for lat, row in zip(LATITUDES, mask, strict=True) if row.any()} == rows
    assert {lon for lon, column in zip(LONGITUDES, mask.T, strict=True) if column.any()} == columns
    assert mask.sum() == len(rows) * len(columns)


def test_every_region_is_in_the_table_above():
    assert len(REGIONS) == len({r.name for r in REGIONS}) == 13


def test_europe_is_the_same_whichever_way_longitudes_count():
    east = Grid((30.0, 35.0, 75.0), tuple(np.arange(0, 360, 2.5)))
    west = Grid((30.0, 35.0, 75.0), tuple(np.arange(-180, 180, 2.5)))
    inside = find_region("europe").mask(west)
    # -12.5 to 42.5 in steps of 2.5, bounds included, on two rows
    assert inside.sum() == 23 * 2
    np.testing.assert_array_equal(find_region("europe").mask(east), np.roll(inside, 72, axis=1))


def test_a_bound_kept_in_float32_stays_inside():
    latitudes = np.array([19.9, 20.0, 20.1], dtype=np.float32) + np.float32(1e-6)
    assert find_region("tropics").mask(Grid(tuple(latitudes), (0.0,))).ravel().tolist() == [True, True, False]


def test_weights_are_areas_inside():
    # rows end at -60, -20, 20, 60; the outer ones reach as far out as in: areas are differences of the sine
    grid = Grid((-40.0, 0.0, 40.0), (0.0, 90.0, 180.0, 270.0))
    weights = region_weights(grid, "tropics")
    outer, middle = np.sin(np.deg2rad(60)) - np.sin(np.deg2rad(20)), 2 * np.sin(np.deg2rad(20))
    np.testing.assert_allclose(weights[1], middle / (2 * outer + middle) * 3, rtol=1e-12)
    assert not weights[[0, 2]].any()


def test_an_unknown_region_names_the_nearest():
    with pytest.raises(BenchError, match="did you mean 'europe'"):
        region_weights(GRID, "eurpe")


def test_a_region_outside_the_grid_names_the_span():
    limited = Grid((30.0, 40.0), (-60.0, -50.0))
    with pytest.raises(BenchError, match=r"30\.\.40 and longitudes -60\.\.-50"):
        region_weights(limited, "ausnz")


def test_bounds_of_the_north_atlantic():
    grid = Grid((24.0, 25.0, 65.0, 66.0), (289.0, 290.0, 350.0, 351.0))
    mask = find_region("north-atlantic").mask(grid)
    np.testing.assert_array_equal(mask, np.outer([0, 1, 1, 0], [0, 1, 1, 0]).astype(bool))
