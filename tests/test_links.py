"""Everything that the built site names is there: pages, places in them, files. Other sites are named by http(s)."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lxml import etree
from lxml import html as lxml_html

SCHEMES = {"http", "https", "mailto"}
# Where an address can stand in a page; srcset holds several.
ATTRIBUTES = (
    "href",
    "src",
    "action",
    "data",
    "poster",
    "formaction",
    "cite",
    "srcset",
    "xlink:href",
)
# What of JSON-LD is an address.
LINKED = {"@id", "url", "contentUrl", "image"}


@cache
def _places(path: Path, stamp: int) -> frozenset[str]:
    """The places of a page that an address can name."""
    page = lxml_html.fromstring(path.read_bytes())
    return frozenset(page.xpath("//@id | //a/@name"))


def _named(path: Path) -> list[str]:
    """Every address that a page names, as it stands there."""
    page = lxml_html.fromstring(path.read_bytes())
    found = []
    for element in page.iter(etree.Element):
        for name in ATTRIBUTES:
            value = element.get(name)
            if value is not None and element.tag != "html":
                found += [part.split()[0] for part in value.split(",")] if name == "srcset" else [value]
        if element.tag == "meta":
            said = element.get("content", "")
            if (element.get("http-equiv") or "").lower() == "refresh":
                found.append(said.partition("url=")[2])
            if element.get("property") in ("og:image", "og:url"):
                found.append(said)
    for script in page.xpath("//script[@type='application/ld+json']"):
        found += _linked(json.loads(script.text))
    return found


def _linked(value, key=""):
    if isinstance(value, dict):
        return [address for name, item in value.items() for address in _linked(item, name)]
    if isinstance(value, list):
        return [address for item in value for address in _linked(item, key)]
    return [value] if key in LINKED and isinstance(value, str) else []


def _fault(address: str, path: Path, site: Path, places: bool = True) -> str:
    """Return what is wrong with an address in the file ``path`` of the site, or nothing."""
    if re.search(r"[\s<>\\\"`{}|^]", address):
        return "not an address"
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        sound = parts.scheme in SCHEMES and (parts.netloc or parts.scheme == "mailto")
        return "" if sound else "neither http(s) nor mailto"
    named = unquote(parts.path)
    target = path if not named else site / named.lstrip("/") if named.startswith("/") else path.parent / named
    target = target.resolve()
    if target.is_dir():
        target /= "index.html"
    if not target.is_relative_to(site.resolve()) or not target.is_file():
        return "no such file"
    place = unquote(parts.fragment)
    if place and places and target.suffix == ".html" and place not in _places(target, target.stat().st_mtime_ns):
        return "no such place"
    return ""


def _packed(font: Path) -> bool:
    return font.suffix == ".ttf" and font.with_suffix(".woff2").is_file()


def broken(site: Path) -> list[str]:
    """Return every address in the pages, style sheets, feeds and lists of a built site that leads nowhere."""
    found = []

    def look(path: Path, addresses: list[str], places: bool = True) -> None:
        for address in dict.fromkeys(addresses):
            if fault := _fault(address, path, site, places):
                found.append(f"{path.relative_to(site).as_posix()}: {address!r}: {fault}")

    for path in sorted(site.rglob("*.html")):
        if "_static" not in path.relative_to(site).parts:
            # "#" is the top of a page, which the theme asks for by a button.
            look(path, [address for address in _named(path) if address != "#"])
    for path in sorted(site.rglob("*.css")):
        written = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        asked = re.findall(r"url\(\s*['\"]?([^'\")]+)", written) + re.findall(r"@import\s+['\"]([^'\"]+)", written)
        asked = [address for address in asked if not address.startswith(("data:", "#"))]
        # Of the theme's fonts the packed form is kept, and browsers ask for no other.
        look(path, [address for address in asked if not _packed(path.parent / address)], places=False)
    for path in sorted(site.rglob("*.atom")):
        look(path, [str(address) for address in etree.parse(path).xpath("//@href")])
    figures = site / "figures" / "index.json"
    for item in json.loads(figures.read_text(encoding="utf-8")):
        files = [f"{item['name']}.{ending}" for ending in ("svg", "png", "csv", "vl.json", "js", "html")]
        look(figures, [f"../{item['page']}", *files])
    script = site / "searchindex.js"
    index = json.loads(script.read_text(encoding="utf-8").removeprefix("Search.setIndex(").removesuffix(")"))
    look(script, [f"_sources/{name}" for name in index["filenames"]])
    pages = [f"{name}.html" for name in index["docnames"]]
    hits = [hit for hits in index["alltitles"].values() for hit in hits]
    look(script, [*pages, *(f"{pages[number]}#{anchor or ''}" for number, anchor in hits)])
    return found


@pytest.mark.book
def test_nothing_that_the_site_names_is_missing(built):
    found = broken(built)
    assert not found, f"{len(found)} addresses lead nowhere:\n" + "\n".join(found[:20])


@pytest.mark.book
def test_every_page_offers_its_source_its_citation_and_its_card(built):
    """The files beside the pages, from the other side: each is asked for, and none is left over."""
    for folder, endings in (("cite", (".bib", ".ris")), ("cards", (".png",)), ("_sources", (".ipynb", ".md"))):
        files = {path.relative_to(built).as_posix() for path in (built / folder).rglob("*") if path.is_file()}
        asked = set()
        for path in (built / "book").glob("*.html"):
            asked |= {
                (path.parent / unquote(urlsplit(address).path)).resolve().relative_to(built.resolve()).as_posix()
                for address in _named(path)
                if not urlsplit(address).scheme and f"{folder}/" in address
            }
        assert files == asked, f"{folder}: {sorted(files ^ asked)}"
        assert files and {Path(name).suffix for name in files} <= set(endings)


NOTHING_FOUND = {"filenames": [], "docnames": [], "alltitles": {}}


@pytest.fixture
def site(tmp_path):
    """A small site in which everything is there."""
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "index.json").write_text("[]")
    (tmp_path / "searchindex.js").write_text(f"Search.setIndex({json.dumps(NOTHING_FOUND)})")
    (tmp_path / "a b.css").write_text("p { background: url('figures/index.json') } q { background: url(data:x) }")
    page = "<html><meta charset='utf-8'><body><p id='全'>x</p></body></html>"
    (tmp_path / "one.html").write_text(page, encoding="utf-8")
    page = "<html><body><a href='/one.html?x#%E5%85%A8'>x</a><img src='a%20b.css'></body></html>"
    (tmp_path / "two.html").write_text(page)
    return tmp_path


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("<a href='three.html'>x</a>", "no such file"),
        ("<a href='../two.html'>x</a>", "no such file"),
        ("<a href='one.html#half'>x</a>", "no such place"),
        ("<a href='#half'>x</a>", "no such place"),
        ("<img src='x.png'>", "no such file"),
        ("<img srcset='one.html 1x, x.png 2x'>", "no such file"),
        ("<link rel='stylesheet' href='x.css'>", "no such file"),
        ("<script src='x.js'></script>", "no such file"),
        ("<form action='x.html'></form>", "no such file"),
        ("<a href='javascript:alert(1)'>x</a>", "neither http(s) nor mailto"),
        ("<a href='data:text/html,x'>x</a>", "neither http(s) nor mailto"),
        (r"<a href='https://example.org/\%E5'>x</a>", "not an address"),
        ("<meta http-equiv='Refresh' content='0; url=x.html'>", "no such file"),
        ("<meta property='og:image' content='x.png'>", "no such file"),
        ("""<script type='application/ld+json'>{"a": [{"url": "x.html"}]}</script>""", "no such file"),
        ("<svg><use xlink:href='#half'/></svg>", "no such place"),
    ],
)
def test_a_planted_fault_is_found(site, planted, said):
    assert broken(site) == []
    page = (site / "two.html").read_text()
    (site / "two.html").write_text(page.replace("</body>", f"{planted}</body>"))
    (found,) = broken(site)
    assert found.startswith("two.html: ") and found.endswith(said)


def test_a_file_that_style_sheets_feeds_and_lists_name_is_missed(site):
    (site / "a b.css").write_text("@import 'x.css'; p { background: url(x.woff2) }")
    (site / "f.atom").write_text("<feed xmlns='http://www.w3.org/2005/Atom'><link href='one.html#half'/></feed>")
    (site / "figures" / "index.json").write_text('[{"name": "fig-a", "page": "one.html#fig-a"}]')
    index = {"filenames": ["one.md"], "docnames": ["one"], "alltitles": {"One": [[0, "eins"]]}}
    (site / "searchindex.js").write_text(f"Search.setIndex({json.dumps(index)})")
    lines = "\n".join(broken(site))
    for named in (
        "x.css",
        "x.woff2",
        "one.html#half",
        "../one.html#fig-a",
        "fig-a.svg",
        "_sources/one.md",
        "one.html#eins",
    ):
        assert f"'{named}'" in lines, named
