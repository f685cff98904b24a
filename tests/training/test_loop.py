"""The training loop: its learning rate, its moving average, and that a killed run resumes to the same weights."""

import pytest
import torch
from torch import nn

from benchmark.problem import BenchError
from benchmark.training.loop import Plan, train_network

SIZE = 20


class Silent:
    def start(self, label, steps, done):
        self.done = done

    def step(self):
        pass

    def note(self, text):
        pass


class KilledError(Exception):
    pass


class KilledAfter(Silent):
    def __init__(self, epochs):
        self.left = epochs

    def note(self, text):
        self.left -= 1
        if self.left == 0:
            raise KilledError


def make_network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))


def loss(module, batch, generator):
    x = torch.linspace(-1, 1, 3 * SIZE).view(SIZE, 3)[batch]
    noise = torch.randn(x.shape, generator=generator)
    return (module(x + noise) - x.sum(1, keepdim=True)).square().mean()


def train(module, plan, path, report=None, origin=""):
    return train_network(module, loss, lambda m: {"score": 0.5}, SIZE, plan, "toy", path, report or Silent(), origin)


def weights(module):
    return torch.cat([p.detach().flatten() for p in module.parameters()])


@pytest.fixture
def steps(monkeypatch):
    """Rate of every optimiser step, and the weights after it."""
    seen = []

    class Recorder(torch.optim.AdamW):
        def step(self, closure=None):
            super().step(closure)
            (group,) = self.param_groups
            seen.append((group["lr"], torch.cat([p.detach().flatten().clone() for p in group["params"]])))

    monkeypatch.setattr(torch.optim, "AdamW", Recorder)
    return seen


def test_the_rate_rises_for_a_tenth_and_falls_as_a_cosine_to_zero(steps, tmp_path):
    train(make_network(), Plan(epochs=5, batch=5, rate=0.1), tmp_path / "c")
    rates = [rate for rate, _ in steps]
    assert len(rates) == 20
    # after steps 1, 2, 11 and 20 of 20: fractions 0.05, 0.1, 0.55 and 1
    assert [rates[i] for i in (0, 1, 10, 19)] == pytest.approx([0.05, 0.1, 0.05, 0.0], abs=1e-12)
    assert rates[2:] == sorted(rates[2:], reverse=True)


def test_the_last_incomplete_batch_is_left_out(steps, tmp_path):
    train(make_network(), Plan(epochs=2, batch=8, rate=0.1), tmp_path / "c")
    assert len(steps) == 2 * (SIZE // 8)


def test_the_network_ends_with_the_moving_average(steps, tmp_path):
    module = make_network()
    expected = weights(module)
    train(module, Plan(epochs=4, batch=5, rate=0.1, average=0.5), tmp_path / "c")
    for number, (_, after) in enumerate(steps):
        decay = min(0.5, (1 + number) / (10 + number))
        expected = decay * expected + (1 - decay) * after
    # 16 averagings in single precision
    torch.testing.assert_close(weights(module), expected, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(weights(module), steps[-1][1])
    assert not module.training


def test_without_an_average_the_last_weights_stay(steps, tmp_path):
    module = make_network()
    train(module, Plan(epochs=2, batch=5, rate=0.1), tmp_path / "c")
    assert torch.equal(weights(module), steps[-1][1])


@pytest.mark.parametrize("average", [0.0, 0.9])
def test_a_killed_run_resumes_to_the_same_weights(average, tmp_path):
    plan = Plan(epochs=5, batch=5, rate=0.1, average=average)
    whole, killed = make_network(), make_network()
    history = train(whole, plan, tmp_path / "whole")["history"]
    with pytest.raises(KilledError):
        train(killed, plan, tmp_path / "killed", KilledAfter(2))
    resumed, report = make_network(), Silent()
    torch.manual_seed(99)
    progress = train(resumed, plan, tmp_path / "killed", report)
    assert report.done == 2 * 4
    assert torch.equal(weights(resumed), weights(whole))
    assert progress["history"] == history


def test_another_seed_gives_other_weights(tmp_path):
    networks = [make_network() for _ in range(2)]
    for seed, network in enumerate(networks):
        train(network, Plan(epochs=1, batch=5, rate=0.1, seed=seed), tmp_path / str(seed))
    assert not torch.equal(weights(networks[0]), weights(networks[1]))


def test_a_checkpoint_of_another_origin_is_not_resumed(tmp_path):
    plan = Plan(epochs=3, batch=5, rate=0.1)
    with pytest.raises(KilledError):
        train(make_network(), plan, tmp_path / "c", KilledAfter(2), origin="these data")
    report = Silent()
    train(make_network(), plan, tmp_path / "c", report, origin="other data")
    assert report.done == 0


def test_a_damaged_checkpoint_is_told_with_its_cure(tmp_path):
    plan = Plan(epochs=3, batch=5, rate=0.1)
    file = tmp_path / "c.safetensors"
    with pytest.raises(KilledError):
        train(make_network(), plan, file, KilledAfter(1))
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(BenchError, match=r"c\.safetensors is damaged .*delete it and train anew"):
        train(make_network(), plan, file)
