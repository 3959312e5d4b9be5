"""The built book as files: complete, self-contained, every figure with all its parts, the PDF with the same numbers."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pypdf
import pypdfium2
import pytest
from lxml import html as lxml_html

from policybook import data, site
from policybook import pages as reading

pytestmark = pytest.mark.book
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def pages(built, report):
    """The parsed chapters, by name."""
    return {name: _parse(built / f"{name}.html") for name in site.reading_order(report)}


@cache
def _parse(path):
    return lxml_html.fromstring(path.read_bytes())


def _site(built):
    """The pages of the site, without the theme's own templates."""
    return [path for path in built.rglob("*.html") if "_static" not in path.parts]


def _article(page):
    return page.xpath("//article[contains(@class, 'bd-article')]")[0]


def _words(element):
    return " ".join(element.text_content().split())


def _specification(built, chart):
    """Return the specification that the script of a chart loads."""
    text = (built / "book" / chart.get("data-spec")).read_text(encoding="utf-8")
    return json.loads(text[text.index("] = ") + 4 :].removesuffix(";\n"))


def test_every_chapter_is_there(pages):
    assert {"background", "plan", "standards", "sustainability", "reception", "catalogue", "index"} <= {
        name.rpartition("/")[2] for name in pages
    }
    for name, page in pages.items():
        assert len(_words(_article(page))) > 300, name


def test_no_page_asks_another_host_for_anything(built):
    loaded = " | ".join(
        [
            "//link[not(@rel='canonical')]/@href",
            "//object/@data",
            *(f"//{tag}/@src" for tag in ("script", "img", "iframe")),
        ]
    )
    for path in _site(built):
        for address in _parse(path).xpath(loaded):
            assert not urlsplit(address).netloc, f"{path.name}: {address}"
    for path in built.rglob("*.css"):
        for address in re.findall(r"url\(\s*['\"]?([^'\")]+)", path.read_text(encoding="utf-8")):
            assert not urlsplit(address).netloc or address.startswith("data:"), f"{path.name}: {address}"


def test_no_page_is_heavy(pages, built):
    for name in pages:
        assert (built / f"{name}.html").stat().st_size < 800_000, name


def test_ids_stand_once_in_a_page(pages):
    for name, page in pages.items():
        ids = page.xpath("//@id")
        assert len(set(ids)) == len(ids), f"{name}: {[i for i in ids if ids.count(i) > 1][:5]}"


def test_every_figure_has_all_its_parts(pages, built):
    names = []
    for page_name, page in pages.items():
        for chart in page.xpath("//div[@class='pb-chart']"):
            name = chart.get("data-figure")
            names.append(name)
            figure = chart.xpath("ancestor::figure")[0]
            assert figure.get("id") == name, page_name
            assert re.match(r"Fig\. [\d.]+", _words(figure.xpath(".//*[@class='caption-number']")[0])), name
            assert len(_words(figure.xpath(".//*[@class='caption-text']")[0])) > 8, name
            (still,) = chart.xpath(".//*[local-name()='svg']")
            assert still.get("role") == "img" and len(re.findall(r"[.!?](?:\s|$)", still.get("aria-label"))) >= 2, name
            spec = _specification(built, chart)
            assert spec["usermeta"]["policybook"]["name"] == name
            endings = [Path(address).name for address in figure.xpath(".//details//a/@href")]
            assert endings == [f"{name}.{ending}" for ending in ("png", "svg", "csv", "vl.json")]
            for address in figure.xpath(".//details//a/@href"):
                assert (built / "book" / address).stat().st_size > 50, address
    assert len(names) == len(set(names)) and len(names) >= 20
    index = json.loads((built / "figures" / "index.json").read_text(encoding="utf-8"))
    assert sorted(item["name"] for item in index) == sorted(names)


@pytest.mark.parametrize("chapter", ["background", "plan", "standards", "sustainability", "reception"])
def test_a_chapter_has_figures_tables_citations_and_limits(pages, chapter):
    article = _article(pages[f"book/{chapter}"])
    shown = len(article.xpath(".//figure")) + len(article.xpath(".//div[contains(@class, 'pb-table')]//table"))
    assert shown >= 4
    assert len(article.xpath(".//span[contains(@class, 'bibtex-citation')]")) >= 10
    assert article.xpath(".//*[contains(@class, 'pb-question')]")
    headings = [_words(heading) for heading in article.xpath(".//h2")]
    assert any("cannot" in heading for heading in headings), headings


def test_every_citation_in_tables_and_source_lines_carries_the_badge_of_its_source(pages):
    cell = "//td//a[contains(@class, 'pb-cite')]"
    line = "//p[starts-with(normalize-space(.), 'Source')][ancestor::figure or ancestor::div[@class='pb-notes']]"
    seen = 0
    for name, page in pages.items():
        for link in page.xpath(cell):
            badge = link.getnext()
            assert badge is not None and badge.get("class") == "pb-source", f"{name}: {_words(link)}"
            assert _words(badge).count("·") == 2, f"{name}: {_words(badge)}"
            seen += 1
        for paragraph in page.xpath(line):
            cited = paragraph.xpath(
                ".//span[contains(@class, 'bibtex-citation')] | .//a[contains(@class, 'reference internal')]"
            )
            badges = paragraph.xpath(".//span[@class='pb-source']")
            assert len(badges) == _words(paragraph).count(";") + 1 and cited, f"{name}: {_words(paragraph)[:80]}"
            seen += len(badges)
    assert seen > 500


def test_titles_of_charts_state_something(pages, built):
    for page in pages.values():
        for chart in page.xpath("//div[@class='pb-chart']"):
            title = _specification(built, chart).get("title")
            assert title and title.get("subtitle"), chart.get("data-figure")


def test_a_browser_draws_what_the_download_says(pages, built):
    """The specification for the browser has the datasets as columns; put together again they are those of the file."""
    for page in pages.values():
        for chart in page.xpath("//div[@class='pb-chart']"):
            spec, name = _specification(built, chart), chart.get("data-figure")
            for key, rows in spec["datasets"].items():
                if "columns" in rows:
                    names, values = list(rows["columns"]), rows["columns"].values()
                    spec["datasets"][key] = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
            written = json.loads((built / "figures" / f"{name}.vl.json").read_text(encoding="utf-8"))
            assert written.pop("usermeta")["policybook"]["name"] == spec.pop("usermeta")["policybook"]["name"] == name
            assert spec == written, name


def test_the_thirteen_articles_have_their_anchors(pages):
    page = pages["book/plan"]
    for number in range(1, 14):
        assert page.xpath("//*[@id=$a]", a=f"article-{number}"), number


def _unmarked(article):
    """Return the texts in other scripts that carry no language: all of an article but drawings, code and addresses."""
    script = re.compile(r"[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
    exempt = "ancestor::*[local-name()='svg' or self::script or self::style or self::pre or self::code]"
    texts = article.xpath(f".//text()[not({exempt}) and not(ancestor::*[@lang][1][not(starts-with(@lang, 'en'))])]")
    return [str(text).strip() for text in texts if script.search(text) and not text.startswith("http")]


def test_text_in_other_scripts_carries_its_language(pages):
    """Wherever it stands, a screen reader would stumble over it: paragraphs, cells, items, headings, captions."""
    found = [f"{name}: {text[:100]}" for name, page in pages.items() for text in _unmarked(_article(page))]
    assert not found, "\n".join(found)


def test_unmarked_text_would_be_found():
    page = lxml_html.fromstring(
        "<article><h2>标题</h2><table><tr><td>a 单元 b</td></tr></table><li>x <em>y</em> 条目</li>"
        "<figcaption>图</figcaption>"
        "<p>text <span lang='zh-Hans'>中文</span></p><svg><text>图表</text></svg><code>代码</code>"
        "<a href='https://example.org/页'>https://example.org/页</a><p lang='ja'>日本 <b>語</b></p></article>"
    )
    assert _unmarked(page) == ["标题", "a 单元 b", "条目", "图"]


def test_there_is_no_trace_of_an_unfinished_text(pages):
    for name, page in pages.items():
        text = " ".join(_article(page).xpath(".//text()[not(ancestor::pre or ancestor::script)]"))
        for trace in ("TODO", "FIXME", "lorem ipsum", "{glue", "{cite", "{ref", "{numref"):
            assert trace not in text, f"{name}: {trace}"


# ---------------------------------------------------------------------------------------------------------------- PDF


@pytest.fixture(scope="session")
def printed(built):
    """The PDF."""
    return pypdf.PdfReader(built / "report.pdf")


@pytest.fixture(scope="session")
def printed_text(printed):
    """The text of the PDF, blanks folded."""
    return " ".join(" ".join(page.extract_text() for page in printed.pages).split())


def test_the_pdf_is_tagged_dated_and_small(printed, built, report):
    root = printed.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"].startswith("en")
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    assert (built / "report.pdf").stat().st_size < 4_000_000
    assert printed.metadata.title
    front = printed.pages[0].extract_text()
    assert data.data_date(report) in front or "2026" in front
    assert data.digest(report)[:8] in front.replace("\n", "")


def test_the_pdf_has_every_chapter_in_its_outline(printed, pages):
    titles = [entry.title for entry in printed.outline if not isinstance(entry, list)]
    for page in pages.values():
        heading = re.sub(r"^[\d.]+\s*|#$", "", _words(_article(page).xpath(".//h1")[0])).strip()
        assert any(heading in title for title in titles), f"{heading} not in {titles}"


def _outline(printed, entries=None, depth=1):
    for entry in printed.outline if entries is None else entries:
        if isinstance(entry, list):
            yield from _outline(printed, entry, depth + 1)
        else:
            yield depth, entry


def test_no_heading_of_the_pdf_stands_alone_at_the_foot_of_its_page(printed):
    """Under each heading there is room for two lines at least, above the foot of the page."""
    seen = set()
    for depth, entry in _outline(printed):
        seen.add(depth)
        # PDF/UA: destinations are structure elements as well; the view says where the heading begins, from below.
        assert float(entry.top) > 25 * 72 / 25.4 + 48, (entry.title, float(entry.top))
    assert {1, 2, 3} <= seen


def _tags(printed):
    """Yield the elements of the structure of the PDF, in the order in which they are read out."""
    waiting = [printed.trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop()
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            waiting += reversed(node)
        elif isinstance(node, dict):
            yield node
            waiting.append(node.get("/K", []))


def test_the_tags_of_the_pdf_tell_figures_tables_and_levels_of_headings(printed, pages):
    kinds, alts = Counter(), []
    levels = []
    for node in _tags(printed):
        kind = str(node.get("/S", ""))
        kinds[kind] += 1
        if kind == "/Figure":
            alts.append(str(node.get("/Alt", "")))
        if re.fullmatch("/H[1-6]", kind):
            levels.append(int(kind[2]))
    figures = sum(len(page.xpath("//div[@class='pb-chart']")) for page in pages.values())
    tables = sum(len(_article(page).xpath(".//table")) for page in pages.values())
    assert len(alts) == figures and all(len(re.findall(r"[.!?](?:\s|$)", alt)) >= 2 for alt in alts)
    assert kinds["/Table"] >= tables - len([1 for page in pages.values() for _ in page.xpath("//td//table")])
    assert kinds["/TH"] > 3 * kinds["/Table"] and levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.fixture(scope="session")
def cleaned(built, report):
    """The pages as they go into the books."""
    return reading.read(built, site.reading_order(report))


def test_the_tags_of_the_pdf_follow_the_pages_wherever_figures_stand(printed, cleaned):
    """A figure may stand on the page after the text that follows it; who hears the PDF meets it where it belongs."""
    tagged = []
    for node in _tags(printed):
        kind = str(node.get("/S", ""))
        if re.fullmatch("/H[1-6]", kind):
            tagged.append(kind[1:])
        elif kind == "/Figure":
            tagged.append(str(node["/Alt"]))
    parts = [
        part.get("alt") if part.tag == "img" else part.tag.upper()
        for page in cleaned.values()
        for part in page.article.iter(*reading.HEADINGS, "img")
    ]
    assert tagged == ["H1", *parts]  # the first is that of the contents


def test_the_outline_and_the_contents_of_the_pdf_are_the_headings_of_the_pages(printed, cleaned, report):
    headings = [
        (int(heading.tag[1]), _squeezed(heading.text_content()))
        for page in cleaned.values()
        for heading in page.article.iter(*reading.HEADINGS)
    ]
    outline = list(_outline(printed))
    assert [(depth, _squeezed(entry.title)) for depth, entry in outline] == headings
    first = printed.get_destination_page_number(outline[0][1])
    contents = _squeezed("".join(page.extract_text() for page in printed.pages[1:first]))
    at = 0
    for depth, entry in outline:
        if depth < 3:  # each with the number of its page, in order
            number = printed.get_destination_page_number(entry) + 1
            found = re.compile(rf"{re.escape(_squeezed(entry.title))}\.*{number}(?!\d)").search(contents, at)
            assert found, (entry.title, number)
            at = found.end()
    for caption, names in site.parts(report):
        assert _squeezed(caption) in contents
        opening = printed.pages[_first_page(printed, cleaned, names[0])].extract_text()
        assert re.search(rf"{re.escape(_squeezed(caption))}·Chapter\d+", _squeezed(opening)), caption


def _first_page(printed, cleaned, name):
    title = _squeezed(cleaned[name].article.findtext(".//h1") or cleaned[name].article.find(".//h1").text_content())
    return next(
        printed.get_destination_page_number(entry) for _, entry in _outline(printed) if _squeezed(entry.title) == title
    )


def test_no_page_of_the_pdf_is_left_half_empty_but_the_last_of_a_chapter(printed, built):
    starts = {printed.get_destination_page_number(entry) for depth, entry in _outline(printed) if depth == 1}
    document = pypdfium2.PdfDocument(built / "report.pdf")
    for number in range(min(starts), len(document) - 1):
        if number + 1 in starts:
            continue
        drawn = document[number].render(scale=0.3, grayscale=True).to_numpy().squeeze()
        body = drawn[int(0.085 * len(drawn)) : int(0.92 * len(drawn))]  # without running head and folio
        (inked,) = np.nonzero((body < 200).any(axis=1))
        assert inked.max() > 0.55 * len(body), f"page {number + 1} is blank below {inked.max() / len(body):.0%}"


def test_the_pdf_names_the_chapter_at_the_head_of_its_pages(printed):
    starts = {
        printed.get_destination_page_number(entry): entry.title for depth, entry in _outline(printed) if depth == 1
    }
    first, checked = min(starts), 0
    for number in range(first + 1, len(printed.pages), 7):
        if number in starts:
            continue
        chapter = starts[max(start for start in starts if start < number)]
        text = printed.pages[number].extract_text()
        assert _squeezed(chapter) in _squeezed(text)[: len(chapter) + 40], (number, chapter, text[:80])
        assert re.search(rf"{number + 1}\s*$", text.strip()) or str(number + 1) in text[-80:], number
        checked += 1
    assert checked > 20


def _squeezed(text: str) -> str:
    return re.sub(r"\s|\u00ad|-", "", text)


def test_the_pdf_has_every_figure_with_its_number(pages, printed_text):
    for page in pages.values():
        for number in page.xpath("//figcaption//*[@class='caption-number']"):
            assert _words(number) in printed_text


def test_a_table_for_the_screen_is_named_in_the_pdf_and_not_printed(pages, printed_text):
    boxes = [box for page in pages.values() for box in page.xpath("//div[contains(@class, 'pb-screen')]")]
    assert boxes
    for box in boxes:
        rows = box.xpath(".//tbody/tr")
        assert f"{len(rows):,} rows, in the HTML edition" in printed_text
        assert _words(rows[-1])[:60] not in printed_text


def test_the_pdf_embeds_its_fonts_and_has_chinese(printed, printed_text):
    names = set()
    for page in printed.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            font = font.get_object()
            names.add(font["/BaseFont"])
            part = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            described = part["/FontDescriptor"].get_object()
            assert any(key in described for key in ("/FontFile", "/FontFile2", "/FontFile3")), font["/BaseFont"]
    assert any("NotoSansSC" in name for name in names) and any("SourceSans" in name for name in names)
    assert "人工智能全球治理行动计划" in printed_text.replace(" ", "")


def test_the_pdf_names_the_sources_that_cells_of_tables_cite(pages, printed_text):
    printed, checked = re.sub(r"\s|\u00ad|-", "", printed_text), 0
    for name, page in pages.items():
        for table in page.xpath("//div[contains(@class, 'pb-table') and not(contains(@class, 'pb-screen'))]//table"):
            for link in table.xpath("(.//td//a[@class='pb-cite'])[1]"):
                cell = re.sub(r"\s|\u00ad|-", "", _words(link) + _words(link.getnext()))
                assert cell in printed, f"{name}: {_words(link)}"
                checked += 1
    assert checked > 20


def test_the_pdf_says_the_same_numbers_as_the_pages(pages, printed_text):
    """The first number of every paragraph of prose stands in the PDF, between the same words."""

    checked, printed = 0, _squeezed(printed_text)
    aside = "ancestor::table or ancestor::figure or ancestor::details or ancestor::div[contains(@class, 'pb-notes')]"
    for name, page in pages.items():
        for paragraph in _article(page).xpath(f"./section//p[not({aside})]"):
            # The key figure of a card is said again in its sentence; the PDF leaves it out.
            text = _squeezed("".join(paragraph.xpath(".//text()[not(ancestor::*[contains(@class, 'pb-key')])]")))
            number = re.search(r"\d[\d.,]*", text)
            if number:
                checked += 1
                piece = text[max(number.start() - 12, 0) : number.end() + 4]
                assert piece in printed, f"{name}: {paragraph.text_content()[:120]!r} ({piece})"
    assert checked > 50
