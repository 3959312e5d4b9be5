"""How a reader comes in by other ways than a link of the book: at the root, at a missing address, from a search engine.

Made for every site: ``index.html`` at the root, which leads on to the landing page, and ``404.html``, which servers of
static pages send for an address that they do not have. With the address of the site come ``sitemap.xml`` (the format of
https://www.sitemaps.org/protocol.html) and ``robots.txt``.

sphinx-notfound-page and sphinx-sitemap were considered and not taken. The one puts the addresses below the root or
below one fixed version, of which this site has none; the other dates its pages by git and not by their data.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree
from sphinx.application import Sphinx

from policybook import data, languages, paths
from policybook.head import site_address

MISSING, SITEMAP, ROBOTS = "404", "sitemap.xml", "robots.txt"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# A relative address in a tag: all but a fragment, one from the root, and one with a scheme of its own.
_RELATIVE = re.compile(
    r'(<[^<>]*?\s(?:href|src|action|data-content_root)=")(?!#|/|[a-zA-Z][a-zA-Z0-9+.-]*:)(?:\./)?([^"]*)'
)


def root_page(target: str, title: str, language: str = "en", site: str = "") -> str:
    """Return the page at the root, which leads on to the page ``target`` (``book/index.html``), without a script.

    It asks search engines to name the other page; ``site`` is the address of the site, if it is known.
    """
    to, name = html.escape(target, quote=True), html.escape(title)
    return (
        f'<!DOCTYPE html>\n<html lang="{html.escape(language, quote=True)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1.0">\n'
        f'<title>{name}</title>\n<meta http-equiv="refresh" content="0; url={to}">\n'
        f'<link rel="canonical" href="{html.escape(urljoin(site, target), quote=True)}">\n</head>\n<body>\n'
        f'<main>\n<h1>{languages.to_html(title)}</h1>\n<p><a href="{to}">Read the report</a></p>\n</main>\n'
        "</body>\n</html>\n"
    )


def missing_page(chapters: Iterable[tuple[str, str]], search: str = "search.html") -> str:
    """Return what stands on the page for missing addresses: ``chapters`` are addresses with their titles."""
    links = "".join(
        f'<li><a href="{html.escape(address, quote=True)}">{languages.to_html(title)}</a></li>\n'
        for address, title in chapters
    )
    return (
        "<h1>There is no page at this address</h1>\n"
        "<p>The address may be mistyped, or the page has another name in this version of the report. "
        "Figures, tables and rows keep their names: look for them in their chapter.</p>\n"
        f'<form class="pb-missing-search" action="{html.escape(search, quote=True)}" method="get" role="search">\n'
        '<label for="pb-missing-words">Search the report</label>\n'
        '<input type="search" id="pb-missing-words" name="q" autocomplete="off">\n'
        '<button type="submit">Search</button>\n</form>\n'
        '<nav class="pb-missing-chapters" aria-labelledby="pb-missing-chapters">\n'
        f'<h2 id="pb-missing-chapters">All chapters</h2>\n<ul>\n{links}</ul>\n</nav>\n'
    )


def base_path(site: str) -> str:
    """Return the path of a site on its server, with slashes at both ends: the root when the site is not known."""
    return (urlsplit(site).path.rstrip("/") if site else "") + "/"


def from_root(page: str, base: str) -> str:
    """Return a page that stands at the root of a site with addresses that hold wherever a server sends it from.

    ``base`` is the path of the site on its server (see :func:`base_path`). A page that is done comes back as it was.
    """
    return _RELATIVE.sub(rf"\g<1>{base}\g<2>", page)


def sitemap(addresses: Iterable[str], date: str) -> bytes:
    """Return a sitemap of absolute addresses, all of one day (ISO); raises ``ValueError`` for one that is not."""
    root = etree.Element(f"{{{_SITEMAP}}}urlset", nsmap={None: _SITEMAP})
    for address in addresses:
        if not urlsplit(address).netloc:
            raise ValueError(f"sitemap: {address!r} is not absolute")
        entry = etree.SubElement(root, f"{{{_SITEMAP}}}url")
        etree.SubElement(entry, f"{{{_SITEMAP}}}loc").text = address
        etree.SubElement(entry, f"{{{_SITEMAP}}}lastmod").text = date
    etree.indent(root)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def robots(site: str) -> str:
    """Return the file that lets search engines in and names the sitemap."""
    return f"User-agent: *\nAllow: /\nSitemap: {urljoin(site, SITEMAP)}\n"


# -------------------------------------------------------------------------------------------------------------- Sphinx


def _chapters(app: Sphinx) -> list[tuple[str, str]]:
    known = app.env.titles
    return [(f"{name}.html", known[name].astext()) for name in app.config.external_site_map if name in known]


def _collect(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    if app.builder.name == "html":
        yield MISSING, {"title": "Page not found", "body": missing_page(_chapters(app))}, "page.html"


def _write(app: Sphinx, error: Exception | None) -> None:
    """Write what stands at the root, after the pages are strict; what the settings ask for no more goes."""
    if error or app.builder.name != "html":
        return
    out, site, config = Path(app.outdir), site_address(app.config), app.config
    contents: dict[Path, bytes] = {}
    if config.root_doc != "index":
        page = root_page(f"{config.root_doc}.html", config.html_title, config.language or "en", site)
        contents[out / "index.html"] = page.encode()
    missing = out / f"{MISSING}.html"
    if missing.is_file():
        contents[missing] = from_root(missing.read_text(encoding="utf-8"), base_path(site)).encode()
    if site:
        date = data.data_date(paths.report(Path(app.srcdir)))
        contents[out / SITEMAP] = sitemap([urljoin(site, name) for name, _ in _chapters(app)], date)
        contents[out / ROBOTS] = robots(site).encode()
    paths.keep_all(contents)
    for name in (SITEMAP, ROBOTS):
        if out / name not in contents:
            (out / name).unlink(missing_ok=True)


def register(app: Sphinx) -> None:
    """Register what stands at the root of the site."""
    app.connect("html-collect-pages", _collect)
    app.connect("build-finished", _write, priority=700)  # after the pages are strict, before the PDF
