"""Prose that names an article of the Plan or a standard leads to it, the first time a paragraph does.

Links are made when HTML is written, after the terms of the glossary (:mod:`policybook.marks`); cells of tables have
theirs from :mod:`policybook.render`. What :mod:`policybook.mentions` finds is the same in both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from policybook import data, mentions, paths, places, render
from policybook.marks import CHINESE_CLASS, CLOSED, CLOSED_CLASSES, joined, lineage, marked_term

# Paragraphs in these say what something else is called.
_OUTSIDE = (nodes.table, nodes.footnote, nodes.citation, nodes.topic, addnodes.compact_paragraph)
_TABLES = ("articles", "commitments", "standards")


def link(document: nodes.Element, finder: mentions.Mentions, own: places.Links) -> int:
    """Link what the prose of a page names, each thing once a paragraph and never from its own section.

    Returns how many links were made.
    """
    made = 0
    for paragraph in list(document.findall(nodes.paragraph)):
        line = list(lineage(paragraph))
        if any(isinstance(node, _OUTSIDE) for node in line):
            continue
        met = {f"#{name}" for node in line if isinstance(node, nodes.section) for name in node["ids"]}
        known = len(met)
        _link_within(paragraph, finder, own, met)
        made += len(met) - known
    return made


def _link_within(node: nodes.Element, finder: mentions.Mentions, own: places.Links, met: set[str]) -> None:
    parts: list[nodes.Node] = []
    in_link = False  # a link that was written as HTML: its start and end are nodes of their own
    for part in joined(node.children):
        if isinstance(part, nodes.Text) and not in_link:
            parts += _split(part.astext(), finder, own, met)
            continue
        if isinstance(part, nodes.raw):
            tag = part.astext().lower()
            in_link = tag.startswith("<a") or (in_link and not tag.startswith("</a"))
        elif isinstance(part, nodes.Element) and not in_link and _is_open(part):
            _link_within(part, finder, own, met)
        parts.append(part)
    node.children = []
    node.extend(parts)


def _is_open(node: nodes.Element) -> bool:
    closed = {*CLOSED_CLASSES, CHINESE_CLASS}
    return not isinstance(node, (*CLOSED, marked_term)) and closed.isdisjoint(node.get("classes", ()))


def _split(text: str, finder: mentions.Mentions, own: places.Links, met: set[str]) -> list[nodes.Node]:
    found, at = [], 0
    for item in finder.find(text):
        target = own.short(item.href)
        if target and target not in met:
            met.add(target)
            found.append(nodes.Text(text[at : item.start]))
            found.append(nodes.reference("", text[item.start : item.end], refuri=target, internal=True))
            at = item.end
    return [node for node in (*found, nodes.Text(text[at:])) if node.astext()]


class LinkMentions(SphinxPostTransform):
    """Link what the prose of a page names, where the page is written as HTML."""

    default_priority = 910
    formats = ("html",)

    def run(self, **options: Any) -> None:
        """Link the mentions of one page."""
        own = render.links(self.app, self.env.docname)
        link(self.document, mentions.of_report(own.report), own)


def _renew(app: Sphinx, env) -> list[str]:
    """Write all pages anew when what can be linked is other: articles, asks, standards, or the chapters."""
    report = paths.report(Path(app.srcdir))
    now = [data.fingerprint(name, report) for name in _TABLES], sorted(env.found_docs)
    last, env.policybook_linked = getattr(env, "policybook_linked", None), now
    return sorted(env.all_docs) if last not in (None, now) else []


def register(app: Sphinx) -> None:
    """Register the links of prose with the writers of HTML."""
    app.add_post_transform(LinkMentions)
    app.connect("env-updated", _renew)
