"""Where things live in the book: the page and the anchor of every row that has one. The one place that knows.

A link is written as seen from a page beside its own (``plan.html#article-5``); the writer of tables shortens those that
lead to the page they stand on (:mod:`policybook.render`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from policybook import data, paths, settings

PREAMBLE = "A00"


@dataclass(frozen=True)
class Place:
    """Where the rows of a table live: ``page`` (name of the chapter), and how a key becomes an anchor.

    The anchor is ``before`` and the key, without the beginning ``off`` that all keys share, in small letters and joined
    by hyphens. With ``recalled`` the page shows rows that are only recalled too.
    """

    page: str
    before: str
    off: str = ""
    recalled: bool = False

    def anchor(self, key: str) -> str:
        """Return the anchor of the row with this key."""
        name = key.removeprefix(self.off).lower()
        return self.before + "".join(letter if letter.isalnum() else "-" for letter in name)


# By table of the data package; "themes" are the codes of the codebook of themes, "tables" and "columns" those of the
# data package itself (key of a column: table.column).
PLACES = {
    "commitments": Place("plan", "", recalled=True),
    "themes": Place("plan", "theme-"),
    "claims": Place("claims", "claim-", recalled=True),
    "standards": Place("standards", "std-", recalled=True),
    "instruments": Place("standards", "instrument-"),
    "bodies": Place("standards", "body-"),
    "followup": Place("followup", "step-", "fu_"),
    "benchmarks": Place("followup", "benchmark-", "bm_"),
    "events": Place("background", "event-", "ev_"),
    "organisations": Place("background", "org-", "org_"),
    "persons": Place("background", "person-", "pe_"),
    "glossary": Place("glossary", "term-", recalled=True),
    "corrections": Place("methods", "correction-"),
    "disagreements": Place("methods", "disagreement-", "dis_"),
    "tables": Place("catalogue", "table-"),
    "columns": Place("catalogue", "column-"),
}


def article_anchor(article: str) -> str:
    """Return the anchor of an article on the page of the Plan: ``article-7`` for ``A07``, ``article-0`` for ``A00``."""
    return f"article-{int(article[1:])}"


def anchor(table: str, key: str) -> str:
    """Return the anchor of a row on its page; ``KeyError`` for a table whose rows have none."""
    return article_anchor(key) if table == "articles" else PLACES[table].anchor(key)


def page(table: str) -> str:
    """Return the name of the chapter that shows the rows of a table; ``KeyError`` for a table whose rows have none."""
    return "plan" if table == "articles" else PLACES[table].page


def href(table: str, key: str) -> str:
    """Return the link to a row as seen from a page beside its own; empty for a table whose rows have no anchors."""
    known = table == "articles" or table in PLACES
    return f"{page(table)}.html#{anchor(table, key)}" if known else ""


def shown(table: str, report: paths.Paths | None = None) -> set[str]:
    """Return the keys of the rows of a table of the data package that a page shows; none for one without anchors."""
    if table == "articles":
        return set(data.load(table, report)["article"])
    if table not in PLACES or table not in data.names(report):
        return set()
    rows = data.load(table, report)
    if "evidence" in rows and not PLACES[table].recalled:
        rows = data.seen(rows)
    key = data.resource(table, report)["schema"]["primaryKey"]
    return set(rows[key if isinstance(key, str) else key[0]].astype(str))


def article_name(article: str) -> str:
    """Return an article in words: ``article 7`` for ``A07``, or as the settings call the parts of the document."""
    return f"{settings.load().section} {int(article[1:])}"


def part_name(article: str) -> str:
    """Return a part of the Plan in words: an article as :func:`article_name` has it, ``preamble`` for ``A00``."""
    return "preamble" if article == PREAMBLE else article_name(article)


def ask_number(commitment_id: str) -> str:
    """Return the number of an ask as readers see it: ``7.1`` for ``A07.01``."""
    article, ask = commitment_id[1:].split(".")
    return f"{int(article)}.{int(ask)}"


class Links:
    """Turns links within the book into what they are on one page."""

    def __init__(self, page: str, pages: Iterable[str], report: paths.Paths | None = None) -> None:
        """Take the name of the page, those of all pages beside it, and the report."""
        self.page, self.pages, self.report = page, frozenset(pages), report

    def short(self, link: str) -> str:
        """Return a link as the page needs it; empty where it leads to a chapter or a row that the book does not show.

        What is no link to a page beside this one comes back as it is.
        """
        name, mark, place = link.partition("#")
        stem = name.removesuffix(".html")
        if not mark or stem == name or "/" in name:
            return link
        if stem not in self.pages or not self._is_shown(stem, place):
            return ""
        return f"#{place}" if stem == self.page else link

    def _is_shown(self, stem: str, place: str) -> bool:
        for table, own in PLACES.items():
            if own.page == stem and own.before and place.startswith(own.before) and table in data.names(self.report):
                return place in _anchors(table, data.fingerprint(table, self.report), self.report)
        return True


@lru_cache(maxsize=64)
def _anchors(table: str, stamp: str, report: paths.Paths | None) -> frozenset[str]:
    return frozenset(anchor(table, key) for key in shown(table, report))
