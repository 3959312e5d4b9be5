"""The search: what it finds, how it shows it, and that each entry leads to a place that is there."""

from __future__ import annotations

import functools
import json
import re
import threading
from functools import cache
from http.server import ThreadingHTTPServer
from urllib.parse import quote, urlsplit

import pytest
from lxml import html as lxml_html

from policybook import data, finder, finding, places
from policybook.finding import Entry
from support import CHROMIUM, NO_BROWSER
from test_accessible import TAGS, _broken
from test_strict import _Strict

WINDOW = pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)


# ---------------------------------------------------------------------------------------------------------- in small


def test_entries_say_what_a_reader_would_look_for():
    found = {(entry.kind, entry.key): entry for entry in finding.of_data()}
    ask = found["ask", "A07.01"]
    assert (ask.page, ask.anchor) == ("plan", "a07-01") and "sustainable" in ask.title
    standard = found["standard", "GB/T 45654-2025"]
    assert standard.anchor == "std-gb-t-45654-2025" and re.search("[\u4e00-\u9fff]", standard.chinese)
    term = found["term", "computing_power"]
    assert term.chinese == "算力" and "suànlì" in term.words
    assert found["body", "WAICO"].page == "background"
    assert found["column", "standards.designation"].anchor == "column-standards-designation"


def test_every_row_has_an_entry():
    found = {(entry.page, entry.anchor) for entry in finding.of_data()}
    tables = set(places.PLACES) - {"themes", "tables", "columns", "corrections"}
    for table in [*tables, "articles"]:
        for key in places.shown(table):
            assert (places.page(table), places.anchor(table, key)) in found, f"{table}: {key}"
    themes = {code for codes in data.load("commitments")["themes"] for code in codes}
    assert {("plan", places.anchor("themes", code)) for code in themes} <= found


def test_a_report_without_tables_has_no_entries(tmp_path):
    from policybook import paths

    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "datapackage.json").write_text('{"name": "x", "resources": []}')
    assert finding.of_data(paths.Paths(tmp_path)) == []


def test_the_script_is_short_and_says_it_all():
    entries = [
        Entry("claim", "a_b", "Said", "", "", "claims", "claim-a-b"),
        Entry("claim", "c", "C </script>", "", "w" * 50 + " " + "w" * 300, "claims", "claim-other"),
        Entry("step", "fu_a01_x", "Done", "做", "", "followup", "step-a01-x"),
    ]
    text = finding.script(entries, {"claims": "Claims", "followup": "Since", "plan": "Not used"}, "book/")
    assert text == finding.script(entries, {"plan": "Not used", "followup": "Since", "claims": "Claims"}, "book/")
    content = json.loads(text.removeprefix("window.policybookFind=").removesuffix(";\n"))
    assert content["pages"] == {"claims": "Claims", "followup": "Since"}
    (claims, steps) = sorted(content["groups"])
    assert claims == [
        "claim",
        "claims",
        "claim-",
        "",
        [["a_b", "Said"], ["c", "C </script>", "", "w" * 50 + " …", "claim-other"]],
    ]
    assert steps == ["step", "followup", "step-", "fu_", [["fu_a01_x", "Done", "做"]]]


def test_entries_without_a_place_on_their_page_are_left_out(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "claims.html").write_text('<p id="claim-a">x</p>')
    entries = [
        Entry("claim", key, key, "", "", page, f"claim-{key}")
        for key, page in (("a", "claims"), ("b", "claims"), ("a", "gone"))
    ]
    assert finder.standing(entries, tmp_path, "book/") == entries[:1]


def test_the_search_page_says_where_to_look_without_scripts_once():
    page = '<p>Please activate JavaScript to enable the search functionality.</p><div id="search-results"></div>'
    once = finder._without_scripts(page, [("book/glossary.html", "Glossary & more")])
    assert once.count('<a href="book/glossary.html">Glossary &amp; more</a>') == 2
    assert finder._without_scripts(once, [("book/glossary.html", "Glossary & more")]) == once


def test_the_general_index_is_by_letter_with_chinese_at_the_end():
    entries = [
        Entry("term", "x", "computing", "算力", "", "glossary", "term-x"),
        Entry("body", "ITU", "Union", "", "", "standards", "body-itu"),
        Entry("standard", "42", "Title", "", "", "standards", "std-42"),
        Entry("claim", "c", "Not listed", "", "", "claims", "claim-c"),
    ]
    index = finder.general_index(entries, "book/")
    assert [(letter, [str(name) for name, _ in rows]) for letter, rows in index] == [
        ("0–9", ["42: Title"]),
        ("C", ["computing"]),
        ("I", ["ITU: Union"]),
        ("U", ["Union"]),
        ("Chinese", ['<span lang="zh-Hans">算力</span> (computing)']),
    ]
    assert index[1][1][0][1] == ([("", "book/glossary.html#term-x")], [], None)


# ------------------------------------------------------------------------------------------------------- built pages


@cache
def _ids(path):
    return set(lxml_html.fromstring(path.read_bytes()).xpath("//@id"))


@pytest.fixture(scope="session")
def index(built):
    text = (built / "_static" / finding.NAME).read_text(encoding="utf-8")
    return json.loads(text.removeprefix("window.policybookFind=").removesuffix(";\n"))


def _leads(index):
    for kind, page, before, off, rows in index["groups"]:
        for row in rows:
            anchor = row[4] if len(row) > 4 else before + finding.slug(row[0].removeprefix(off))
            yield kind, row[0], page, anchor


@pytest.mark.book
def test_each_entry_leads_to_a_place_that_is_there(built, index):
    gone = [item for item in _leads(index) if item[3] not in _ids(built / index["folder"] / f"{item[2]}.html")]
    assert not gone, gone[:10]


@pytest.mark.book
def test_all_that_has_a_row_is_in_the_index(index):
    there = {(page, anchor) for _, _, page, anchor in _leads(index)}
    missing = [entry for entry in finding.of_data() if (entry.page, entry.anchor) not in there]
    assert not missing, missing[:10]
    kinds = {kind for kind, *_ in _leads(index)}
    assert kinds == set(finding.kinds())


@pytest.mark.book
def test_the_index_is_small(built):
    assert (built / "_static" / finding.NAME).stat().st_size < 250_000


@pytest.mark.book
def test_the_general_index_has_terms_articles_bodies_and_standards(built):
    page = lxml_html.fromstring((built / "genindex.html").read_bytes())
    links = set(page.xpath("//table[contains(@class, 'genindextable')]//a/@href"))
    assert {f"book/plan.html#article-{number}" for number in range(14)} <= links
    assert {f"book/glossary.html#{places.anchor('glossary', key)}" for key in data.load("glossary")["term_id"]} <= links
    assert {
        f"book/standards.html#{places.anchor('standards', key)}" for key in data.load("standards")["std_id"]
    } <= links
    assert not [
        t
        for t in page.xpath("//article//text()[not(ancestor::*[@lang][1][@lang!='en'])]")
        if re.search("[\u4e00-\u9fff]", t)
    ]


# ------------------------------------------------------------------------------------------------------ in a browser


def _search(page, built, query):
    page.goto((built / "search.html").as_uri() + f"?q={quote(query)}")
    page.wait_for_function("document.querySelector('#pb-find [role=status]').textContent")
    return page.eval_on_selector_all(
        "#pb-find li > a",
        "all => all.map((a) => [a.closest('section').querySelector('h3').id.slice(8), a.getAttribute('href')])",
    )


@pytest.fixture(scope="module")
def window(browser):
    page = browser.new_page()
    page.said = []
    page.on("console", lambda line: page.said.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("dialog", lambda box: page.said.append("a dialog"))
    yield page
    page.close()


FIRST = [
    ("A07.01", "ask", "book/plan.html#a07-01"),
    ("a0701", "ask", "book/plan.html#a07-01"),
    ("thirteen_articles", "claim", "book/claims.html#claim-thirteen-articles"),
    ("fu_a13_waico", "step", "book/followup.html#step-a13-waico"),
    ("GB/T 45654", "standard", "book/standards.html#std-gb-t-45654-2025"),
    ("TC260-003", "standard", "book/standards.html#std-tc260-003"),
    ("article 5", "article", "book/plan.html#article-5"),
    ("A05", "article", "book/plan.html#article-5"),
    ("算力", "term", "book/glossary.html#term-computing-power"),
    ("WAICO", "body", "book/background.html#org-waico"),
    ("fig-plan-strength", "figure", "book/plan.html#fig-plan-strength"),
    ("standards.designation", "column", "book/catalogue.html#column-standards-designation"),
]


@pytest.mark.book
@pytest.mark.browser
@WINDOW
@pytest.mark.parametrize(("query", "kind", "leads"), FIRST)
def test_what_is_named_comes_first(window, built, query, kind, leads):
    assert _search(window, built, query)[0] == [kind, leads]
    assert not window.said


@pytest.mark.book
@pytest.mark.browser
@WINDOW
@pytest.mark.parametrize(
    ("query", "leads"),
    [
        ("iso42001", "book/standards.html#std-iso-iec-42001-2023"),
        ("ISO/IEC 42001", "book/standards.html#std-iso-iec-42001-2023"),
        ("人工智能 安全", "book/standards.html#std-tc260-003"),
        ("suanli", "book/glossary.html#term-computing-power"),
        ("suan li", "book/glossary.html#term-computing-power"),
        ("carbon footprint recognises", "book/claims.html#claim-recognises-footprint"),
        ("standart labelling", "book/standards.html#std-gb-45438-2025"),
        ("sustainable concept", "book/plan.html#a07-01"),
    ],
)
def test_words_ids_chinese_pinyin_and_slips_of_the_pen_find(window, built, query, leads):
    window.set_viewport_size({"width": 1280, "height": 900})
    _search(window, built, query)
    while window.locator("#pb-find button").count():
        window.locator("#pb-find button").first.click()
    assert leads in window.eval_on_selector_all("#pb-find li > a", "all => all.map((a) => a.getAttribute('href'))")
    assert window.locator("#pb-find mark").count()
    assert not window.said


@pytest.mark.book
@pytest.mark.browser
@WINDOW
@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "zzqqxx",
        "x" * 5000,
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a-z]+(.*",
        "\\",
        "%",
    ],
)
def test_odd_queries_are_answered_in_words(window, built, query):
    found = _search(window, built, query)
    assert not window.said
    assert window.locator("#pb-find script, #pb-find img").count() == 0
    assert window.locator("#pb-look").is_visible() == (not found)
    if not found:
        assert window.locator("#pb-look a").count() >= 4
    assert window.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


@pytest.mark.book
@pytest.mark.browser
@WINDOW
@pytest.mark.parametrize("size", [(1280, 900), (390, 800)])
def test_the_box_of_every_page_leads_to_the_results_by_keyboard(browser, built, size):
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme="dark")
    page = context.new_page()
    page.goto((built / "book" / "claims.html").as_uri())
    page.keyboard.press("Control+k")
    page.keyboard.type("算力")
    page.keyboard.press("Enter")
    page.wait_for_selector("#pb-find li > a")
    assert urlsplit(page.url).path.endswith("/search.html")
    page.locator("#pb-find li > a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash === '#term-computing-power'")
    assert page.locator("tr#term-computing-power").is_visible()
    context.close()


@pytest.mark.book
@pytest.mark.browser
@WINDOW
def test_the_search_works_under_a_strict_policy(browser, built):
    handler = functools.partial(_Strict, directory=str(built))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page, said, asked = browser.new_page(), [], []
        page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda call: asked.append(call.url) if call.resource_type in ("fetch", "xhr") else None)
        page.goto(f"http://127.0.0.1:{server.server_port}/search.html?q=labelling")
        page.wait_for_selector("#pb-find li > a")
        page.wait_for_selector("#search-results li a")
        assert not said and not asked
        page.close()
        server.shutdown()


@pytest.mark.book
@pytest.mark.browser
@WINDOW
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_results(browser, built, theme):
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme=theme, bypass_csp=True)
    page = context.new_page()
    for query in ("labelling", "算力", "zzqqxx", ""):
        _search(page, built, query)
        page.wait_for_timeout(200)
        broken = _broken(page, {"runOnly": {"type": "tag", "values": TAGS}})
        assert not broken, f"{query}: {broken}"
    context.close()


@pytest.mark.book
@pytest.mark.browser
@WINDOW
def test_each_kind_of_entry_is_seen_where_it_leads(browser, built, index):
    """The last of each kind and page, which a long table has on its last page."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    last = {(kind, name): anchor for kind, _, name, anchor in _leads(index)}
    seen = """(id) => { const box = document.getElementById(id)?.getBoundingClientRect();
        return Boolean(box && box.height && box.bottom > 0 && box.top < innerHeight); }"""
    for (kind, name), anchor in last.items():
        if kind in ("table", "section") and name != "plan":
            continue
        page.goto((built / index["folder"] / f"{name}.html").as_uri() + f"#{anchor}")
        page.wait_for_load_state("load")
        page.wait_for_timeout(150)
        assert page.evaluate(seen, anchor), f"{kind}: {name}#{anchor}"
    page.close()


@pytest.mark.book
@pytest.mark.browser
@WINDOW
def test_a_row_that_was_searched_away_comes_back_to_a_link_that_changes_no_address(browser, built):
    page = browser.new_page()
    page.goto((built / "book" / "claims.html").as_uri() + "#claim-thirteen-articles")
    box = page.locator(".dt-container", has=page.locator("tr#claim-thirteen-articles"))
    field = box.locator("input[type=search]")
    field.fill("nothing of the kind")
    page.wait_for_function("!document.querySelector('tr#claim-thirteen-articles')")
    page.evaluate(
        """document.querySelector("article").insertAdjacentHTML(
            "afterbegin", "<a id='again' href='#claim-thirteen-articles'>again</a>")"""
    )
    page.click("#again")
    page.wait_for_selector("tr#claim-thirteen-articles")
    page.close()


@pytest.mark.book
@pytest.mark.browser
@WINDOW
def test_a_closed_box_opens_for_the_place_within_it(browser, built):
    page = browser.new_page()
    page.goto((built / "book" / "plan.html").as_uri())
    page.evaluate("document.querySelector('details.sd-dropdown li').id = 'within'")
    page.evaluate("location.hash = '#within'")
    page.wait_for_function("document.querySelector('details.sd-dropdown').open")
    page.goto((built / "book" / "claims.html").as_uri() + "#cite-this-page")
    page.wait_for_function("document.getElementById('cite-this-page').open")
    page.close()
