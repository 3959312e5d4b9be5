"""Pages keep to a policy of ``default-src 'self'``: nothing that runs or paints stands within them."""

from __future__ import annotations

import functools
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from policybook import site
from policybook.strict import strict, tighten
from support import CHROMIUM, NO_BROWSER

PAGE = """<html><head><style>p { color: red }</style></head><body>
<script>let a = 1 < 2;</script><script src="x.js"></script>
<script type="application/json" class="pb-spec">{"style": "x"}</script>
<p class="note" style="width: 8.3%">style="no tag" onclick="no tag"</p><col style="width: 8.3%">
<button onclick="window.print()" title="a &gt; b">Print</button></body></html>"""


def test_scripts_styles_and_handlers_become_files():
    page, files = strict(PAGE, "../")
    assert "let a" not in page and "color: red" not in page and "window.print()" not in page
    assert '<script src="x.js"></script>' in page and '{"style": "x"}</script>' in page
    assert 'style="no tag" onclick="no tag"</p>' in page, "text is no attribute"
    asked = set(re.findall(r"\.\./_static/page/([0-9a-f]+\.\w+)", page))
    assert asked == set(files) and len(files) == 4
    assert "let a = 1 < 2;\n" in files.values() and "p { color: red }\n" in files.values()
    (rules,) = [text for text in files.values() if "width" in text]
    (name,) = set(re.findall(r"\.(pb-i-\w+)", rules))
    assert f'class="note {name}"' in page and f'<col class="{name}">' in page
    (calls,) = [text for text in files.values() if "addEventListener" in text]
    assert '"click"' in calls and "window.print()" in calls


def test_a_strict_page_stays_as_it_is():
    page, _ = strict(PAGE, "")
    assert strict(page, "") == (page, {})


def test_icons_are_drawn_in_the_page_and_unknown_ones_stay():
    icons = '{bars:[448,512,["navicon"],"f0c9","M0 96z"],"moon":[384,512,[],"f186","M1 1z"]}'
    page = (
        '<head><script src="../_static/scripts/fontawesome.js?digest=1"></script></head>'
        '<i class="fa-solid fa-bars fa-lg" title="Menu"></i><i class="fas fa-nobody"></i>'
    )
    drawn, files = strict(page, "../", icons)
    assert "fontawesome.js" not in drawn and not files
    assert (
        '<svg class="svg-inline--fa fa-solid fa-bars fa-lg" aria-hidden="true" viewBox="0 0 448 512">'
        '<title>Menu</title><path fill="currentColor" d="M0 96z"/></svg>' in drawn
    )
    assert '<i class="fas fa-nobody"></i>' in drawn


def test_files_that_no_page_asks_for_go(tmp_path):
    (tmp_path / "_static" / "page").mkdir(parents=True)
    (tmp_path / "_static" / "page" / "0123456789ab.js").write_text("old")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "one.html").write_text(PAGE)
    tighten(tmp_path)
    kept = {path.name for path in (tmp_path / "_static" / "page").iterdir()}
    assert len(kept) == 4 and "0123456789ab.js" not in kept
    first = (tmp_path / "book" / "one.html").read_text()
    tighten(tmp_path)
    assert (tmp_path / "book" / "one.html").read_text() == first
    assert {path.name for path in (tmp_path / "_static" / "page").iterdir()} == kept


@pytest.mark.book
def test_nothing_that_a_policy_forbids_stands_in_a_page(built):
    for path in built.rglob("*.html"):
        if "_static" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<style\b", text), path.name
        assert not re.search(r"<script(?![^>]*\s(?:src|type)=)", text), path.name
        assert not re.search(r"<[a-zA-Z][^<>]*\s(?:style|on[a-z]+)=\"", text), path.name


class _Strict(SimpleHTTPRequestHandler):
    """A server that sends the policy with every file."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", "default-src 'self'")
        super().end_headers()

    def log_message(self, *arguments):
        pass


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
def test_charts_come_alive_under_a_strict_policy(browser, built, report):
    handler = functools.partial(_Strict, directory=str(built))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in site.reading_order(report):
            page, said = browser.new_page(), []
            page.on(
                "console", lambda message, said=said: said.append(message.text) if message.type == "error" else None
            )
            page.on("pageerror", lambda error, said=said: said.append(str(error)))
            page.goto(f"http://127.0.0.1:{server.server_port}/{name}.html")
            for chart in page.query_selector_all(".pb-chart"):
                chart.scroll_into_view_if_needed()
                page.wait_for_timeout(30)
            alive = "[...document.querySelectorAll('.pb-chart')].every((c) => c.dataset.state === 'live')"
            # Looked at from outside: the driver waits by an evaluated string, which the policy forbids.
            for _ in range(600):
                if page.evaluate(alive):
                    break
                page.wait_for_timeout(100)
            assert page.evaluate(alive), name
            assert not said, f"{name}: {said[:3]}"
            page.close()
        server.shutdown()


@pytest.mark.book
def test_the_site_is_small(built):
    """Readers behind slow lines, and those who take the whole site with them."""
    sizes = {path: path.stat().st_size for path in built.rglob("*") if path.is_file()}
    # The report and its data once more, for those who take them with them.
    pages = sum(size for path, size in sizes.items() if path.suffix not in (".pdf", ".epub", ".zip"))
    assert pages < 15_000_000, sorted(((n, p.name) for p, n in sizes.items()), reverse=True)[:10]
    assert not [path.name for path in sizes if path.suffix in (".map", ".ttf") or path.name == "fontawesome.js"]


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
def test_nothing_is_kept_with_the_reader_but_the_theme(browser, built):
    context = browser.new_context()
    page = context.new_page()
    page.goto((built / "search.html").as_uri() + "?q=compute")
    page.wait_for_selector("#pb-find li a")
    page.goto((built / "book" / "plan.html").as_uri())
    page.mouse.wheel(0, 2000)
    page.evaluate("document.querySelector('.bd-sidebar-primary').scrollTop = 40")
    page.wait_for_timeout(300)
    page.goto((built / "book" / "claims.html").as_uri())
    kept = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    assert set(kept) <= {"mode", "theme"}, kept
    assert not context.cookies()
    context.close()
