"""What holds for any report made with this package: data, prose, chapters, pages, PDF."""

from __future__ import annotations

import json

import nbformat
import pytest
from lxml import html

from policybook import data, prose, site
from support import CHROMIUM, NO_BROWSER


def test_the_data_package_and_the_prose_hold_to_the_rules(report):
    assert data.check(report) == []
    assert [str(problem) for problem in prose.check(report)] == []


def test_chapters_are_committed_without_outputs(report):
    for path in sorted(report.book.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
        assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code"), path.name


@pytest.mark.book
def test_every_chapter_has_a_page_with_one_title(built, report):
    for name in site.reading_order(report):
        page = html.parse(built / f"{name}.html").getroot()
        assert len(page.xpath("//article//h1")) == 1, name
        assert "Traceback" not in page.text_content(), name


@pytest.mark.book
def test_every_figure_has_its_files_and_its_text_alternative(built):
    listed = json.loads((built / "figures" / "index.json").read_text(encoding="utf-8"))
    assert listed
    for item in listed:
        for ending in ("svg", "png", "csv", "vl.json", "js", "html"):
            path = built / "figures" / f"{item['name']}.{ending}"
            assert path.stat().st_size > 100, path.name
        assert len(item["alt"].split()) > 5, item["name"]
        page = html.parse(built / item["page"].split("#")[0]).getroot()
        (figure,) = page.xpath(f"//figure[@id='{item['name']}']")
        assert figure.xpath(".//figcaption") and figure.xpath(".//*[local-name()='svg'][@role='img']"), item["name"]


@pytest.mark.book
def test_the_pdf_has_every_chapter_in_its_outline_and_tags(built, report):
    from pypdf import PdfReader

    printed = PdfReader(built / "report.pdf")
    assert printed.trailer["/Root"]["/MarkInfo"]["/Marked"]
    titles = " ".join(entry.title for entry in printed.outline if not isinstance(entry, list))
    for name in site.reading_order(report):
        heading = html.parse(built / f"{name}.html").getroot().xpath("//article//h1")[0]
        words = heading.xpath("string()").strip("# \n").split(maxsplit=1)
        assert words[-1].strip("#") in titles, name


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_are_quiet_and_no_wider_than_their_window(browser, built, report, width):
    said, wide = [], {}
    context = browser.new_context(viewport={"width": width, "height": 800})
    for name in site.reading_order(report):
        page = context.new_page()
        page.on("pageerror", lambda error, name=name: said.append(f"{name}: {error}"))
        page.on(
            "console",
            lambda message, name=name: said.append(f"{name}: {message.text}") if message.type == "error" else None,
        )
        page.goto((built / f"{name}.html").as_uri())
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wide[name] = over
        page.close()
    context.close()
    assert not said and not wide, (said, wide)
