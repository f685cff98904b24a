"""Scores do not depend on who does the work, in which order, after what, or by what clock."""

import io
import os
import shutil
import time

import numpy as np
import pandas as pd
import pytest


def test_another_order_of_the_work_gives_the_same_bits(sweep, exported, undisturbed, tmp_path):
    sweep(tmp_path / "reversed", order=lambda units: units[::-1])
    assert exported(tmp_path / "reversed") == undisturbed

    def shuffled(units):
        return [units[i] for i in np.random.default_rng(3).permutation(len(units))]

    sweep(tmp_path / "shuffled", order=shuffled)
    assert exported(tmp_path / "shuffled") == undisturbed


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_any_number_of_workers_gives_the_same_bits(fork, flags, exported, undisturbed, tmp_path, workers):
    process = fork(flags(tmp_path / "out", "--workers", workers))
    assert process.wait() == 0
    assert exported(tmp_path / "out") == undisturbed


def test_the_size_of_chunks_changes_no_more_than_rounding(sweep, exported, undisturbed, tmp_path):
    usual = pd.read_csv(io.BytesIO(undisturbed))
    for chunk in (1, 7, 32):
        sweep(tmp_path / f"{chunk}", chunk=chunk)
        found = pd.read_csv(io.BytesIO(exported(tmp_path / f"{chunk}")))
        for column in ("value", "low", "high"):
            # scores that are zero but for rounding have no relative error
            floor = 1e-6 * usual.groupby(["score", "channel"])[column].transform(lambda v: v.abs().max())
            assert np.isclose(found[column], usual[column], rtol=1e-4, atol=floor, equal_nan=True).all()
        same = ["experiment", "method", "region", "channel", "score", "cases", "observation_hash"]
        assert found[same].equals(usual[same])


def test_a_point_that_two_settings_share_is_done_once(sweep, tmp_path):
    # the centre of a star is in no other point, but a point method does not see how many members are asked for
    found = sweep(tmp_path, methods=["3dvar", "letkf"], obs_frac=0.1, members=[None, 3])
    names = [entry.label for entry in found.plan.entries]
    assert sorted(names) == ["3dvar", "background", "climatology", "letkf", "letkf"]
    assert found.report.computed == 5 * 24


def test_no_clock_has_a_say(sweep, exported, undisturbed, tmp_path, monkeypatch):
    sweep(tmp_path, order=lambda units: units[:31])
    for count, file in enumerate(sorted(tmp_path.rglob("*"))):
        # 1970 and 2099
        os.utime(file, (0, 0) if count % 2 else (4_070_908_800, 4_070_908_800))
    backwards = iter(range(10**9, 0, -3600))
    monkeypatch.setattr(time, "time", lambda: float(next(backwards)))
    assert sweep(tmp_path).report.computed == 4 * 29
    assert sweep(tmp_path).report.computed == 0
    monkeypatch.undo()
    assert exported(tmp_path) == undisturbed


def test_a_chunk_of_another_size_computes_only_what_is_missing(sweep, tmp_path):
    sweep(tmp_path, methods=["3dvar"], obs_frac=0.1, chunk=4, order=lambda units: units[:3])
    found = sweep(tmp_path, methods=["3dvar"], obs_frac=0.1, chunk=9)
    assert found.report.computed == 3 * 24 - 3 * 4
    assert sweep(tmp_path, methods=["3dvar"], obs_frac=0.1, chunk=5).report.computed == 0


def test_fresh_computes_again_and_leaves_the_same(sweep, exported, undisturbed, tmp_path):
    sweep(tmp_path)
    assert sweep(tmp_path, fresh=True).report.computed == 10 * 24
    assert exported(tmp_path) == undisturbed


def test_results_whose_description_is_lost_are_described_again(sweep, exported, undisturbed, tmp_path):
    sweep(tmp_path)
    for file in tmp_path.rglob("experiment.json"):
        file.unlink()
    assert sweep(tmp_path).report.computed == 0
    assert exported(tmp_path) == undisturbed


def test_cases_that_are_there_twice_are_counted_once(sweep, exported, undisturbed, tmp_path):
    sweep(tmp_path)
    for file in list(tmp_path.glob("*/*.parquet")):
        shutil.copy(file, file.with_name(f"again-{file.name}"))
    assert exported(tmp_path) == undisturbed
