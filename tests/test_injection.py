"""What stands in the data is shown, never obeyed: by a browser, a typesetter, a reader of feeds or a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import zipfile

import nbformat
import pypdf
import pytest
from lxml import etree
from lxml import html as lxml_html

import corrupting
from conftest import KERNEL
from policybook import data, paths, schema
from support import CHROMIUM, NO_BROWSER, policybook

# Markup that the check of the data refuses.
REFUSED = (
    *corrupting.HTML,
    *corrupting.FORMULAS,
    "<script>window.hit = 1</script>",
    "</script><script>alert(1)</script>",
    '<img src="x" onerror="window.hit = 1">',
    "<iframe src=javascript:alert(1)></iframe>",
    "right \u202eto left",
)
# What it lets pass, since it may be meant: each must be shown as it stands.
PASSED = (
    "<img src=x onerror=window.hit=1 //",
    '"><svg/onload=window.hit=2 //',
    "' onmouseover=window.hit=3 x='",
    "</script x",
    "</title",
    "[x](javascript:window.hit=4)",
    "![p](q.png)",
    "{glue:text}`nothing`",
    "{cite:t}`nobody`",
    "$x^2_1$",
    "$$y$$",
    "\\input{/etc/passwd}",
    "\\write18{id}",
    '#read("/etc/passwd")',
    '#eval("1+1")',
    "*bold* _it_ ~~s~~",
    "`code` ``two``",
    "{{ config }} {% raw %}",
    "&lt;b&gt; &amp; &#60;",
    "]]> %(x)s ${7*7}",
    "[[wiki]] ^[note] [^1]",
    "\\u003cb\\u003e \\n",
    "= h # h | c",
    '@import "x"',
    "1. one",
)
TABLES = ("events", "sources", "claims", "articles", "countries", "followup")
CHAPTER = [
    "# Three\n\nWhat is shown as a text, and as the name of a row.",
    "from IPython.display import Markdown, display\nfrom policybook import articles, data, places, tables\n"
    "found = data.load('articles')\n"
    "for _, row in found.iterrows():\n"
    "    display(Markdown(articles.headings(row)))\n"
    "    display(Markdown(articles.plain(row['paraphrase'])))",
    "events = data.load('events')\nfor title in events['title']:\n    display(Markdown(f'- {articles.plain(title)}'))",
    "tables.show(events, name='tbl-all', caption='All events', row_ids='event_id', filters={'track': 'Track'},\n"
    "    columns={'date': 'Date', 'title': 'Title', 'source_id': 'Source'}, formats={'source_id': tables.cite})",
    "import altair as alt\nfrom policybook import charts\n"
    "points = alt.Chart(events.head(60)[['date', 'title']]).mark_text().encode(\n"
    "    x='date:T', y='title:N', text='title:N', tooltip=['title'], href='title:N')\n"
    "charts.show(charts.titled(points, 'Titles', 'Events'), name='fig-titles', caption='Titles.',\n"
    "    alt='The titles of events. They are many.', sources=events['source_id'])",
]


def _texts(item, package):
    """Return the columns of a table that hold words: no codes, keys or patterns."""
    keys = {column for key in item["schema"].get("foreignKeys", []) for column in schema.listed(key["fields"])}
    keys |= set(schema.listed(item["schema"].get("primaryKey")))
    for spec in item["schema"]["fields"]:
        bound = {"enum", "pattern", "unique", "maxLength"} & {k for k, v in spec.get("constraints", {}).items() if v}
        if spec["type"] == "string" and not bound and "categories" not in spec and spec["name"] not in keys:
            yield spec["name"]


@pytest.fixture(scope="module")
def hostile(small_book, tmp_path_factory):
    """A small report whose words hold what browsers and typesetters obey, built whole."""
    root = tmp_path_factory.mktemp("hostile") / "report"
    shutil.copytree(small_book, root, ignore=shutil.ignore_patterns("_build"))
    report = paths.Paths(root)
    package = json.loads(report.descriptor.read_text(encoding="utf-8"))
    number = 0
    for item in package["resources"]:
        path = report.data / item["path"]
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
        if item["name"] == "corrections":
            rows = rows[:1]  # they would guard the words that are changed here
        if item["name"] in TABLES:
            places = [rows[0].index(column) for column in _texts(item, package)]
            for row in rows[1:]:
                for place in places:
                    if row[place]:
                        row[place] = f"{row[place]} {PASSED[number % len(PASSED)]}"
                        number += 1
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)
    data.refresh(report)
    assert number > 1000 and data.check(report) == []
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})
    for place, text in enumerate(CHAPTER):
        make = nbformat.v4.new_markdown_cell if text.startswith("#") else nbformat.v4.new_code_cell
        notebook.cells.append(make(text, id=f"three-{place}"))
    nbformat.write(notebook, root / "book" / "three.ipynb")
    toc = root / "_toc.yml"
    toc.write_text(toc.read_text().replace("- file: book/two\n", "- file: book/two\n      - file: book/three\n"))
    policybook("build", cwd=root)
    return report


def _close(text):
    """Return a text without what a typesetter puts between its letters."""
    return re.sub(r"[\s\u00ad\u200b]+", "", text)


@pytest.mark.parametrize("payload", REFUSED)
def test_markup_and_formulas_are_refused(payload):
    assert schema.faults(payload, {"type": "string"}), payload
    assert schema.faults(f"word;{payload}" if payload.startswith("<") else payload, {"type": "list"}), payload


@pytest.mark.parametrize("payload", PASSED)
def test_what_is_shown_as_text_passes_the_check(payload):
    assert not schema.faults(f"word {payload}", {"type": "string"}), payload


@pytest.mark.book
def test_pages_show_it_as_text(hostile):
    texts = {}
    for path in hostile.html.rglob("*.html"):
        page = lxml_html.parse(str(path)).getroot()
        made = page.xpath("//@*[starts-with(name(), 'on')] | //img[contains(@src, 'q.png') or @src='x']")
        made += page.xpath("//a[starts-with(@href, 'javascript')] | //*[@*[starts-with(., 'javascript:')]]")
        made += page.xpath("//*[contains(@class, 'math')]")
        assert not made, f"{path.name}: {made[:3]}"
        texts[path.stem] = page.text_content()
        for script in page.xpath("//script[@type='application/ld+json']"):
            json.loads(script.text)
    for payload in PASSED:
        assert payload in texts["three"], payload
        # BibTeX cannot hold braces, and takes what looks like quotes and dashes for them.
        if not re.search(r"[{}`]|--", payload):
            assert payload in texts["references"], payload


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
def test_a_browser_runs_nothing_of_it(hostile, browser):
    for name in ("one", "two", "three", "references"):
        page, said = browser.new_page(), []
        page.on("dialog", lambda dialog, said=said: (said.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.goto((hostile.html / "book" / f"{name}.html").as_uri())
        page.mouse.move(20, 20)
        page.mouse.move(30, 30)
        for chart in page.query_selector_all(".pb-chart"):
            chart.scroll_into_view_if_needed()
            page.wait_for_timeout(50)
        if page.query_selector(".pb-chart"):
            page.wait_for_function(
                "[...document.querySelectorAll('.pb-chart')].every((c) => c.dataset.state)", timeout=60_000
            )
        for link in page.query_selector_all("a.pb-term, .pb-live svg a")[:5]:
            link.hover()
        assert page.evaluate("window.hit === undefined") and not said, f"{name}: {said}"
        made = "[onerror], [onload], [onmouseover], a[href^='javascript'], img[src=x]"
        assert not page.query_selector_all(made), name
        page.close()


@pytest.mark.book
def test_books_and_feeds_show_it_as_text(hostile):
    pdf = _close("".join(page.extract_text() for page in pypdf.PdfReader(hostile.pdf / "report.pdf").pages))
    epub = ""
    with zipfile.ZipFile(hostile.epub / "report.epub") as book:
        for name in book.namelist():
            if name.endswith((".xhtml", ".opf", ".ncx", ".svg", ".xml")):
                content = etree.fromstring(book.read(name))
                assert not content.xpath("//@*[starts-with(name(), 'on')]"), name
                epub += "".join(content.itertext())
    for payload in PASSED:
        assert _close(payload) in pdf, payload
        assert _close(payload) in _close(epub), payload
    for path in hostile.html.rglob("*"):
        if path.suffix in (".atom", ".xml", ".svg"):
            etree.parse(str(path))
        elif path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))


def _formulas(content):
    """Return the cells of a CSV file that a spreadsheet would run; a second reading of the rule, not the package's."""
    number = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    return [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r") and not number.fullmatch(cell)]


@pytest.mark.book
def test_no_download_holds_a_formula(hostile, report, tmp_path):
    sheets = {path.name: path.read_bytes() for path in hostile.html.rglob("*.csv")}
    for archive in hostile.html.rglob("*.zip"):
        with zipfile.ZipFile(archive) as book:
            sheets |= {name: book.read(name) for name in book.namelist() if name.endswith(".csv")}
    for item in data.descriptor(report)["resources"]:
        sheets[item["path"]] = (report.data / item["path"]).read_bytes()
    for table in ("commitments", "items"):
        for coder in ("a", "b"):
            place = tmp_path / f"{table}-{coder}.csv"
            coding_sheet = policybook("code", table, "--out", str(place), "--coder", coder, cwd=report.root)
            assert coding_sheet.returncode == 0
            sheets[place.name] = place.read_bytes()
    assert len(sheets) > 120
    assert {name: found for name, content in sheets.items() if (found := _formulas(content))} == {}
    assert _formulas(b"a,b\n-1+2,=1\n-2,x\n") == ["-1+2", "=1"]
