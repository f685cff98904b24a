"""Every time is forecast by the network that has not seen it."""

import numpy as np
import pytest
import torch

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
