"""Results at a URL are those in a folder."""

import fsspec
import pytest

from benchmark.observing import ObservingSpec
from benchmark.running.executing import execute
from benchmark.running.request import RunRequest
from benchmark.running.store import ResultStore
from benchmark.worlds import load_spec


class Quiet:
    def start(self, label, steps, done):
        pass

    def step(self, count=1):
        pass


@pytest.fixture
def perform(ground):
    def go(out):
        observing = ObservingSpec(obs_frac=0.3)
        request = RunRequest(
            world=load_spec(ground / "tiny.yaml"), observing=observing, methods=("3dvar",), out=out, cases=8, chunk=4
        )
        return execute(request, Quiet())

    return go


@pytest.mark.parametrize("where", ["memory://{folder}", "file://{folder}", "dir::file://{folder}"])
def test_a_run_at_a_url_is_the_run_in_a_folder(perform, exported, tmp_path, where):
    url = where.format(folder=tmp_path / "url")
    assert perform(url).computed == 24
    assert perform(url).computed == 0
    perform(tmp_path / "folder")
    assert exported(url) == exported(tmp_path / "folder")
    assert len(ResultStore(url).experiments()) == 3
    fsspec.filesystem("memory").store.clear()


def test_a_sweep_at_a_url_is_the_sweep_in_a_folder(sweep, exported, undisturbed, tmp_path):
    url = f"dir::file://{tmp_path}/url"
    sweep(url, order=lambda units: units[:20])
    assert sweep(url).report.computed == 4 * 40
    assert exported(url) == undisturbed
