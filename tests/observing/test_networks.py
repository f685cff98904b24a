"""Networks: what fraction they observe, where, and in which channels."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.observing import ObservingSpec, Sites, make_network
from benchmark.problem import BenchError, Grid

GLOBE = Grid(tuple(-87.1875 + 5.625 * i for i in range(32)), tuple(5.625 * i for i in range(64)))
RING = Grid((0.0,), tuple(9.0 * i for i in range(40)))
POINTS = 32 * 64


def _sites(grid: Grid = GLOBE, observed: tuple[int, ...] = (0, 2, 5), seed: int = 0, **settings: object) -> Sites:
    return make_network(ObservingSpec.make(**settings), grid, observed)(np.random.default_rng(seed))


@pytest.mark.parametrize("draw", ["area", "index"])
@pytest.mark.parametrize("frac", [1 / (3 * POINTS), 0.001, 0.01, 0.37, 1.0])
def test_random_meets_the_fraction_exactly(frac: float, draw: str) -> None:
    sites = _sites(network="random", obs_frac=frac, draw=draw)
    assert len(sites) == round(frac * 3 * POINTS)
    counts = [int((sites.channel == c).sum()) for c in (0, 2, 5)]
    assert sum(counts) == len(sites)
    assert max(counts) - min(counts) <= 1
    assert len(np.unique(sites.index)) == len(sites)


def test_random_remainder_goes_to_each_channel_equally_often() -> None:
    network = make_network(ObservingSpec.make(obs_frac=1 / (3 * POINTS)), GLOBE, (0, 2, 5))
    rng = np.random.default_rng(3)
    hits = np.bincount([network(rng).channel[0] for _ in range(900)], minlength=6)
    # Four binomial standard errors: sqrt(900 * 1/3 * 2/3) = 14.1.
    assert np.all(np.abs(hits[[0, 2, 5]] - 300) < 57)


def test_random_channels_are_independent() -> None:
    sites = _sites(obs_frac=0.1, draw="index")
    first, second = (set((sites.index[sites.channel == c, 0] % POINTS).tolist()) for c in (0, 2))
    # Hypergeometric overlap of two sets of 205 (or 204) points among 2048: mean 20.5, std about 4.1.
    assert 4 < len(first & second) < 37


def test_index_weight_and_position_agree() -> None:
    sites = _sites(obs_frac=0.05)
    channel, rest = np.divmod(sites.index[:, 0], POINTS)
    row, column = np.divmod(rest, 64)
    np.testing.assert_array_equal(channel, sites.channel)
    np.testing.assert_array_equal(sites.latitude, np.array(GLOBE.latitude)[row])
    np.testing.assert_array_equal(sites.longitude, np.array(GLOBE.longitude)[column])
    assert np.all(sites.weight == 1)


def test_columns_observe_every_channel_at_the_same_points() -> None:
    sites = _sites(network="columns", obs_frac=0.02)
    points = [(sites.index[sites.channel == c, 0] % POINTS).tolist() for c in (0, 2, 5)]
    assert points[0] == points[1] == points[2]
    assert len(set(points[0])) == len(points[0]) == round(0.02 * POINTS) == 41
    assert points[0] != (_sites(network="columns", obs_frac=0.02, seed=1).index[:41, 0] % POINTS).tolist()


@pytest.mark.parametrize(
    ("frac", "rows", "columns"),
    [
        (1.0, list(range(32)), list(range(64))),
        (1 / 16, list(range(1, 32, 4)), list(range(1, 64, 4))),
        # 2 x 5 is exactly a tenth but for rounding: 16 rows and 13 columns.
        (0.1, list(range(0, 32, 2)), list(range(1, 64, 5))),
        (1 / POINTS, [15], [31]),
    ],
)
def test_grid_is_a_centred_regular_thinning(frac: float, rows: list[int], columns: list[int]) -> None:
    sites = _sites(network="grid", obs_frac=frac, observed=(4,))
    assert (sites.index[:, 0] - 4 * POINTS).tolist() == [64 * r + c for r in rows for c in columns]
    np.testing.assert_array_equal(_sites(network="grid", obs_frac=frac, observed=(4,), seed=9).index, sites.index)


def test_grid_on_a_line_of_points() -> None:
    assert _sites(RING, (0,), network="grid", obs_frac=0.5).index[:, 0].tolist() == list(range(0, 40, 2))
    assert _sites(RING, (0,), network="grid", obs_frac=0.1).index[:, 0].tolist() == [4, 14, 24, 34]


@pytest.mark.parametrize(
    ("network", "total", "smallest"),
    [("random", "6144 values", "0.00016"), ("columns", "2048 columns", "0.00049"), ("grid", "2048 columns", "0.00049")],
)
def test_a_fraction_that_observes_nothing(network: str, total: str, smallest: str) -> None:
    with pytest.raises(BenchError, match=rf"obs_frac=1e-06 observes nothing.*{total}.*{smallest} observes one"):
        _sites(network=network, obs_frac=1e-6)


def test_stations_observe_every_channel_and_those_outside_a_region_are_left_out(tmp_path: Path) -> None:
    region = Grid((40.0, 41.0, 42.0), (350.0, 352.0, 354.0))
    file = tmp_path / "stations.csv"
    # Inside, on the corner, north of it, east of it, west of it; longitudes below zero mean the same.
    file.write_text("id,lat,lon\na,40.5,-7\nb,42,354\nc,42.1,352\nd,41,355\ne,41,349\n")
    network = make_network(ObservingSpec.make(network="stations", stations=file), region, (0, 3))
    sites = network(np.random.default_rng(0))
    assert network.label == "2 stations of stations.csv:"
    assert sites.channel.tolist() == [0, 0, 3, 3]
    assert sites.latitude.tolist() == [40.5, 42.0, 40.5, 42.0]
    # Half-way up, half-way between the second and the third longitude; a corner is itself.
    assert sites.index[2].tolist() == [27 + 1, 27 + 2, 27 + 4, 27 + 5]
    assert sites.weight[2].tolist() == [0.25] * 4
    assert sites.measure(np.arange(36.0)).tolist() == [3.0, 8.0, 30.0, 35.0]


def test_no_station_inside(tmp_path: Path) -> None:
    file = tmp_path / "far.csv"
    file.write_text("id,lat,lon\na,-40,0\n")
    region = Grid((40.0, 41.0, 42.0), (350.0, 352.0, 354.0))
    with pytest.raises(BenchError, match=r"No station of .*far\.csv lies inside the grid \(40\.\.42 N, 350\.\.354 E\)"):
        make_network(ObservingSpec.make(network="stations", stations=file), region, (0,))


def test_radiosondes_of_a_global_grid_and_of_a_region(shared_data: Path) -> None:
    spec = ObservingSpec.make(network="stations", stations=shared_data / "radiosonde_stations.csv")
    assert make_network(spec, GLOBE, (0,)).label == "560 stations of radiosonde_stations.csv:"
    region = Grid(tuple(30 + 1.5 * i for i in range(21)), tuple(-20 + 1.5 * i for i in range(24)))
    sites = make_network(spec, region, (0,))(np.random.default_rng(0))
    assert 0 < len(sites) < 560
    assert np.all((sites.latitude >= 30) & (sites.latitude <= 60))
    assert np.all((sites.longitude >= -20) & (sites.longitude <= 14.5))
    field = np.add.outer(2.0 * np.array(region.latitude), -0.5 * np.array(region.longitude)).ravel()
    # Linear in both coordinates: exact to a few roundings of numbers below 130.
    np.testing.assert_allclose(sites.measure(field), 2 * sites.latitude - 0.5 * sites.longitude, atol=1e-12, rtol=0)
