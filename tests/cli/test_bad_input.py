"""Bad input gives one message with cause and cure, exit code 2, and nothing half-written."""

import dataclasses
import errno
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch


@dataclasses.dataclass
class Place:
    """The small world, a folder to spoil things in, and the options of a run that would work."""

    world: object
    folder: Path
    weather: Callable
    data: str = ""

    @property
    def options(self):
        data = ("--data", self.data) if self.data else ()
        return ("--cases", 3, "--obs-frac", 0.1, "--out", self.folder / "results", *self.world.options, *data)

    def write(self, dataset):
        self.data = str(self.folder / "changed.nc")
        dataset.to_netcdf(self.data, engine="h5netcdf")
        return ()


@pytest.fixture
def place(small_world, tmp_path, make_weather):
    return Place(small_world, tmp_path, make_weather)


def text_file(place, name="a-file", text="hello"):
    (place.folder / name).write_text(text)
    return place.folder / name


def in_hectopascal(place):
    weather = place.weather()
    weather["msl"] = (weather["msl"] / 100).assign_attrs(units="Pa")
    return place.write(weather)


def with_a_gap(place):
    weather = place.weather()
    weather["t850"][1500, 2, 2] = np.nan
    return place.write(weather)


def without_test_years(place):
    return place.write(place.weather(2000, 2003))


def with_missing_times(place):
    weather = place.weather()
    return place.write(weather.isel(time=np.delete(np.arange(weather.sizes["time"]), [1500, 1501])))


def in_furlongs(place):
    weather = place.weather()
    weather["t850"].attrs["units"] = "furlong"
    return place.write(weather)


def world_with(place, old, new):
    text = place.world.world.read_text()
    assert old in text
    return ("--world", text_file(place, "world.yaml", text.replace(old, new)), "--data", place.world.data)


def tuning_nobody(place):
    text = place.world.world.read_text() + "\nmethods: {3d-var: {b_scale: 2.0}}\n"
    return ("--world", text_file(place, "world.yaml", text))


def on_another_grid(place):
    return place.write(place.weather().isel(latitude=slice(0, 4)))


def missing_data(place):
    return ("--data", place.folder / "absent.nc")


def existing_store(place):
    (place.folder / "xa.zarr").mkdir()
    return ("--save-analyses", place.folder / "xa.zarr")


def plugin(place, text, name):
    return ("--method", f"{text_file(place, 'plugin.py', text)}:{name}")


# what is wrong -> (options, cause, cure)
INPUTS = {
    "missing data": (missing_data, r"no file '.*absent\.nc'", "Give the data with --data PATH"),
    "not a NetCDF file": (lambda p: ("--data", text_file(p, "a.nc")), r"a\.nc", "fetch it again|give"),
    "hPa for Pa": (in_hectopascal, "msl .*has mean 10.*looks like hpa", "Set the variable's units attribute"),
    "a gap": (with_a_gap, "t850 .*1 missing value", "fill them"),
    "missing times": (with_missing_times, r"lacks 2 times of 'test'.*first 2004-02-0", "complete the file"),
    "a unit of something else": (in_furlongs, "t850 has the unit 'furlong'", "units attribute to 'K'"),
    "a name that is a path": (lambda p: world_with(p, "name: small", "name: a/../../b"), "field 'name'", "pattern"),
    "unknown setting of the network": (
        lambda p: world_with(p, "{history: 2}", "{histori: 2}"),
        "histori=2",
        "'settings' know 'history'",
    ),
    "a network of another history": (
        lambda p: world_with(p, "{history: 2}", "{history: 1}"),
        "sees 2 states.*has history: 1",
        "bench train forecaster --again",
    ),
    "negative seed": (("--seed", -1), "--seed", "x>=0"),
    "unsupported device": (("--device", "meta"), "'meta' is not supported", "use cpu or cuda"),
    "latent setting": (("--method", "latent-3dvar[solver=x]"), "not 'x'", "'gauss-newton' or 'adam'"),
    "tuning of no method": (tuning_nobody, "parameters of the method '3d-var'", "did you mean '3dvar'"),
    "no test years": (without_test_years, "no data in 2004", "--data PATH, or change the years"),
    "another grid": (on_another_grid, "are for another grid", "bench train forecaster --world small"),
    "unknown world": (("--world", "smal"), "no world 'smal'", "path of a YAML file"),
    "unknown world file": (("--world", "absent.yaml"), r"no world file 'absent\.yaml'", "check the path"),
    "a world that is none": (
        lambda p: ("--world", text_file(p, "w.yaml", "name: x")),
        r"w\.yaml.*'channels' is missing",
        "add it",
    ),
    "unknown method": (("--method", "3dva"), "no method called '3dva'", "did you mean '3dvar'"),
    "unreadable method": (("--method", "3dvar[b_scale"), r"Cannot read the method '3dvar\[b_scale'", "write NAME"),
    "parameter without value": (("--method", "3dvar[b_scale]"), "Cannot read 'b_scale'", "key=value"),
    "missing plug-in": (("--method", "absent.py:X"), r"no file absent\.py", "path/to/file.py:Class"),
    "plug-in that breaks": (lambda p: plugin(p, "1 / 0", "X"), "ZeroDivisionError", "cannot be imported"),
    "no such class": (lambda p: plugin(p, "class Xyz: pass", "Xy"), "defines no 'Xy'", "did you mean 'Xyz'"),
    "no method class": (lambda p: plugin(p, "class X: pass", "X"), "not a subclass of", "derive it from that"),
    "unknown variable": (("--obs-vars", "z500"), "'z500' in this world", "did you mean 't850'"),
    "unknown region": (("--region", "europa"), "No region is called 'europa'", "did you mean 'europe'"),
    "empty region": (
        ("--region", "tropics"),
        "'tropics' holds no point of the grid",
        "choose a region inside, or 'global'",
    ),
    "unknown network": (("--network", "randm"), "network='randm'", "choose one of random, columns, grid"),
    "network without stations": (("--network", "stations"), "needs a stations file", "columns id, lat, lon"),
    "unknown parameter": (("--set", "b_scal=2"), "no method of this run has that parameter", "mean 'b_scale'"),
    "unknown parameter of one": (("--set", "3dvar.b_scal=2"), "3dvar' has no parameter 'b_scal'", "mean 'b_scale'"),
    "parameter of an absent method": (("--set", "lo-sda.levels=2"), "lo-sda.*not in this run", "known: 3dvar"),
    "wrong type": (("--set", "b_scale=big"), "takes a positive value of type float", "default 1.0"),
    "malformed set": (("--set", "b_scale"), "Cannot read --set b_scale", "write --set key=value"),
    "no fraction": (("--obs-frac", 0), "obs_frac=0.0: .*greater than 0", "above 0 and at most 1"),
    "more than all": (("--obs-frac", 1.5), "obs_frac=1.5: .*less than or equal to 1", "above 0 and at most 1"),
    "NaN fraction": (("--obs-frac", "nan"), "obs_frac=nan", "above 0 and at most 1"),
    "nothing observed": (("--obs-frac", 1e-4), "obs_frac=0.0001 observes nothing", "0.01 observes one"),
    "negative error": (("--obs-std", "-1"), "obs_std is -1", "finite and zero or more"),
    "too many cases": (("--cases", 400), "--cases 400: this split has 366 cases", "ask for 1 to 366"),
    "negative cases": (("--cases", -1), "--cases -1", "ask for 1 to 366"),
    "no members": (("--members", 0), "--members", "x>=1"),
    "unknown split": (("--split", "train"), "--split", "'test', 'validate'"),
    "results are a file": (lambda p: ("--out", text_file(p)), "a-file is a file", "name a folder"),
    "results under a file": (
        lambda p: ("--out", text_file(p) / "out"),
        "cannot be written, Not a dir",
        "another folder",
    ),
    "results where nobody writes": (("--out", "/proc/assimbench"), "/proc/assimbench.* cannot be", "another folder"),
    "weights under a file": (
        lambda p: ("--weights", text_file(p) / "weights"),
        "no forecast network yet",
        "bench train forecaster",
    ),
    "existing store": (existing_store, r"xa\.zarr exists already", "name another file"),
    "unknown device": (("--device", "abacus"), "no device 'abacus'", "--device cpu"),
}


@pytest.mark.parametrize("name", INPUTS)
def test_one_message_with_cause_and_cure(bench, place, name):
    options, cause, cure = INPUTS[name]
    given = options(place) if callable(options) else options
    methods = () if "--method" in given else ("--method", "3dvar")
    before = set(place.world.weights.rglob("*"))
    result = bench("run", *methods, *place.options, *given)
    assert result.exit_code == 2
    assert result.stdout == ""
    message = result.stderr.strip()
    assert re.search(cause, message, re.DOTALL), message
    assert re.search(cure, message, re.DOTALL), message
    assert "Traceback" not in message
    # click's own refusals have two lines of usage before their one line
    assert message.startswith("bench: ") or message.startswith("Usage: ")
    assert message.count("bench: ") <= 1
    assert set(place.world.weights.rglob("*")) == before
    assert [file for end in ("tmp", "part", "parquet") for file in place.folder.rglob(f"*.{end}")] == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there(bench, place):
    result = bench("run", "--method", "3dvar", *place.options, "--device", "cuda")
    assert result.exit_code == 2
    assert "no device 'cuda'" in result.stderr
    assert "use --device cpu" in result.stderr


def test_all_cases_is_zero(bench, place):
    result = bench("run", "--method", "background", *place.options, "--cases", 0, "--json")
    assert result.exit_code == 0, result.stderr
    assert '"cases": 366,' in result.stdout


def test_a_full_disk(bench, place, monkeypatch):
    write = Path.write_bytes

    def full(path, content):
        if ".parquet" not in path.name:
            return write(path, content)
        write(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    result = bench("run", "--method", "3dvar", *place.options)
    assert result.exit_code == 2
    assert "the disk is full: make room and run the command again" in result.stderr
    assert "Traceback" not in result.stderr
    names = {file.name for file in (place.folder / "results").rglob("*") if file.is_file()}
    assert names == {"experiment.json"}
    monkeypatch.undo()
    assert bench("run", "--method", "3dvar", *place.options).exit_code == 0


def test_a_full_disk_while_analyses_are_saved(bench, place, monkeypatch):
    def full(dataset, path, **options):
        path.mkdir()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("xarray.Dataset.to_zarr", full)
    result = bench("run", "--method", "3dvar", *place.options, "--save-analyses", place.folder / "xa.zarr")
    assert result.exit_code == 2
    assert re.search(r"cannot be written to .*xa\.zarr: .*No space left", result.stderr)
    assert {p.name for p in place.folder.iterdir()} == {"results"}


def test_the_unforeseen_is_told_apart(place, bench, monkeypatch):
    def broken(*arguments):
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("benchmark.running.planning.choose_times", broken)
    result = bench("run", "--method", "3dvar", *place.options)
    assert result.exit_code == 3
    assert "unforeseen" in result.stderr
    assert "ZeroDivisionError: by nothing" in result.stderr
    assert "--debug" in result.stderr


def test_debug_shows_the_traceback(tmp_path):
    command = [sys.executable, "-c", "from benchmark.cli import main; main()", "run", "--method", "3dvar"]
    options = ["--world", str(tmp_path / "absent.yaml")]
    plain, debug = (
        subprocess.run([*command, *options, *more], capture_output=True, text=True, check=False)
        for more in ([], ["--debug"])
    )
    assert plain.returncode == 2
    assert plain.stderr.startswith("bench: There is no world file")
    assert plain.stderr.count("\n") == 1
    assert debug.returncode not in (0, 2)
    assert "Traceback (most recent call last)" in debug.stderr
    assert "BenchError: There is no world file" in debug.stderr
