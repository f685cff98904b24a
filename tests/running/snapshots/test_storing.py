"""Snapshots come back from their files as they went, and whatever else a file holds is refused."""

import base64
import dataclasses
import json
import pickle

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from benchmark.problem import BenchError
from benchmark.running.snapshots import Observed, Snapshot, SnapshotFacts, read_snapshot, write_snapshot

LABELS = ("background", "3dvar[b_scale=2.0]", "folder/file.py:Class[a=1,b=<i>]")
SHAPE = (2, 3, 4)


@pytest.fixture
def snapshot():
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 256, (4, *SHAPE), dtype=np.uint8)
    facts = SnapshotFacts(
        time="2012-07-01T00:00",
        world="twin",
        split="test",
        observing_system="random 1 %",
        observing={"obs_frac": 0.01, "obs_vars": []},
        observed={"z500": "z500", "msl": "msl"},
        observation_hash="0" * 64,
        channels=[
            {"name": "z500", "unit": "m2 s-2", "low": 5e4, "high": 6e4, "error": 100.0},
            {"name": "msl", "unit": "Pa", "low": 1e5, "high": 1e5, "error": 0.0},
        ],
        latitude=[-45, 0, 45],
        longitude=[0, 90, 180, 270],
        periodic=True,
        experiments=dict.fromkeys(LABELS, "0123456789abcdef"),
        clipped={"background": 0.5},
        left_out={"sda": "diverged"},
    )
    places = rng.random((3, 5), dtype=np.float32)
    observed = Observed(*places, np.array([0, 0, 1, 1, 0], dtype=np.int32))
    return Snapshot(facts, codes[0], codes[1], dict(zip(LABELS, [codes[1], *codes[2:]], strict=True)), observed)


@pytest.fixture
def file(snapshot, tmp_path):
    write_snapshot(snapshot, tmp_path / "case.safetensors")
    return tmp_path / "case.safetensors"


def test_it_comes_back_as_it_went(snapshot, file):
    back = read_snapshot(file)
    assert back.facts == snapshot.facts
    for one, other in ((back.truth, snapshot.truth), (back.background, snapshot.background)):
        assert np.array_equal(one, other)
    assert list(back.analyses) == list(LABELS)
    assert all(np.array_equal(back.analyses[label], snapshot.analyses[label]) for label in LABELS)
    for field in dataclasses.fields(Observed):
        assert np.array_equal(getattr(back.observed, field.name), getattr(snapshot.observed, field.name))
    assert json.dumps(back.maps("3")) == json.dumps(snapshot.maps("3"))


def test_the_maps_are_what_a_page_decodes(snapshot):
    maps = json.loads(json.dumps(snapshot.maps("3"), allow_nan=False))
    assert (maps["setting"], maps["time"], maps["periodic"]) == ("3", "2012-07-01T00:00", True)
    assert maps["channels"]["z500"] == {"range": [5e4, 6e4], "error": 100.0}
    low, high = maps["channels"]["z500"]["range"]
    codes = np.frombuffer(base64.b64decode(maps["truth"]["z500"]), np.uint8).reshape(3, 4)
    assert snapshot.true()[0] == pytest.approx(low + codes / 255 * (high - low))
    codes = np.frombuffer(base64.b64decode(maps["analyses"][LABELS[2]]["z500"]), np.uint8).reshape(3, 4)
    assert snapshot.error(LABELS[2])[0] == pytest.approx(-100 + codes / 255 * 200)
    assert (snapshot.true()[1] == 1e5).all()
    assert (snapshot.error()[1] == 0).all()
    assert list(map(len, maps["observations"].values())) == [3, 2]


def changed(file, tensors=None, drop=(), text=None, **facts):
    """Writes the file anew with other tensors and facts."""
    with safe_open(file, "numpy") as old:
        told = json.loads(old.metadata()["snapshot"])
    held = {k: v for k, v in load_file(file).items() if k not in drop} | (tensors or {})
    text = json.dumps({**told, **facts}) if text is None else text
    save_file(held, file, {"snapshot": text} if text else {"format": "np"})


def channel(**fields):
    return [
        {"name": "z500", "unit": "", "low": 0, "high": 1, "error": 1, **fields},
        {"name": "msl", "unit": ""}
        | {
            "low": 0,
            "high": 1,
            "error": 1,
        },
    ]


BROKEN = {
    "nothing said": lambda f: changed(f, text=""),
    "no JSON": lambda f: changed(f, text="{"),
    "deep JSON": lambda f: changed(f, text='{"observing": {"a": ' + "[" * 100_000 + "]" * 100_000 + "}}"),
    "no object": lambda f: changed(f, text="[]"),
    "other format": lambda f: changed(f, format=2),
    "unknown fact": lambda f: changed(f, more=1),
    "a time that is none": lambda f: changed(f, time="now"),
    "a month that is none": lambda f: changed(f, time="2012-17-01T00:00"),
    "a range of nothing": lambda f: changed(f, channels=channel(low=float("nan"))),
    "a range without end": lambda f: changed(f, channels=channel(high=float("inf"))),
    "a range backwards": lambda f: changed(f, channels=channel(low=2)),
    "a negative scale": lambda f: changed(f, channels=channel(error=-1)),
    "one channel twice": lambda f: changed(f, channels=channel(name="msl")),
    "one channel less": lambda f: changed(f, channels=channel()[:1]),
    "latitudes that fall": lambda f: changed(f, latitude=[45, 0, -45]),
    "latitudes of elsewhere": lambda f: changed(f, latitude=[0, 45, 950]),
    "no circle": lambda f: changed(f, periodic=False),
    "clipped and not there": lambda f: changed(f, clipped={"sda": 0.5}),
    "more than all clipped": lambda f: changed(f, clipped={"background": 2.0}),
    "left out and there": lambda f: changed(f, left_out={"background": "diverged"}),
    "an analysis less": lambda f: changed(f, drop=(f"analysis/{LABELS[1]}",)),
    "an analysis more": lambda f: changed(f, {"analysis/x": np.zeros(SHAPE, np.uint8)}),
    "no truth": lambda f: changed(f, drop=("truth",)),
    "another shape": lambda f: changed(f, {"truth": np.zeros((2, 4, 3), np.uint8)}),
    "another type": lambda f: changed(f, {"background": np.zeros(SHAPE, np.float32)}),
    "values that are none": lambda f: changed(f, {"observations/value": np.full(5, np.nan, np.float32)}),
    "fewer values": lambda f: changed(f, {"observations/value": np.zeros(4, np.float32)}),
    "values in a square": lambda f: changed(f, {"observations/value": np.zeros((5, 1), np.float32)}),
    "a channel that is none": lambda f: changed(f, {"observations/channel": np.full(5, 2, np.int32)}),
    "a channel before the first": lambda f: changed(f, {"observations/channel": np.full(5, -1, np.int32)}),
    "channels between": lambda f: changed(f, {"observations/channel": np.full(5, 0.5, np.float32)}),
    "half a file": lambda f: f.write_bytes(f.read_bytes()[:-10]),
    "an empty file": lambda f: f.write_bytes(b""),
    "a pickle": lambda f: f.write_bytes(pickle.dumps({"truth": 1})),
    "a header without end": lambda f: f.write_bytes(b"\xff" * 64),
    "no file": lambda f: f.unlink(),
    "a folder": lambda f: (f.unlink(), f.mkdir()),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_snapshot_is_refused_with_a_reason(file, what):
    BROKEN[what](file)
    with pytest.raises(BenchError, match=r"case.safetensors cannot be read \(.+\); make it again"):
        read_snapshot(file)


def test_a_changed_file_that_is_whole_is_read(file):
    changed(file, world="other")
    assert read_snapshot(file).facts.world == "other"


def test_a_snapshot_whose_parts_do_not_fit_is_none(snapshot):
    with pytest.raises(BenchError, match="experiments"):
        dataclasses.replace(snapshot, analyses={})


def test_a_file_that_cannot_be_written_leaves_nothing(snapshot, tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(BenchError, match="cannot be written"):
        write_snapshot(snapshot, tmp_path / "taken")
    assert list(tmp_path.iterdir()) == [tmp_path / "taken"]
