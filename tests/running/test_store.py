"""The store: what is there is not computed again, and what is missing is found by case."""

import pandas as pd
import pytest

from benchmark.problem import BenchError
from methods.threedvar import ThreeDVar

COUNT = 3  # background, climatology and the method


def files(folder):
    return {file: file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}


def test_a_second_run_answers_from_the_store(perform, tmp_path, monkeypatch):
    first = perform(tmp_path, "3dvar", chunk=5)
    before = files(tmp_path)
    assert first.computed == COUNT * 12
    # 12 cases in chunks of 5 are three files beside experiment.json
    assert len(before) == COUNT * 4

    def forbidden(self, problem, members, noise):
        raise AssertionError("computed again")

    monkeypatch.setattr(ThreeDVar, "analyse", forbidden)
    second = perform(tmp_path, "3dvar")
    assert second.computed == 0
    assert files(tmp_path) == before
    assert second.summary == first.summary


def test_fresh_computes_the_same_again(perform, scores, tmp_path):
    first = perform(tmp_path, "3dvar")
    before = files(tmp_path)
    second = perform(tmp_path, "3dvar", fresh=True)
    after = files(tmp_path)
    assert second.computed == COUNT * 12
    assert set(after) == set(before)
    assert all(after[file] > before[file] for file in before)
    assert scores(second.summary) == scores(first.summary)


def test_more_cases_compute_only_the_missing_ones(perform, scores, tmp_path):
    # the 4 cases of a third of the stride are among the 12
    assert perform(tmp_path / "a", "3dvar", cases=4).computed == COUNT * 4
    grown = perform(tmp_path / "a", "3dvar", cases=12)
    assert grown.computed == COUNT * 8
    whole = perform(tmp_path / "b", "3dvar", cases=12)
    assert scores(grown.summary)["observations"] == scores(whole.summary)["observations"]
    for label, found in whole.summary["methods"].items():
        # batches of 8 and of 12 round differently in single precision
        assert grown.summary["methods"][label]["rmse"] == pytest.approx(found["rmse"], rel=1e-4)
    assert perform(tmp_path / "a", "3dvar", cases=4).computed == 0


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"split": "validate"}, {"overrides": {"": {"b_scale": "0.5"}}}],
    ids=["seed", "split", "parameter"],
)
def test_another_experiment_has_another_place(perform, tmp_path, change):
    first = perform(tmp_path, "3dvar").summary["experiment"]["ids"]["3dvar"]
    second = perform(tmp_path, "3dvar", **change)
    assert second.summary["experiment"]["ids"]["3dvar"] != first
    assert second.computed >= 12


def test_an_edited_plug_in_is_another_experiment(perform, shift, tmp_path):
    out = tmp_path / "results"
    assert perform(out, shift).computed == COUNT * 12
    assert perform(out, shift).computed == 0
    file = tmp_path / "shift.py"
    file.write_text(file.read_text().replace('{"by": 0.5}', '{"by": 0.25}'))
    assert perform(out, shift).computed == 12


def test_files_of_one_name_in_two_folders_are_two_methods(perform, shift, tmp_path):
    out, other = tmp_path / "results", tmp_path / "other"
    other.mkdir()
    text = (tmp_path / "shift.py").read_text()
    (other / "shift.py").write_text(text.replace("0.5", "0.25"))
    both = perform(out, shift, f"{other / 'shift.py'}:Shift").summary
    # a shift of a half and of a quarter std, on the same background
    first, second = (both["methods"][label] for label in list(both["methods"])[2:])
    assert first["relative_error"]["value"] > second["relative_error"]["value"]
    (tmp_path / "shift.py").write_text(text.replace("0.5", "0.75"))
    assert perform(out, shift, f"{other / 'shift.py'}:Shift").computed == 12


def test_a_result_file_that_cannot_be_read_is_named_with_its_cure(perform, tmp_path):
    ids = perform(tmp_path, "3dvar").summary["experiment"]["ids"]
    (file,) = (tmp_path / ids["3dvar"]).glob("*.parquet")
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(BenchError, match=f"{file.name} cannot be read.*delete it, its cases are run again"):
        perform(tmp_path, "3dvar")
    file.unlink()
    assert perform(tmp_path, "3dvar").computed == 12


def test_the_results_of_a_chunk_hold_everything_that_the_documentation_names(perform, stored_rows, tmp_path):
    summary = perform(tmp_path, "lo-sda", members=2).summary
    rows = stored_rows(tmp_path, summary["experiment"]["ids"]["lo-sda"])
    assert set(rows) == {
        *("time", "channel", "region", "statistic", "value", "weight", "status", "experiment", "method"),
        *("observation_hash", "values", "members", "seconds", "network_forwards", "network_backwards"),
        *("operator_calls", "iterations", "peak_memory_mb", "device", "version", "torch"),
        *(
            "bin",
            "seed",
            "observing_seed",
            "data_hash",
            "weights_hash",
            "trials",
            "commit",
            "dirty",
            "threads",
            "dtype",
        ),
    }
    assert not rows.duplicated(["time", "channel", "region", "statistic", "bin"]).any()
    assert set(rows["members"]) == {2}
    assert pd.unique(rows["time"]).size == 12
