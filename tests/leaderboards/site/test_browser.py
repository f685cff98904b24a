"""The page in real headless Chromium, from file://."""

import base64
import io
import re
import time

import numpy as np
import pytest
from PIL import Image

from leaderboards.site import build_site

WIDTHS = (360, 768, 1280)
SECTIONS = ("overview", "table", "skill", "cost", "reliability", "spectra", "maps", "cards", "how", "downloads")


def build(content, out):
    """The address of its page."""
    build_site(content, out, {"scores.csv": b"method,rmse\n"})
    return f"file://{out}/index.html"


@pytest.fixture(scope="module")
def usual(few_methods, tmp_path_factory):
    """A page of thirteen methods."""
    return build(few_methods, tmp_path_factory.mktemp("usual") / "site")


@pytest.fixture
def visit(browser, usual):
    """Opens a page in a context of its own; whatever it says on the console, or asks for, fails the test."""
    complaints, requests, contexts = [], [], []

    def go(address=None, hash="", width=1280, scheme="light", **options):
        address = address or usual
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(address + hash)
        return page

    yield go
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in requests if not re.fullmatch(r"data:.*|file://[^#]*/index\.html(#.*)?", url)] == []


def wait_until(page, true, most_s=5.0):
    """Playwright's own waiting is by eval, which the page's policy forbids."""
    end = time.monotonic() + most_s
    while not page.evaluate(true):
        assert time.monotonic() < end, true
        page.wait_for_timeout(20)


def draw_all(page):
    """Scrolls through, as a reader does."""
    for section in SECTIONS:
        if page.locator(f"#{section}").is_visible():
            page.locator(f"#{section}").scroll_into_view_if_needed()
            body = page.locator(f"#{section} .body")
            if body.count():
                wait_until(page, f"document.querySelector('#{section} .body').childElementCount > 0")


def column(page, number):
    """Texts of a column of the table of all results; 0 is the method."""
    cell = "th" if number == 0 else f"td:nth-of-type({number})"
    return [text.strip() for text in page.locator(f"#table tbody tr:not(.opened) > {cell}").all_text_contents()]


def leading_numbers(texts):
    return [float(text.split()[0]) for text in texts if text[0].isdigit()]


def test_every_section_of_the_standard_set_shows_its_charts(visit, standard_content, tmp_path):
    page = visit(build(standard_content, tmp_path / "site"))
    draw_all(page)
    for section, least in {"overview": 1, "skill": 1, "cost": 1, "reliability": 3, "spectra": 1, "maps": 9}.items():
        charts = page.locator(f"#{section} svg[role=img]")
        assert charts.count() >= least, section
        for chart in charts.all():
            assert len(chart.get_attribute("aria-label")) > 15
    assert page.locator(".scorecard tbody tr").count() == 27
    assert page.locator(".card").count() == 27
    assert "leads with a relative error of" in page.locator(".headline").inner_text()


def test_the_scorecard_prints_and_colours_its_numbers(visit):
    page = visit()
    row = page.locator(".scorecard tbody tr", has=page.get_by_role("link", name="climatology", exact=True))
    cells = row.locator("td").all_text_contents()
    assert len(cells) == 17
    assert all(re.fullmatch(r"\d\.\d\d", cell) for cell in cells)
    assert row.locator("td.worse").count() == 17
    assert page.locator(".scorecard td strong").count() == 2
    page.locator("#overview").get_by_label("Setting", exact=True).select_option(
        label="10 % of all variables, error 0.05 std"
    )
    dps = page.locator(".scorecard tbody tr", has=page.get_by_role("link", name="dps", exact=True))
    assert set(dps.locator("td").all_text_contents()) == {"–"}


def test_sorting_by_a_column_and_back(visit):
    page = visit(hash="#twin/table")
    button = page.locator("#table thead").get_by_role("button", name="Seconds")
    head = page.get_by_role("columnheader", name="Seconds")
    assert head.get_attribute("aria-sort") == "none"
    number = page.locator("#table thead th").all_text_contents().index(button.text_content())
    button.click()
    assert head.get_attribute("aria-sort") == "ascending"
    found = leading_numbers(column(page, number))
    assert len(found) == 25
    assert found == sorted(found)
    button.click()
    assert head.get_attribute("aria-sort") == "descending"
    found = leading_numbers(column(page, number))
    assert found == sorted(found, reverse=True)
    assert page.locator("#table th[aria-sort=ascending], #table th[aria-sort=descending]").count() == 1


def test_filtering_by_words_axes_and_kind(visit):
    page = visit(hash="#twin/table")
    table = page.locator("#table")
    assert table.locator(".count").inner_text() == "Rows 1 to 25 of 117"
    table.get_by_label("Search", exact=True).fill("lo-sda")
    assert column(page, 0) == ["lo-sda"] * 9
    table.get_by_label("Variables", exact=True).select_option(label="mass")
    assert column(page, 0) == ["lo-sda"]
    assert table.locator(".count").inner_text() == "Rows 1 to 1 of 1"
    table.get_by_label("Search", exact=True).fill("")
    table.get_by_label("Kind", exact=True).select_option(label="references")
    assert sorted(column(page, 0)) == ["background", "climatology"]
    table.get_by_label("Search", exact=True).fill("no such thing")
    assert table.locator(".count").inner_text() == "No row matches."


def test_pages_and_columns_of_the_table(visit):
    page = visit(hash="#twin/table")
    first = column(page, 0)
    page.get_by_role("button", name="Next").click()
    assert page.locator("#table .count").inner_text().startswith("Rows 26 to 50")
    assert column(page, 0) != first
    page.locator("#table").get_by_label("Columns", exact=True).select_option(label="RMSE by channel")
    z500 = page.locator("#table").get_by_role("button", name="z500")
    assert z500.get_attribute("title") == "z500, geopotential at 500 hPa, m² s⁻²"


def test_a_row_opens_to_its_command_and_hashes(visit, content):
    row = content["worlds"][0]["rows"][0]
    page = visit(hash="#twin/table")
    page.locator("#table").get_by_label("Search", exact=True).fill(row["experiment"])
    assert column(page, 0) == [row["method"]]
    button = page.get_by_role("button", name="How to make it again")
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    opened = page.locator("#table .opened")
    assert opened.locator("pre").inner_text() == row["command"]
    assert row["experiment"] in opened.inner_text()
    assert content["worlds"][0]["settings"][0]["observations"] in opened.inner_text()
    opened.get_by_role("button", name="Copy").click()
    wait_until(page, "/opied|elected/.test(document.getElementById('announcer').textContent)")
    opened.get_by_role("link", name="Method card").click()
    wait_until(page, "document.activeElement.classList.contains('card')")
    assert page.evaluate("document.activeElement.querySelector('h3').textContent") == row["method"]


def test_another_world_shows_other_numbers_and_stays_in_the_address(visit):
    page = visit()
    before = page.locator(".headline").inner_text()
    page.get_by_label("era-interim-euroatlantic").check()
    assert page.locator(".headline").inner_text() != before
    assert page.url.endswith("#era-interim-euroatlantic/overview")
    assert page.locator(".scorecard thead th").all_text_contents() == ["Method", "mean", "msl", "z500", "t850"]
    page.go_back()
    assert page.locator(".headline").inner_text() == before
    page.goto(page.url.partition("#")[0] + "#era-interim-euroatlantic/maps")
    page.reload()
    assert page.get_by_label("era-interim-euroatlantic").is_checked()
    wait_until(page, "document.querySelectorAll('#maps svg').length > 0")
    assert page.locator("#maps").get_by_label("Channel", exact=True).input_value() == "msl"


def test_method_and_channel_switch_the_maps(visit):
    page = visit(hash="#twin/maps")
    image = "[...document.querySelectorAll('#maps .map svg image')].map(image => image.getAttribute('href'))"
    wait_until(page, "document.querySelectorAll('#maps .map svg').length === 7")
    first = page.evaluate(image)
    assert len(first) == 6
    page.locator("#maps").get_by_label("Method", exact=True).select_option(label="3dvar")
    second = page.evaluate(image)
    changed = [a != b for a, b in zip(first, second, strict=True)]
    assert changed == [False, False, True, False, True, True]  # truth, background and its error are no method's
    page.locator("#maps").get_by_label("Channel", exact=True).select_option("t850")
    assert "t850, temperature at 850 hPa" in page.locator("#maps h3").first.inner_text()
    assert page.locator("#maps .map-legend svg").count() == 2
    assert "[K]" in page.locator("#maps .map-legend").first.text_content()


def test_maps_show_the_values_where_they_are(visit, content):
    data = content["worlds"][0]["maps"]
    largest = data["channels"]["z250"]["error"]

    def error(text):
        codes = np.frombuffer(base64.b64decode(text), np.uint8).astype(float)
        return (2 * codes / 255 - 1) * largest

    label = next(place["method"] for place in content["worlds"][0]["ranking"])
    background, analysis = error(data["background"]["z250"]), error(data["analyses"][label]["z250"])
    page = visit(hash="#twin/maps")
    page.locator("#maps").get_by_text("Numbers of this chart").click()
    page.locator("#maps details tbody tr").first.wait_for()
    rows = page.locator("#maps details tbody tr").all()
    told = {row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in rows}
    for name, values in {"Analysis − truth": analysis, "Increment": analysis - background}.items():
        for found, value in ((told[name][0], values.min()), (told[name][2], values.max())):
            assert float(found.replace("−", "-")) == pytest.approx(value, rel=2e-3)
    # the made-up truth is high in the north: there viridis is light
    shot = Image.open(io.BytesIO(page.locator("#maps .map svg image").first.screenshot())).convert("L")
    light = np.asarray(shot, float).mean(1)
    assert light[3] > 1.5 * light[-4]


def test_methods_and_channels_switch_the_charts(visit):
    page = visit(hash="#twin/skill")
    skill = page.locator("#skill")
    lines = skill.locator("svg [data-mark=line] path")
    assert lines.count() == 6
    skill.get_by_role("button", name="None").click()
    assert "No method" in skill.locator(".chart-box").inner_text()
    skill.get_by_role("checkbox", name="3dvar", exact=True).check()
    assert lines.count() == 1
    path = lines.first.get_attribute("d")
    skill.get_by_label("Channel", exact=True).select_option("z500")
    assert lines.first.get_attribute("d") != path
    spectra = page.locator("#spectra")
    spectra.get_by_label("Show", exact=True).select_option(label="Effective resolution")
    assert spectra.locator("svg [data-mark=bar] rect").count() == 13


def test_the_front_has_what_no_other_beats(visit, content):
    rows = [r for r in content["worlds"][0]["rows"] if r["setting"] == "0" and r["kind"] == "method"]
    points = [(r["seconds"], r["relative_error"][0], r["method"]) for r in rows]
    front = {name for s, e, name in points if not any(t <= s and f <= e and (t, f) != (s, e) for t, f, _ in points)}
    page = visit(hash="#twin/cost")
    page.locator("#cost").get_by_text("Numbers of this chart").click()
    cells = [row.split("\n") for row in page.locator("#cost details tbody tr").all_text_contents()]
    assert len(cells) == len(rows)
    named = page.eval_on_selector_all(
        "#cost details tbody tr",
        "rows => rows.filter(r => r.lastChild.textContent === 'yes').map(r => r.firstChild.textContent)",
    )
    assert set(named) == front


def test_every_link_of_the_page_leads_somewhere(visit):
    page = visit()
    draw_all(page)
    for link in page.locator("nav.sections a").all():
        link.click()
        wait_until(page, f"document.activeElement.id === '{link.get_attribute('data-section')}-title'")
        assert page.url.endswith(f"#twin/{link.get_attribute('data-section')}")
    places = page.eval_on_selector_all("main a, .top a, .bottom a", "links => links.map(a => a.getAttribute('href'))")
    inside = {place.rpartition("/")[2] for place in places if place.startswith("#")}
    assert page.evaluate("ids => ids.filter(id => !document.getElementById(id))", sorted(inside)) == []
    assert {place for place in places if not place.startswith("#")} == {
        *("downloads/scores.csv", "licences/d3.txt", "licences/plot.txt", "https://arxiv.org/abs/2510.22562")
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_to_say(visit, scheme):
    axe = pytest.importorskip("axe_playwright_python.base")
    page = visit(scheme=scheme, bypass_csp=True)
    draw_all(page)
    page.get_by_role("button", name="How to make it again").first.click()
    for details in ("#overview", "#maps", "#cards"):
        page.locator(f"{details} summary").first.click()
    page.evaluate(axe.AXE_SCRIPT)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        # of all rules, one is about colours
        rules = {} if scheme == "light" else {"runOnly": ["color-contrast"]}
        told = page.evaluate(
            """options => axe.run({...options, resultTypes: ['violations']}).then(found => found.violations.map(
            one => [one.id, one.nodes.slice(0, 3).map(node => node.html.slice(0, 200) + node.failureSummary)]))""",
            rules,
        )
        assert told == [], width


@pytest.mark.parametrize("world", ["twin", "era-interim-euroatlantic"])
def test_a_phone_never_scrolls_sideways(visit, world):
    page = visit(hash=f"#{world}/overview", width=360)
    draw_all(page)
    page.get_by_role("button", name="How to make it again").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    beyond = page.evaluate(
        """() => [...document.querySelectorAll('main *')].filter(e => !e.closest('.scroller, svg, .unseen') &&
        e.getClientRects().length && e.getBoundingClientRect().right > 361).map(e => e.outerHTML.slice(0, 100))"""
    )
    assert beyond == []


def test_the_keyboard_alone_sorts_and_switches(visit):
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"

    def tab_to(matches, most=300):
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate(f"(() => {{ const e = document.activeElement; return {matches}; }})()"):
                return
        raise AssertionError(f"the keyboard does not reach {matches}")

    tab_to("e.dataset.key === 'method'")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('th').getAttribute('aria-sort')") == "ascending"
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.closest('th').getAttribute('aria-sort')") == "descending"
    page.goto(page.url.partition("#")[0] + "#twin/maps")
    wait_until(page, "document.activeElement.id === 'maps-title'")
    tab_to("e.tagName === 'SELECT' && e.closest('#maps')")
    before = page.locator("#maps .map figcaption").nth(2).inner_text()
    page.keyboard.press("ArrowDown")
    assert page.locator("#maps .map figcaption").nth(2).inner_text() != before


def hostile(content):
    words = [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(2)>',
        "</script><svg onload=alert(3)>",
        "__proto__",
        "constructor",
    ]
    renamed = dict(zip(("3dvar", "lo-sda", "letkf", "ensf", "mmps"), words, strict=True))

    def rename(value):
        if isinstance(value, dict):
            return {
                renamed.get(k, k): v if k == "channels" and "name" in value else rename(v) for k, v in value.items()
            }
        if isinstance(value, list):
            return [rename(v) for v in value]
        return renamed.get(value, value) if isinstance(value, str) else value

    content = rename(content)
    world = content["worlds"][0]
    world["name"] = world["title"] = words[0]
    world["channels"][0] |= {"title": words[1], "unit": words[1]}
    world["settings"][0]["title"] = words[2]
    for card, url in zip(
        content["cards"].values(),
        ("javascript:alert(4)", "data:text/html,<script>alert(5)</script>", words[1]),
        strict=False,
    ):
        card |= {"url": url, "paper": words[0], "name": words[1]}
    world["rows"][0]["command"] = words[2]
    return content


def test_hostile_words_are_shown_and_never_run(visit, content, tmp_path):
    page = visit(build(hostile(content), tmp_path / "site"))
    draw_all(page)
    assert page.locator("#world-switch label").first.inner_text() == "<script>alert(1)</script>"
    card = page.locator(".card", has=page.get_by_role("heading", name='"><img src=x onerror=alert(2)>'))
    assert card.count() == 1
    assert page.locator("main script, main img, main svg[onload]").count() == 0
    schemes = page.eval_on_selector_all("a", "links => [...new Set(links.map(a => a.protocol))]")
    assert set(schemes) <= {"file:", "https:"}
    page.locator("#maps").get_by_label("Method", exact=True).select_option(label="__proto__")
    for label in ("<script>alert(1)</script>", "constructor"):
        page.locator("#skill").get_by_role("checkbox", name=label, exact=True).check()
    assert page.locator("#table").get_by_text("</script><svg onload=alert(3)>").count() >= 1


def test_what_is_missing_is_not_shown(visit, content, tmp_path):
    content["cards"] = {}
    for world in content["worlds"]:
        world |= {"spectra": None, "reliability": None, "maps": None, "settings": world["settings"][:1]}
        world["rows"] = [r for r in world["rows"] if r["setting"] == "0" and r["method"] in ("3dvar", "background")]
        world["ranking"] = [
            {
                "method": "3dvar",
                "rank": 1,
                "mean": [0.8, None, None],
                "tied": False,
                "cells": 1,
                "of": 1,
                "kind": "method",
            }
        ]
        for row in world["rows"]:
            row |= {"seconds": None, "trials": None}
    content["worlds"] = content["worlds"][1:]
    page = visit(build(content, tmp_path / "site"))
    draw_all(page)
    shown = [s for s in SECTIONS if page.locator(f"#{s}").is_visible()]
    assert shown == ["overview", "table", "how", "downloads"]
    assert page.locator("nav.sections li:visible").count() == 4
    assert page.locator(".headline").inner_text() == "3dvar leads with a relative error of 0.800, in the one setting."
    assert page.locator("#world-switch").inner_text() == "era-interim-euroatlantic"


def test_nobody_ranked_and_everything_diverged(visit, content, tmp_path):
    for world in content["worlds"]:
        for row in world["rows"]:
            row |= {"relative_error": None, "channels": {}, "best": False, "diverged": 16}
        world["ranking"] = [
            {**place, "rank": None, "mean": None, "tied": False, "cells": 0} for place in world["ranking"]
        ]
        world |= {"spectra": None, "reliability": None, "maps": None}
    page = visit(build(content, tmp_path / "site"))
    draw_all(page)
    assert "none is ranked" in page.locator(".headline").inner_text()


def test_paper_has_every_section_and_no_controls(visit):
    page = visit()
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page[^s]", pdf)) >= 8
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for section in SECTIONS:
        assert page.locator(f"#{section}").is_visible()
        assert page.locator(f"#{section}").inner_text().count("\n") > 2, section
    assert page.locator("#table tbody tr:not(.opened)").count() == 117
    assert page.locator("select:visible, nav:visible, button:visible:not(thead button)").count() == 0
    page.set_viewport_size({"width": 688, "height": 1000})
    cut = page.eval_on_selector_all(
        ".scroller", "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.ariaLabel)"
    )
    assert cut == []
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#table tbody tr:not(.opened)").count() == 25


def test_charts_follow_the_width(visit):
    page = visit(hash="#twin/skill")
    wait_until(page, "document.querySelector('#skill svg') !== null")
    page.set_viewport_size({"width": 500, "height": 900})
    wait_until(page, "+document.querySelector('#skill svg').getAttribute('width') < 500")
