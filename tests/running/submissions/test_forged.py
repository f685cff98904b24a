"""Scores and analyses that were not run: recomputing finds the former, running again the latter."""

import dataclasses
import json
import struct

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from benchmark.problem import Cost, Status
from benchmark.running.submissions.consistency import inconsistencies


def scaled(members, factor, **powers):
    """All values of some statistics times a factor to a power."""
    lines = members["values.csv"].decode().splitlines()
    found = [lines[0]]
    for line in lines[1:]:
        *head, value = line.split(",")
        power = powers.get(head[1], 0)
        found.append(",".join([*head, f"{float(value) * factor**power:.9g}" if value and power else value]))
    return {**members, "values.csv": ("\n".join(found) + "\n").encode()}


WHOLE = dict.fromkeys(("mse", "mse_member", "mse_debiased", "variance"), 2)
WHOLE |= dict.fromkeys(("rmse_case", "mae", "bias", "crps_skill", "crps_spread", "energy_score"), 1)


def test_an_honest_one_is_accepted(honest, check):
    found = check(honest)
    assert [one.verdict for one in found.checks] == ["passed"] * 7
    assert (found.outcome, found.exit_code, found.rerun) == ("accepted", 0, True)
    assert {result.label for result in found.results} == {"3dvar", "etkf"}


def test_without_running_again_a_method_of_the_package_is_not_accepted(honest, check):
    found = check(honest, rerun=False)
    assert (found.outcome, found.exit_code, found.rerun) == ("not verified", 2, False)


def test_all_errors_ten_per_cent_smaller(members, forge, refused):
    """The statistics fit each other, and not the analyses."""
    refused(forge(scaled(members, 0.9, **WHOLE)), "scores", "and its row says")


def test_a_thousandth_is_found_too(members, forge, refused):
    refused(forge(scaled(members, 0.999, **WHOLE)), "scores", "and its row says")


@pytest.mark.parametrize(
    ("statistic", "words"),
    [
        ("mse", "is not the root"),
        ("mae", "contradict"),
        ("rmse_case", "is not the root"),
        ("mse_member", "mse_member is not mse"),
        ("crps_skill", "contradict"),
        ("energy_score", "single analysis contradict"),
    ],
)
def test_one_statistic_alone(members, forge, refused, statistic, words):
    refused(forge(scaled(members, 0.7, **{statistic: 1})), "consistency", words)


def test_a_statistic_that_is_left_out(members, forge, refused):
    """In one channel, or in all."""
    rows = members["values.csv"].splitlines(keepends=True)
    channel = rows[1].split(b",")[2]
    for left_out, check, words in (
        (b",mae,", "archive", "mae"),
        (b",mae," + channel, "archive", "mae"),
        (b",variance," + channel, "consistency", "a statistic of members is missing"),
    ):
        refused(forge({**members, "values.csv": b"".join(row for row in rows if left_out not in row)}), check, words)


def test_no_error_at_all(members, forge, refused):
    refused(forge(scaled(members, 0.0, **WHOLE)), "consistency", "an error of exactly zero")


def test_more_members_than_there_are_spread(members, forge, refused):
    refused(forge(scaled(members, 1.1, variance=1)), "consistency", "the members' variance")
    refused(forge(scaled(members, 3.0, crps_spread=1)), "consistency", "contradict")


def test_correlations_beyond_one(members, forge, refused):
    refused(forge(scaled(members, 1e6, acc=1)), "consistency", "acc is beyond 1")


def test_winds_that_are_not_their_components(honest, check):
    result = check(honest, rerun=False).results.results[0]
    channel = result.channels[0]
    both = {
        s: dict.fromkeys(("u500", "v500"), found[channel]) for s, found in result.values.items() if channel in found
    }
    for factor, words in ((2.0, []), (1.9, ["wind_mse of wind500 is not the sum of its components'"])):
        values = {**both, "wind_mse": {"wind500": factor * both["mse"]["u500"]}}
        assert list(inconsistencies(dataclasses.replace(result, values=values))) == words


def test_scores_of_a_case_that_diverged(members, forge, refused):
    changed = members["cases.csv"].replace(b",ok,", b",diverged,", 1)
    refused(forge({**members, "cases.csv": changed}), "consistency", "it has scores of a case that diverged")


def test_rank_histograms_that_are_none(members, forge, refused):
    text = members["bins.csv"].decode()
    lines = [x.rpartition(",")[0] + ",0.5" if ",rank_histogram," in x else x for x in text.splitlines()]
    refused(forge({**members, "bins.csv": ("\n".join(lines) + "\n").encode()}), "consistency", "do not add up")


def of_3dvar(members):
    experiments = json.loads(members["experiments.json"])
    return next(f"analyses/{one['id']}.safetensors" for one in experiments if one["label"] == "3dvar")


def test_other_analyses(members, forge, refused):
    name = of_3dvar(members)
    fields = load(members[name])["members"]
    for changed in (fields * np.float32(1.001), fields[::-1]):
        path = forge({**members, name: save({"members": np.ascontiguousarray(changed)})})
        refused(path, "scores", "and its row says")


def test_analyses_that_are_missing_or_of_something_else(members, forge, refused):
    name = of_3dvar(members)
    fields = load(members[name])["members"]
    refused(forge({k: v for k, v in members.items() if k != name}), "scores", f"{name} is missing")
    refused(forge({**members, "analyses/0123456789abcdef.safetensors": members[name]}), "scores", "no submitted")
    for content, words in (
        ({"members": fields[:3]}, "F32 of shape"),
        ({"members": fields.astype(np.float64)}, "F64"),
        ({"members": fields.astype(np.int32)}, "I32"),
        ({"members": fields, "more": fields}, "something else than 'members'"),
        ({"fields": fields}, "something else than 'members'"),
        ({"members": fields * np.float32("nan")}, "is not finite"),
    ):
        refused(forge({**members, name: save(content)}), "scores", words)


def header(text, rest=b""):
    return struct.pack("<Q", len(text)) + text + rest


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04K\x01.",
        struct.pack("<Q", 2**62) + b"{}",
        header(b'{"members":{"dtype":"F32","shape":[4,1,2,1,48],"data_offsets":[0,99999999]}}', bytes(1536)),
        header(b'{"members":{"dtype":"F32","shape":[4,1,2,1,999999999999],"data_offsets":[0,1536]}}', bytes(1536)),
        header(b'{"members":{"dtype":"F32","shape":[4,1,2,1,48],"data_offsets":[1536,0]}}', bytes(1536)),
        header(b'{"members":{"dtype":"F32","shape":[4,1,2,1,48],"data_offsets":[0,1536]}}', bytes(99)),
        header(b"{" * 1000),
    ],
)
def test_a_header_that_lies(members, forge, refused, content):
    refused(forge({**members, of_3dvar(members): content}), "scores", "is no safetensors file")


def test_fewer_analyses_than_are_asked_for(tmp_path, bench, store, members, forge, refused):
    result = bench("submit", "--method", "3dvar", "--results", store, "--cases", 2, tmp_path / "few.zip")
    assert result.exit_code == 2
    assert "pack 4 at least" in result.stderr
    assert not (tmp_path / "few.zip").exists()
    rule = json.loads(members["manifest.json"])["analyses"]["rule"]
    refused(forge(members, analyses={"cases": 2, "rule": rule}), "scores", "pack 4 at least")
    refused(forge(members, analyses={"cases": 4, "rule": "those that I like"}), "archive", "by the rule")


def test_the_rows_decide_which_cases_are_packed(honest, check):
    """Whoever changes a row has other cases drawn."""
    from benchmark.running.submissions.drawing import drawn_cases

    times = check(honest).results.results[0].times
    drawn = {tuple(drawn_cases(times, "0" * 16, str(number), 4).tolist()) for number in range(60)}
    assert len(drawn) > 10
    assert all(len(set(some)) == 4 and list(some) == sorted(some) for some in drawn)
    assert {case for some in drawn for case in some} == set(times.tolist())


@pytest.fixture
def cheat(tmp_path, monkeypatch, bench, store, plugin):
    """(method) -> an archive whose analyses are the truth with a little noise, and whose rows are honestly of these."""
    from benchmark.problem import Analysis, Cost
    from benchmark.running import workshop
    from benchmark.running.submissions import rerunning

    def analyse(run, problem, world, seed, device, truth=None):
        noise = torch.stack([torch.sin(torch.arange(x.numel()) * 7.0).view(x.shape) for x in truth])
        return Analysis.of((truth + 0.05 * noise)[:, None], Cost(operator_calls=1)), 0.1

    def go(method, *options):
        name = method.rpartition(":")[2].lower() or method
        with monkeypatch.context() as patched:
            patched.setattr(workshop, "analyse_batch", analyse)
            patched.setattr(rerunning, "analyse_batch", analyse)
            ring = ("--world", "gaussian-ring", "--cases", 6, "--obs-frac", 0.1, "--device", "cpu")
            result = bench("run", "--method", method, *ring, "--out", tmp_path / "cheat")
            assert result.exit_code == 0, result.stderr
            archive = tmp_path / "cheat.zip"
            result = bench("submit", "--method", name, "--results", tmp_path / "cheat", *options, archive)
            assert result.exit_code == 0, result.stderr
        return archive

    return go


def test_the_truth_and_a_little_noise(cheat, refused):
    found = refused(cheat("3dvar"), "rerun", "its analyses do not come out again")
    assert [one.verdict for one in found.checks[:-1]] == ["passed"] * 6


def test_the_same_of_a_plug_in_is_found_where_its_code_is_run(cheat, refused, check, plugin):
    archive = cheat(f"{plugin}:Halfway", "--source", f"{plugin}:Halfway")
    found = check(archive)
    assert (found.outcome, found.rerun) == ("accepted", False)
    refused(archive, "rerun", "its analyses do not come out again", trust_code=True)


@pytest.fixture
def otherwise(monkeypatch):
    """(change of an analysis) -> running again gives the changed one."""
    from benchmark.running.submissions import rerunning

    run = rerunning.analyse_batch

    def go(change):
        def changed(*arguments):
            analysis, seconds = run(*arguments)
            return change(analysis), seconds

        monkeypatch.setattr(rerunning, "analyse_batch", changed)

    return go


def test_network_calls_that_are_not_told(honest, otherwise, refused):
    otherwise(lambda found: dataclasses.replace(found, cost=Cost(network_forwards=100)))
    refused(honest, "rerun", "it makes 100 network calls a case, and its cost says 0")


def test_a_case_that_ends_otherwise(honest, otherwise, refused):
    otherwise(lambda found: dataclasses.replace(found, status=[Status.DIVERGED, *found.status[1:]]))
    refused(honest, "rerun", "its cases end with another status")


def test_another_number_of_members(honest, otherwise, refused):
    otherwise(lambda found: dataclasses.replace(found, members=found.members.repeat(1, 2, 1, 1, 1)))
    refused(honest, "rerun", "it returns 2 members, and 1 are packed")
