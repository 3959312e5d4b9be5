"""Other ways in: the root of the site, an address that it does not have, a server on this machine."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest
from lxml import etree
from lxml import html as lxml_html

from policybook import serve, site, wayfinding
from structure import faults
from support import CHROMIUM, NO_BROWSER, SITE
from test_accessible import TAGS, _broken

TITLES = [("book/a.html", "A & <B>"), ("book/b.html", "The term 普惠")]


def test_the_root_leads_on_and_says_where_the_report_is():
    text = wayfinding.root_page("book/index.html", "A & B: 计划", "en-GB", SITE)
    assert not faults(text)
    page = lxml_html.fromstring(text)
    assert page.get("lang") == "en-GB" and page.findtext(".//title") == "A & B: 计划"
    assert page.xpath("//meta[@http-equiv='refresh']/@content") == ["0; url=book/index.html"]
    assert page.xpath("//link[@rel='canonical']/@href") == [f"{SITE}book/index.html"]
    assert page.xpath("//a/@href") == ["book/index.html"] and not page.xpath("//script")
    assert page.xpath("//h1/span[@lang='zh-Hans']/text()") == ["计划"]


def test_the_page_for_missing_addresses_names_every_chapter():
    page = lxml_html.fromstring(wayfinding.missing_page(TITLES))
    assert [(link.get("href"), link.text_content()) for link in page.iter("a")] == TITLES
    assert page.xpath("//li//span[@lang='zh-Hans']/text()") == ["普惠"]
    (form,) = page.iter("form")
    assert form.get("action") == "search.html" and page.xpath("//label/@for") == page.xpath("//input[@name='q']/@id")


def test_addresses_are_taken_from_the_root_once():
    page = (
        '<html lang="en" data-content_root="./"><link href="_static/a.css?v=1">'
        '<a href="#main">x</a><a href="/x.html">x</a>'
        '<a href="https://a.org/b">x</a><a href="mailto:a@b.org">x</a><form method="get" action="search.html"></form>'
        '<script src="_static/b.js"></script><p>href="no tag"</p>'
    )
    moved = wayfinding.from_root(page, "/reports/plan/")
    assert moved == (
        '<html lang="en" data-content_root="/reports/plan/"><link href="/reports/plan/_static/a.css?v=1">'
        '<a href="#main">x</a><a href="/x.html">x</a>'
        '<a href="https://a.org/b">x</a><a href="mailto:a@b.org">x</a>'
        '<form method="get" action="/reports/plan/search.html"></form>'
        '<script src="/reports/plan/_static/b.js"></script><p>href="no tag"</p>'
    )
    assert wayfinding.from_root(moved, "/reports/plan/") == moved
    assert [wayfinding.base_path(address) for address in ("", "https://a.org", SITE)] == ["/", "/", "/reports/plan/"]


def test_a_sitemap_lists_absolute_addresses_only():
    root = etree.fromstring(wayfinding.sitemap([f"{SITE}a.html?x&y"], "2026-11-25"))
    assert [child.text for child in root[0]] == [f"{SITE}a.html?x&y", "2026-11-25"]
    with pytest.raises(ValueError, match="not absolute"):
        wayfinding.sitemap(["book/a.html"], "2026-11-25")


# ---------------------------------------------------------------------------------------------------- the built books


@contextlib.contextmanager
def served(folder, address=""):
    """Serve a site and give its address."""
    with serve.server(folder, 0, address, quiet=True) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _get(address, method="GET"):
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method=method), timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def test_a_missing_address_is_answered_with_its_page(published):
    with served(published, SITE) as host:
        for path in ("/nothing.html", "/reports/plan/any/deep/path/", "/reports/plan/book/two.htm?x=1"):
            status, headers, text = _get(host + path)
            assert status == 404 and "There is no page at this address" in text, path
            assert headers["Content-Security-Policy"] == "default-src 'self'"
            assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert _get(f"{host}/nothing.html", "HEAD")[0::2] == (404, "")
        # What is there is there at the root and below the path of the site.
        for path in ("/book/two.html", "/reports/plan/book/two.html", "/reports/plan/"):
            assert _get(host + path)[0] == 200, path
        assert _get(f"{host}/reports/plan/../../../../etc/passwd")[0] == 404


def test_a_site_without_the_page_is_served_as_well(tmp_path):
    (tmp_path / "index.html").write_text("<p>x</p>")
    with served(tmp_path) as host:
        assert _get(f"{host}/nothing")[0] == 404 and _get(f"{host}/")[0] == 200


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_command_serves_the_book_and_says_when_its_port_is_taken(published):
    root, free = published.parent.parent, serve.server(published, 0)
    port = free.server_port
    code = "from policybook.cli import main; main()"
    call = [sys.executable, "-c", code, "serve", "--port", str(port)]
    options = {"cwd": root, "env": os.environ | {"POLICYBOOK_ROOT": ""}, "text": True}
    taken = subprocess.run(call, capture_output=True, timeout=60, **options)
    assert taken.returncode == 2 and f"port {port}" in taken.stderr and "Traceback" not in taken.stderr
    free.server_close()
    options["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        [*call[:2], code, *call[3:]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    ) as run:
        assert f"http://127.0.0.1:{port}/" in run.stdout.readline()
        status, _, text = _get(f"http://127.0.0.1:{port}/reports/plan/nothing")
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=20)
    assert status == 404 and "There is no page at this address" in text


@pytest.mark.book
def test_the_pages_at_the_root_lead_to_the_report(built, report):
    root = lxml_html.fromstring((built / "index.html").read_bytes())
    assert root.xpath("//a/@href") == ["book/index.html"] == root.xpath("//link[@rel='canonical']/@href")
    missing = lxml_html.fromstring((built / "404.html").read_bytes())
    links = missing.xpath("//nav[@class='pb-missing-chapters']//a/@href")
    assert links == [f"/{name}.html" for name in site.reading_order(report)]
    asked = missing.xpath("//@src | //link/@href | //a/@href | //form/@action")
    assert asked and all(re.match(r"/|#|https?:", address) for address in asked)


@pytest.fixture
def page(browser):
    """A page that remembers what it complained of."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    opened, opened.said = context.new_page(), []
    opened.on("console", lambda message: opened.said.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: opened.said.append(str(error)))
    yield opened
    context.close()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
@pytest.mark.parametrize("kind", ["at the root", pytest.param("in a folder", id="in-a-folder")])
def test_a_deep_missing_address_has_style_and_links_that_work(kind, page, request):
    """As a host of static pages sends it, with the policy that the pages keep to."""
    in_folder = kind == "in a folder"
    folder, address = request.getfixturevalue("published" if in_folder else "built"), SITE if in_folder else ""
    with served(folder, address) as host:
        start = host + wayfinding.base_path(address)
        answer = page.goto(f"{start}any/deep/path.html")
        assert answer.status == 404
        # The browser names the missing page itself, and nothing else.
        assert [text for text in page.said if "404" not in text] == [] and len(page.said) == 1, page.said
        style = "getComputedStyle(document.querySelector('.pb-missing-search button'))"
        assert page.evaluate(f"{style}.backgroundColor") == "rgb(31, 87, 147)", "the style of the site is there"
        assert "Source" in page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily")
        page.fill("#pb-missing-words", "countries")
        page.press("#pb-missing-words", "Enter")
        page.wait_for_url(f"{start}search.html?q=countries")
        page.locator("#search-results li a").first.wait_for(timeout=20_000)
        page.goto(f"{start}any/deep/path.html")
        link = page.locator(".pb-missing-chapters a").nth(1)
        name = link.inner_text()
        link.click()
        page.wait_for_load_state()
        assert page.url.startswith(f"{start}book/") and name in page.title()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_for_missing_addresses(browser, published, theme):
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    context = browser.new_context(color_scheme=theme, reduced_motion="reduce", bypass_csp=True)
    with served(published, SITE) as host:
        opened = context.new_page()
        opened.goto(f"{host}/reports/plan/any/deep/path.html")
        assert _broken(opened, {"runOnly": {"type": "tag", "values": TAGS}}) == []
    context.close()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
def test_the_root_leads_on_in_a_browser_without_scripts(browser, published):
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    with served(published, SITE) as host:
        opened.goto(f"{host}/")
        opened.wait_for_url(f"{host}/book/one.html")
    context.close()
