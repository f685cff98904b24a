"""What the page shows, made of results."""

import io
import json

import pandas as pd
import pytest

from benchmark.problem import BenchError
from benchmark.running.results.result_set import ResultSet
from leaderboards.content import build_content, downloads_of


@pytest.fixture
def content(some):
    return build_content(some)


def test_it_is_json_without_nan(some, make):
    results = ResultSet("global", (*some.results, make("bold", 0.5, diverged=1)), "here")
    json.dumps(build_content(results), allow_nan=False)


def test_the_default_setting_leads(content):
    settings = content["worlds"][0]["settings"]
    assert [s["axes"]["obs_frac"] for s in settings] == [0.01, 0.1]
    assert [s["default"] for s in settings] == [True, False]
    assert settings[0]["title"] == "1 % of all variables, error 0.05 std"


def test_rows_say_the_same_as_the_tables(some, content):
    from leaderboards.tables import TableRequest, build_tables

    (table,) = build_tables(some, TableRequest())
    rows = {(r["method"], r["setting"]): r for r in content["worlds"][0]["rows"]}
    assert len(rows) == len(some)
    for line in table.rows:
        for i, cell in enumerate(line.cells):
            shown = rows[line.name, str(i)]
            assert shown["relative_error"][0] == pytest.approx(cell.estimate.value, rel=1e-4)
            assert shown["best"] == cell.best
    ranking = content["worlds"][0]["ranking"]
    assert [(r["method"], r["rank"]) for r in ranking] == [(line.name, line.rank) for line in table.rows]


def test_a_diverged_method_has_no_score_and_no_rank(some, make):
    results = ResultSet("global", (*some.results, make("bold", 0.1, diverged=3)), "here")
    world = build_content(results)["worlds"][0]
    row = next(r for r in world["rows"] if r["method"] == "bold")
    assert row["relative_error"] is None
    assert row["diverged"] == 3
    assert all("rmse" not in c for c in row["channels"].values())
    rank = next(r for r in world["ranking"] if r["method"] == "bold")
    assert (rank["rank"], rank["mean"], rank["cells"], rank["of"]) == (None, None, 0, 2)


def test_what_cannot_be_compared_is_refused(some, make):
    stranger = make("stranger", 0.5, **{"world.evaluation": "other"})
    with pytest.raises(BenchError, match="same truth"):
        build_content(ResultSet("global", (*some.results, stranger), "here"))


def test_downloads_hold_every_score_with_its_interval(some, content):
    files = downloads_of(some, content)
    table = pd.read_csv(io.BytesIO(files["scores.csv"]))
    packed = pd.read_parquet(io.BytesIO(files["scores.parquet"]))
    assert list(packed) == list(table)
    assert packed["value"].tolist() == pytest.approx(table["value"].tolist())
    rmse = table[(table.method == "poor") & (table.obs_frac == 0.01) & (table.score == "rmse")].set_index("channel")
    poor = next(r for r in some if r.label == "poor")
    for channel in poor.channels:
        assert rmse.loc[channel, "value"] == pytest.approx(poor.values["mse"][channel].mean() ** 0.5)
        assert rmse.loc[channel, "low"] < rmse.loc[channel, "value"] < rmse.loc[channel, "high"]
    assert json.loads(files["content.json"]) == content
