"""All statistics of a case in one pass: what there is, and that a case knows nothing of its batch."""

import numpy as np
import pytest

from benchmark.problem import BenchError, Grid, parse_channel
from metrics import REGIONS, STATISTICS, Key, Scorer, region_weights

GRID = Grid(tuple(np.linspace(-84.375, 84.375, 16)), tuple(np.arange(0, 360, 11.25)))
CHANNELS = [parse_channel(name) for name in ("z500", "z850", "t500", "t850", "u500", "v500", "q850", "msl")]


def cases(n=3, members=4, dtype=np.float64, grid=GRID):
    rng = np.random.default_rng(5)
    x, c, b = rng.normal(size=(3, n, len(CHANNELS), *grid.shape)).astype(dtype)
    return rng.normal(size=(n, members, len(CHANNELS), *grid.shape)).astype(dtype) + x[:, None], x, c, b


@pytest.mark.parametrize("members", [1, 4])
def test_keys_name_every_number_once(members):
    scorer = Scorer(GRID, CHANNELS)
    keys = scorer.keys(members)
    assert scorer.compute(*cases(members=members)).shape == (3, len(keys))
    assert len(set(keys)) == len(keys)
    assert {k.region for k in keys if k.statistic == "mse"} == {r.name for r in REGIONS}
    found = dict.fromkeys(k.statistic for k in keys)
    assert list(found) == [s.name for s in STATISTICS if members >= s.least_members]
    assert ("rank_histogram" in found) == (members > 1)
    special = {k.channel for k in keys} - {c.name for c in CHANNELS}
    assert special == {"wind500", "layer500-850"}
    whole = {s.name for s in STATISTICS if not s.regional}
    assert {k.region for k in keys if k.statistic in whole} == {"global"}
    assert [k.bin for k in keys if k.statistic == "spectrum_error" and k.channel == "msl"] == list(range(17))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("members", [1, 3, 9])
def test_a_case_is_the_same_bits_in_any_batch(members, dtype):
    scorer = Scorer(GRID, CHANNELS)
    fields = cases(5, members, dtype)
    together = scorer.compute(*fields)
    assert np.isfinite(together).all()
    for i in (0, 3):
        alone = scorer.compute(*(field[i : i + 1].copy() for field in fields))
        np.testing.assert_array_equal(alone[0], together[i])
    # nor on how the batch lies in memory
    for axis in (0, 1):
        turned = [np.ascontiguousarray(np.moveaxis(field, axis, -1)) for field in fields]
        np.testing.assert_array_equal(scorer.compute(*(np.moveaxis(field, -1, axis) for field in turned)), together)


def test_float32_fields_are_scored_in_float64():
    fields = cases(members=4, dtype=np.float32)
    scorer = Scorer(GRID, CHANNELS)
    expected = scorer.compute(*(field.astype(np.float64) for field in fields))
    np.testing.assert_allclose(scorer.compute(*fields), expected, rtol=1e-11, atol=1e-13)


def test_a_region_is_scored_by_its_own_weights():
    members, x, c, b = cases(members=2)
    scorer = Scorer(GRID, CHANNELS)
    keys = scorer.keys(2)
    values = dict(zip(keys, scorer.compute(members, x, c, b)[1], strict=True))
    for region in ("europe", "antarctic"):
        weights = region_weights(GRID, region)
        error = np.abs(members[1].mean(0) - x[1])
        for i, channel in enumerate(CHANNELS):
            key = Key("mae", 0, channel.name, region)
            assert values[key] == pytest.approx(np.average(error[i], weights=weights), rel=1e-13)
            assert scorer.weight(key) == pytest.approx(weights.sum(), rel=1e-14)


def test_chosen_statistics_and_regions_only():
    chosen = {"tropics": region_weights(GRID, "tropics")}
    scorer = Scorer(GRID, CHANNELS, chosen, ["bias", "wind_mse", "spectrum_truth"])
    # a spectrum is of the whole grid, which is not asked for
    assert [k.statistic for k in scorer.keys(1)] == ["bias"] * len(CHANNELS) + ["wind_mse"]
    members, x, _, _ = cases(members=1)
    everything = Scorer(GRID, CHANNELS)
    full = dict(zip(everything.keys(1), everything.compute(*cases(members=1))[0], strict=True))
    values = scorer.compute(members, x, None, None)[0]
    assert values == pytest.approx([full[key] for key in scorer.keys(1)], rel=1e-13)


@pytest.mark.parametrize("members", [1, 5])
def test_a_case_that_diverged_is_nan_throughout_and_alone(members):
    fields = cases(members=members)
    expected = Scorer(GRID, CHANNELS).compute(*fields)
    fields[0][1] = np.nan
    values = Scorer(GRID, CHANNELS).compute(*fields)
    of_truth = [
        key.statistic in ("spectrum_truth", "spectrum_background_error") for key in Scorer(GRID, CHANNELS).keys(members)
    ]
    np.testing.assert_array_equal(np.isnan(values[1]), ~np.array(of_truth))
    np.testing.assert_array_equal(values[[0, 2]], expected[[0, 2]])


def test_a_single_member_has_no_spread():
    scorer = Scorer(GRID, CHANNELS)
    row = scorer.compute(*cases(members=1))[0]
    by_name = {}
    for key, value in zip(scorer.keys(1), row, strict=True):
        by_name.setdefault(key.statistic, []).append(value)
    for one, other in (("crps_skill", "mae"), ("mse_member", "mse"), ("energy_score", "rmse_case")):
        assert by_name[one] == by_name[other]
    assert set(by_name["crps_spread"] + by_name["variance"]) == {0.0}


@pytest.mark.parametrize(
    "grid", [Grid((50.0,), tuple(np.arange(0.0, 360, 9))), Grid((40.0, 50.0), (0.0, 1.0, 5.0, 6.0))]
)
def test_a_grid_without_waves_or_gradients_lacks_their_statistics(grid):
    """A circle of points has no gradient northwards; unequal steps have no transform."""
    scorer = Scorer(grid, CHANNELS)
    keys = {key.statistic for key in scorer.keys(2)}
    assert ("geostrophic_correlation" in keys) == (grid.shape[0] > 1)
    assert ("spectrum_truth" in keys) == (grid.shape[0] == 1)
    assert np.isfinite(scorer.compute(*cases(members=2, grid=grid))).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f[0][:, 0], *f[1:]), "members is to be"),
        (lambda f: (f[0], f[1][:2], *f[2:]), r"others \(3, 8, 16, 32\)"),
        (lambda f: (f[0][..., :3], *f[1:]), "shapes"),
        (lambda f: (*f[:2], None, f[3]), "needs a climatology"),
        (lambda f: (*f[:3], None), "need a background"),
    ],
)
def test_fields_that_do_not_fit_are_refused(change, message):
    with pytest.raises(BenchError, match=message):
        Scorer(GRID, CHANNELS).compute(*change(cases()))


@pytest.mark.parametrize("regions", [{}, {"a": np.ones((2, 2))}, {"a": np.zeros(GRID.shape)}])
def test_regions_that_do_not_fit_are_refused(regions):
    with pytest.raises(BenchError, match="region"):
        Scorer(GRID, CHANNELS, regions)
