"""Pages that load quickly: rules and scripts in use only, nothing that moves, a light first view."""

from __future__ import annotations

import re

import pytest

from policybook import site, slim, strict
from served import serve, walk
from support import CHROMIUM, NO_BROWSER

PAGE = """<html><head>
<script data-cfasync="false">document.documentElement.dataset.theme = "auto";</script>
<noscript><link rel="stylesheet" href="../_static/none.css"></noscript>
<link rel="stylesheet" href="../_static/a.css?v=1"><link href="../_static/sub/b.css" rel="stylesheet" />
<script src="../_static/one.js"></script><script>let x = 1;</script><script src="../_static/searchtools.js"></script>
<script>DOCUMENTATION_OPTIONS.search_as_you_type = false;</script><script>let x = 1;</script>
</head><body class="seen">
<pre><span class="n">name</span><span class="o">=</span></pre><p id="here">text</p></body></html>
"""
A = """@charset "utf-8"; /* said once */
:root { --used: red; --idle: blue; --of-idle: var(--idle) }
.seen:not(.unseen) > p { color : var(--used) ; } .unseen { color: blue } .seen, .unseen { margin: 0 }
@media print { .unseen { color: red } #here { color: black !important } } .made-by-script { top: 0 } .dt-x { top: 1px }
"""
B = '@font-face { font-family: "F"; src: url("f.woff2") } p[class=".unseen"] { background: url(x.png) }'


@pytest.fixture
def small(tmp_path):
    """A site of one page and two style sheets."""
    files = {
        "book/one.html": PAGE,
        "_static/a.css": A,
        "_static/sub/b.css": B,
        "_static/none.css": ".unseen{}",
        "_static/one.js": "add('made-by-script'); add('dt-' + name)",
        "_static/sub/f.woff2": "font",
        "_static/x.po": "x",
        "_static/LICENCE.txt": "x",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def test_one_sheet_has_the_rules_that_something_can_match(small):
    strict.tighten(small, "@font-face{font-family:Z}\n")
    sheet = (small / "_static" / "pages.css").read_text()
    assert sheet.startswith("@font-face{font-family:Z}")
    assert ".seen:not(.unseen) > p{color:var(--used)}" in sheet and ".seen{margin:0}" in sheet
    assert "@media print {#here{color:black!important}" in sheet
    assert ".made-by-script" in sheet and ".dt-x" in sheet
    assert 'url("sub/f.woff2")' in sheet and 'url("sub/x.png")' in sheet
    assert "--used:red" in sheet and "idle" not in sheet and "said once" not in sheet
    assert not re.search(r"(?<!\()\.unseen", sheet.replace('".unseen"', ""))
    page = (small / "book" / "one.html").read_text()
    outside = re.sub(r"<noscript>.*?</noscript>", "", page, flags=re.DOTALL)
    assert len(re.findall(r'rel="stylesheet"', outside)) == 1 and "none.css" in page


def test_files_that_nothing_names_go_and_licences_stay(small):
    strict.tighten(small)
    left = {path.relative_to(small / "_static").as_posix() for path in (small / "_static").rglob("*") if path.is_file()}
    assert {"pages.css", "none.css", "one.js", "sub/f.woff2", "LICENCE.txt"} <= left
    assert not {"a.css", "sub/b.css", "x.po"} & left


def test_a_second_build_changes_nothing_and_follows_a_new_sheet(small):
    strict.tighten(small)
    first = (small / "book" / "one.html").read_text()
    strict.tighten(small)
    assert (small / "book" / "one.html").read_text() == first
    # A page written anew brings the sheets back; the page from before gets the address of the new one.
    (small / "book" / "two.html").write_text(PAGE)
    for name, content in (("a.css", A + ".seen { top: 3px }"), ("sub/b.css", B)):
        (small / "_static" / name).write_text(content)
    strict.tighten(small)
    after = (small / "book" / "one.html").read_text()
    assert after != first and "top:3px" in (small / "_static" / "pages.css").read_text()
    version = re.search(r"pages\.css\?v=\w+", after).group()
    assert version in (small / "book" / "two.html").read_text()


def test_scripts_wait_and_those_without_work_go():
    page = slim.slim(PAGE)
    assert slim.slim(page) == page
    assert page.count("let x") == 1 and "searchtools" not in page
    assert all("defer" in tag or "cfasync" in tag for tag in re.findall(r"<script[^>]*>", page))
    assert '<pre>name<span class="o">=</span></pre>' in page
    assert "searchtools" in slim.slim(PAGE.replace("= false", "= true"))
    assert "searchtools" in slim.slim(PAGE.replace('id="here"', 'id="search-results"'))


def test_a_tip_of_a_citation_gives_no_address_however_its_title_is_quoted():
    link = '<a class="reference internal" href="references.html#cite-a" title={}>A</a>'
    quoted, single = (
        "\"Title. URL: https://example.org/?a='b'.\"",
        "'Said \"so\".\nURL-free. URL: https://example.org.'",
    )
    assert slim.slim(link.format(quoted)) == link.format('"Title."')
    assert slim.slim(link.format(single)) == link.format("'Said \"so\".\nURL-free.'")
    other = link.format('"Of two"') + " between URL: and " + link.format("'Of two'")
    assert slim.slim(other) == other


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
def test_a_search_finds_and_a_page_from_disk_has_its_fonts(browser, built):
    page = browser.new_page()
    page.goto((built / "search.html").as_uri() + "?q=electricity")
    page.wait_for_selector("#search-results li a")
    page.goto((built / "book" / "index.html").as_uri())
    page.wait_for_function("[...document.fonts].filter((face) => face.status === 'loaded').length >= 3")
    # The width of a word tells the font: with the system's own it would be another one.
    wide = """() => { const pen = document.createElement("canvas").getContext("2d");
      const width = (font) => { pen.font = font; return pen.measureText("Global AI Governance").width; };
      return width('40px "Source Sans 3", monospace') - width("40px monospace"); }"""
    assert abs(page.evaluate(wide)) > 5
    page.close()


@pytest.fixture(scope="module")
def served(built):
    """The address of the built site, packed and with a policy."""
    with serve(built) as address:
        yield address


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
@pytest.mark.parametrize("size", [(390, 844), (1280, 900)], ids=["phone", "desk"])
def test_nothing_moves_and_the_first_view_is_light(browser, served, report, size):
    for name in site.reading_order(report):
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        seen = walk(context, f"{served}/{name}.html")
        context.close()
        assert seen["shift"] < 0.02, f"{name}: {seen['moved']}"
        heaviest = sorted((size, address) for address, size in seen["loaded"].items())[-8:]
        assert 50_000 < seen["weight"] <= 350_000, f"{name}: {seen['weight']}, {heaviest}"


@pytest.mark.book
def test_the_one_sheet_has_the_colours_of_code_for_both_themes(built):
    """The theme writes them at the end of a build; a sheet put together before has others, hard to read."""
    sheet = (built / "_static" / "pages.css").read_text(encoding="utf-8")
    for theme in ("light", "dark"):
        assert f'html[data-theme="{theme}"] .highlight .kn{{' in sheet
