"""Terms of the glossary: where they are found and marked, what their tips say, and how these behave in a browser."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import pandas as pd
import pypdf
import pytest
from docutils import nodes
from docutils.utils import new_document
from lxml import html as lxml_html

from policybook import data, marks, pages, site, terms, text
from support import CHROMIUM, NO_BROWSER, policybook

ROWS = [
    ("waico", "世界人工智能合作组织", "shìjiè", "WAICO in full", "A body.", "WAICO;World AI Cooperation Organization"),
    ("capacity_plan", "计划", "jìhuà", "Capacity plan", "A plan.", "capacity-building plan"),
    ("capacity_building", "能力建设", "nénglì jiànshè", "capacity-building", "Help.", "capacity-building"),
    ("benefit", "普惠", "pǔhuì", "of benefit to all", "Benefits <b>for</b> & all.", ""),
    ("ai_plus", "人工智能+", "réngōng zhìnéng jiā", "AI Plus", "A programme.", "AI Plus"),
    ("sc_42", None, None, "SC 42", "A committee.", "SC 42;ISO/IEC JTC 1/SC 42"),
]  # fmt: skip


def glossary(rows=ROWS, **columns):
    table = pd.DataFrame(rows, columns=["term_id", "zh", "pinyin", "en", "meaning", "marked"])
    table["marked"] = [tuple(forms.split(";")) if forms else () for forms in table["marked"]]
    base = {"evidence": "excerpt", "en_official": None, "articles": [()] * len(table), "documents": [()] * len(table)}
    return table.assign(kind="concept", source_id="s", **base | columns)


@pytest.fixture(scope="module")
def lexicon():
    return terms.Lexicon(glossary())


def _found(lexicon, said, chinese=False):
    return [(said[hit.start : hit.end], hit.term_id) for hit in lexicon.find(said, chinese)]


# ------------------------------------------------------------------------------------------------------------- finding


def test_the_longest_form_counts_and_what_it_covers_is_no_other_term(lexicon):
    assert _found(lexicon, "A capacity-building plan for capacity-building.") == [
        ("capacity-building plan", "capacity_plan"),
        ("capacity-building", "capacity_building"),
    ]
    assert _found(lexicon, "ISO/IEC JTC 1/SC 42 and SC 42") == [("ISO/IEC JTC 1/SC 42", "sc_42"), ("SC 42", "sc_42")]
    # The plan is known already: its words are not then taken for the other term.
    assert lexicon.first("the capacity-building plan", ["capacity_plan"]) == []


@pytest.mark.parametrize(
    "said", ["WAICOs", "XWAICO", "WAICO2", "waico", "Waico", "TC 28/SC 42", "WAICO.org", "AI Plusses"]
)
def test_a_form_inside_another_word_or_written_otherwise_is_not_found(lexicon, said):
    assert _found(lexicon, said) == []


@pytest.mark.parametrize("said", ["(WAICO)", "WAICO's", "WAICO.", "non-WAICO", "“WAICO”,", "WAICO–led"])
def test_a_form_between_marks_is_found(lexicon, said):
    assert _found(lexicon, said) == [("WAICO", "waico")]


def test_a_small_first_letter_may_be_a_capital_and_a_blank_the_end_of_a_line(lexicon):
    assert _found(lexicon, "Capacity-building helps.") == [("Capacity-building", "capacity_building")]
    assert _found(lexicon, "cAPACITY-building, ai Plus") == []
    assert _found(lexicon, "World AI\n  Cooperation\u00a0Organization") == [
        ("World AI\n  Cooperation\u00a0Organization", "waico")
    ]


def test_chinese_is_found_where_it_stands_by_itself(lexicon):
    assert _found(lexicon, "普惠、人工智能+", chinese=True) == [("普惠", "benefit"), ("人工智能+", "ai_plus")]
    assert _found(lexicon, "公平普惠", chinese=True) == []  # part of another word
    assert _found(lexicon, "普惠") == [] and _found(lexicon, "WAICO", chinese=True) == []


def test_one_form_of_two_terms_is_an_error():
    rows = [*ROWS, ("other", None, None, "Other", "Another.", "WAICO")]
    with pytest.raises(ValueError, match=r"'WAICO' is marked for two terms, waico and other"):
        terms.Lexicon(glossary(rows))


def test_a_glossary_without_forms_finds_nothing():
    empty = terms.Lexicon(glossary([("x", None, None, "X", "An x.", "")]))
    assert empty.find("X") == [] and empty.find("普惠", chinese=True) == []


# ------------------------------------------------------------------------------------------------------------- marking


def page(*parts):
    document = new_document("page")
    document += parts
    return document


def paragraph(*parts):
    return nodes.paragraph("", "", *[nodes.Text(part) if isinstance(part, str) else part for part in parts])


def marked(document, lexicon):
    marks.mark(document, lexicon, "glossary.html")
    return [(node.astext(), node["refuri"]) for node in document.findall(marks.marked_term)]


def test_only_the_first_occurrence_on_a_page_is_marked_in_any_form(lexicon):
    items = nodes.bullet_list("", nodes.list_item("", paragraph("The WAICO again, and AI Plus.")))
    document = page(paragraph("The World AI Cooperation Organization (WAICO)."), items)
    before = document.astext()
    assert marked(document, lexicon) == [
        ("World AI Cooperation Organization", "glossary.html#term-waico"),
        ("AI Plus", "glossary.html#term-ai-plus"),
    ]
    assert document.astext() == before


def test_texts_that_follow_each_other_are_read_as_one(lexicon):
    document = page(paragraph("On World AI", "\n", "Cooperation Organization matters"))
    assert marked(document, lexicon) == [("World AI\nCooperation Organization", "glossary.html#term-waico")]


def test_emphasis_is_prose_and_its_texts_stay_in_order(lexicon):
    document = page(paragraph("a ", nodes.strong("", "", nodes.Text("big WAICO here")), " z"))
    assert marked(document, lexicon) == [("WAICO", "glossary.html#term-waico")]
    assert document.astext() == "a big WAICO here z"


def _in(outer, *parts):
    outer += parts
    return outer


@pytest.mark.parametrize(
    "outside",
    [
        lambda: _in(nodes.section(), nodes.title("", "WAICO")),
        lambda: _in(nodes.figure(), nodes.caption("", "WAICO"), _in(nodes.legend(), paragraph("WAICO"))),
        lambda: _in(nodes.table(), nodes.title("", "WAICO"), _in(nodes.entry(), paragraph("WAICO"))),
        lambda: nodes.literal_block("", "WAICO"),
        lambda: _in(nodes.footnote(), paragraph("WAICO")),
        lambda: _in(nodes.citation(), paragraph("WAICO")),
        lambda: _in(nodes.container(classes=["pb-notes"]), paragraph("WAICO")),
        lambda: _in(nodes.container(classes=["sd-dropdown"]), paragraph("WAICO")),
        lambda: paragraph(nodes.reference("", "", nodes.Text("WAICO"), refuri="x")),
        lambda: paragraph(nodes.reference("", "", nodes.strong("", "WAICO"), refuri="x")),
        lambda: paragraph(nodes.literal("", "WAICO")),
        lambda: paragraph(nodes.math("", "WAICO")),
        lambda: paragraph(nodes.inline("", "WAICO", classes=["bibtex-citation"])),
        lambda: paragraph(nodes.inline("", "WAICO", classes=["pb-badge"])),
    ],
)
def test_what_is_no_prose_is_left_alone_and_does_not_use_up_the_first_mark(lexicon, outside):
    found = marked(page(outside(), paragraph("then WAICO in prose")), lexicon)
    assert found == [("WAICO", "glossary.html#term-waico")]
    alone = page(outside())
    before = alone.pformat()
    assert marked(alone, lexicon) == [] and alone.pformat() == before


def test_chinese_is_marked_in_spans_of_its_language_only(lexicon):
    chinese = nodes.inline("", "普惠", classes=["language-zh-Hans"])
    document = page(paragraph("普惠 and ", chinese))
    assert marked(document, lexicon) == [("普惠", "glossary.html#term-benefit")]
    assert next(document.findall(marks.marked_term)).parent["classes"] == ["language-zh-Hans"]


def test_the_tips_are_those_of_the_terms_marked_in_their_order(lexicon):
    said = marks.mark(page(paragraph("AI Plus, SC 42 and WAICO, AI Plus")), lexicon, "glossary.html")
    assert [term.term_id for term in said] == ["ai_plus", "sc_42", "waico"]


def test_a_tip_has_every_part_in_its_language_and_is_escaped():
    written = marks.tip_html(terms.Lexicon(glossary()).terms["benefit"])
    tip = lxml_html.fromstring(written)
    assert tip.get("role") == "tooltip" and tip.get("id") == "tip-benefit" and tip.get("hidden") is not None
    assert [(part.get("lang"), part.text) for part in tip.xpath(".//*[@lang]")] == [
        ("zh-Hans", "普惠"),
        ("zh-Latn-pinyin", "pǔhuì"),
    ]
    assert "Benefits &lt;b&gt;for&lt;/b&gt; &amp; all." in written and not tip.xpath(".//b")
    assert "recalled" not in written
    known = terms.Lexicon(glossary(evidence="recalled")).terms
    assert "recalled" in marks.tip_html(known["benefit"]) and "lang=" not in marks.tip_html(known["sc_42"])


def test_pages_are_written_anew_when_the_glossary_is_another_one(data_copy):
    app = SimpleNamespace(srcdir=str(data_copy.root))
    env = SimpleNamespace(found_docs={"book/one", "book/glossary"}, all_docs={"book/one": 0, "book/glossary": 0})
    assert marks._renew(app, env) == []  # the first build writes all pages anyway
    assert marks._renew(app, env) == []
    table = data_copy.data / "plan" / "glossary.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("China's regulator", "The regulator"), encoding="utf-8")
    assert marks._renew(app, env) == ["book/glossary", "book/one"]
    assert marks._renew(app, env) == []
    env.found_docs.remove("book/glossary")
    assert marks._renew(app, env) == ["book/glossary", "book/one"]


# ----------------------------------------------------------------------------------------------------------- the table


def test_renderings_are_counted_by_hand():
    rows = [
        ("a", "甲", "jiǎ", "A", "An a.", ""),
        ("b", "乙", "yǐ", "B", "A b.", ""),
        ("c", "丙", "bǐng", "C", "A c.", ""),
        ("d", None, None, "D", "A d.", ""),
    ]
    official = ["safe; secure", "safe", "safe; for all; open", "safe"]
    table = glossary(rows, en_official=official)
    several = terms.several_renderings(table)
    assert several["zh"].tolist() == ["丙", "甲"]
    assert several["renderings"].tolist() == [("safe", "for all", "open"), ("safe", "secure")]
    shared = terms.shared_renderings(table)
    assert shared.values.tolist() == [["safe", "a", "甲", "A"], ["safe", "b", "乙", "B"], ["safe", "c", "丙", "C"]]
    table.loc[0, "evidence"] = "recalled"
    assert terms.shared_renderings(table)["term_id"].tolist() == ["b", "c"]
    assert terms.several_renderings(table)["term_id"].tolist() == ["c"]
    numbers = terms.key_numbers(table)
    assert {key: numbers[key] for key in ("terms", "chinese", "unrendered", "shared", "recalled", "marked")} == {
        "terms": 4, "chinese": 3, "unrendered": 0, "shared": 1, "recalled": 1, "marked": 0,
    }  # fmt: skip


def test_cells_link_to_rows_and_articles():
    table = glossary(ROWS[:1], articles=[("A00", "A12")], documents=[("cn_gaigap_2025", "other")])
    (row,) = terms.cells(table, {"other": "Another text"}).itertuples()
    assert row.anchor == "term-waico" and row.term[0].href == "#term-waico"
    assert [(piece.text, piece.href) for piece in row.where] == [
        ("preamble", "plan.html#article-0"),
        ("·", ""),
        ("article 12", "plan.html#article-12"),
        ("·", ""),
        ("Another text", ""),
    ]
    assert row.in_articles == ["preamble", "article 12"]
    assert [piece.lang for piece in row.chinese] == ["zh-Hans", "zh-Latn-pinyin"]


def test_the_table_itself_is_sound():
    table = data.load("glossary")
    terms.Lexicon(table)  # no form of two terms
    assert (table["zh"].isna() == table["pinyin"].isna()).all()
    for row in table.dropna(subset=["pinyin"]).itertuples():
        assert re.fullmatch(r"[a-zāáǎàēéěèīíǐìōóǒòūúǔùüǖǘǚǜ ]+", row.pinyin.lower()), row.term_id
    names = text.names(data.load("documents"))
    found = terms.cells(table, names)
    assert found["anchor"].is_unique and found["en"].str.casefold().is_monotonic_increasing
    for row in table.itertuples():
        assert len(row.meaning.split()) <= 40, f"{row.term_id}: a tip is short"
        assert len(set(row.marked)) == len(row.marked) and all(form == form.strip() for form in row.marked), row.term_id


# -------------------------------------------------------------------------------------------------------------- a book


@pytest.fixture(scope="module")
def explained(small_book, tmp_path_factory):
    """A small report with a glossary, whose first page uses one of its terms; not built."""
    root = tmp_path_factory.mktemp("explained") / "report"
    shutil.copytree(small_book, root, ignore=shutil.ignore_patterns("_build"))
    (root / "book" / "glossary.md").write_text("(term-waico)=\n# Glossary\n\nThe WAICO, here without a mark.\n")
    toc = root / "_toc.yml"
    toc.write_text(toc.read_text() + "      - file: book/glossary\n")
    notebook = nbformat.read(root / "book" / "one.ipynb", as_version=4)
    notebook.cells[0].source += "\n\nThe WAICO, and [世界人工智能合作组织]{.language-zh-Hans}; the WAICO again."
    nbformat.write(notebook, root / "book" / "one.ipynb")
    return root


@pytest.mark.book
def test_a_changed_meaning_reaches_the_page_and_latex_has_text_only(explained):
    policybook("build", "--no-pdf", cwd=explained)
    one = explained / "_build" / "html" / "book" / "one.html"
    first = one.read_text(encoding="utf-8")
    assert first.count('<a class="pb-term" href="glossary.html#term-waico"') == 1
    assert "Intergovernmental organisation proposed by China" in first and "terms.js" in first
    for name in ("two", "glossary"):
        other = (one.parent / f"{name}.html").read_text(encoding="utf-8")
        assert "pb-term" not in other and "pb-tip" not in other and "terms.js" not in other
    table = explained / "data" / "plan" / "glossary.csv"
    old, new = "Intergovernmental organisation proposed", "Organisation of states proposed"
    table.write_text(table.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    policybook("check", "--refresh", cwd=explained)
    done = policybook("build", "--no-pdf", cwd=explained)
    assert new in one.read_text(encoding="utf-8") and old not in one.read_text(encoding="utf-8")
    assert "run in" not in done.stdout  # no chapter reads the table
    index = (explained / "_build" / "html" / "searchindex.js").read_text(encoding="utf-8")
    assert "propos" not in index, "tips are no text of the page to be searched"
    call = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", ".", "--builder", "latex"]
    latex = subprocess.run(call, cwd=explained, capture_output=True, text=True, timeout=300)
    assert latex.returncode == 0, latex.stderr
    written = (explained / "_build" / "latex" / "report.tex").read_text(encoding="utf-8")
    assert "The WAICO, and" in written and new not in written and "term-waico}{WAICO" not in written


@pytest.fixture(scope="module")
def chapters(built, report):
    return {name: lxml_html.parse(str(built / f"{name}.html")).getroot() for name in site.reading_order(report)}


@pytest.mark.book
def test_every_entry_has_its_anchor_in_the_glossary(chapters):
    wanted = [terms.anchor(term_id) for term_id in data.load("glossary")["term_id"]]
    assert sorted(chapters["book/glossary"].xpath("//tr/@id")) == sorted(wanted)


@pytest.mark.book
def test_pages_mark_terms_once_in_prose_and_say_what_they_mean(chapters):
    counts = {}
    for name, page in chapters.items():
        links = page.xpath("//a[contains(@class, 'pb-term')]")
        targets = [link.get("href") for link in links]
        assert len(set(targets)) == len(targets), f"{name}: {targets}"
        counts[name] = len(links)
        outside = "ancestor::table or ancestor::figure or ancestor::h1 or ancestor::h2 or ancestor::h3 or ancestor::pre"
        assert not page.xpath(f"//a[contains(@class, 'pb-term')][{outside} or ancestor::a or not(ancestor::p)]"), name
        tips = page.xpath("//*[@role='tooltip' and contains(@class, 'pb-tip')]")
        assert [tip.get("id") for tip in tips] == [link.get("aria-describedby") for link in links], name
        assert all(tip.get("hidden") is not None for tip in tips), name
        assert bool(page.xpath("//script[contains(@src, 'terms.js')]")) == bool(links), name
    assert counts["book/glossary"] == counts["book/references"] == 0
    assert sum(count > 3 for count in counts.values()) >= 6, counts


@pytest.mark.book
def test_the_print_has_links_to_the_glossary_and_no_tips(built):
    assert "pb-tip" in (built / "book" / "background.html").read_text(encoding="utf-8")
    assert not pages.read(built, ["book/background"])["book/background"].article.xpath(".//*[@role='tooltip']")
    printed = pypdf.PdfReader(built / "report.pdf")
    heading = "Renderings, and where they mislead"
    *_, entry = (number for number, page in enumerate(printed.pages) if heading in page.extract_text())
    led = set()
    for page in printed.pages[:entry]:
        for annotation in page.get("/Annots", []):
            place = annotation.get_object().get("/Dest", "")
            place = place.get_object() if hasattr(place, "get_object") else place
            if isinstance(place, list) and printed.get_page_number(place[0].get_object()) > entry:
                led.add(printed.get_page_number(place[0].get_object()))
    assert len(led) >= 5  # pages of the table to which terms of the chapters lead


# ----------------------------------------------------------------------------------------------------------- a browser

in_browser = pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
SHOWN = "[...document.querySelectorAll('.pb-tip')].filter((tip) => !tip.hidden).map((tip) => tip.id)"


def _open(browser, built, width=1280, **options):
    context = browser.new_context(viewport={"width": width, "height": 780}, reduced_motion="reduce", **options)
    page = context.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((built / "book" / "background.html").as_uri())
    return page, said


def _wait(page, shown):
    page.wait_for_function(f"(wanted) => JSON.stringify({SHOWN}) === JSON.stringify(wanted)", arg=shown, timeout=3000)


@in_browser
@pytest.mark.browser
@pytest.mark.book
def test_tab_shows_the_tip_and_escape_hides_it(browser, built):
    page, said = _open(browser, built)
    first = page.locator("a.pb-term").first
    tip = first.get_attribute("aria-describedby")
    page.evaluate("document.querySelector('.bd-article h1').setAttribute('tabindex', '-1')")
    page.locator(".bd-article h1").focus()
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('a.pb-term')"):
            break
    _wait(page, [tip])
    assert page.locator(f"#{tip}").is_visible()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.wait_for_timeout(800)
    _wait(page, [tip])  # it stays
    page.keyboard.press("Escape")
    _wait(page, [])
    assert page.evaluate("document.activeElement.matches('a.pb-term')")  # the focus has not moved
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    _wait(page, [tip])
    page.keyboard.press("Tab")
    page.wait_for_timeout(100)
    assert tip not in page.evaluate(SHOWN)
    assert not said
    page.context.close()


@in_browser
@pytest.mark.browser
@pytest.mark.book
def test_the_pointer_shows_the_tip_can_enter_it_and_leaves_it(browser, built):
    page, said = _open(browser, built)
    link = page.locator("a.pb-term").first
    tip = link.get_attribute("aria-describedby")
    link.hover()
    _wait(page, [tip])
    box, own = page.locator(f"#{tip}").bounding_box(), link.bounding_box()
    page.mouse.move(own["x"] + 5, own["y"] + own["height"] - 1)
    page.mouse.move(box["x"] + 10, box["y"] + box["height"] / 2, steps=12)
    page.wait_for_timeout(600)
    _wait(page, [tip])  # the pointer may rest on it
    page.mouse.move(20, 700)
    _wait(page, [])
    link.hover()
    _wait(page, [tip])
    page.keyboard.press("Escape")  # without moving the pointer
    _wait(page, [])
    page.wait_for_timeout(400)
    _wait(page, [])
    assert not said
    page.context.close()


@in_browser
@pytest.mark.browser
@pytest.mark.book
@pytest.mark.parametrize("width", [1280, 360])
def test_a_tip_is_in_the_window_and_does_not_cover_its_term(browser, built, width):
    page, said = _open(browser, built, width)
    links = page.locator("a.pb-term")
    for place in range(links.count()):
        for edge in ("start", "end"):
            links.nth(place).evaluate(f"(link) => link.scrollIntoView({{ block: '{edge}' }})")
            links.nth(place).evaluate("(link) => { link.blur(); link.focus({ preventScroll: true }); }")
            tip = links.nth(place).get_attribute("aria-describedby")
            _wait(page, [tip])
            box, own = page.locator(f"#{tip}").bounding_box(), links.nth(place).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width, (tip, edge, box)
            assert box["y"] >= 0 and box["y"] + box["height"] <= 780, (tip, edge, box)
            assert box["y"] >= own["y"] + own["height"] - 1 or box["y"] + box["height"] <= own["y"] + 1, (tip, edge)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert not said
    page.context.close()


@in_browser
@pytest.mark.browser
@pytest.mark.book
def test_a_finger_opens_the_tip_first_and_then_the_glossary(browser, built):
    page, said = _open(browser, built, 360, has_touch=True)
    link = page.locator("a.pb-term").first
    link.tap()
    _wait(page, [link.get_attribute("aria-describedby")])
    assert page.url.endswith("background.html")
    link.tap()
    page.wait_for_url("**/glossary.html#term-*")
    assert not said
    page.context.close()


@in_browser
@pytest.mark.browser
@pytest.mark.book
def test_without_scripts_a_term_leads_to_its_entry(browser, built):
    page, _ = _open(browser, built, java_script_enabled=False)
    page.locator("a.pb-term").first.click()
    page.wait_for_url("**/glossary.html#term-*")
    assert page.locator(f"tr#{page.url.partition('#')[2]}").is_visible()
    page.context.close()


@in_browser
@pytest.mark.browser
@pytest.mark.book
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_tip_can_be_read_in_both_themes(browser, built, theme):
    page, _ = _open(browser, built, color_scheme=theme)
    page.locator("a.pb-term").first.focus()
    colours = page.evaluate(
        "[...document.querySelectorAll('.pb-tip:not([hidden]), .pb-tip:not([hidden]) [lang]')].map((part) => "
        "[getComputedStyle(part).color, getComputedStyle(part.closest('.pb-tip')).backgroundColor])"
    )
    assert len(colours) == 3
    for ink, paper in colours:
        assert _contrast(ink, paper) >= 4.5, (theme, ink, paper)
    page.context.close()


def _contrast(*colours):
    """The contrast of two opaque colours (WCAG 2.2, relative luminance)."""
    light = []
    for colour in colours:
        parts = [int(part) / 255 for part in re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour).groups()]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        light.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(light) + 0.05) / (min(light) + 0.05)
