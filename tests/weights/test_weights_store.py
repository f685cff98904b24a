"""The weights store: what it refuses, and that no write leaves half a pair."""

import concurrent.futures
import errno
import json
import shutil
import threading
from pathlib import Path

import pytest
import torch

import benchmark.weights.store as module
from benchmark.problem import BenchError, Channel, Component, Grid
from benchmark.weights import WeightsStore, rounded

GRID = Grid((40.0, 43.0), (0.0, 3.0, 6.0))
CHANNELS = (Channel("z", 500), Channel("msl"))


class Part(Component):
    name = "part"

    def __init__(self, values, count=0):
        self.values, self.count = values, count

    def state(self):
        return {"values": self.values, "index": torch.tensor([70000])}, {"count": self.count}

    @classmethod
    def from_state(cls, tensors, settings):
        return cls(tensors["values"], settings["count"])

    def to(self, device):
        return self


class Builder(Part):
    name = "builder"


@pytest.fixture
def store(tmp_path):
    def make(grid=GRID, channels=CHANNELS, key="data", folder="own", shipped=None):
        return WeightsStore("toy", grid, channels, key, tmp_path / folder, shipped and tmp_path / shipped)

    return make


@pytest.fixture
def stored(store):
    """A store that holds a part of the values 1 and 2."""
    made = store()
    made.save(Part(torch.tensor([1.0, 2.0]), count=3))
    return made


def weights_file(store):
    (file,) = store.folder.glob("part-*.safetensors")
    return file


def test_a_vector_keeps_what_half_precision_cannot_hold(store):
    made = store()
    exact = torch.tensor([1 / 3, 1e-9])
    made.save(Part(exact))
    assert torch.equal(made.load(Part)[0].values, exact)


def test_a_matrix_comes_back_in_half_precision(store):
    made = store()
    exact = torch.tensor([[1.0, 1 / 3, 1e-3]])
    card = made.save(Part(exact, count=3), years={"train": [2000]})
    part, again = made.load(Part)
    assert card == again
    assert (part.count, again.years) == (3, {"train": [2000]})
    assert torch.equal(part.values, exact.half().float())
    assert torch.equal(rounded(Part(exact)).values, part.values)
    # half precision keeps eleven bits
    torch.testing.assert_close(part.values, exact, rtol=2**-11, atol=0)


def test_nothing_there_is_none(store):
    assert store().find("part") is None
    assert store().load(Part) is None


def spoil_truncated(store):
    file = weights_file(store)
    file.write_bytes(file.read_bytes()[:-1])


def spoil_byte(store):
    file = weights_file(store)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def spoil_missing(store):
    weights_file(store).unlink()


def spoil_json(store):
    (store.folder / "part.json").write_text("{")


def spoil_field(store):
    card = json.loads((store.folder / "part.json").read_text())
    del card["sha256"]
    (store.folder / "part.json").write_text(json.dumps(card))


def spoil_settings(store):
    card = json.loads((store.folder / "part.json").read_text())
    card["settings"] = {}
    (store.folder / "part.json").write_text(json.dumps(card))


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (spoil_truncated, "is truncated or was changed"),
        (spoil_byte, "is truncated or was changed"),
        (spoil_missing, "is missing"),
        (spoil_json, r"part\.json cannot be read"),
        (spoil_field, r"part\.json cannot be read"),
        (spoil_settings, "cannot be used"),
    ],
)
def test_damage_is_told_with_its_cure(stored, spoil, cause):
    spoil(stored)
    with pytest.raises(BenchError, match=f"(?s){cause}.*train (it|the component) again"):
        stored.load(Part)


@pytest.mark.parametrize(
    ("other", "cause"),
    [
        ({"grid": Grid((40.0, 43.0), (0.0, 3.0, 9.0))}, "are for another grid"),
        ({"channels": (Channel("msl"), Channel("z", 500))}, "are for the channels z500, msl, not msl, z500"),
        ({"key": "other data"}, "were trained on other data"),
    ],
)
def test_weights_of_another_world_are_refused(stored, store, other, cause):
    with pytest.raises(BenchError, match=f"{cause}.*bench train part --world toy"):
        store(**other).load(Part)


def test_weights_built_on_another_component_are_refused(stored):
    digest = stored.find("part")[1].sha256
    stored.save(Builder(torch.ones(1)), depends={"part": digest})
    assert stored.load(Builder) is not None
    stored.save(Part(torch.tensor([5.0])))
    with pytest.raises(BenchError, match=r"were trained with another 'part'.*bench train builder"):
        stored.load(Builder)


def test_a_users_weights_go_before_the_shipped_ones_if_they_fit(store, tmp_path):
    store(folder="shipped").save(Part(torch.tensor([1.0])))
    both = store(shipped="shipped")
    assert both.load(Part)[0].values.item() == 1.0
    both.save(Part(torch.tensor([2.0])))
    assert both.load(Part)[0].values.item() == 2.0
    store(key="other data").save(Part(torch.tensor([3.0])))
    with pytest.warns(UserWarning, match=r"trained on other data .*those that ship with the package are used"):
        assert both.load(Part)[0].values.item() == 1.0


def test_a_new_pair_replaces_the_old_one(stored):
    old = weights_file(stored)
    stored.save(Part(torch.tensor([5.0])))
    assert weights_file(stored) != old
    assert stored.load(Part)[0].values.item() == 5.0


def test_a_save_that_is_killed_leaves_the_old_pair(stored, monkeypatch):
    write = module.write_whole

    def killed_at_the_card(path, content):
        if path.suffix == ".json":
            raise KeyboardInterrupt
        write(path, content)

    monkeypatch.setattr(module, "write_whole", killed_at_the_card)
    with pytest.raises(KeyboardInterrupt):
        stored.save(Part(torch.tensor([5.0])))
    assert stored.load(Part)[0].values.tolist() == [1.0, 2.0]


def test_a_full_disk_is_told_and_leaves_the_old_pair(stored, monkeypatch):
    before = sorted(stored.folder.iterdir())

    write_bytes = Path.write_bytes

    def full(path, data):
        write_bytes(path, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BenchError, match="the disk is full: make room"):
        stored.save(Part(torch.tensor([5.0])))
    assert sorted(stored.folder.iterdir()) == before
    assert stored.load(Part)[0].values.tolist() == [1.0, 2.0]


def test_others_may_read_the_weights(stored):
    card = stored.find(Part.name)[1]
    plain = stored.folder / "plain"
    plain.write_text("")
    assert (stored.folder / card.file).stat().st_mode == plain.stat().st_mode


def test_two_runs_that_save_at_once_leave_a_whole_pair(stored):
    start = threading.Barrier(4)

    def save(i):
        start.wait()
        for k in range(20):
            stored.save(Part(torch.tensor([float(i), float(k)])))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(save, range(4)))
    assert stored.load(Part)[0].values[1] == 19


def test_a_folder_may_move(stored, store, tmp_path):
    shutil.move(tmp_path / "own", tmp_path / "moved")
    assert store(folder="moved").load(Part)[0].values.tolist() == [1.0, 2.0]
