"""Withheld observations: the same values as without, parted in two, and no method gets the second part."""

import numpy as np
import pytest
import torch

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.problem import BenchError, Channel, Grid, Normalisation, Observations

GRID = Grid(tuple(-84.375 + 11.25 * i for i in range(16)), tuple(11.25 * i for i in range(32)))
CHANNELS = (Channel("u", 500), Channel("v", 500), Channel("t", 500))
NORMALISATION = Normalisation((0.0, 0.0, 260.0), (8.0, 8.0, 4.0))
TIMES = np.datetime64("2009-01-01T12:00", "ns") + np.arange(40) * np.timedelta64(1, "D")
TRUTH = torch.randn(40, 3, 16, 32, generator=torch.Generator().manual_seed(5))


def _system(**settings: object) -> ObservingSystem:
    return ObservingSystem(ObservingSpec.make(**settings), GRID, CHANNELS, NORMALISATION, "toy")


def _values(observations: Observations, case: int) -> list[tuple[float, ...]]:
    """All that is known of each value of a case, H of the truth included, sorted."""
    seen = observations.operator(TRUTH[: len(observations.values)])
    columns = (observations.channel, observations.latitude, observations.longitude, observations.values, seen)
    columns = (*columns, observations.error_std)
    rows = torch.stack([column[case].double() for column in columns], 1)[observations.mask[case]]
    return sorted(map(tuple, rows.tolist()))


@pytest.fixture
def stations(tmp_path):
    file = tmp_path / "stations.csv"
    rng = np.random.default_rng(2)
    rows = [f"s{i},{rng.uniform(-80, 80)},{rng.uniform(-180, 180)}" for i in range(25)]
    file.write_text("\n".join(["id,lat,lon", *rows]) + "\n")
    return file


@pytest.mark.parametrize(
    "settings",
    [
        {"obs_frac": 0.1},
        {"obs_frac": 0.1, "network": "columns"},
        {"obs_frac": 0.1, "network": "grid"},
        {"network": "stations"},
        {"obs_frac": 0.1, "operator": "wind-speed"},
        {"obs_frac": 0.1, "operator": "arctan", "network": "columns"},
    ],
)
def test_used_and_withheld_values_are_those_without_withholding(settings, stations) -> None:
    if settings.get("network") == "stations":
        settings = {**settings, "stations": stations}
    whole, nothing = _system(**settings).split(TRUTH, TIMES)
    used, withheld = _system(withhold=0.3, **settings).split(TRUTH, TIMES)
    assert nothing is None
    for case in range(0, 40, 7):
        assert sorted(_values(used, case) + _values(withheld, case)) == _values(whole, case)
    # a remainder of less than one place a case is left to chance: four standard errors of 40 draws, at most
    places = whole.mask[0].sum() if "network" not in settings else whole.latitude[0].unique().numel()
    assert abs(withheld.mask.sum() / whole.mask.sum() - 0.3) < 4 * 0.5 / 40**0.5 / places
    assert torch.equal(_system(withhold=0.3, **settings).observe(TRUTH, TIMES).values, used.values)


def test_the_share_is_met_on_average_however_few_there_are() -> None:
    # 3 values a case: 0.1 * 3 = 0.3 is one or none of them
    used, withheld = _system(obs_frac=0.002, withhold=0.1).split(TRUTH, TIMES)
    counts = withheld.mask.sum(1)
    assert set(counts.tolist()) == {0, 1}
    assert torch.all(counts + used.mask.sum(1) == 3)
    # four standard errors of a share of 0.3 in 40 cases
    assert abs(counts.double().mean() - 0.3) < 4 * (0.3 * 0.7 / 40) ** 0.5


def test_a_whole_share_is_the_same_in_every_case() -> None:
    withheld = _system(obs_frac=60 / 1536, withhold=0.1).split(TRUTH, TIMES)[1]
    assert withheld.mask.sum(1).tolist() == [6] * 40


def test_everything_at_a_place_is_withheld_together_unless_the_network_is_random() -> None:
    def places(observations: Observations, case: int) -> set[tuple[float, ...]]:
        at = torch.stack([observations.latitude[case], observations.longitude[case]], 1)
        return set(map(tuple, at[observations.mask[case]].tolist()))

    used, withheld = _system(obs_frac=0.1, network="columns", withhold=0.5).split(TRUTH, TIMES)
    for case in range(40):
        assert not places(used, case) & places(withheld, case)
        assert withheld.mask[case].sum() == 3 * len(places(withheld, case))
    used, withheld = _system(obs_frac=1.0, withhold=0.5).split(TRUTH[:1], TIMES[:1])
    assert places(used, 0) & places(withheld, 0)


def test_a_case_alone_withholds_what_it_withholds_in_a_batch() -> None:
    system = _system(obs_frac=0.1, withhold=0.2)
    batch, alone = system.split(TRUTH, TIMES), system.split(TRUTH[19:20], TIMES[19:20])
    for part, one in zip(batch, alone, strict=True):
        assert one.hashes == part.hashes[19:20]
        assert torch.equal(one.values[0][one.mask[0]], part.values[19][part.mask[19]])
    # other cases withhold other values
    assert len({tuple(row.tolist()) for row in batch[1].latitude}) > 30


def test_a_larger_share_takes_the_same_values_and_more() -> None:
    few, many = (_system(obs_frac=0.1, withhold=share).split(TRUTH[:3], TIMES[:3])[1] for share in (0.1, 0.4))
    for case in range(3):
        assert set(_values(few, case)) < set(_values(many, case))


def test_hashes_stay_without_withholding_and_tell_what_is_withheld() -> None:
    plain = ObservingSpec.make(obs_frac=0.1)
    assert ObservingSpec.make(obs_frac=0.1, withhold=0).identity() == plain.identity()
    assert "withhold" not in plain.identity()
    assert ObservingSpec.make(obs_frac=0.1, withhold=0.2).identity() == {**plain.identity(), "withhold": 0.2}
    used, withheld = _system(obs_frac=0.1, withhold=0.2).split(TRUTH, TIMES)
    assert used.hashes == withheld.hashes
    hashes = {_system(obs_frac=0.1, withhold=share).observe(TRUTH, TIMES).hashes[0] for share in (0, 0.1, 0.2)}
    assert len(hashes) == 3
    # a truth that differs only where a value was withheld is another experiment
    first = withheld.operator.select(slice(0, 1))
    moved = TRUTH[:1] + first.adjoint(torch.ones_like(withheld.values[:1]))
    again = _system(obs_frac=0.1, withhold=0.2).observe(moved, TIMES[:1])
    assert torch.equal(again.values, used.values[:1])
    assert again.hashes != used.hashes[:1]


def test_a_case_of_which_everything_is_withheld_has_one_value_of_padding() -> None:
    system = _system(obs_frac=1 / 1536, withhold=0.9)
    used, withheld = system.split(TRUTH, TIMES)
    assert used.values.shape == withheld.values.shape == (40, 1)
    assert 0 < used.mask.sum() < withheld.mask.sum()
    case = int(withheld.mask[:, 0].long().argmax())
    alone = system.observe(TRUTH[case : case + 1], TIMES[case : case + 1])
    assert alone.mask.tolist() == [[False]]
    assert alone.innovation(TRUTH[case : case + 1]).tolist() == [[0.0]]


def test_descriptions_name_the_share() -> None:
    assert (
        _system(obs_frac=0.1, withhold=0.125).description() == "random 10 % of all variables, std 0.05, 12.5 % withheld"
    )
    assert "withheld" not in _system(obs_frac=0.1).description()


def test_quantities_are_named_by_channel() -> None:
    assert _system(obs_vars="v500,t500").quantities == {1: "v500", 2: "t500"}
    assert _system(operator="wind-speed").quantities == {0: "wind-speed(u500)"}
    assert _system(operator="arctan", obs_vars="t500").quantities == {2: "arctan(t500)"}


@pytest.mark.parametrize("share", [-0.1, 1.0, 1.5, "some"])
def test_an_impossible_share_is_refused(share) -> None:
    with pytest.raises(BenchError, match=r"withhold=.*give a share of the observed values"):
        ObservingSpec.make(withhold=share)
