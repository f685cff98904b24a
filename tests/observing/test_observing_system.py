"""The observing system: errors of the stated size, the same for a case whatever its batch, paired by hash."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmark.observing import R_FLOOR_STD, ObservingSpec, ObservingSystem
from benchmark.problem import BenchError, Channel, Grid, LinearOperator, Normalisation

GRID = Grid(tuple(-84.375 + 11.25 * i for i in range(16)), tuple(11.25 * i for i in range(32)))
CHANNELS = (Channel("z", 500), Channel("t", 850), Channel("msl"))
NORMALISATION = Normalisation((5.5e4, 280.0, 1.01e5), (800.0, 4.0, 900.0))
TIMES = (np.datetime64("2009-01-01T12:00", "ns") + np.arange(32) * np.timedelta64(1, "D")).astype("datetime64[ns]")
TRUTH = torch.randn(32, 3, 16, 32, generator=torch.Generator().manual_seed(5))


def _system(world: str = "toy", **settings: object) -> ObservingSystem:
    return ObservingSystem(ObservingSpec.make(**settings), GRID, CHANNELS, NORMALISATION, world)


def _stations(folder: Path) -> Path:
    rng = np.random.default_rng(2)
    rows = [f"s{i},{rng.uniform(-90, 90)},{rng.uniform(-180, 180)}" for i in range(25)]
    file = folder / "stations.csv"
    file.write_text("\n".join(["id,lat,lon", *rows]) + "\n")
    return file


def test_errors_have_the_stated_std_and_no_bias() -> None:
    observations = _system(obs_frac=0.5, obs_std=0.05).observe(TRUTH, TIMES)
    error = observations.innovation(TRUTH).double()
    n = error.numel()
    assert n == 32 * 768
    # Four standard errors: std / sqrt(n) of the mean, std / sqrt(2 n) of the std.
    assert abs(error.mean()) < 4 * 0.05 / n**0.5
    assert abs(error.std() - 0.05) < 4 * 0.05 / (2 * n) ** 0.5
    # Errors of different cases are different draws.
    assert abs(torch.corrcoef(error)[0, 1]) < 4 / 768**0.5
    assert torch.all(observations.error_std == 0.05)


def test_errors_in_physical_units() -> None:
    observations = _system(obs_frac=0.5, obs_std={"z": 80, "t": 2, "msl": 90}).observe(TRUTH, TIMES)
    for channel, std in enumerate((0.1, 0.5, 0.1)):
        chosen = observations.channel == channel
        error = observations.innovation(TRUTH)[chosen]
        assert torch.all(observations.error_std[chosen] == std)
        assert abs(error.std() - std) < 4 * std / (2 * len(error)) ** 0.5


def test_zero_std_gives_exact_values_and_a_floor_for_r() -> None:
    observations = _system(obs_frac=0.1, obs_std=0).observe(TRUTH, TIMES)
    assert torch.equal(observations.values, observations.operator(TRUTH))
    assert torch.all(observations.error_std == R_FLOOR_STD)


def test_a_case_alone_sees_what_it_sees_in_a_batch(tmp_path: Path) -> None:
    for settings in ({}, {"network": "columns"}, {"network": "stations", "stations": _stations(tmp_path)}):
        system = _system(**settings)
        batch = system.observe(TRUTH, TIMES)
        alone = system.observe(TRUTH[19:20], TIMES[19:20])
        assert alone.hashes == batch.hashes[19:20]
        for field in ("values", "error_std", "channel", "latitude", "longitude"):
            assert torch.equal(getattr(alone, field)[0], getattr(batch, field)[19])
        assert torch.equal(alone.operator(TRUTH[19:20])[0], batch.operator(TRUTH)[19])
        assert len(set(batch.hashes)) == 32


def test_order_of_cases_does_not_matter() -> None:
    forwards, backwards = _system().observe(TRUTH, TIMES), _system().observe(TRUTH.flip(0), TIMES[::-1])
    assert forwards.hashes == backwards.hashes[::-1]


@pytest.mark.parametrize("change", [{"seed": 1}, {"world": "other"}, {"obs_std": 0.06}])
def test_another_seed_world_or_system_draws_anew(change: dict[str, object]) -> None:
    one, two = _system().observe(TRUTH[:1], TIMES[:1]), _system(**change).observe(TRUTH[:1], TIMES[:1])
    assert one.hashes != two.hashes
    assert not torch.equal(one.latitude, two.latitude)
    again = _system().observe(TRUTH[:1], TIMES[:1])
    assert one.hashes == again.hashes


def test_the_hash_sees_errors_channels_and_positions_where_the_values_agree() -> None:
    flat = torch.ones(1, 3, 16, 32)
    systems = [_system(network="grid", obs_std=0, obs_vars="z"), _system(network="grid", obs_std=0, obs_vars="t")]
    systems += [_system(network="columns", obs_std=0, obs_vars="z", seed=seed) for seed in (0, 1)]
    systems.append(_system(network="grid", obs_std=0, obs_vars="z"))
    systems[-1].error_std = 2 * systems[-1].error_std
    seen = [system.observe(flat, TIMES[:1]) for system in systems]
    assert all(torch.all(observations.values == 1) for observations in seen)
    assert len({observations.hashes for observations in seen}) == 5


def test_positions_and_errors_do_not_depend_on_the_truth() -> None:
    one, two = _system().observe(TRUTH[:1], TIMES[:1]), _system().observe(TRUTH[:1] + 1, TIMES[:1])
    assert torch.equal(one.longitude, two.longitude)
    # The same error on values of size 5 at most: two roundings of 2^-22 each.
    torch.testing.assert_close(two.values - one.values, torch.ones_like(one.values), atol=1e-6, rtol=0)


def test_only_observed_variables_are_observed() -> None:
    observations = _system(obs_vars=("msl", "geopotential"), obs_frac=0.1).observe(TRUTH, TIMES)
    assert observations.values.shape == (32, round(0.1 * 2 * 512))
    assert set(observations.channel.unique().tolist()) == {0, 2}


def test_padding_and_hashes_of_cases_of_different_length(monkeypatch: pytest.MonkeyPatch) -> None:
    system = _system(obs_frac=0.02)
    whole = system.network
    longer = system.observe(TRUTH[:2], TIMES[:2])

    def every_second_call_is_short(rng: np.random.Generator) -> object:
        sites = whole(rng)
        calls.append(1)
        if len(calls) % 2:
            return sites
        return dataclasses.replace(sites, **{f.name: getattr(sites, f.name)[:7] for f in dataclasses.fields(sites)})

    calls: list[int] = []
    monkeypatch.setattr(system, "network", every_second_call_is_short)
    padded = system.observe(TRUTH[:2], TIMES[:2])
    short = padded.mask[1]
    assert short.tolist() == [True] * 7 + [False] * 24
    assert torch.all(padded.values[1, 7:] == 0)
    assert torch.all(torch.isinf(padded.error_std[1, 7:]))
    assert torch.all(padded.precision[1, 7:] == 0)
    assert torch.all(padded.channel[1, 7:] == -1)
    assert torch.all(torch.isnan(padded.latitude[1, 7:]))
    assert torch.all(torch.isnan(padded.longitude[1, 7:]))
    assert torch.all(padded.operator(TRUTH[:2])[1, 7:] == 0)
    assert torch.all(padded.innovation(TRUTH[:2])[1, 7:] == 0)
    assert padded.hashes[0] == longer.hashes[0]
    calls.append(1)
    alone = system.observe(TRUTH[1:2], TIMES[1:2])
    assert alone.values.shape == (1, 7)
    assert alone.hashes[0] == padded.hashes[1]


def test_stations_measure_a_linear_field_where_they_stand(tmp_path: Path) -> None:
    lat = torch.tensor(GRID.latitude)
    field = (0.01 * lat)[None, None, :, None].expand(1, 3, 16, 32)
    system = _system(network="stations", stations=_stations(tmp_path), obs_std=0)
    observations = system.observe(field, TIMES[:1])
    assert observations.values.shape == (1, 75)
    # Beyond the outermost row a station sees that row. Values below 0.85 in float32: a few roundings of 6e-8.
    expected = 0.01 * observations.latitude.clamp(-84.375, 84.375)
    torch.testing.assert_close(observations.values, expected, atol=5e-7, rtol=0)


def _inner(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).flatten(1).sum(1)


@pytest.mark.parametrize("members", [(), (4,)])
@pytest.mark.parametrize("network", ["random", "stations"])
def test_adjoint_by_dot_product(network: str, members: tuple[int, ...], tmp_path: Path) -> None:
    settings = {"stations": _stations(tmp_path)} if network == "stations" else {"obs_frac": 0.1}
    operator = _system(network=network, **settings).observe(TRUTH[:3], TIMES[:3]).operator
    assert isinstance(operator, LinearOperator)
    assert operator.linear
    assert operator.index.shape[-1] == (4 if network == "stations" else 1)
    generator = torch.Generator().manual_seed(11)
    x = torch.randn(3, *members, 3, 16, 32, generator=generator, dtype=torch.float64)
    hx = operator(x)
    y = torch.randn(hx.shape, generator=generator, dtype=torch.float64)
    assert hx.shape == (3, *members, operator.index.shape[1])
    # Sums of fewer than 1e4 products of size one: 1e4 * 1.1e-16 * 10.
    torch.testing.assert_close(_inner(hx, y), _inner(x, operator.adjoint(y)), atol=1e-11, rtol=0)
    x.requires_grad_(True)
    (gradient,) = torch.autograd.grad(operator(x), x, y)
    torch.testing.assert_close(gradient, operator.adjoint(y), atol=1e-13, rtol=0)


def test_one_line_descriptions(tmp_path: Path) -> None:
    assert _system().description() == "random 1 % of all variables, std 0.05"
    assert _system(draw="index", obs_vars="z,msl").description() == "random 1 % by index of z, msl, std 0.05"
    columns = _system(network="columns", obs_frac=0.1, obs_vars="geopotential", obs_std={"geopotential": 80})
    assert columns.description() == "columns 10 % of z, std z 80 m2 s-2"
    assert _system(network="grid", obs_frac=1 / 16).description() == "grid 6.25 % of all variables, std 0.05"
    stations = _system(network="stations", stations=_stations(tmp_path), obs_std=0)
    assert stations.description() == "25 stations of stations.csv: all variables, std 0"


def test_unknown_observed_variable() -> None:
    with pytest.raises(BenchError, match=r"No channel or variable is called 'z501'.*did you mean .*'z500'"):
        _system(obs_vars="z501")


def test_unknown_name_of_an_error() -> None:
    with pytest.raises(BenchError, match="No channel or variable is called 'humidity'"):
        _system(obs_std={"humidity": 1})


def test_a_gap_in_the_truth_is_named() -> None:
    truth = TRUTH[:1].clone()
    truth[0, 1] = torch.nan
    with pytest.raises(BenchError, match=r"truth of 2009-01-01T12:00:00.* is not finite where t850 is observed"):
        _system().observe(truth, TIMES[:1])
    assert torch.isfinite(_system(obs_vars="z,msl").observe(truth, TIMES[:1]).values).all()


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="for 2 times"):
        _system().observe(TRUTH[:1], TIMES[:2])
