"""Pages for readers who hear or tab through them: axe-core finds nothing on any page, in either theme (WCAG 2.2 AA)."""

from __future__ import annotations

import json

import pytest

from policybook import site
from policybook.mend import mend
from support import CHROMIUM, NO_BROWSER

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What the theme changes: all other rules say the same of a page in both.
OF_THE_THEME = ["color-contrast", "link-in-text-block"]
# Pages that are no chapters; the one for missing addresses needs a server, and has its test beside that.
OWN = ["search", "genindex", "status"]


def test_pages_are_mended_once():
    page = (
        '<summary aria-label="Toggle hidden content">Code</summary><summary aria-label="Other">x</summary>'
        '<button class="btn search-button-field x" title="Search" aria-label="Search" data-y>Search</button>'
        '<div id="pst-primary-sidebar" class="s"></div>'
        '<div role="list" class="citation-list"><div class="citation" id="cite-a" role="doc-biblioentry"></div></div>'
    )
    better = mend(page)
    assert better == (
        '<summary>Code</summary><summary aria-label="Other">x</summary>'
        '<button class="btn search-button-field x" title="Search" data-y>Search</button>'
        '<div id="pst-primary-sidebar" role="region" aria-label="Contents of the report" class="s"></div>'
        '<div class="citation-list"><div class="citation" id="cite-a"></div></div>'
    )
    assert mend(better) == better


@pytest.mark.book
def test_the_pages_of_the_site_are_mended(built):
    pages = [path for path in built.rglob("*.html") if "_static" not in path.relative_to(built).parts]
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert mend(text) == text, path.name
    assert any("Contents of the report" in path.read_text(encoding="utf-8") for path in pages)


def _first_figure(built):
    """The name of a figure, and the page it stands on."""
    item = json.loads((built / "figures" / "index.json").read_text(encoding="utf-8"))[0]
    return item["name"], built / item["page"].split("#")[0]


def _broken(page, options):
    from axe_playwright_python.sync_playwright import Axe

    # Passes are counted, not described: that is most of the work.
    found = Axe().run(page, options=options | {"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']} ({one['impact']}, {len(one['nodes'])} places): {one['nodes'][0]['html'][:120]}" for one in found
    ]


def _open(context, path):
    page = context.new_page()
    page.goto(path.as_uri())
    # Tables that wait to be laid out have no size that could be measured; a reader meets them with theirs.
    page.evaluate("document.documentElement.classList.remove('pb-wait')")
    page.mouse.move(9, 9)  # a page that needs no scrolling: charts wait for the reader's first act
    for chart in page.query_selector_all(".pb-chart"):
        chart.scroll_into_view_if_needed()
        page.wait_for_timeout(30)
    if page.query_selector(".pb-chart"):
        alive = "[...document.querySelectorAll('.pb-chart')].every((chart) => chart.dataset.state)"
        page.wait_for_function(alive, timeout=60_000)
    return page


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(browser, built, report, theme):
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    rules = {"type": "tag", "values": TAGS} if theme == "light" else {"type": "rule", "values": OF_THE_THEME}
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme=theme, reduced_motion="reduce", bypass_csp=True
    )
    found = {}
    for name in [*site.reading_order(report), *OWN]:
        page = _open(context, built / f"{name}.html")
        if broken := _broken(page, {"runOnly": rules}):
            found[name] = broken
        page.close()
    context.close()
    assert not found, "\n".join(f"{name}: {line}" for name, lines in found.items() for line in lines)


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
def test_axe_finds_a_planted_fault(browser, built):
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    page = browser.new_page()
    page.goto((built / "book" / "references.html").as_uri())
    page.evaluate("document.querySelector('article').insertAdjacentHTML('beforeend', '<img src=x><button></button>')")
    lines = " ".join(_broken(page, {"runOnly": {"type": "tag", "values": TAGS}}))
    assert "image-alt" in lines and "button-name" in lines
    page.close()


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
def test_axe_finds_nothing_on_the_pages_of_figures_and_in_their_dialogs(browser, built):
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    rules = {"runOnly": {"type": "tag", "values": TAGS}}
    found = {}
    for theme in ("light", "dark"):
        context = browser.new_context(color_scheme=theme, reduced_motion="reduce")
        page = context.new_page()
        for path in sorted((built / "figures").glob("*.html")):
            page.goto(path.as_uri())
            if broken := _broken(page, rules):
                found[f"{path.name}, {theme}"] = broken
        name, place = _first_figure(built)
        page = _open(context, place)
        for job in ("enlarge", "data"):
            page.locator(f"#{name} [data-do={job}]").click()
            page.wait_for_selector(".pb-dialog[open]")
            if broken := _broken(page, rules):
                found[f"{job}, {theme}"] = broken
            page.keyboard.press("Escape")
            page.wait_for_selector(".pb-dialog", state="detached")
        context.close()
    assert not found, "\n".join(f"{name}: {line}" for name, lines in found.items() for line in lines)


# What stands in a cell ends before the next one begins. Tables that are far down wait to be laid out.
TOO_WIDE = """() => {
  document.documentElement.classList.remove("pb-wait");
  const ends = (cell) => {
    const words = document.createRange();
    words.selectNodeContents(cell);
    return words.getBoundingClientRect().right;
  };
  return [...document.querySelectorAll(".bd-article .pb-table td")]
    .filter((cell) => ends(cell) > cell.getBoundingClientRect().right - 4)
    .slice(0, 5).map((cell) => cell.textContent.trim().slice(0, 60));
}"""


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
def test_pages_hold_on_a_phone_and_when_zoomed(browser, built, report):
    """Width of a phone (360), of 1280 pixels at 200 % (640), and of reflow (320; WCAG 2.2, 1.4.10)."""
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    rules = {"type": "rule", "values": ["target-size", "scrollable-region-focusable", "color-contrast", "region"]}
    wide, found = {}, {}
    for width in (320, 360, 640):
        context = browser.new_context(viewport={"width": width, "height": 740}, reduced_motion="reduce")
        for name in [*site.reading_order(report), *OWN, f"figures/{_first_figure(built)[0]}"]:
            page = context.new_page()
            page.goto((built / f"{name}.html").as_uri())
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                wide[name, width] = over
            if width == 360 and (cells := page.evaluate(TOO_WIDE)):
                wide[name, "cells"] = cells
            if width == 360 and (broken := _broken(page, {"runOnly": rules})):
                found[name] = broken
            page.close()
        context.close()
    assert not wide, wide
    assert not found, "\n".join(f"{name}: {line}" for name, lines in found.items() for line in lines)


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
def test_the_keyboard_skips_to_the_text_and_its_place_is_seen(browser, built):
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto((built / "book" / "plan.html").as_uri())
    page.keyboard.press("Tab")
    skip = page.evaluate("[document.activeElement.textContent.trim(), document.activeElement.getAttribute('href')]")
    assert "main content" in skip[0] and skip[1].startswith("#")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main, .bd-main, #main-content') !== null")
    seen = (
        "(s) => { const e = document.querySelector(s); e.focus({focusVisible: true}); const c = getComputedStyle(e); "
        "return (c.outlineStyle !== 'none' && parseFloat(c.outlineWidth) > 0) || c.boxShadow !== 'none'; }"
    )
    for control in (".pb-menu [data-do=enlarge]", ".pb-menu summary", "details.hide > summary", ".pb-table td a"):
        assert page.evaluate(seen, control), control
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    context.close()
