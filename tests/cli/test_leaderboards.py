"""`bench table`, `bench diff` and `bench publish` from stored results, as commands."""

import json

import pytest


@pytest.fixture(scope="module")
def stores(tmp_path_factory, small_world):
    from click.testing import CliRunner

    from benchmark.cli import main

    folders = []
    for settings in ((), ("--set", "3dvar.b_scale=0.3")):
        folder = tmp_path_factory.mktemp("results")
        for frac in ("0.1", "0.3"):
            words = ["run", "--method", "3dvar", "--method", "interpolation", "--cases", "12", "--obs-frac", frac]
            words += [*map(str, small_world.options), "--out", str(folder), *settings]
            result = CliRunner().invoke(main, words)
            assert result.exit_code == 0, result.stderr
        folders.append(folder)
    return folders


def test_a_table_in_the_terminal_and_in_files(stores, bench, tmp_path):
    shown = bench("table", "--results", stores[0])
    assert shown.exit_code == 0, shown.stderr
    assert "10 %" in shown.stdout
    assert "interpolation" in shown.stdout
    for name, words in {"t.md": "| method |", "t.tex": r"\toprule", "t.csv": "row_axis"}.items():
        assert bench("table", tmp_path / name, "--results", stores[0]).exit_code == 0
        assert words in (tmp_path / name).read_text()


def test_a_table_that_cannot_be_says_why(stores, bench, tmp_path):
    for words, told in {
        ("--results", tmp_path / "nowhere"): "no folder",
        ("--results", stores[0], "--where", "method=4dvar"): "meets these conditions",
        ("--results", stores[0], "--score", "rmse"): "--channel",
        ("--results", stores[0], "--region", "tropics"): "tropics",
    }.items():
        result = bench("table", *words)
        assert result.exit_code == 2, words
        assert told in result.stderr
        assert "Traceback" not in result.stderr


def test_differences_decide_the_exit_code(stores, bench):
    same = bench("diff", stores[0], stores[0])
    assert (same.exit_code, same.stdout.strip().endswith("same")) == (0, True)
    other = bench("diff", *stores)
    assert other.exit_code == 1
    assert "3dvar" in other.stdout
    told = json.loads(bench("diff", *stores, "--json").stdout)
    changed = {one["label"] for one in told if one["change"] != "same"}
    assert changed == {"3dvar"}
    facts = next(one["facts"] for one in told if one["label"] == "3dvar")
    assert "method.parameters.b_scale" in facts


def test_from_a_store_to_the_page_and_the_published_rows(stores, bench, tmp_path):
    kept = bench("results", "publish", tmp_path / "kept", "--out", stores[0])
    assert kept.exit_code == 0, kept.stderr
    ranks = []
    for where in (stores[0], tmp_path / "kept"):
        out = tmp_path / f"site-{where.name}"
        made = bench("publish", "--out", out, "--results", where, "--readme", out.with_suffix(".md"))
        assert made.exit_code == 0, made.stderr
        assert "3dvar" in (out / "index.html").read_text()
        assert "### By observed fraction" in out.with_suffix(".md").read_text()
        content = json.loads((out / "downloads" / "content.json").read_text())
        ranks.append([place["method"] for place in content["worlds"][0]["ranking"]])
    assert ranks[0] == ranks[1]


def test_a_page_does_not_replace_what_is_not_one(stores, bench, tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    result = bench("publish", "--out", tmp_path, "--results", stores[0])
    assert result.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
