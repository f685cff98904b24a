"""Every time is forecast by the network that has not seen it."""

import numpy as np
import pytest
import torch

from benchmark.problem import BenchError
from benchmark.worlds.forecaster import FINAL, ForecastNetworks

SHAPE = (4, 6)
BLOCKS = [[2000], [2001, 2002]]
# What each network adds to persistence, so that a forecast tells who made it.
MARKS = {FINAL: 10.0, "0": 1.0, "1": 2.0}


@pytest.fixture
def networks():
    backbone = {"kind": "convolutional", "patch": 2, "width": 8, "blocks": 1}
    made = ForecastNetworks(BLOCKS, 24, channels=2, shape=SHAPE, history=2, periodic=False, backbone=backbone)
    for name, mark in MARKS.items():
        # the last layer starts with zero weights, so its bias is all that the network says
        made.networks[name].body.body.ascent[-1][-1].bias.data.fill_(mark)
    return made.eval()


def forecast(networks, days):
    times = np.array([f"{day}T12" for day in days], dtype="datetime64[ns]")
    generator = torch.Generator().manual_seed(0)
    past, past_mean = (torch.randn(len(days), 2, 2, *SHAPE, generator=generator) for _ in range(2))
    mean = torch.randn(len(days), 2, *SHAPE, generator=generator)
    return networks.forecast(past, mean, past_mean, times), mean + past[:, 0] - past_mean[:, 0]


def test_a_year_is_forecast_by_the_network_that_left_it_out(networks):
    days = ["2000-01-01", "2003-05-05", "2002-12-31", "2000-12-31", "2001-01-01", "1999-12-31"]
    found, persistence = forecast(networks, days)
    marks = torch.tensor([MARKS["0"], MARKS[FINAL], MARKS["1"], MARKS["0"], MARKS["1"], MARKS[FINAL]])
    # sums of four numbers below 16 in single precision
    torch.testing.assert_close(found, persistence + marks[:, None, None, None], rtol=0, atol=1e-5)


def test_untrained_networks_forecast_the_latest_anomaly(networks):
    fresh = ForecastNetworks(**networks.settings).eval()
    found, persistence = forecast(fresh, ["2000-06-01", "2004-06-01"])
    torch.testing.assert_close(found, persistence, rtol=0, atol=1e-6)


def test_state_comes_back_whole(networks):
    tensors, settings = networks.state()
    again = ForecastNetworks.from_state(tensors, settings)
    assert again.blocks == ((2000,), (2001, 2002))
    assert (again.lead_h, again.history) == (24, 2)
    assert again.hash == networks.hash
    days = ["2000-02-01", "2001-02-01", "2004-02-01"]
    assert torch.equal(forecast(again, days)[0], forecast(networks, days)[0])


def test_any_weight_changes_the_hash(networks):
    before = networks.hash
    networks.networks["1"].body.static.data[0, 0, 0, 0] += 1e-3
    assert networks.hash != before


AREA = [0.5, 1.5, 1.5, 0.5]


@pytest.fixture
def stepping():
    """A network of 6 h steps for backgrounds of 24 h that keeps the second channel's mean, with random weights."""
    backbone = {"kind": "convolutional", "patch": 2, "width": 8, "blocks": 1}
    torch.manual_seed(0)
    made = ForecastNetworks(
        [[2000], [2001]], 24, 6, channels=2, shape=SHAPE, history=1, periodic=True, backbone=backbone,
        conserved=[1], row_area=AREA,
    )  # fmt: skip
    for network in made.networks.values():
        torch.nn.init.normal_(network.body.body.ascent[-1][-1].weight, std=0.3)
    return made.eval()


def start(cases=3):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(cases, 1, 2, *SHAPE, generator=generator)


TIMES = np.array(["2000-03-01T06", "2001-03-01T06", "2003-03-01T06"], "datetime64[ns]")


def test_a_background_is_as_many_steps_as_fit(stepping):
    states, nothing = start(), torch.zeros(3, 2, *SHAPE)
    whole = stepping.forecast(states, nothing, torch.zeros_like(states), TIMES)
    state = states
    for hour in (6, 12, 18, 24):
        valid = TIMES - np.timedelta64(24 - hour, "h")
        state = stepping.forecast(state, nothing, torch.zeros_like(states), valid, 6)[:, None]
    # the same eight single-precision passes
    torch.testing.assert_close(state[:, 0], whole, rtol=0, atol=1e-5)
    assert (whole - states[:, 0]).abs().min(0).values.max() > 0.01


def test_the_mean_of_what_is_conserved_stays(stepping):
    states, nothing = start(), torch.zeros(3, 2, *SHAPE)
    area = torch.tensor(AREA)[:, None]
    change = stepping.forecast(states, nothing, torch.zeros_like(states), TIMES) - states[:, 0]
    mean = (area * change).mean((2, 3))
    # sums of 24 numbers of size 1, four times
    assert mean[:, 1].abs().max() < 1e-5
    assert mean[:, 0].abs().min() > 1e-3
    assert change[:, 1].abs().max() > 0.1


def test_a_forecast_is_differentiable_in_its_start(stepping):
    states, nothing = start().requires_grad_(), torch.zeros(3, 2, *SHAPE)
    forecast = stepping.forecast(states, nothing, torch.zeros_like(states), TIMES, 12)
    (gradient,) = torch.autograd.grad(forecast[1].square().sum(), states)
    assert gradient[1].abs().max() > 0
    # a case does not depend on the others of its batch
    assert gradient[0].abs().max() == gradient[2].abs().max() == 0


def test_a_lead_time_between_steps_is_refused(stepping):
    states, nothing = start(), torch.zeros(3, 2, *SHAPE)
    with pytest.raises(BenchError, match="step is 6 h; a lead time of 9 h is no multiple"):
        stepping.forecast(states, nothing, torch.zeros_like(states), TIMES, 9)


def test_steps_and_what_is_conserved_come_back(stepping):
    again = ForecastNetworks.from_state(*stepping.state())
    assert (again.lead_h, again.step_h, again.networks["0"].conserved) == (24, 6, [1])
    states, nothing = start(), torch.zeros(3, 2, *SHAPE)
    arguments = (states, nothing, torch.zeros_like(states), TIMES)
    assert torch.equal(again.forecast(*arguments), stepping.forecast(*arguments))
