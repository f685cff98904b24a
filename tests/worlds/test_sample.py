"""A sample is the archive's test cases: the same numbers, statistics and hashes, and nothing else."""

import json

import numpy as np
import pytest
import torch
import xarray as xr

from benchmark.problem import BenchError
from benchmark.worlds import Fields, WorldSpec
from benchmark.worlds.sample import read_sample, write_sample

STEPS = {"z500": (54000.0, 2.0, "m2 s-2"), "t850": (280.0, 2.0**-6, "K"), "sp": (98000.0, 4.0, "Pa")}
MONTH = np.datetime64("2004-04", "M")


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """A global world of white noise in whole steps, every 12 h from 2001 to 2004."""
    times = np.arange("2001-01-01", "2005-01-01", 12, dtype="datetime64[h]").astype("datetime64[ns]")
    noise = np.random.default_rng(0)
    data = {
        name: (
            ("time", "latitude", "longitude"),
            (offset + step * noise.integers(-300, 300, (len(times), 4, 8))).astype(np.float32),
            {"units": unit},
        )
        for name, (offset, step, unit) in STEPS.items()
    }
    path = tmp_path_factory.mktemp("whole") / "whole.nc"
    lat, lon = np.array([-60.0, -20.0, 20.0, 60.0]), np.arange(0, 360, 45.0)
    xr.Dataset(data, {"time": times, "latitude": lat, "longitude": lon}).to_netcdf(path, engine="h5netcdf")
    return {
        "name": "steps",
        "path": str(path),
        "channels": list(STEPS),
        "train": "2001-2002",
        "validate": 2003,
        "test": 2004,
        "test_step_h": 48,
        "archive_step_h": 24,
        "climatology": "harmonics",
        "background": {"kind": "persistence", "lead_h": 48},
        "data_note": "Ask for it.",
    }


@pytest.fixture(scope="module")
def whole(settings):
    return Fields(WorldSpec.model_validate(settings))


@pytest.fixture(scope="module")
def folder(whole, tmp_path_factory):
    place = tmp_path_factory.mktemp("sample")
    write_sample(whole, place, MONTH, {"commit": "abc"})
    return place


@pytest.fixture(scope="module")
def sample(settings, folder):
    return read_sample(WorldSpec.model_validate({**settings, "path": ""}), folder)


def test_cases_lie_on_their_step(whole):
    for split, step in (("test", 48), ("train", 24), ("validate", 24)):
        hours = whole.times(split).astype("datetime64[h]").astype(int)
        assert np.all(hours % step == 0)
        assert set(np.diff(hours)) == {step}
    # 366 days; the first case's start lies in the validation year
    assert len(whole.times("test")) == 183


def test_the_sample_is_the_archive(whole, sample):
    times = whole.times("test")
    np.testing.assert_array_equal(sample.times("test"), times)
    assert torch.equal(sample.truth(times), whole.truth(times))
    assert torch.equal(sample.background(times), whole.background(times))
    assert torch.equal(sample.climatology(times), whole.climatology(times))
    assert sample.normalisation == whole.normalisation
    assert sample.grid == whole.grid
    for name in ("training_hash", "evaluation_hash", "fitting_identity", "background_identity"):
        assert getattr(sample, name) == getattr(whole, name), name


def test_the_month_is_whole(whole, sample):
    days = np.arange("2004-04-01", "2004-05-01", 12, dtype="datetime64[h]").astype("datetime64[ns]")
    assert torch.equal(sample.truth(days), whole.truth(days))
    assert torch.equal(sample.background(days), whole.background(days))


def test_there_is_nothing_to_fit_on(sample):
    for split in ("train", "validate"):
        with pytest.raises(BenchError, match=rf"only test cases of the world 'steps', no {split} years\. Ask for it"):
            sample.archive(split)


def test_values_are_int16(folder):
    ds = xr.open_dataset(folder / "sample.nc", mask_and_scale=False)
    assert {str(ds[name].dtype) for name in STEPS} == {"int16"}
    assert {name: float(ds[name].attrs["scale_factor"]) for name in STEPS} == {k: v[1] for k, v in STEPS.items()}


@pytest.mark.parametrize("name", ["sample.nc", "statistics.safetensors"])
def test_a_changed_file_is_refused(settings, folder, tmp_path, name):
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    content = bytearray((tmp_path / name).read_bytes())
    content[-1] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BenchError, match=rf"{name} is missing or was changed.*install the package anew"):
        read_sample(WorldSpec.model_validate({**settings, "path": ""}), tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(BenchError, match=rf"{name} is missing or was changed"):
        read_sample(WorldSpec.model_validate({**settings, "path": ""}), tmp_path)


def test_other_channels_need_an_archive(settings, folder):
    other = WorldSpec.model_validate({**settings, "path": "", "channels": ["z500"]})
    with pytest.raises(BenchError, match=r"has the channels z500, t850, sp; for others give an archive with --data"):
        read_sample(other, folder)


def test_a_spoilt_card_is_named(settings, tmp_path):
    (tmp_path / "card.json").write_text(json.dumps({"world": "steps"}))
    with pytest.raises(BenchError, match=r"card\.json cannot be read"):
        read_sample(WorldSpec.model_validate({**settings, "path": ""}), tmp_path)


def test_a_month_outside_the_test_years_is_refused(whole, tmp_path):
    with pytest.raises(BenchError, match="2003-04 is not a month of the test years"):
        write_sample(whole, tmp_path, np.datetime64("2003-04", "M"), {})


def test_fields_between_steps_are_refused(settings, tmp_path):
    ds = xr.load_dataset(settings["path"])
    ds["z500"] += 0.5
    ds.to_netcdf(tmp_path / "between.nc", engine="h5netcdf")
    world = Fields(WorldSpec.model_validate({**settings, "path": str(tmp_path / "between.nc")}))
    with pytest.raises(BenchError, match="are not in whole steps"):
        write_sample(world, tmp_path / "out", MONTH, {})
