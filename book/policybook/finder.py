"""The index of the search page, and the general index: made when the pages are, from the data and from the pages.

Sphinx's own search knows words of whole pages. A domain of objects was considered for the rest and not taken: Sphinx
finds objects by the letters of their names alone, neither words of a claim nor two Chinese characters within a term.
"""

from __future__ import annotations

import html
import re
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from markupsafe import Markup
from sphinx.application import Sphinx

from policybook import figures, finding, languages, paths, render, sources
from policybook.finding import Entry
from policybook.paths import keep

# A section whose title so many pages have is not listed.
_OFTEN = 3
# Kinds that the general index lists, and what each is there.
_LISTED = ("article", "theme", "term", "standard", "instrument", "body", "person")
# Where a reader who finds nothing, or has no scripts, can look: page, and what it is called.
_ELSEWHERE = (("glossary", "Glossary"), ("catalogue", "The data"), ("references", "References"))


# -------------------------------------------------------------------------------------------------------- the pages


def _named(env) -> dict[str, list[Entry]]:
    """Return the figures, tables and sections of each page."""
    if not hasattr(env, "policybook_named"):
        env.policybook_named = {}
    return env.policybook_named


def _note_page(app: Sphinx, doctree: nodes.document) -> None:
    _named(app.env)[app.env.docname] = of_page(doctree, app.env.docname.rpartition("/")[2])


def _forget_page(app: Sphinx, env, page: str) -> None:
    _named(env).pop(page, None)


def of_page(doctree: nodes.document, page: str) -> list[Entry]:
    """Return the figures (with the titles of their charts), tables and sections of a page, in its order."""
    found = []
    for node in doctree.findall(lambda one: isinstance(one, (nodes.figure, nodes.table, nodes.section))):
        if not node["ids"] or isinstance(node.parent, nodes.document):
            continue
        caption = next(node.findall(nodes.caption if isinstance(node, nodes.figure) else nodes.title), None)
        if caption is None:
            continue
        said, anchor = " ".join(caption.astext().split()).rstrip("."), node["ids"][0]
        kind = type(node).__name__
        chart = next(node.findall(render.chart), None) if kind == "figure" else None
        words = figures.chart_title(chart["spec"]) if chart is not None else ""
        found.append(Entry(kind, anchor, said, "", words, page, anchor))
    return found


# -------------------------------------------------------------------------------------------------------- the index


def entries(app: Sphinx) -> list[Entry]:
    """Return all entries of the pages that the book has; whether an anchor is there is not looked at."""
    report = paths.report(Path(app.srcdir))
    pages = {name.rpartition("/")[2] for name in app.env.found_docs}
    keys = sources.registry(report)["source_id"]
    found = [*finding.of_data(report), *finding.sources(keys, report)]
    named = [entry for name in sorted(_named(app.env)) for entry in _named(app.env)[name]]
    # "In brief" stands in every chapter and says nothing of any.
    often = Counter(entry.title for entry in named)
    found += [entry for entry in named if often[entry.title] < _OFTEN]
    once = {(entry.page, entry.anchor): entry for entry in reversed(found)}  # the section of an article is the article
    return [entry for entry in found if entry.page in pages and once[entry.page, entry.anchor] is entry]


def standing(found: Iterable[Entry], out: Path, folder: str) -> list[Entry]:
    """Return the entries whose anchors stand in the pages in ``out``: rows that a chapter leaves out have none."""
    ids: dict[str, set[str]] = {}
    kept = []
    for entry in found:
        if entry.page not in ids:
            path = out / folder / f"{entry.page}.html"
            ids[entry.page] = set(re.findall(r'\sid="([^"]+)"', path.read_text("utf-8"))) if path.is_file() else set()
        if entry.anchor in ids[entry.page]:
            kept.append(entry)
    return kept


def _write(app: Sphinx, error: Exception | None) -> None:
    """Write the index beside the pages, and into the search page what it says to readers without scripts."""
    if error or app.builder.name != "html":
        return
    out, folder = Path(app.outdir), _folder(app)
    titles = {name.rpartition("/")[2]: title.astext() for name, title in app.env.titles.items()}
    text = finding.script(standing(entries(app), out, folder), titles, folder, paths.Paths(Path(app.srcdir)))
    keep(out / "_static" / finding.NAME, text.encode())
    page = out / "search.html"
    if page.is_file():
        found = _without_scripts(page.read_text("utf-8"), _places_to_look(app, folder))
        # Sphinx wrote the page before: it knows the digest of the last build's index, or none.
        mark = f"{finding.NAME}?v={zlib.crc32(text.encode()):08x}"
        keep(page, re.sub(rf"{re.escape(finding.NAME)}(\?v=[0-9a-f]+)?", mark, found).encode())


def _folder(app: Sphinx) -> str:
    """Return the path from the root of the site to the chapters."""
    root = str(app.config.root_doc)
    chapters = [name for name in app.env.found_docs if "/" in name] or [root]
    return min(chapters).rpartition("/")[0] + "/" if "/" in min(chapters) else ""


def _places_to_look(app: Sphinx, folder: str) -> list[tuple[str, str]]:
    """Return address and name of the pages that list things, as far as the book has them."""
    there = {name.rpartition("/")[2] for name in app.env.found_docs}
    pages = [(f"{folder}{name}.html", said) for name, said in _ELSEWHERE if name in there]
    return [*pages, ("genindex.html", "Index")]


_ASKS_FOR_SCRIPTS = re.compile(r"<p>Please activate JavaScript to enable the search functionality\.</p>")
_RESULTS = '<div id="search-results"></div>'


def _without_scripts(page: str, look: list[tuple[str, str]]) -> str:
    """Return the search page with the places to look at; one that has them already comes back as it was."""
    ways = ", ".join(f'<a href="{html.escape(address)}">{html.escape(said)}</a>' for address, said in look)
    said = f"<p>The search needs scripts, which are off here. Lists of what the report holds: {ways}.</p>"
    page = _ASKS_FOR_SCRIPTS.sub(lambda _: said, page)
    if 'id="pb-find"' in page:
        return page
    found = f'<section id="pb-find" aria-label="Entries found" hidden><p id="pb-look">{ways}</p></section>'
    return page.replace(_RESULTS, f"{found}\n{_RESULTS}", 1)


def _page_scripts(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree) -> None:
    if page == "search":
        app.add_js_file(finding.NAME, loading_method="defer", priority=800)
        app.add_js_file("find.js", loading_method="defer", priority=801)


# ------------------------------------------------------------------------------------------------ the general index


def _fill_index(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree) -> None:
    """Fill the general index, and set it at the end of the reading order, behind the last page."""
    last = _last_page(app)
    if page == "genindex":
        # The pages are written by now: what has no place on them (a theme that nothing asks for yet) is left out.
        there = standing(entries(app), Path(app.outdir), _folder(app))
        context["genindexentries"] = general_index(there, _folder(app))
        if last:
            link = context["pathto"](last)
            context["prev"] = {"link": link, "title": html.escape(app.env.titles[last].astext())}
    elif page == last and not context.get("next"):
        context["next"] = {"link": context["pathto"]("genindex"), "title": "Index"}


def _last_page(app: Sphinx) -> str | None:
    relations = app.env.collect_relations()
    return next((name for name in sorted(relations) if relations[name][2] is None and relations[name][1]), None)


def general_index(found: Iterable[Entry], folder: str) -> list[tuple[str, list]]:
    """Return the general index as Sphinx's template takes it: letter, and entries with their links, by name.

    Standards stand under their designations, bodies under name and short name; Chinese names come last, in a
    part of their own.
    """
    named: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for entry in found:
        if entry.kind not in _LISTED:
            continue
        link = ("", f"{folder}{entry.page}.html#{entry.anchor}")
        names = [f"{entry.key}: {entry.title}" if entry.kind == "standard" else entry.title]
        if entry.kind == "body" and entry.key != entry.title:
            names.append(f"{entry.key}: {entry.title}")
        for name in names:
            first = name[:1].upper()
            letter = first if re.fullmatch("[A-Z]", first) else "0–9"
            named.setdefault(letter, {}).setdefault(name, []).append(link)
        if entry.chinese:
            label = f"{entry.chinese} ({entry.title})"
            named.setdefault("Chinese", {}).setdefault(label, []).append(link)
    order = sorted(named, key=lambda letter: (letter == "Chinese", letter))
    return [
        (
            letter,
            [
                (
                    Markup(languages.to_html(name)),
                    (sorted(set(named[letter][name]), key=lambda link: link[1]), [], None),
                )
                for name in sorted(named[letter], key=lambda name: (name.casefold(), name))
            ],
        )
        for letter in order
    ]


def register(app: Sphinx) -> None:
    """Register the index with Sphinx; it is written before the pages are made strict."""
    app.connect("doctree-read", _note_page, priority=900)
    app.connect("env-purge-doc", _forget_page)
    app.connect("html-page-context", _page_scripts)
    app.connect("html-page-context", _fill_index)
    app.connect("build-finished", _write, priority=400)
