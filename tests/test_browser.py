"""The pages in a real browser, from disk and with no network: charts come alive, nothing is asked of others."""

from __future__ import annotations

import functools
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from policybook import site
from support import CHROMIUM, NO_BROWSER

pytestmark = [pytest.mark.browser, pytest.mark.book, pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)]


@pytest.fixture(scope="module", params=["light", "dark"])
def context(browser, request):
    """A window of a phone or desk in one theme; anything but files is refused."""
    size = {"width": 1280, "height": 900} if request.param == "light" else {"width": 360, "height": 780}
    opened = browser.new_context(viewport=size, color_scheme=request.param, reduced_motion="reduce")
    yield opened
    opened.close()


def _open(context, path):
    """Open a page, walk down it, and return it with what it complained of and what it asked of other hosts."""
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request", lambda call: asked.append(call.url) if not call.url.startswith(("file:", "data:", "blob:")) else None
    )
    page.goto(path.as_uri())
    for chart in page.query_selector_all(".pb-chart"):
        chart.scroll_into_view_if_needed()
        page.wait_for_timeout(30)
    if page.query_selector(".pb-chart"):
        page.wait_for_function(
            "[...document.querySelectorAll('.pb-chart')].every((c) => c.dataset.state)", timeout=60_000
        )
    return page, said, asked


def _act(page):
    """Move the pointer, as a reader would: long tables get their search then. Wait until all have it."""
    page.mouse.move(20, 20)
    page.mouse.move(21, 21)
    page.wait_for_function(
        "[...document.querySelectorAll('.pb-search table')].every((table) => table.closest('.dt-container'))"
    )


def test_every_page_is_quiet_alone_and_alive(context, built, report):
    for name in site.reading_order(report):
        page, said, asked = _open(context, built / f"{name}.html")
        assert not said, f"{name}: {said}"
        assert not asked, f"{name}: {asked}"
        states = page.evaluate(
            "[...document.querySelectorAll('.pb-chart')].map((c) => [c.dataset.figure, c.dataset.state])"
        )
        assert all(state == "live" for _, state in states), f"{name}: {states}"
        # The still has the size of what takes its place: text is measured alike by the drawer and the browser.
        sizes = page.evaluate(
            "[...document.querySelectorAll('.pb-chart')].map((c) => [c.dataset.figure, ...['.pb-still > svg', "
            "'.pb-live svg.marks'].flatMap((s) => { const b = c.querySelector(s).viewBox.baseVal; "
            "return [b.width, b.height]; })])"
        )
        for figure, width, height, live_width, live_height in sizes:
            assert abs(width - live_width) <= 8 and abs(height - live_height) <= 8, f"{name}: {figure}"
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} scrolls sideways by {wide} px"
        page.close()


def test_a_page_is_readable_without_scripts(browser, built):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((built / "book" / "background.html").as_uri())
    boxes = [still.bounding_box() for still in page.query_selector_all(".pb-still svg")]
    assert boxes and all(box and box["width"] > 300 and box["height"] > 80 for box in boxes)
    context.close()


def test_charts_follow_the_theme_switch_at_once(browser, built):
    context = browser.new_context(color_scheme="light")
    page, _, _ = _open(context, built / "book" / "index.html")
    ink = "getComputedStyle(document.querySelector('.pb-live svg [fill=\"#1c2733\"]')).fill"
    light = page.evaluate(ink)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate(ink) != light
    context.close()


def test_downloads_lead_to_their_files_from_disk(browser, built):
    """A browser shows or saves a local file as it sees fit; the address must be the right one."""
    context = browser.new_context()
    page, _, _ = _open(context, built / "book" / "index.html")
    page.click(".pb-menu summary")
    for ending, start in (("png", b"\x89PNG"), ("svg", b"<svg"), ("csv", b"action,href,label"), ("vl.json", b"{")):
        link = page.query_selector(f".pb-menu details a[href$='.{ending}']")
        assert link.is_visible()
        path = Path(unquote(urlsplit(link.evaluate("a => a.href")).path))
        assert path.read_bytes().startswith(start), path
    context.close()


def test_downloads_are_saved_from_a_server(browser, built):
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(built))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/book/index.html")
        page.click(".pb-menu summary")
        with page.expect_download() as started:
            page.click(".pb-menu details a[href$='.csv']")
        assert started.value.suggested_filename == "fig-articles.csv"
        page.close()
        server.shutdown()


def test_long_tables_can_be_searched(browser, built):
    context = browser.new_context()
    page, _, _ = _open(context, built / "book" / "index.html")
    _act(page)
    rows = "document.querySelectorAll('.pb-search tbody tr').length"
    before = page.evaluate(rows)
    page.fill(".pb-search input[type=search]", "Bletchley")
    page.wait_for_function(f"{rows} < {before}")
    assert page.evaluate(rows) >= 1
    context.close()


def test_chinese_has_glyphs_on_a_machine_without_a_chinese_font(browser, built):
    """The page brings its own font: two different characters have different pictures."""
    context = browser.new_context()
    page, _, _ = _open(context, built / "book" / "index.html")
    loaded = page.evaluate("document.fonts.load('16px \"Noto Sans SC\"', '全球').then((faces) => faces.length)")
    assert loaded >= 1
    context.close()


def test_two_texts_are_chosen_with_the_keyboard_and_links_are_copied(browser, built):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page, said, asked = _open(context, built / "book" / "plan.html")
    chart = page.locator("#fig-plan-keyness")
    lists = chart.locator("select")
    assert lists.count() == 2
    words = "#fig-plan-keyness .pb-live svg"
    before = page.locator(words).text_content()
    lists.first.focus()
    page.keyboard.type("EU AI Act")
    page.wait_for_function(
        "([path, old]) => document.querySelector(path).textContent !== old", arg=[words, before], timeout=10_000
    )
    assert "Right: EU AI Act 2024" in page.locator(words).text_content()
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    page.keyboard.press("Tab")
    page.keyboard.type("Delhi")
    page.wait_for_function("(path) => document.querySelector(path).textContent.includes('Left: Delhi')", arg=words)
    # A heading and a row give their address.
    page.bring_to_front()  # only a window in front may write to the clipboard
    for link, anchor in (("a.headerlink[href='#article-7']", "#article-7"), ("tr#a07-01 a[href='#a07-01']", "#a07-01")):
        page.locator(link).first.focus()
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelector('.pb-copied').textContent === 'Link copied'", timeout=5_000)
        assert page.evaluate("navigator.clipboard.readText()").endswith(f"plan.html{anchor}")
        page.evaluate("document.querySelector('.pb-copied').textContent = ''")
    assert not asked and not said
    context.close()


def test_rows_are_chosen_from_a_list_and_a_link_brings_a_row_back(browser, built):
    page = browser.new_page()
    page.goto((built / "book" / "plan.html").as_uri())
    _act(page)
    box = page.locator(".dt-container", has=page.locator("caption", has_text="AI Action Plan (23 July 2025)"))
    rows = box.locator("tbody tr")
    everything = rows.count()
    box.locator(".pb-filters select").focus()
    page.keyboard.type("convergent")
    page.wait_for_timeout(300)
    assert 0 < rows.count() < everything
    assert set(rows.locator("td:nth-child(2)").all_inner_texts()) == {"convergent"}
    page.wait_for_timeout(1500)  # a list takes letters typed without a pause as one word
    page.keyboard.type("all")
    page.wait_for_timeout(300)
    assert rows.count() == everything
    # The last event stands on the last page of its table: its link leads there.
    page.goto((built / "book" / "background.html").as_uri())
    _act(page)
    last = page.evaluate("new DataTable.Api('table:has(tr[id^=event-])').rows().nodes().toArray().at(-1).id")
    assert not page.locator(f"tr#{last}").count()
    page.goto((built / "book" / "background.html").as_uri() + f"#{last}")
    page.reload()
    assert page.locator(f"tr#{last}").is_visible()
    page.close()


def test_on_paper_a_page_is_the_argument_and_nothing_to_click(browser, built):
    context = browser.new_context(color_scheme="dark")
    page, _, _ = _open(context, built / "book" / "plan.html")
    page.emulate_media(media="print", color_scheme="dark")
    shown = "(s) => [...document.querySelectorAll(s)].filter((e) => e.checkVisibility()).length"
    for gone in (".pb-menu", ".pb-live", ".dt-search", ".pb-filters", ".bd-sidebar-primary", ".bd-sidebar-secondary"):
        assert page.evaluate(shown, gone) == 0, gone
    assert page.evaluate(shown, ".pb-still") == page.evaluate(shown, "figure") > 5
    assert page.evaluate(shown, "article h2") > 5
    ink = page.evaluate("getComputedStyle(document.querySelector('article p')).color")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)" and max(int(part) for part in re.findall(r"\d+", ink)[:3]) < 90, (ink, paper)
    context.close()
