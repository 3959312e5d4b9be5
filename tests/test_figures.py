"""Figures by themselves: tools under them, a page and files of their own, the index that others read."""

from __future__ import annotations

import json
import re

import pytest
from lxml import html as markup

from policybook import citing, figures
from support import CHROMIUM, NO_BROWSER

HOSTILE = '<script>alert(1)</script> & "quoted" 全球'
SPEC = json.dumps({"title": {"text": ["Cakes are", "<b>eaten</b>"]}, "datasets": {"a": [{"n": 1}]}})
STILL = '<svg width="640.4" height="280" viewBox="0 0 640.4 280"></svg>'
PAGE = citing.Citation("page", "Cakes", ("Baker",), "1.0", "2026-11-25", "r-cakes", within="The report")


def _figure(**change) -> figures.Figure:
    said = {"name": "fig-cake", "number": "3", "page": "book/cakes", "page_title": "Cakes", "alt": HOSTILE}
    return figures.Figure(**(said | {"spec": SPEC} | change))


def test_tools_are_links_without_scripts_and_name_their_figure():
    root = markup.fromstring(figures.tools("fig-cake", "3", HOSTILE, "../"))
    jobs = {link.get("data-do"): link for link in root.xpath(".//a[@data-do]")}
    assert {job: link.get("href") for job, link in jobs.items()} == {
        "enlarge": "../figures/fig-cake.svg",
        "data": "../figures/fig-cake.csv",
        "link": "../figures/fig-cake.html",
    }
    # The name of a control holds what stands in it (WCAG 2.2, 2.5.3), and says of which figure it is.
    assert all(link.get("aria-label") == f"{link.text}: figure 3" for link in jobs.values())
    downloads = [link.get("href") for link in root.xpath(".//details//a")]
    assert downloads == [f"../figures/fig-cake.{ending}" for ending in ("png", "svg", "csv", "vl.json")]
    assert not root.xpath(".//script") and HOSTILE in "".join(root.itertext())
    assert root.xpath("string(.//*[@lang])") == "全球"


def test_a_figure_is_cited_with_its_number_page_and_address():
    assert citing.words(figures.cited(_figure(), "Cakes eaten.", PAGE)) == (
        "Baker (2026): “Figure 3: Cakes eaten”, in: Cakes, The report, version 1.0, data of 25 November 2026."
    )
    there = citing.Citation(
        "page", "Cakes", (), "1.0", "2026-11-25", "r", "https://e.org/x/book/cakes.html", "The report"
    )
    assert figures.cited(_figure(), "Cakes.", there).address == "https://e.org/x/figures/fig-cake.html"
    assert citing.ris(figures.cited(_figure(), "Cakes.", there)).startswith("TY  - FIGURE\r\n")


@pytest.mark.parametrize("address", ["", "https://e.org/x/book/cakes.html"])
def test_the_page_of_a_figure_is_escaped_and_whole(address):
    page = citing.Citation("page", HOSTILE, ("Baker",), "1.0", "2026-11-25", "r", address, "The report")
    figure = _figure(page_title=HOSTILE)
    made = figures.own_page(figure, HOSTILE, "<p>note</p>", STILL, figures.cited(figure, HOSTILE, page))
    root = markup.fromstring(made)
    assert root.xpath("string(//h1)") == "Cakes are <b>eaten</b>" and root.xpath("string(//title)") == figure.title
    assert [script.get("src") for script in root.xpath("//script")] == ["../_static/theme.js"]
    (picture,) = root.xpath("//figure//img")
    assert (picture.get("alt"), picture.get("width"), picture.get("height")) == (HOSTILE, "640", "280")
    assert root.xpath("//a/@href")[0] == "../book/cakes.html#fig-cake"
    canonical = root.xpath("//link[@rel='canonical']/@href")
    assert canonical == (["https://e.org/x/figures/fig-cake.html"] if address else [])
    assert bool(root.xpath("//h2[.='Embed']")) is bool(address)
    assert root.xpath("//meta[@property='og:image']/@content") == [
        "https://e.org/x/figures/fig-cake.png" if address else "fig-cake.png"
    ]


def test_links_in_notes_hold_where_the_page_of_a_figure_lies():
    note = markup.fromstring(
        '<p><span id="id1">See <a href="references.html#cite-x" id="a">X</a>, <a href="#tbl-a">A</a>, '
        '<a href="https://iso.org">ISO</a></span></p>'
    )
    moved = figures._moved(note, "book/cakes")
    assert "id=" not in moved
    assert re.findall('href="([^"]+)"', moved) == [
        "../book/references.html#cite-x",
        "../book/cakes.html#tbl-a",
        "https://iso.org",
    ]


def test_a_chart_without_title_has_none():
    assert _figure(spec="{}").title == "" and _figure(spec='{"title": "One"}').title == "One"


# --------------------------------------------------------------------------------------------------- the built book


@pytest.fixture(scope="module")
def index(built) -> list[dict]:
    return json.loads((built / "figures" / "index.json").read_text(encoding="utf-8"))


def test_the_index_tells_what_others_need_to_embed_a_figure(index, built):
    for entry in index:
        assert entry["title"] and entry["caption"] and len(re.findall(r"[.!?](?:\s|$)", entry["alt"])) >= 2, entry
        assert 100 < entry["width"] < 1400 and 60 < entry["height"] < 3000, entry
        assert all((built / path).is_file() for path in [*entry["files"].values(), entry["address"]])
        png = (built / entry["files"]["png"]).read_bytes()
        # PNG: width and height stand at bytes 16 to 24 (https://www.w3.org/TR/png-3/#11IHDR); twice the still.
        width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
        assert abs(width - 2 * entry["width"]) <= 2 and abs(height - 2 * entry["height"]) <= 2, entry["name"]
        page, _, anchor = entry["page"].partition("#")
        assert f'id="{anchor}"' in (built / page).read_text(encoding="utf-8")
        assert f"Figure {entry['number']}: " in entry["cite"]


def test_every_figure_has_a_page_whose_links_lead_somewhere(index, built):
    for entry in index:
        path = built / entry["address"]
        root = markup.fromstring(path.read_bytes().decode())
        (heading,) = root.xpath("//h1")
        assert " ".join("".join(heading.itertext()).split()) == entry["title"]
        for address in root.xpath("//@href | //@src"):
            if not address.startswith("https:"):
                file = address.partition("#")[0].partition("?")[0]
                assert (path.parent / file).is_file(), (entry["name"], address)


@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
class TestInTheBrowser:
    """The tools by mouse, keyboard and touch."""

    FIGURE = "#fig-articles"

    @pytest.fixture
    def page(self, browser, built):
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto((built / "book" / "index.html").as_uri())
        page.locator(self.FIGURE).scroll_into_view_if_needed()
        page.wait_for_function(f"document.querySelector('{self.FIGURE} .pb-chart').dataset.state === 'live'")
        yield page
        context.close()

    def test_a_figure_is_enlarged_by_keyboard_and_comes_back(self, page):
        drawing = f"{self.FIGURE} .pb-live svg.marks"
        before = page.locator(drawing).bounding_box()["width"]
        tool = page.locator(f"{self.FIGURE} [data-do=enlarge]")
        assert tool.get_attribute("role") == "button"
        tool.focus()
        page.keyboard.press("Space")
        big = page.locator(".pb-dialog[open] .pb-live svg.marks")
        page.wait_for_function(
            f"document.querySelector('.pb-dialog[open] .pb-live svg.marks').getBoundingClientRect().width > {before}"
        )
        box, view = big.bounding_box(), page.viewport_size
        assert box["x"] >= 0 and box["x"] + box["width"] <= view["width"]
        # The chart lives on: its tooltip is seen over the dialog.
        big.locator("path[aria-roledescription=point]").first.hover()
        page.wait_for_selector(".pb-dialog[open] #vg-tooltip-element.visible")
        page.keyboard.press("Escape")
        page.wait_for_selector(".pb-dialog", state="detached")
        assert page.locator(drawing).bounding_box()["width"] == pytest.approx(before, abs=1)
        assert page.evaluate("document.activeElement.dataset.do") == "enlarge"

    def test_the_data_of_a_figure_are_a_table(self, page, built):
        page.locator(f"{self.FIGURE} [data-do=data]").focus()
        page.keyboard.press("Enter")
        rows = page.locator(".pb-dialog[open] tbody tr")
        lines = (built / "figures" / "fig-articles.csv").read_text(encoding="utf-8").splitlines()
        assert rows.count() == len(lines) - 1
        heads = page.locator(".pb-dialog[open] thead th").all_text_contents()
        assert heads == lines[0].split(",")
        page.get_by_role("button", name="Close").click()
        page.wait_for_selector(".pb-dialog", state="detached")

    def test_the_address_of_a_figure_is_copied_and_leads_to_its_page(self, page):
        page.bring_to_front()
        page.locator(f"{self.FIGURE} [data-do=link]").click()
        page.wait_for_function("document.querySelector('.pb-copied').textContent === 'Link copied'")
        address = page.evaluate("navigator.clipboard.readText()")
        assert address.endswith("figures/fig-articles.html")
        page.goto(address)
        assert page.locator("figure img").bounding_box()["width"] > 300

    def test_tools_answer_to_touch(self, browser, built):
        context = browser.new_context(has_touch=True, viewport={"width": 360, "height": 740}, is_mobile=True)
        page = context.new_page()
        page.goto((built / "book" / "index.html").as_uri())
        tool = page.locator(f"{self.FIGURE} [data-do=data]")
        tool.scroll_into_view_if_needed()
        tool.tap()
        box = page.locator(".pb-dialog[open]").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360
        page.locator(".pb-dialog[open] button").tap()
        page.wait_for_selector(".pb-dialog", state="detached")
        said = page.locator(f"{self.FIGURE} .pb-said")
        said.locator("summary").tap()
        assert "Figure 1: " in said.locator("p").inner_text()
        context.close()

    def test_without_scripts_the_tools_are_links(self, browser, built):
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto((built / "book" / "index.html").as_uri())
        assert page.locator(f"{self.FIGURE} [data-do=enlarge]").is_visible()
        page.locator(f"{self.FIGURE} [data-do=link]").click()
        assert page.url.endswith("figures/fig-articles.html")
        context.close()
