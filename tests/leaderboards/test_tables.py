"""Comparison tables: what is compared, what is refused, what stands in the cells."""

import csv
import io

import numpy as np
import pytest
from rich.console import Console

from benchmark.problem import BenchError
from benchmark.running.results.result_set import ResultSet
from leaderboards.tables import TableRequest, build_tables, write_tables


def table_of(results, **request):
    (table,) = build_tables(results, TableRequest(**request))
    return table


def text_of(results, form, intervals=True, **request):
    console = Console(file=io.StringIO(), width=100)
    write_tables(build_tables(results, TableRequest(**request)), None, form, intervals, console)
    return console.file.getvalue()


def with_results(results, *more):
    return ResultSet(results.region, (*results.results, *more), results.where)


def test_methods_by_fraction_are_ranked_by_their_mean(some):
    table = table_of(some)
    assert table.columns == ("1 %", "10 %")
    assert [row.name for row in table.rows][-2:] == ["poor", "background"]
    assert [row.rank for row in table.rows] == [1, 2, 3, None]
    first = table.rows[0]
    assert first.mean.estimate.value == pytest.approx(np.mean([cell.estimate.value for cell in first.cells]))
    assert first.cells[0].estimate.value == pytest.approx(0.8, abs=0.02)


def test_relative_error_is_the_mean_over_channels_of_rmse_over_that_of_the_background(some):
    row = next(row for row in table_of(some).rows if row.name == "poor")
    poor, background = (next(r for r in some if r.label == name) for name in ("poor", "background"))
    ratios = [np.sqrt(poor.values["mse"][c].mean() / background.values["mse"][c].mean()) for c in poor.channels]
    assert row.cells[0].estimate.value == pytest.approx(np.mean(ratios))


def test_the_best_and_what_ties_with_it_are_marked(some):
    marked = {row.name: [cell.best for cell in row.cells] for row in table_of(some).rows}
    assert marked == {
        "good": [True, True],
        "alike": [True, True],
        "poor": [False, False],
        "background": [False, False],
    }


def test_neither_a_reference_nor_an_oracle_is_ever_the_best(some, make):
    oracle = [make("seer", 0.1, frac=frac, kind="oracle") for frac in (0.01, 0.1)]
    rows = {row.name: row for row in table_of(with_results(some, *oracle)).rows}
    assert rows["seer"].kind == "oracle"
    assert not any(cell.best for cell in rows["seer"].cells)
    assert rows["seer"].rank is None
    assert rows["good"].cells[0].best


def test_a_method_without_a_cell_has_no_mean_and_stands_below_the_others(some, make):
    table = table_of(with_results(some, make("half", 0.1, frac=0.1)))
    names = [row.name for row in table.rows]
    assert names.index("half") > names.index("poor")
    row = table.rows[names.index("half")]
    assert row.rank is None
    assert row.mean.estimate is None
    assert row.mean.missing == "1 of 2"
    assert row.cells[1].estimate.value < 0.2  # in the column that it has, it is what it is
    assert row.cells[1].best


def test_a_method_that_diverged_in_a_case_has_no_score_and_takes_none_from_others(some, make):
    whole = table_of(some)
    table = table_of(with_results(some, make("bold", 0.1, frac=0.01, diverged=2), make("bold", 0.1, frac=0.1)))
    row = next(row for row in table.rows if row.name == "bold")
    assert row.cells[0].estimate is None
    assert row.cells[0].missing == "diverged 2/24"
    assert row.rank is None
    poor = [next(row for row in t.rows if row.name == "poor").cells[0].estimate.value for t in (whole, table)]
    assert poor[0] == poor[1]


@pytest.mark.parametrize(
    ("reason", "facts"),
    [
        ("version of the scores", {"score_version": 1}),
        ("truth", {"world.evaluation": "other"}),
        ("grid and channels", {"world.training": "other"}),
        ("background", {"world.background.network": "other"}),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(some, make, reason, facts):
    with pytest.raises(BenchError, match=f"'stranger' and 'background' cannot be compared.*same {reason}"):
        table_of(with_results(some, make("stranger", 0.5, **facts)))


def test_other_observations_are_refused(some, make, change):
    stranger = make("stranger", 0.5)
    stranger = change(stranger, observations=stranger.observations[::-1].copy())
    with pytest.raises(BenchError, match="same observations"):
        table_of(with_results(some, stranger))


def test_other_years_are_refused(some, make):
    times = np.arange("2011-01-01", "2011-12-26", 15, dtype="datetime64[D]").astype("datetime64[s]")
    with pytest.raises(BenchError, match=r"same years or cases: 24 cases from 2011-01-01 .* and 24 cases from 2012"):
        table_of(with_results(some, make("stranger", 0.5, times=times)))


def test_two_experiments_of_one_name_are_refused_and_their_difference_is_named(some, make):
    with pytest.raises(BenchError, match=r"'good' stands for two experiments.*method\.version"):
        table_of(with_results(some, make("good", 0.5, **{"method.version": 2})))


def test_results_without_a_background_are_refused(some):
    with pytest.raises(BenchError, match="no background"):
        table_of(some.only(lambda result: result.label != "background"))


def test_axes_that_are_not_shown_are_held_at_the_default_and_the_caption_says_so(some, make):
    others = [make(r.label, 0.5, **{"observing.obs_std": 0.2}) for r in some if r.facts["observing.obs_frac"] == 0.01]
    table = table_of(with_results(some, *others))
    assert "obs_std 0.05 (default)" in " ".join(table.notes)
    assert table.rows[0].cells[0].estimate.value == pytest.approx(0.8, abs=0.02)


def test_without_a_default_to_hold_the_axis_has_to_be_chosen(some, make):
    both = ResultSet("global", tuple(make("background", 1.0, **{"observing.obs_std": std}) for std in (0.1, 0.2)))
    with pytest.raises(BenchError, match=r"several values of obs_std \(0.1; 0.2\).*--where obs_std"):
        table_of(both)


def test_every_world_has_a_table_of_its_own(some, make):
    other = [make(label, 0.9, world="cube") for label in ("background", "good")]
    tables = build_tables(with_results(some, *other), TableRequest(columns="channel"))
    assert [table.title for table in tables] == ["Relative error, ring", "Relative error, cube"]
    (beside,) = build_tables(with_results(some, *other), TableRequest(columns="world"))
    assert beside.columns == ("cube", "ring")


def test_any_two_axes(some):
    table = table_of(some, rows="channel", columns="method", score="rmse")
    assert [row.name for row in table.rows] == ["z500", "t850"]
    assert table.rows[0].cells[table.columns.index("background")].estimate.value == pytest.approx(10, rel=0.1)
    table = table_of(some, rows="obs_frac", columns="method")
    assert [row.name for row in table.rows] == ["1 %", "10 %"]
    table = table_of(some, columns="score", channel="z500")
    assert {"rmse", "acc", "mae"} <= set(table.columns)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"rows": "metod"}, "no axis 'metod'.*method"),
        ({"columns": "method"}, "both 'method'"),
        ({"score": "rsme"}, "No score is called 'rsme'"),
        ({"score": "rmse"}, "--channel"),
        ({"score": "rmse", "channel": "z50"}, "no channel 'z50'.*z500"),
    ],
)
def test_a_request_that_cannot_be_met_says_why(some, request_, message):
    with pytest.raises(BenchError, match=message):
        table_of(some, **request_)


def test_methods_are_not_mixed_where_none_is_an_axis(some):
    with pytest.raises(BenchError, match=r"3 methods \(good, alike, poor\) would be mixed.*--where method=good"):
        table_of(some, rows="obs_frac", columns="channel")
    table = table_of(some.only(lambda r: r.label in ("background", "poor")), rows="obs_frac", columns="channel")
    assert table.title == "Relative error of poor, ring"
    assert table.rows[1].cells[0].estimate.value == pytest.approx(0.72, abs=0.02)


def test_digits_follow_the_uncertainty(some):
    text = text_of(some, "markdown")
    row = next(line for line in text.splitlines() if line.startswith("| poor"))
    value = row.split("|")[2].strip()
    number, low, high = (part.strip("[],*") for part in value.split())
    width = float(high) - float(low)
    assert 10 <= width * 10 ** len(number.partition(".")[2]) < 100


def test_markdown_shows_the_best_in_bold_and_is_not_fooled_by_names(some, make):
    evil = make("a|b<script>*x*", 0.9)
    text = text_of(with_results(some, evil, make(evil.label, 0.9, frac=0.1)), "markdown")
    assert "| good | **0." in text or "| alike | **0." in text
    assert "<script>" not in text
    row, ruler = (next(line for line in text.splitlines() if words in line) for words in ("script", "| ---"))
    assert row.replace("\\|", "").count("|") == ruler.count("|")


def test_latex_needs_booktabs_alone_and_escapes(some, make):
    evil = [make(r"50 % & \input{x} $_^#", 0.9, frac=frac) for frac in (0.01, 0.1)]
    text = text_of(with_results(some, *evil), "latex")
    assert r"\toprule" in text
    assert r"\textbf{" in text
    assert r"50 \% \& \textbackslash{}input\{x\} \$\_\textasciicircum{}\#" in text
    body = text[text.index(r"\midrule") : text.index(r"\bottomrule")]
    lines = [line for line in body.splitlines() if line.endswith(r"\\")]
    assert {line.replace(r"\&", "").count("&") for line in lines} == {len(table_of(some).columns) + 3}


def test_csv_has_all_digits_and_everything_that_a_program_wants(some):
    table = table_of(some)
    rows = list(csv.DictReader(io.StringIO(text_of(some, "csv"))))
    assert len(rows) == len(table.rows) * 3
    first = rows[0]
    assert float(first["value"]) == table.rows[0].cells[0].estimate.value
    assert first["observation_hash"] == some.results[0].observation_hash
    assert first["experiment"] in {result.id for result in some}


def test_a_spreadsheet_takes_no_name_for_a_formula(some, make):
    evil = [make("=1+1", 0.9, frac=frac) for frac in (0.01, 0.1)]
    rows = list(csv.DictReader(io.StringIO(text_of(with_results(some, *evil), "csv"))))
    assert {row["row"] for row in rows if "1+1" in row["row"]} == {"'=1+1"}


def test_the_terminal_shows_every_column_however_narrow(some):
    console = Console(file=io.StringIO(), width=45)
    write_tables(build_tables(some, TableRequest()), None, None, True, console)
    text = console.file.getvalue()
    assert all(word in text for word in ("1 %", "10 %", "mean", "s / case", "network calls"))
    assert "…" not in text


def test_the_caption_names_cases_hashes_convention_and_intervals(some):
    notes = " ".join(table_of(some).notes)
    for word in ("24 cases of the test years", "WeatherBench", "95 %", "blocks of", "Holm", "region global"):
        assert word in notes
    for result in some:
        assert result.observation_hash[:12] in notes


def test_a_file_is_written_by_its_suffix(some, tmp_path):
    tables = build_tables(some, TableRequest())
    write_tables(tables, tmp_path / "t.tex", None, True, Console())
    assert (tmp_path / "t.tex").read_text().startswith("% needs")
    with pytest.raises(BenchError, match=r"\.md, \.csv, \.tex"):
        write_tables(tables, tmp_path / "t.doc", None, True, Console())
    assert [path.name for path in tmp_path.iterdir()] == ["t.tex"]
