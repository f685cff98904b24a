"""The results in the repository: the tables are made of them, and they come out again."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import yaml

from benchmark.observing import ObservingSpec
from benchmark.running.executing import execute
from benchmark.running.request import RunRequest
from benchmark.running.results.opening import open_results
from benchmark.running.results.published import read_published
from benchmark.worlds import load_spec
from leaderboards.markdown import leaderboard
from leaderboards.standard import find_sweep

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "leaderboards" / "results"


class Silent:
    def start(self, label, steps, done):
        pass

    def step(self, count=1):
        pass


@pytest.fixture(scope="module")
def published():
    return read_published(FOLDER)


def test_the_tables_are_those_of_the_rows(published):
    assert (ROOT / "leaderboards" / "README.md").read_text() == leaderboard(published)


def test_they_are_a_few_megabytes_and_no_part_of_the_package():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 8e6
    assert not list(FOLDER.rglob("*.py"))


def test_the_whole_standard_set_is_there(published):
    spec = yaml.safe_load(find_sweep("standard").read_text())
    for world in spec["worlds"]:
        here = [result for result in published if result.world == world["world"]]
        assert {len(result.times) for result in here} == {world["cases"]}
        assert {r.facts["observing.obs_frac"] for r in here} == set(spec["obs_frac"])
        assert {r.facts["observing.obs_std"] for r in here} == set(spec["obs_std"])
        assert {"3dvar", "lo-sda", "denoising-3dvar", "dps", "diffda", "letkf", "autoencoder"} <= {
            r.method for r in here
        }


def test_every_row_says_where_it_comes_from(published):
    for result in published:
        assert re.fullmatch(r"[0-9a-f]{40}", result.provenance["commit"])
        assert result.provenance["dirty"] is False
        assert result.provenance["data_hash"]
        assert result.card["label"] == result.label


@pytest.mark.parametrize("world", ["twin", "era-interim-euroatlantic"])
def test_they_come_out_again(published, world, tmp_path, request):
    """Two methods of the default setting, case by case."""
    data = None
    if world != "twin":
        data = str(request.getfixturevalue("shared_data") / "era_interim_euroatlantic_2000_2009.nc")
    wanted = {
        result.label: result
        for result in published
        if result.world == world and result.facts["observing.obs_frac"] == 0.01
        if result.facts["observing.obs_std"] == 0.05 and result.facts["observing.obs_vars"] == []
    }
    again = RunRequest(
        world=load_spec(world, data),
        methods=("3dvar", "interpolation"),
        out=tmp_path,
        device="cpu",
        cases=len(wanted["3dvar"].times),
        observing=ObservingSpec(),
    )
    execute(again, Silent())
    for result in open_results(tmp_path):
        known = wanted[result.label]
        assert result.id == known.id
        assert result.observation_hash == known.observation_hash
        for statistic in ("mse", "mae", "acc"):
            for channel, values in result.values[statistic].items():
                np.testing.assert_allclose(known.values[statistic][channel], values, rtol=1e-3, err_msg=channel)
                assert known.values[statistic][channel].mean() == pytest.approx(values.mean(), rel=1e-4, nan_ok=True)


def test_the_workflow_builds_the_page_from_them(bench, tmp_path, monkeypatch):
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "pages.yml").read_text())["jobs"]["build"]["steps"]
    (command,) = [step["run"] for step in steps if "bench publish" in step.get("run", "")]
    words = shlex.split(command)[1:]
    place = words.index("--out") + 1
    assert words[place] == next(step["with"]["path"] for step in steps if "upload-pages" in step.get("uses", ""))
    words[place] = str(tmp_path / "site")
    monkeypatch.chdir(ROOT)
    result = bench(*words)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "site" / "index.html").stat().st_size < 3e6
    assert (tmp_path / "site" / "downloads" / "scores.csv").is_file()
