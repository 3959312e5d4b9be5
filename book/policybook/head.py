"""What the head of a page says to machines: description, preview of a link (Open Graph), structured data (schema.org).

All of it is taken from the page, the settings and the data package. Addresses are absolute when the address of the site
is set (``html: baseurl`` in ``_config.yml``); otherwise they are relative, and a reader takes them from the place where
it found the page.

sphinxext-opengraph (0.13) was considered and not taken: it draws its pictures with matplotlib, takes the first words of
a page, citations included, for its description, and knows nothing of the question and the finding of a chapter.
"""

from __future__ import annotations

import html
import posixpath
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from policybook import bundle, cards, citing, data, paths, render, summary
from policybook.sources import safe_url

FOLDER = "cards"
PDF_NAME = "report.pdf"
EPUB_NAME = "report.epub"
EPUB_TYPE = "application/epub+zip"
# The page that describes the data; its head describes them to search engines of data.
CATALOGUE = "catalogue"
SCHEMA = "https://schema.org"
# English without a country: the words of this report are spelt the British way.
_LOCALES = {"en": "en_GB"}


def site_address(config: Any) -> str:
    """Return the address of the site with a slash at its end, or an empty string when none is set.

    Raises ``ExtensionError`` for one that is not plain http(s).
    """
    set_to = str(config.html_baseurl or "").strip()
    if set_to and not safe_url(set_to):
        raise ExtensionError(f"_config.yml: html: baseurl: {set_to!r} is not an http(s) address")
    return set_to.rstrip("/") + "/" if set_to else ""


def address(name: str, page: str, site: str = "") -> str:
    """Return the address of a file of the site (``book/plan.html``), as it stands in the page ``page``."""
    return urljoin(site, name) if site else posixpath.relpath(name, posixpath.dirname(page) or ".")


def locale(language: str) -> str:
    """Return a language as Open Graph wants it, with its most likely country: ``de`` gives ``de_DE``."""
    if language in _LOCALES:
        return _LOCALES[language]
    try:
        found = Locale.parse(language.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return ""
    likely = get_global("likely_subtags")
    guess = likely.get(f"und_{found.script}" if found.script else found.language, "")
    country = found.territory or guess.rpartition("_")[2]
    return f"{found.language}_{country}" if country else ""


def tags(
    *, title: str, site_name: str, description: str, picture: str, alt: str, language: str = "en", url: str = ""
) -> str:
    """Return the description of a page and its preview as HTML, every value escaped; what is empty is left out.

    ``picture`` is the address of its card, ``url`` the absolute one of the page, if it has any.
    """
    properties = {
        "og:title": title,
        "og:type": "article",
        "og:site_name": site_name,
        "og:description": description,
        "og:url": url,
        "og:image": picture,
        "og:image:type": "image/png",
        "og:image:width": str(cards.WIDTH),
        "og:image:height": str(cards.HEIGHT),
        "og:image:alt": alt,
        "og:locale": locale(language),
    }
    named = {"description": description, "twitter:card": "summary_large_image"}
    lines = [("name", *item) for item in named.items()] + [("property", *item) for item in properties.items()]
    return "".join(f'<meta {kind}="{name}" content="{html.escape(text)}">\n' for kind, name, text in lines if text)


# ------------------------------------------------------------------------------------------------------ structured data


def people(authors: tuple[str, ...]) -> list[dict[str, str]]:
    """Return authors as schema.org knows them; a name with a comma is a person's (``Family, Given``)."""
    found = []
    for name in authors:
        family, comma, given = name.partition(",")
        person = {"@type": "Person", "name": f"{given.strip()} {family.strip()}"}
        found.append(person if comma else {"@type": "Organization", "name": name})
    return found


def article(
    kind: str, citation: citing.Citation, description: str, url: str, picture: str, licence: str, language: str = "en"
) -> dict[str, Any]:
    """Return a page, or with ``kind`` ``Report`` the whole, as a schema.org Article."""
    said = {
        "@context": SCHEMA,
        "@type": kind,
        "@id": url,
        "url": url,
        "headline": citation.title,
        "name": citation.title,
        "description": description,
        "inLanguage": language,
        "datePublished": citation.data_date,
        "version": citation.version,
        "author": people(citation.authors),
        "image": picture,
        "license": licence,
        "isAccessibleForFree": True,
    }
    return {key: value for key, value in said.items() if value not in ("", [])}


def dataset(report: paths.Paths, page: str, site: str = "", language: str = "en") -> dict[str, Any]:
    """Return the data package of a report as a schema.org Dataset, as the page ``page`` says it.

    What search engines of data ask for: https://developers.google.com/search/docs/appearance/structured-data/dataset.
    Raises ``DataError`` when the package cannot be read.
    """
    package, citation, whole = data.descriptor(report), citing.of_data(report), citing.of_report(report)
    packed = address(bundle.address(report), page, site)
    said = {
        "@context": SCHEMA,
        "@type": "Dataset",
        "@id": packed,
        "url": address(f"{page}.html", page, site),
        "name": citation.title,
        "description": package.get("description", ""),
        "keywords": package.get("keywords", []),
        "inLanguage": language,
        "datePublished": citation.data_date,
        "version": citation.version,
        "creator": people(citation.authors),
        "license": licence(report),
        "isAccessibleForFree": True,
        "creditText": citing.words(citation),
        "citation": citing.words(whole),
        "distribution": [
            {
                "@type": "DataDownload",
                "name": f"{bundle.name(report)}.zip",
                "encodingFormat": "application/zip",
                "contentUrl": packed,
            }
        ],
    }
    return {key: value for key, value in said.items() if value not in ("", [])}


def licence(report: paths.Paths) -> str:
    """Return the address of the licence of the data package, which is that of text and figures too; empty for none."""
    return next((item["path"] for item in data.descriptor(report).get("licenses", []) if item.get("path")), "")


def script(document: dict[str, Any]) -> str:
    """Return a JSON-LD document as the element that carries it."""
    return f'<script type="{render.MIME_LINKED}">{render.script_text(document)}</script>\n'


# -------------------------------------------------------------------------------------------------------------- Sphinx


def _on_page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Fill the head of a page and draw its card; a page that Sphinx makes itself is nothing to be found."""
    if app.builder.name != "html":
        return
    if doctree is None:
        context["pageurl"] = None
        added = '<meta name="robots" content="noindex">\n'
    else:
        added = _filled(app, page, summary.of_document(doctree))
    context["metatags"] = f"{context.get('metatags', '')}\n{added}"


def _filled(app: Sphinx, page: str, said: summary.Summary) -> str:
    """Return what the head of a page holds beside what the theme writes."""
    config, site, titles = app.config, site_address(app.config), app.env.titles
    report, whole, language = paths.report(Path(app.srcdir)), app.env.policybook_citation, app.config.language or "en"
    citation = citing.of_page(page, titles[page].astext(), whole)
    here, home = address(f"{page}.html", page, site), address(f"{config.root_doc}.html", page, site)
    picture, terms = address(draw(app, page, citation, said), page, site), licence(report)
    written = tags(
        title=citation.title,
        site_name=config.html_title,
        description=said.description,
        picture=picture,
        alt=" ".join(filter(None, (f"{citation.title.rstrip('.')}.", said.finding or said.description))),
        language=language,
        url=here if site else "",
    )
    if page == config.root_doc:
        about = article("Report", whole, said.description, here, picture, terms, language)
        about["encoding"] = [
            {"@type": "MediaObject", "encodingFormat": kind, "contentUrl": address(name, page, site)}
            for kind, name in (("application/pdf", PDF_NAME), (EPUB_TYPE, EPUB_NAME))
        ]
        about["hasPart"] = [
            {"@type": "Article", "headline": titles[name].astext(), "url": address(f"{name}.html", page, site)}
            for name in config.external_site_map
            if name != page and name in titles
        ]
    else:
        about = article("Article", citation, said.description, here, picture, terms, language)
        about["isPartOf"] = {"@type": "Report", "@id": home, "name": whole.title, "url": home}
    written += script(about)
    return written + script(dataset(report, page, site, language)) if citing.file_name(page) == CATALOGUE else written


def draw(app: Sphinx, page: str, citation: citing.Citation, said: summary.Summary) -> str:
    """Draw the card of a page, beside the pages; return its path from the root of the site."""
    lead, rest = (said.lead, said.rest) if said.finding else ("", said.description)
    edition = citation.edition[:1].upper() + citation.edition[1:]
    card = cards.Card(citation.title, lead, rest, _above(citation.title, app.config.html_title), edition)
    name = f"{FOLDER}/{citing.file_name(page)}.png"
    paths.keep(Path(app.outdir, name), cards.png(card, render.stills(app).folder))
    return name


def _above(title: str, report: str) -> str:
    """Return what stands above the title of a page: the title of the report, without what the two have in common."""
    same, _, rest = report.partition(": ")
    return f"{rest[:1].upper()}{rest[1:]}" if rest and same == title.replace("’", "'") else report


def _clear(app: Sphinx, error: Exception | None) -> None:
    """Take away the cards of pages that are no more."""
    if error is None and app.builder.name == "html":
        known = {f"{citing.file_name(page)}.png" for page in app.env.found_docs}
        for path in Path(app.outdir, FOLDER).glob("*"):
            if path.name not in known:
                path.unlink()


def register(app: Sphinx) -> None:
    """Register what fills the head of every page."""
    app.connect("builder-inited", lambda app: site_address(app.config))
    app.connect("html-page-context", _on_page)
    app.connect("build-finished", _clear)
