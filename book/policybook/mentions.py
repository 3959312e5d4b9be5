"""What a text of the report names in passing, an article of the Plan or a standard, and where that lives.

Only bare words are looked at: what is a link, a citation or code already has its own way. An article is one of the Plan
unless the words around it say that it is of another text (``Directive (EU) 2023/1791, article 12``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from policybook import data, paths, places

_NUMBERS = r"\d{1,3}(?:(?:, | and | or | to |, and |–)\d{1,3})*(?![\d.]*\d)"
_CODES = r"\bA\d\d(?:\.\d\d)?\b"
_ARTICLES = re.compile(rf"\b[Aa]rticles?\s(?P<numbers>{_NUMBERS})|(?P<code>{_CODES})|\b(?P<preamble>[Pp]reamble)\b")
# Another text, named just before or just behind an article.
_OTHER = r"(?:Act|Law|Directive|Regulation|Treaty|Convention|Charter|Constitution|GDPR|Code)"
_OTHER_BEFORE = re.compile(rf"(?:\b{_OTHER}|\d{{4}}/\d+)(?:'s|’s)?,?\s*$")
_OTHER_BEHIND = re.compile(rf"\s(?:of|to|in)\s(?:the\s)?(?:[A-Z][\w-]*\s){{0,4}}{_OTHER}\b")


@dataclass(frozen=True)
class Mention:
    """A place in a text, from ``start`` to ``end``, and the ``href`` of what is named there."""

    start: int
    end: int
    href: str


class Mentions:
    """Finds what a text names."""

    def __init__(self, articles: Iterable[str], commitments: Iterable[str], standards: dict[str, str]) -> None:
        """Take the codes of articles and asks, and the ids of standards by designation (see :func:`designations`)."""
        self._articles, self._asks, self._standards = set(articles), set(commitments), standards
        longest = sorted(standards, key=lambda name: (-len(name), name))
        known = "|".join(re.escape(name) for name in longest)
        self._pattern = re.compile(rf"(?<![\w/])(?:{known})(?![\w/]|[-:.]\w)") if longest else None

    def find(self, text: str) -> list[Mention]:
        """Return what a text names, in order; of a list of articles each number is one."""
        found = [item for hit in _ARTICLES.finditer(text) for item in self._named(hit, text)]
        taken = [(item.start, item.end) for item in found]
        for hit in self._pattern.finditer(text) if self._pattern else ():
            if not any(start < hit.end() and hit.start() < end for start, end in taken):
                found.append(Mention(*hit.span(), places.href("standards", self._standards[hit[0]])))
        return sorted(found, key=lambda item: item.start)

    def _named(self, hit: re.Match[str], text: str) -> list[Mention]:
        if code := hit["code"]:
            table = "commitments" if "." in code else "articles"
            known = self._asks if "." in code else self._articles
            return [Mention(*hit.span(), places.href(table, code))] if code in known else []
        if _OTHER_BEFORE.search(text, max(hit.start() - 40, 0), hit.start()) or _OTHER_BEHIND.match(text, hit.end()):
            return []
        if hit["preamble"]:
            return self._article(places.PREAMBLE, *hit.span())
        numbers = list(re.finditer(r"\d+", hit["numbers"]))
        ahead = hit.start("numbers")
        spans = [(ahead + number.start(), ahead + number.end()) for number in numbers]
        if len(spans) == 1:  # the word belongs to its number; in a list each number stands for itself
            spans = [hit.span()]
        codes = [f"A{int(number[0]):02}" for number in numbers]
        return [item for code, span in zip(codes, spans, strict=True) for item in self._article(code, *span)]

    def _article(self, code: str, start: int, end: int) -> list[Mention]:
        return [Mention(start, end, places.href("articles", code))] if code in self._articles else []


def designations(standards: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the ids of standards by what texts call them, from pairs of designation and id.

    The designation, and the designation without its year (``GB/T 45654`` for ``GB/T 45654-2025``), where it has a
    number and means one standard only.
    """
    pairs = sorted(standards)
    known = {name: key for name, key in pairs if re.search(r"\d", name)}
    bare: dict[str, set[str]] = {}
    for name, key in pairs:
        short = re.sub(r"(?:[-:](?:19|20)\d\d)$", "", name)
        if short != name and re.search(r"\d{2}", short):
            bare.setdefault(short, set()).add(key)
    return {name: next(iter(keys)) for name, keys in bare.items() if len(keys) == 1} | known


def of_report(report: paths.Paths | None = None) -> Mentions:
    """Return what finds the names of this report's articles, asks and standards; made anew when these are others."""
    used = [name for name in ("articles", "commitments", "standards") if name in data.names(report)]
    return _of_report(tuple((name, data.fingerprint(name, report)) for name in used), report)


@lru_cache(maxsize=4)
def _of_report(stamps: tuple[tuple[str, str], ...], report: paths.Paths | None) -> Mentions:
    known = {name: data.load(name, report) for name, _ in stamps}
    standards = known.get("standards")
    pairs = [] if standards is None else zip(standards["designation"], standards["std_id"], strict=True)
    return Mentions(
        known["articles"]["article"] if "articles" in known else (),
        known["commitments"]["commitment_id"] if "commitments" in known else (),
        designations(pairs),
    )
