"""Terms that explain themselves: the first time that a page uses one, it links to the glossary and carries a tip.

Marks are made when HTML is written, after all references are resolved: other writers see nothing of them, and a page
need not be read anew when the glossary changes, only written.

sphinx-tippy (0.4) was considered and not taken. It finds no terms, which is the work; it makes tips of what links lead
to, and of the rows of a table it makes none; it names a file for each page at random, so that no two builds are alike;
and it needs tippy.js and Popper, from another host or as copies to be kept up. What is left to do is a short script,
``terms.js``, that keeps to WCAG 2.2, 1.4.13.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from policybook import data, languages, paths
from policybook.terms import PINYIN, Lexicon, Term, anchor

TABLE = "glossary"
# Paragraphs in these are no prose: what labels, cites or lists has its own form.
_OUTSIDE = (nodes.table, nodes.figure, nodes.footnote, nodes.citation, nodes.topic, addnodes.compact_paragraph)
_OUTSIDE_CLASSES = {"pb-notes", "pb-table", "sd-dropdown", "toctree-wrapper"}
# What stands within a paragraph and is left as it is.
CLOSED = (
    *(nodes.reference, nodes.literal, nodes.math, nodes.raw, nodes.image, nodes.problematic),
    *(nodes.footnote_reference, nodes.citation_reference, addnodes.pending_xref, addnodes.download_reference),
)
CLOSED_CLASSES = {"bibtex-citation", "pb-badge"}
CHINESE_CLASS = "language-zh-Hans"


class marked_term(nodes.Inline, nodes.TextElement):
    """A term where a page first uses it: ``refuri`` (its entry), ``term`` (its id)."""


class term_tips(nodes.General, nodes.Element):
    """What the tips of a page say: ``terms``, a list of :class:`policybook.terms.Term`."""


# ------------------------------------------------------------------------------------------------------------- marking


def mark(document: nodes.Element, lexicon: Lexicon, address: str) -> list[Term]:
    """Mark the first occurrence of each term in the prose of a page, and return the terms, in their order there.

    ``address`` is that of the glossary, as seen from the page.
    """
    met: list[str] = []
    for paragraph in list(document.findall(nodes.paragraph)):
        if not any(_is_outside(node) for node in lineage(paragraph)):
            _mark_within(paragraph, lexicon, address, met, chinese=False)
    return [lexicon.terms[term_id] for term_id in met]


def lineage(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield a node and all that it stands in."""
    while node is not None:
        yield node
        node = node.parent


def _is_outside(node: nodes.Node) -> bool:
    return isinstance(node, _OUTSIDE) or not _OUTSIDE_CLASSES.isdisjoint(node.get("classes", ()))


def _mark_within(node: nodes.Element, lexicon: Lexicon, address: str, met: list[str], chinese: bool) -> None:
    marked: list[nodes.Node] = []
    for part in joined(node.children):
        if isinstance(part, nodes.Text):
            marked += _split(part.astext(), lexicon, address, met, chinese)
            continue
        classes = part.get("classes", ())
        if not isinstance(part, CLOSED) and CLOSED_CLASSES.isdisjoint(classes):
            _mark_within(part, lexicon, address, met, chinese or CHINESE_CLASS in classes)
        marked.append(part)
    node.children = []
    node.extend(marked)


def joined(children: list[nodes.Node]) -> Iterator[nodes.Node]:
    """Join texts that follow each other: MyST makes a text of its own of every end of a line."""
    pending = ""
    for child in children:
        if isinstance(child, nodes.Text):
            pending += child.astext()
            continue
        if pending:
            yield nodes.Text(pending)
        pending = ""
        yield child
    if pending:
        yield nodes.Text(pending)


def _split(text: str, lexicon: Lexicon, address: str, met: list[str], chinese: bool) -> list[nodes.Node]:
    found, place = [], 0
    for hit in lexicon.first(text, met, chinese):
        found.append(nodes.Text(text[place : hit.start]))
        link = marked_term("", text[hit.start : hit.end], refuri=f"{address}#{anchor(hit.term_id)}", term=hit.term_id)
        found.append(link)
        place = hit.end
    found.append(nodes.Text(text[place:]))
    return [node for node in found if node.astext()]


class MarkTerms(SphinxPostTransform):
    """Mark terms in pages that are written as HTML, where the book has a chapter ``glossary`` and a table of it."""

    default_priority = 900
    formats = ("html",)

    def run(self, **options: Any) -> None:
        """Mark the terms of one page and put their tips at its end."""
        home, page = _home(self.env), self.env.docname
        lexicon = _lexicon(self.app) if home and page != home else None
        if lexicon is None:
            return
        marked = mark(self.document, lexicon, self.app.builder.get_relative_uri(page, home))
        if marked:
            self.document += term_tips(terms=marked)


def _home(env) -> str | None:
    """Return the name of the chapter that is the glossary, or nothing."""
    return min((name for name in env.found_docs if name.rpartition("/")[2] == TABLE), default=None)


def _lexicon(app: Sphinx) -> Lexicon | None:
    report = paths.report(Path(app.srcdir))
    stamp = data.fingerprint(TABLE, report)
    return _read_lexicon(stamp, report) if stamp else None


@lru_cache(maxsize=2)
def _read_lexicon(stamp: str, report: paths.Paths) -> Lexicon:
    return Lexicon(data.load(TABLE, report))


def _renew(app: Sphinx, env) -> list[str]:
    """Write all pages anew when the glossary is another one."""
    now = (_home(env), data.fingerprint(TABLE, paths.report(Path(app.srcdir))))
    last, env.policybook_glossary = getattr(env, "policybook_glossary", None), now
    return sorted(env.all_docs) if last not in (None, now) else []


# ------------------------------------------------------------------------------------------------------------- writing


def _visit_term(self, node: marked_term) -> None:
    target, tip = html.escape(node["refuri"], quote=True), f"tip-{node['term'].replace('_', '-')}"
    self.body.append(f'<a class="pb-term" href="{target}" aria-describedby="{tip}">')


def _depart_term(self, node: marked_term) -> None:
    self.body.append("</a>")


def _visit_tips(self, node: term_tips) -> None:
    self.body.append(f'<div class="pb-tips">\n{"".join(map(tip_html, node["terms"]))}</div>\n')
    raise nodes.SkipNode


def _depart_tips(self, node: term_tips) -> None:
    """Never reached: the visitor skips."""


def tip_html(term: Term) -> str:
    """Return the tip of a term as HTML, not shown until a script shows it; every text is escaped."""
    said = languages.to_html(term.meaning)
    lines = [f"<strong>{html.escape(term.en)}</strong>", f"<span>{said}</span>"]
    if term.zh:
        chinese = f'<span lang="zh-Hans">{html.escape(term.zh)}</span>'
        lines.insert(1, f'<span>{chinese} <span lang="{PINYIN}">{html.escape(term.pinyin)}</span></span>')
    if term.recalled:
        lines.append(
            '<span><span class="pb-badge pb-recalled">recalled</span> general knowledge, no source seen</span>'
        )
    name = f"tip-{term.term_id.replace('_', '-')}"
    return f'<div class="pb-tip" role="tooltip" id="{name}" hidden>{" ".join(lines)}</div>\n'


def _page_script(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree) -> None:
    if doctree is not None and next(doctree.findall(marked_term), None):
        app.add_js_file("terms.js", loading_method="defer")


def register(app: Sphinx) -> None:
    """Register the marks with the writers of HTML."""
    app.add_node(marked_term, html=(_visit_term, _depart_term))
    app.add_node(term_tips, html=(_visit_tips, _depart_tips))
    app.add_post_transform(MarkTerms)
    app.connect("env-updated", _renew)
    app.connect("html-page-context", _page_script)
