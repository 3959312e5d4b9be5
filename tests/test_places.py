"""Where things live, what texts name, and what becomes a link of it: in small, and in the built pages."""

from __future__ import annotations

import re
from functools import cache

import pandas as pd
import pytest
from docutils import nodes
from lxml import html as lxml_html

from policybook import articles, crossrefs, data, mentions, places, render, site, tables

NAMES = mentions.Mentions(
    [f"A{number:02}" for number in range(14)],
    ["A07.01"],
    mentions.designations([("GB/T 45654-2025", "gb_t_45654_2025"), ("ISO/IEC 42001:2023", "iso_iec_42001_2023")]),
)


def named(text):
    return [(text[item.start : item.end], item.href) for item in NAMES.find(text)]


def test_places_are_permanent():
    assert places.href("articles", "A00") == "plan.html#article-0"
    assert places.href("commitments", "A07.01") == "plan.html#a07-01"
    assert places.href("claims", "thirteen_articles") == "claims.html#claim-thirteen-articles"
    assert places.href("standards", "gb_t_45654_2025") == "standards.html#std-gb-t-45654-2025"
    assert places.href("followup", "fu_a13_waico") == "followup.html#step-a13-waico"
    assert places.href("columns", "standards.title_zh") == "catalogue.html#column-standards-title-zh"
    assert places.href("indicators", "x") == ""
    with pytest.raises(KeyError):
        places.anchor("indicators", "x")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("in article 5.", [("article 5", "plan.html#article-5")]),
        ("Articles 3 to 13", [("3", "plan.html#article-3"), ("13", "plan.html#article-13")]),
        ("articles 1, 2 and 3", [(f"{n}", f"plan.html#article-{n}") for n in (1, 2, 3)]),
        ("A05 open, A07.01", [("A05", "plan.html#article-5"), ("A07.01", "plan.html#a07-01")]),
        ("the preamble names", [("preamble", "plan.html#article-0")]),
        (
            "GB/T 45654 and GB/T 45654-2025",
            [(n, "standards.html#std-gb-t-45654-2025") for n in ("GB/T 45654", "GB/T 45654-2025")],
        ),
        ("article 50", []),
        ("A77 and A07.09", []),
        ("five articles of 2025", []),
        ("Directive (EU) 2023/1791, article 12 and Annex VII", []),
        ("article 5 of the EU AI Act", []),
        ("the AI Act, article 5", []),
        ("article 5 of the Plan", [("article 5", "plan.html#article-5")]),
        ("EN ISO/IEC 42001:2023/A1, GB/T 456541", []),
    ],
)
def test_what_a_text_names(text, found):
    assert named(text) == found


def test_a_number_that_means_two_standards_means_none():
    known = mentions.designations([("GB/T 1111-2019", "a"), ("GB/T 1111-2025", "b"), ("GB/T 2222-2025", "c")])
    assert known == {"GB/T 1111-2019": "a", "GB/T 1111-2025": "b", "GB/T 2222-2025": "c", "GB/T 2222": "c"}


def test_links_are_as_short_as_the_page_allows_and_lead_to_pages_that_are_there():
    links = places.Links("plan", ["plan", "claims"])
    assert links.short("plan.html#article-5") == "#article-5"
    assert links.short("claims.html#claim-thirteen-articles") == "claims.html#claim-thirteen-articles"
    assert links.short("claims.html#claim-of-nobody") == ""
    assert links.short("standards.html#std-x") == ""
    assert links.short("https://example.org/x.html#y") == "https://example.org/x.html#y"
    assert links.short("") == ""


def test_cells_link_what_they_name_but_not_their_own_row():
    links = places.Links("plan", ["plan"])
    cell = [{"text": "A05.01 & article 7 <b>"}, {"text": "article 6", "badge": "read"}]
    written = render._cell_html(cell, links, "a05-01")
    assert '<a href="#article-7">article 7</a> &lt;b&gt;' in written
    assert "#a05-01" not in written and "#article-6" not in written


def test_prose_links_each_thing_once_a_paragraph_and_never_from_its_own_section():
    raw = [nodes.raw("", '<a href="#x">', format="html"), nodes.Text("article 9"), nodes.raw("", "</a>", format="html")]
    own = nodes.section("", ids=["article-5"])
    own += nodes.paragraph("", "article 5 and article 6")
    page = nodes.section("", ids=["top"])
    page += nodes.paragraph("", "article 7, again article 7", nodes.strong("", "article 8"), *raw)
    page += own
    made = crossrefs.link(page, NAMES, places.Links("plan", ["plan"]))
    assert [node["refuri"] for node in page.findall(nodes.reference)] == ["#article-7", "#article-8", "#article-6"]
    assert made == 3
    assert page.astext().count("article 7") == 2 and "article 9" in page.astext()


def test_neighbours_of_the_first_the_last_and_one_between():
    titles = pd.Series({0: "Preamble", 1: "One & all", 2: "Two"})
    assert re.findall(r'href="(#[\w-]+)"', articles.neighbours(0, titles)) == ["#plan-articles", "#article-1"]
    assert re.findall(r'href="(#[\w-]+)"', articles.neighbours(1, titles)) == [
        "#article-0",
        "#plan-articles",
        "#article-2",
    ]
    assert re.findall(r'href="(#[\w-]+)"', articles.neighbours(2, titles)) == ["#article-1", "#plan-articles"]
    assert "One &amp; all" in articles.neighbours(0, titles)


def test_themes_are_listed_with_the_articles_that_ask_for_them():
    book = pd.DataFrame(
        {
            "codebook": ["theme", "theme", "actor"],
            "code": ["data", "open_source", "x"],
            "code_order": [2, 1, 3],
            "definition": ["d", "o", "x"],
        }
    )
    matrix = pd.DataFrame({"article": ["A06", "A05"], "theme": ["data", "data"], "seen": [2, 0], "recalled": [0, 1]})
    found = articles.theme_list(book, matrix)
    assert list(found["anchor"]) == ["theme-open-source", "theme-data"]
    assert list(found["seen"]) == [0, 2]
    assert found["articles"].tolist() == ["–", [tables.Text("6", href="plan.html#article-6")]]


# ------------------------------------------------------------------------------------------------------ built pages


@cache
def _parse(path):
    return lxml_html.fromstring(path.read_bytes())


@pytest.fixture(scope="session")
def chapters(built, report):
    return {name.rpartition("/")[2]: _parse(built / f"{name}.html") for name in site.reading_order(report)}


@pytest.mark.book
def test_every_article_that_a_cell_names_is_a_link(chapters):
    """But for articles of other texts, which are told apart here by hand."""
    name = re.compile(r"\b[Aa]rticles? (?:[1-9]|1[0-3])\b(?!\d)|\bA(?:0\d|1[0-3])\b|\b[Pp]reamble\b")
    other = {"Energy Efficiency Directive (EU) 2023/1791, article 12 and Annex VII"}
    bare = []
    for page, root in chapters.items():
        for text in root.xpath("//td//text()[not(ancestor::a) and not(ancestor::*[@lang])]"):
            own = text.getparent().xpath("string(ancestor-or-self::tr[1]/@id)")
            found = name.search(text)
            if found and str(text).strip() not in other and not re.match(r"(articles? 0|x)", own):
                bare.append(f"{page}: {str(text)[:90]}")
    assert not bare, "\n".join(bare)


@pytest.mark.book
def test_the_section_of_an_article_leads_to_its_steps_claims_standards_and_neighbours(chapters):
    plan = chapters["plan"]
    steps, claims = data.seen(data.load("followup")), data.seen(data.load("claims"))
    standards, codes = data.seen(data.load("standards")), list(data.load("articles")["article"])
    for at, code in enumerate(codes):
        section = plan.xpath("//section[@id=$a]", a=places.article_anchor(code))[0]
        leads = set(section.xpath(".//a/@href"))
        assert {places.href("followup", key) for key in steps.loc[steps["article"] == code, "followup_id"]} <= leads
        about = claims[claims["articles"].map(lambda own, code=code: code in own and len(own) < len(codes) / 2)]
        assert {places.href("claims", key) for key in about["claim_id"]} <= leads, code
        if standards["articles"].map(lambda own, code=code: code in own).any():
            assert "standards.html#tbl-standards-catalogue" in leads, code
        (way,) = section.xpath(".//nav[contains(@class, 'pb-step')]")
        wanted = [f"#{places.article_anchor(other)}" for other in codes[max(at - 1, 0) : at + 2] if other != code]
        assert [href for href in way.xpath(".//a/@href") if href != "#plan-articles"] == wanted


@pytest.mark.book
def test_rows_that_the_book_links_to_are_there(chapters):
    for table in [*places.PLACES, "articles"]:
        root = chapters[places.page(table)]
        ids = set(root.xpath("//@id"))
        assert {places.anchor(table, key) for key in places.shown(table)} <= ids, table
    themes = {code for codes in data.load("commitments")["themes"] for code in codes}
    assert {places.anchor("themes", code) for code in themes} <= set(chapters["plan"].xpath("//@id"))


@pytest.mark.book
def test_the_foot_of_each_page_leads_on_in_reading_order(built, report):
    order = [*site.reading_order(report), "genindex"]
    for at, name in enumerate(order):
        foot = _parse(built / f"{name}.html").xpath("//div[contains(@class, 'prev-next-area')]")[0]
        for kind, other in (("left-prev", at - 1), ("right-next", at + 1)):
            links = foot.xpath(f"./a[@class='{kind}']")
            if not 0 <= other < len(order):
                assert not links, name
                continue
            (link,) = links
            target = _parse(built / f"{order[other]}.html")
            title = target.xpath("string(//article//h1)").strip().removesuffix("#").strip()
            assert link.get("href").endswith(f"{order[other].rpartition('/')[2]}.html"), name
            assert " ".join(link.xpath("string(.//p[@class='prev-next-title'])").split()) == re.sub(
                r"^\d+\.\s*", "", title
            )
