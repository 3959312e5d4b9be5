"""What a page says in short, taken from the page itself: for previews of links and for search engines.

Nothing is written twice: the question and the first finding of a chapter, with the numbers that were computed for it,
are read from its document when it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from docutils import nodes
from sphinx import addnodes

# As much as search engines and previews show.
LONGEST = 160
QUESTION = "pb-question"
_CITATION = "bibtex-citation"
# Badges say where a statement is from, not what it is; a key figure stands in the sentence under it as well.
_ASIDE_CLASSES = {"pb-source", "pb-badge", "pb-key", "pb-deck"}
_ASIDE = (nodes.footnote_reference, nodes.citation_reference, nodes.raw, nodes.image, nodes.title, nodes.system_message)
# Paragraphs and lists in these are not the running text.
_BOXED = (nodes.Admonition, nodes.table, nodes.figure, nodes.footnote, nodes.citation, addnodes.compact_paragraph)
_BOXED_CLASSES = {QUESTION, "pb-actions", "admonition", "cell", "toctree-wrapper", "sd-card", "pb-notes"}
# Around a reference within the book, until those are taken out that stand alone in brackets: "(Fig. 8)".
_OPEN, _CLOSE = "\ue000", "\ue001"
_POINTER = re.compile(rf"\s*[(（](?:\s*(?:see|and|,|;)?\s*{_OPEN}[^{_CLOSE}]*{_CLOSE})+\s*[)）]")
_SENTENCE = re.compile(r"(?:(?<=[.?!。？！])|(?<=[.?!。？！][”’\"']))\s+(?=[^a-z\s])")


@dataclass(frozen=True)
class Summary:
    """``question`` (or the first paragraph) of a page; its first finding as a ``lead`` in bold and what follows it."""

    question: str = ""
    lead: str = ""
    rest: str = ""

    @property
    def finding(self) -> str:
        """The first finding as a whole, empty where a page has none."""
        return " ".join(filter(None, (self.lead, self.rest)))

    @property
    def description(self) -> str:
        """The question, with the finding where both have room, in at most :data:`LONGEST` characters."""
        asked = [text for text in _SENTENCE.split(self.question) if text.endswith("?")]
        for text in (f"{self.question} {self.finding}".strip(), self.question, " ".join(asked)):
            if text and len(text) <= LONGEST:
                return text
        return shorten(self.question or self.finding)


def of_document(document: nodes.document) -> Summary:
    """Return what a page says in short; all empty for a page without text."""
    asked = next((node for node in document.findall(nodes.Element) if QUESTION in node.get("classes", ())), None)
    if asked is not None:
        question = " ".join(filter(None, (words(node) for node in asked.findall(nodes.paragraph))))
    else:
        question = next(filter(None, (words(node) for node in _running(document, nodes.paragraph))), "")
    return Summary(question, *_finding(document))


def _finding(document: nodes.document) -> tuple[str, str]:
    """Return the first item of the list with which a chapter opens: what stands in bold, and the sentence after it.

    Where nothing does, a short first sentence stands for it.
    An item about rows that are only recalled is a caveat and no finding. A page whose first list comes after its
    second heading does not open with findings.
    """
    sections = [node for node in document.findall(nodes.section) if isinstance(node.parent, nodes.section)]
    later = set(map(id, sections[1].findall(nodes.list_item))) if len(sections) > 1 else set()
    for item in _running(document, nodes.list_item):
        if id(item) in later:
            break
        paragraph = next(iter(item.findall(nodes.paragraph)), None)
        said = words(paragraph) if paragraph is not None else ""
        if not said or re.search(r"\brecalled\b", said):
            continue
        first = next((node for node in paragraph.children if words(node)), None)
        lead = words(first) if isinstance(first, nodes.strong) else ""
        lead = lead if said.startswith(lead) else ""
        after = _SENTENCE.split(said[len(lead) :].strip())
        if not lead and len(after) > 1 and len(after[0]) <= LONGEST // 3:
            return after[0], after[1]
        return lead, after[0]
    return "", ""


def _running(document: nodes.document, kind: type[nodes.Element]) -> Iterator[nodes.Element]:
    for node in document.findall(kind):
        above = node.parent
        while above is not None and not isinstance(above, _BOXED):
            if not _BOXED_CLASSES.isdisjoint(above.get("classes", ())):
                break
            above = above.parent
        if above is None:
            yield node


def words(node: nodes.Node) -> str:
    """Return the text of a node without citations, badges and pointers to other places of the book."""
    text = _POINTER.sub("", "".join(_pieces(node))).replace(_OPEN, "").replace(_CLOSE, "")
    return re.sub(r"\s+(?=[.,;:?!](?:\s|$))", "", " ".join(text.split()))


def _pieces(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Text):
        yield node.astext()
        return
    if _CITATION in node.get("classes", ()):
        # In brackets it is an aside; otherwise it is a part of the sentence, and only its year stands in brackets.
        cited = node.astext()
        yield "" if cited.startswith("[") else re.sub(r"\s*\[[^\]]*\]$", "", cited)
        return
    if isinstance(node, _ASIDE) or not _ASIDE_CLASSES.isdisjoint(node.get("classes", ())):
        return
    pointer = isinstance(node, nodes.reference) and node.get("internal")
    if pointer:
        yield _OPEN
    for child in node.children:
        yield from _pieces(child)
    if pointer:
        yield _CLOSE


def shorten(text: str, longest: int = LONGEST) -> str:
    """Return as many whole sentences of a text as have room, or else whole clauses or words, with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    kept = ""
    for sentence in _SENTENCE.split(text):
        longer = f"{kept} {sentence}".strip()
        if len(longer) > longest:
            break
        kept = longer
    if len(kept) >= longest // 3:
        return kept
    cut = text[: longest - 1]
    # A text without blanks (Chinese) is cut between any two letters.
    whole = cut if text[longest - 1].isspace() else cut.rpartition(" ")[0] or cut
    clause = re.match(r".*[,;:–—](?=\s)", whole)
    if clause and clause.end() >= longest // 2:
        whole = clause[0]
    return whole.rstrip(" ,;:–—-(") + "…"
