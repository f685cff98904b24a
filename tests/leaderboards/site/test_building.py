"""The page's folder and its one file, without a browser."""

import base64
import hashlib
import html.parser
import json
import re

import pytest

from benchmark.problem import BenchError
from leaderboards.site import build_site
from leaderboards.site.embedding import script_json
from leaderboards.site.packing import pack_rows
from leaderboards.site.sources import SCRIPTS, library_styles


@pytest.fixture(scope="module")
def page(standard_content, tmp_path_factory):
    out = tmp_path_factory.mktemp("page") / "out"
    build_site(standard_content, out, {"scores.csv": b"method,rmse\n"})
    return (out / "index.html").read_text()


class Elements(html.parser.HTMLParser):
    """Start tags with their attributes, and the texts of scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.open = [], {"script": [], "style": []}, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.open = tag
        if tag in self.texts:
            self.texts[tag].append((dict(attributes), ""))

    def handle_data(self, data):
        if self.open in self.texts:
            attributes, text = self.texts[self.open].pop()
            self.texts[self.open].append((attributes, text + data))

    def handle_endtag(self, tag):
        self.open = None


def test_what_the_folder_holds(content, tmp_path):
    build_site(content, tmp_path / "site", {"scores.csv": b"a\n", "scores.parquet": b"\0\1"})
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    downloads = {"site/downloads/scores.csv", "site/downloads/scores.parquet"}
    assert found == {"site/index.html", "site/.nojekyll", "site/licences/d3.txt", "site/licences/plot.txt", *downloads}
    assert (tmp_path / "site/downloads/scores.parquet").read_bytes() == b"\0\1"
    assert "Permission to use, copy, modify" in (tmp_path / "site/licences/plot.txt").read_text()


def test_the_standard_set_is_below_three_megabytes(page):
    assert len(page.encode()) < 3_000_000


def test_every_script_of_the_folder_is_in_the_page(page):
    from leaderboards.site.sources import FOLDER

    assert set(SCRIPTS) == {path.stem for path in (FOLDER / "js").glob("*.js")}


def test_the_policy_lets_run_what_is_there_and_nothing_else(page):
    elements = Elements(page)
    policy = next(a["content"] for tag, a in elements.tags if a.get("http-equiv") == "Content-Security-Policy")
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))

    def hashed(texts):
        return {f"'sha256-{base64.b64encode(hashlib.sha256(t.encode()).digest()).decode()}'" for t in texts}

    code = [text for attributes, text in elements.texts["script"] if "type" not in attributes]
    assert len(code) == 3
    assert set(allowed["script-src"].split()) == hashed(code)
    styles = [text for _, text in elements.texts["style"]] + library_styles()
    assert set(allowed["style-src"].split()) == hashed(styles)
    assert len(library_styles()) == 2
    assert allowed["default-src"] == allowed["base-uri"] == allowed["form-action"] == "'none'"
    assert allowed["img-src"] == "data:"
    assert "unsafe" not in policy


def test_no_markup_runs_or_loads_anything(page):
    for tag, attributes in Elements(page).tags:
        assert not any(name.startswith("on") or name in ("style", "src", "srcset") for name in attributes), tag
        if tag == "link":
            assert attributes == {"rel": "icon", "href": "data:,"}
        if tag == "a":
            assert not re.match(r"\w+:", attributes["href"])
        assert tag not in ("iframe", "object", "embed", "base", "form")


def test_ids_are_unique_and_labels_point_somewhere(page):
    tags = Elements(page).tags
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["aria-labelledby"] for _, a in tags if "aria-labelledby" in a} <= set(ids)
    assert {a["href"][1:] for tag, a in tags if tag == "a" and a["href"].startswith("#")} <= set(ids)


def test_data_cannot_end_their_element():
    hostile = {"</script><script>alert(1)</script>": ["<!--", "]]>", "&lt;", "\u2028\u2029", "\ud800"]}
    text = script_json(hostile)
    assert not set("<>&\u2028\u2029") & set(text)
    assert text.isascii()
    assert json.loads(text) == hostile


def test_hostile_words_of_the_templates_are_text(content, tmp_path):
    hostile = {**content, "title": "</title><script>alert(1)</script>", "convention": '"><img src=x onerror=alert(1)>'}
    build_site(hostile, tmp_path / "site")
    elements = Elements((tmp_path / "site/index.html").read_text())
    assert len([a for a, _ in elements.texts["script"] if "type" not in a]) == 3
    assert not [tag for tag, _ in elements.tags if tag == "img"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}])
def test_what_is_not_json_is_refused(content, tmp_path, value):
    with pytest.raises(BenchError, match="not JSON"):
        build_site({**content, "version": "1", "more": value}, tmp_path / "site")
    assert not list(tmp_path.iterdir())


def test_nothing_to_publish(content, tmp_path):
    with pytest.raises(BenchError, match="no world"):
        build_site({**content, "worlds": []}, tmp_path / "site")


@pytest.mark.parametrize(
    "name", ["../x.csv", "a/b.csv", "", ".hidden", "a\0b", "x" * 200, "a b.csv", '"><b>.csv', "ä.csv"]
)
def test_names_of_downloads_stay_in_their_folder(content, tmp_path, name):
    with pytest.raises(BenchError, match="cannot be the name"):
        build_site(content, tmp_path / "site", {name: b""})
    assert not list(tmp_path.iterdir())


def test_a_page_made_before_is_replaced(content, tmp_path):
    out = tmp_path / "site"
    out.mkdir()
    build_site(content, out, {"old.csv": b"1"})
    build_site(content, out, {"new.csv": b"2"})
    assert [path.name for path in (out / "downloads").iterdir()] == ["new.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize(
    "files", [{"thesis.tex": "x"}, {"index.html": "<!doctype html><title>Mine</title>"}, {".nojekyll": ""}]
)
def test_somebody_elses_folder_is_left_alone(content, tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(BenchError, match="is not replaced"):
        build_site(content, tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == files


def test_a_file_added_to_a_page_saves_it(content, tmp_path):
    build_site(content, tmp_path / "site")
    (tmp_path / "site/CNAME").write_text("example.org")
    with pytest.raises(BenchError, match="CNAME"):
        build_site(content, tmp_path / "site")
    assert (tmp_path / "site/CNAME").exists()


def test_a_file_in_the_way(content, tmp_path):
    (tmp_path / "site").write_text("x")
    with pytest.raises(BenchError, match="is a file"):
        build_site(content, tmp_path / "site")


def test_a_page_is_whole_or_as_it_was(content, tmp_path, monkeypatch):
    from pathlib import Path

    out = tmp_path / "site"
    build_site(content, out, {"scores.csv": b"first"})
    before = (out / "index.html").read_bytes()
    write = Path.write_bytes

    def fails(path, data):
        if path.name == "scores.csv":
            raise OSError(28, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", fails)
    with pytest.raises(BenchError, match="cannot be written"):
        build_site({**content, "version": "2"}, out, {"scores.csv": b"second"})
    assert (out / "index.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_rows_are_packed_without_loss():
    first = {"method": "a", "rank": 1, "channels": {"z500": {"rmse": 1.5, "relative_error": [0.5, 0.4, 0.6]}}}
    second = {"method": "b", "trials": 3, "channels": {"t850": {"acc": 0.9}}}
    assert pack_rows([first, second], ["z500", "t850"]) == {
        "fields": ["method", "rank", "trials"],
        "scores": ["rmse", "relative_error", "acc"],
        "rows": [
            ["a", 1, None, [1.5, [0.5, 0.4, 0.6], None], None],
            ["b", None, 3, None, [None, None, 0.9]],
        ],
    }
