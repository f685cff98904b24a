"""`bench snapshot`: one setting of a sweep, one case, all methods."""

import numpy as np
import pytest

from benchmark.problem import BenchError
from benchmark.running.experiment import choose_times
from benchmark.running.snapshots import read_snapshot
from benchmark.running.sweeping.spec import read_one_world
from benchmark.worlds import load_spec, open_world

SWEEP = """\
design: star
methods: [background, 3dvar]
worlds:
  - {world: gaussian-ring, cases: 5}
  - twin
obs_frac: [0.3, 0.1]
obs_std: [0.1, 0.2]
"""


@pytest.fixture
def sweep(tmp_path):
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    return tmp_path / "sweep.yaml"


@pytest.fixture
def take(bench, tmp_path):
    """(arguments) -> the command's result; weights are of its own folder."""
    return lambda *words: bench(
        "snapshot", *words, "--out", tmp_path / "case.safetensors", "--weights", tmp_path / "weights"
    )


def test_it_takes_the_default_setting_and_the_middle_of_the_worlds_own_cases(take, sweep, tmp_path):
    result = take(sweep, "--world", "gaussian-ring")
    assert result.exit_code == 0, result.stderr
    facts = read_snapshot(tmp_path / "case.safetensors").facts
    times = choose_times(open_world(load_spec("gaussian-ring")).times("test"), 5)
    assert facts.time == str(np.datetime_as_string(times[2], unit="m"))
    assert (facts.observing["obs_frac"], facts.observing["obs_std"]) == (0.3, 0.1)
    assert list(facts.experiments) == ["background", "climatology", "3dvar"]
    assert "3 methods" in result.stdout
    assert facts.time in result.stdout


def test_flags_replace_what_the_file_says(take, sweep, tmp_path):
    words = ("--world", "gaussian-ring", "--cases", 3, "--obs-frac", 0.5, "--method", "etkf[centre=ensemble]")
    assert take(sweep, *words).exit_code == 0
    facts = read_snapshot(tmp_path / "case.safetensors").facts
    times = choose_times(open_world(load_spec("gaussian-ring")).times("test"), 3)
    assert facts.time == str(np.datetime_as_string(times[1], unit="m"))
    assert facts.observing["obs_frac"] == 0.5
    assert list(facts.experiments) == ["background", "climatology", "etkf[centre=ensemble]"]
    when = str(open_world(load_spec("gaussian-ring")).times("test")[1])[:16]
    assert take("--world", "gaussian-ring", "--method", "background", "--time", when).exit_code == 0
    assert read_snapshot(tmp_path / "case.safetensors").facts.time == when


def test_a_method_that_fails_is_told_and_the_others_are_kept(take, sweep, plugins, tmp_path):
    label = plugins("Fails")
    result = take(sweep, "--world", "gaussian-ring", "--method", label, "--method", "3dvar")
    assert result.exit_code == 1
    assert "no such number" in result.stderr
    assert f"left out: {label} (failed)" in result.stdout
    assert "3dvar" in read_snapshot(tmp_path / "case.safetensors").analyses


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "names no methods"),
        (("--method", "3dvar"), "names no worlds"),
        (("--method", "3dvar", "--world", "twin", "--world", "gaussian"), "of one world"),
        (("--method", "3dvar", "--world", "gaussian-ring", "--time", "soon"), "2012-07-01T00"),
        (("--method", "3dvar", "--world", "gaussian-ring", "--time", "1900-01-01"), "the nearest is"),
        (("--method", "3dvaar", "--world", "gaussian-ring"), "3dvar"),
        (("--method", "3dvar", "--world", "lorenz96"), "cycled"),
        (("--method", "3dvar", "--world", "gaussian-ring", "--data", "twin=x"), "not in this sweep"),
    ],
)
def test_bad_input_gives_one_message_and_no_file(take, tmp_path, words, told):
    result = take(*words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert not (tmp_path / "case.safetensors").exists()


def test_of_several_worlds_one_is_named(take, sweep):
    result = take(sweep)
    assert result.exit_code == 2
    assert "gaussian-ring, twin" in result.stderr
    with pytest.raises(BenchError, match="several worlds"):
        read_one_world(sweep, {}, None)


def test_a_world_keeps_what_the_file_says_of_it(sweep, tmp_path):
    (own,) = read_one_world(sweep, {}, "gaussian-ring").worlds
    assert (own.world, own.cases) == ("gaussian-ring", 5)
    (other,) = read_one_world(sweep, {}, "gaussian").worlds
    assert (other.world, other.cases) == ("gaussian", None)
    (tmp_path / "none.yaml").write_text("methods: all\n")
    assert [one.world for one in read_one_world(tmp_path / "none.yaml", {}, "twin").worlds] == ["twin"]
    (tmp_path / "none.yaml").write_text("methods: all\nfraction: 1\n")
    with pytest.raises(BenchError, match="fraction"):
        read_one_world(tmp_path / "none.yaml", {}, "twin")
