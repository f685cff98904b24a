"""Weights in eight bits, and as the package has them: compressed."""

from typing import ClassVar

import pytest
import torch

from benchmark.problem import BenchError, Channel, Component, Grid
from benchmark.weights import Card, WeightsStore
from benchmark.weights.eight_bits import pack_matrices, unpack_matrices
from benchmark.weights.shipping import ship


class Net(Component):
    name: ClassVar[str] = "net"
    eight_bits = ("net.",)

    def __init__(self, tensors):
        self.tensors = tensors

    def state(self):
        return self.tensors, {}

    @classmethod
    def from_state(cls, tensors, settings):
        return cls(dict(tensors))

    def to(self, device):
        return self


@pytest.fixture
def tensors():
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(64, 16, 3, 3, generator=generator) * torch.logspace(-5, 2, 64)[:, None, None, None]
    return {
        "net.weight": weight,
        "net.small": torch.rand(4, 4),
        "net.bias": torch.rand(5000),
        "net.count": torch.arange(9000).view(2, -1),
        "other": torch.rand(70, 70),
    }


@pytest.fixture
def make_store(tmp_path):
    def make(own, shipped=None):
        grid = Grid((40, 41), (0, 1, 2))
        return WeightsStore("toy", grid, (Channel("z", 500),), "data", tmp_path / own, shipped and tmp_path / shipped)

    return make


def test_matrices_are_off_by_half_a_step_of_their_row_and_the_rest_not_at_all(tensors):
    packed = pack_matrices(tensors, Net.eight_bits)
    assert packed["net.weight"].dtype == torch.int8
    found = unpack_matrices(packed)
    assert set(found) == set(tensors)
    step = tensors["net.weight"].abs().flatten(1).amax(1) / 127
    error = (found["net.weight"] - tensors["net.weight"]).abs().flatten(1).amax(1)
    assert (error <= 0.501 * step).all()
    assert (error > 0.4 * step).all()
    assert all(found[name] is tensors[name] for name in ("other", "net.small", "net.bias", "net.count"))


def test_a_component_says_that_its_matrices_are_kept_so(make_store, tensors, tmp_path):
    store = make_store("own")
    card = store.save(Net(tensors))
    size = (tmp_path / "own/toy" / card.file).stat().st_size
    assert size < tensors["net.weight"].numel() + 4 * 5000 + 2 * 4900 + 8 * 18000 + 2000
    found, _ = store.load(Net)
    torch.testing.assert_close(
        found.tensors["net.weight"], unpack_matrices(pack_matrices(tensors, Net.eight_bits))["net.weight"]
    )


def test_compressed_weights_are_the_same_weights(make_store, tensors, tmp_path):
    card = make_store("own").save(Net(tensors))
    expected = make_store("own").load(Net)[0].tensors
    assert ship(tmp_path / "own/toy", tmp_path / "package/toy") == ["net"]
    place = tmp_path / "package/toy"
    shipped = Card.read(place / "net.json")
    assert shipped.file == card.file + ".xz"
    assert shipped.sha256 == card.sha256
    found, _ = make_store("nothing", "package").load(Net)
    assert all(torch.equal(found.tensors[name], expected[name]) for name in expected)
    # once more, and with other weights: one file is left
    assert ship(place, place) == ["net"]
    assert Card.read(place / "net.json") == shipped
    make_store("own").save(Net({**tensors, "net.small": torch.zeros(4, 4)}))
    ship(tmp_path / "own/toy", place)
    assert len(list(place.glob("*.xz"))) == 1


@pytest.mark.parametrize(
    "spoil", [lambda b: b[:-20], lambda b: b[:200] + bytes([b[200] ^ 1]) + b[201:], lambda b: b"no"]
)
def test_spoilt_compressed_weights_are_refused(make_store, tensors, tmp_path, spoil):
    make_store("own").save(Net(tensors))
    ship(tmp_path / "own/toy", tmp_path / "package/toy")
    (file,) = (tmp_path / "package/toy").glob("*.xz")
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(BenchError, match="truncated or was changed"):
        make_store("nothing", "package").load(Net)
