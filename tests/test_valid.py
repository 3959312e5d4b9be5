"""The pages are valid HTML: by the Nu HTML checker where it is found, and by a small reader of our own everywhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lxml import html as lxml_html

from policybook.mend import mend
from structure import faults

ROOT = Path(__file__).resolve().parent.parent
# Where the checker is looked for: what VNU_JAR names, then the places of `npm install vnu-jar`.
PLACES = [ROOT / "_build" / "nu" / "node_modules", ROOT / "node_modules", Path("/usr/local/lib/node_modules")]
JARS = [os.environ.get("VNU_JAR", ""), *(place / "vnu-jar" / "build" / "dist" / "vnu.jar" for place in PLACES)]
JAR = next((str(jar) for jar in JARS if jar and Path(jar).is_file()), "")
NO_CHECKER = (
    "the Nu HTML checker was not found: with Java and npm on the machine, "
    "npm install --no-save --ignore-scripts --prefix _build/nu vnu-jar@26.9.27"
)
# What the checker advises and is not done, each with the reason.
ADVICE_LEFT = (
    # Sphinx writes the first heading into a section, and the theme that into an article; readers of outlines find it.
    "Article lacks heading.",
    "Consider using the “h1” element as a top-level heading only",
    # Sphinx's search looks for the words of a page by this role.
    "The “main” role is unnecessary for element “main”.",
)

SOUND = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>T</title></head><body><main>
<p id="a">One<br>two <a href="#a">three</a> <svg viewBox="0 0 1 1"><title>x</title><path d="M0 0"/></svg></p>
<ul><li>x <ul><li><p>y</p></li></ul></li></ul><a href="#b"><div>block in a link</div></a>
<details id="b"><summary>s <span>t</span></summary><div>d</div></details>
<table><caption>c</caption><colgroup><col></colgroup><thead><tr><th>h</th></tr></thead>
<tbody><tr><td><p aria-describedby="a">d</p></td></tr></tbody></table>
<script type="application/json">{"a": "\\u003cp>"}</script></main></body></html>"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<!DOCTYPE html>", "", "no <!DOCTYPE html>"),
        ("<!DOCTYPE html>\n", '<meta charset="utf-8">\n<!DOCTYPE html>\n', "the doctype does not come first"),
        (' lang="en"', "", "<html> without lang"),
        ("<title>T</title>", "<title> </title>", "no title, or several"),
        ("<p id", "<p class=x><p id", "<p> in <p>"),
        ("One<br>", "<div>One</div>", "<div> in <p>"),
        ("three</a>", "three <a href='#b'>x</a></a>", "<a> within a link or a button"),
        ("s <span>t</span>", "<p>s</p>", "<p> in <summary>"),
        ("<details id", "<details><p>x</p></details><details id", "<details> begins with <p>"),
        ("<ul><li>x", "<ul><p>0</p><li>x", "<p> in <ul>"),
        ("<ul><li>x", "<ul>0<li>x", "words in <ul>"),
        ("<tr><td>", "<tr><div>", "<div> in <tr>"),
        ("</svg>", "", "<svg> is open where"),
        ("</div></details>", "</div></div></details>", "</div> closes nothing"),
        ("</main>", "", "<main> is open where"),
        ('id="b"', 'id="a"', "id 'a' stands 2 times"),
        ('id="b"', 'id="b" id="c"', "has id twice"),
        ('id="b"', 'id="b c"', "id 'b c'"),
        ("aria-describedby", "aria-labelledby='q' aria-describedby", "aria-labelledby='q' leads nowhere"),
        ("One<br>", "One<img src='x'>", "<img> without alt"),
        ("<main>", "<main></main><main>", "2 elements <main>"),
        ("<div>d", "<div/><div>d", "<div/> is not closed by its slash"),
    ],
)
def test_a_planted_fault_is_found(old, new, said):
    assert not faults(SOUND)
    assert old in SOUND
    assert any(said in fault for fault in faults(SOUND.replace(old, new, 1))), faults(SOUND.replace(old, new, 1))


def test_what_the_theme_leaves_invalid_is_mended_once():
    page = (
        '<meta name="viewport" content="width=device-width, initial-scale=1.0" />\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1" /><link href="a>b" rel="icon"/>\n'
        '<div class="onlyprint">\n  <h1></h1>\n</div><h1>Words</h1><path d="M0 0"/>\n'
        '<summary>\n<p class="collapsed admonition-title">Code</p>\n'
        '<p class="expanded admonition-title">Hide</p></summary>'
        '<div><p class="admonition-title">A question</p></div>'
    )
    better = mend(page)
    assert better == (
        '<meta name="viewport" content="width=device-width, initial-scale=1.0"><link href="a>b" rel="icon">\n'
        '<div class="onlyprint">\n  </div><h1>Words</h1><path d="M0 0"/>\n'
        '<summary>\n<span class="collapsed admonition-title">Code</span>\n'
        '<span class="expanded admonition-title">Hide</span></summary>'
        '<div><p class="admonition-title">A question</p></div>'
    )
    assert mend(better) == better


def _site(built):
    return sorted(path for path in built.rglob("*.html") if "_static" not in path.relative_to(built).parts)


@pytest.mark.book
def test_every_page_is_well_made(built):
    pages = _site(built)
    assert {"index.html", "404.html", "search.html"} <= {path.relative_to(built).as_posix() for path in pages}
    found = [f"{path.name}: {fault}" for path in pages for fault in faults(path.read_text(encoding="utf-8"))]
    assert not found, "\n".join(found[:20])


def _checked(pages):
    """What the Nu HTML checker says of pages, as it reports it in JSON."""
    call = ["java", "-Xss4m", "-jar", JAR, "--format", "json", "--exit-zero-always", *map(str, pages)]
    done = subprocess.run(call, capture_output=True, text=True, timeout=300)
    assert done.stderr.startswith("{"), f"{done.stdout}\n{done.stderr}"
    return json.loads(done.stderr)["messages"]


checker = pytest.mark.skipif(not (JAR and shutil.which("java")), reason=NO_CHECKER)


@pytest.mark.book
@checker
@pytest.mark.parametrize("book", ["built", "published"])
def test_the_nu_html_checker_finds_no_error(book, request):
    """On the report as it lies here, and on one that has the address of a site."""
    site = request.getfixturevalue(book)
    said = [
        f"{one['url'].rpartition('/')[2]}, line {one.get('lastLine')}: {one['type']}: {one['message']}: "
        f"{one.get('extract', '')!r}"
        for one in _checked(_site(site))
        if not one["message"].startswith(ADVICE_LEFT)
    ]
    assert not said, "\n".join(said[:20])


@checker
def test_the_nu_html_checker_finds_a_planted_fault(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(SOUND.replace("<title>T</title>", ""), encoding="utf-8")
    assert [one["type"] for one in _checked([page])].count("error") == 1


# ----------------------------------------------------------------------------------------------------------- languages

_SCRIPT = re.compile(r"[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
# Drawings have one text alternative as a whole, code and data are no language, an address is none either.
_EXEMPT = "ancestor::*[local-name()='svg' or self::script or self::pre or self::code or self::noscript]"


def _unmarked(page):
    """Return what is not marked with its language: texts, and the attributes that are read out, of a whole page."""
    marked = "ancestor::*[@lang][1][not(starts-with(@lang, 'en'))]"
    texts = page.xpath(f"//body//text()[not({_EXEMPT}) and not({marked})]")
    heard = (
        "not(ancestor-or-self::*[local-name()='svg' or @lang][1][local-name()='svg' or not(starts-with(@lang, 'en'))])"
    )
    names = page.xpath(f"//body//*[{heard}]/@*[name()='aria-label' or name()='alt']")
    found = [str(text).strip() for text in [*texts, *names] if _SCRIPT.search(text)]
    return [text for text in found if not text.startswith("http")]


@pytest.mark.book
def test_every_page_names_its_language_and_marks_other_scripts(built):
    """Beyond the chapters: lists of contents, tips, the page for missing addresses, search, the root."""
    found = []
    for path in _site(built):
        page = lxml_html.fromstring(path.read_bytes())
        assert page.get("lang") == "en", path.name
        found += [f"{path.name}: {text[:100]}" for text in _unmarked(page)]
    assert not found, "\n".join(found[:20])


def test_an_unmarked_script_would_be_found_anywhere():
    page = lxml_html.fromstring(
        "<html lang='en'><body><nav><a>标题</a></nav>"
        "<footer><span lang='zh-Hans' aria-label='好'>中文</span>脚</footer>"
        "<img alt='图'><svg aria-label='图'><text>图</text></svg><pre>码</pre></body></html>"
    )
    assert _unmarked(page) == ["标题", "脚", "图"]
