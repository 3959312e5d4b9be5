"""The registry of sources: citations, the BibTeX file, badges.

One table, ``sources``, registers every source of the report. A source's id is its citation key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from textwrap import shorten
from urllib.parse import urlsplit

import pandas as pd

from policybook import data, paths

# BibTeX cannot hold these as they are.
_ESCAPES = {"\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": "(", "}": ")"}
_ESCAPES |= {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def safe_url(url: str) -> str:
    """Return the address when it is plain http(s), else an empty string."""
    if not isinstance(url, str) or re.search(r"[\s<>\"'`\\]", url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


@lru_cache(maxsize=4)
def _registry(stamp: str, report: paths.Paths) -> pd.DataFrame:
    return data.load("sources", report).set_index("source_id", drop=False)


def registry(report: paths.Paths | None = None) -> pd.DataFrame:
    """Return the table ``sources``, indexed by ``source_id``."""
    report = report or paths.report()
    return _registry(data.file_digest(report.data / data.resource("sources", report)["path"]), report)


def citation_anchor(source_id: str) -> str:
    """Return the anchor of a source in the bibliography, as docutils makes it of ``bibtex_cite_id``."""
    return "cite-" + re.sub("_+", "-", source_id).strip("-")


def author(row: object) -> str:
    """Return who stands for a source in citations: its author, else its publisher.

    Notes from repositories that are not identified are named by their title, or a page would cite the same words for
    many sources.
    """
    if pd.notna(row.author):
        return str(row.author)
    if pd.isna(row.publisher) or "not identified" in str(row.publisher) or "not named" in str(row.publisher):
        return shorten(str(row.title), 60, placeholder="…")
    return str(row.publisher)


def citation(source_id: str) -> str:
    """Return the short citation of a source, author and year; ``KeyError`` for an id that is not registered."""
    row = registry().loc[source_id]
    return f"{author(row)} {row.date.year if pd.notna(row.date) else 'n.d.'}"


# Languages of sources in words, for the long form of a badge.
LANGUAGES = {
    "ar": "Arabic",
    "be": "Belarusian",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "id": "Indonesian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pt": "Portuguese",
    "ru": "Russian",
    "th": "Thai",
    "uk": "Ukrainian",
    "zh": "Chinese",
}
HOW_SEEN = {"read": "read", "excerpt": "seen in part", "recalled": "not seen"}


def source_badge(source_id: str) -> str:
    """Return what kind of source this is, in short: type, language and evidence, as in ``state media · zh · excerpt``.

    Words and not colours, since a reader may see none. ``KeyError`` for an id that is not registered.
    """
    row = registry().loc[source_id]
    return " · ".join([str(row.type).replace("_", " "), "/".join(row.language), str(row.evidence)])


def source_badge_words(source_id: str, report: paths.Paths | None = None) -> str:
    """Return the badge of a source in full words: ``State media, in Chinese, seen in part``."""
    row = registry(report).loc[source_id]
    spoken = " and ".join(LANGUAGES.get(code, code) for code in row.language)
    words = [str(row.type).replace("_", " "), *([f"in {spoken}"] if spoken else []), HOW_SEEN[str(row.evidence)]]
    text = ", ".join(words)
    return text[:1].upper() + text[1:]


def known_ids(ids: Iterable[object]) -> list[str]:
    """Return the source ids among ``ids`` once each, in their order; missing values are left out."""
    return list(dict.fromkeys(item for item in ids if isinstance(item, str) and item))


def unique_ids(ids: Iterable[object]) -> list[str]:
    """Return the source ids among ``ids`` once each, most used first (ties by id); lists and tuples are opened."""
    counts: dict[str, int] = {}
    for value in ids:
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(item, str) and item:
                counts[item] = counts.get(item, 0) + 1
    return sorted(counts, key=lambda item: (-counts[item], item))


def source_line(ids: Iterable[object], most: int = 5) -> str:
    """Return the source line of a figure or table as MyST Markdown: citations with badges, most used first.

    Those beyond ``most`` are given as a number.

    Raises ``ValueError`` for an id that is not registered.
    """
    found = unique_ids(ids)
    if not found:
        return ""
    unknown = [item for item in found if item not in registry().index]
    if unknown:
        raise ValueError(f"unknown source: {', '.join(unknown)}; every source must stand in the table sources")
    shown = "; ".join(f"{{cite:t}}`{item}` [{source_badge(item)}]{{.pb-source}}" for item in found[:most])
    rest = len(found) - most
    more = f" and {rest} more, named in the data" if rest > 0 else ""
    return f"{'Source' if len(found) == 1 else 'Sources'}: {shown}{more}."


def bibtex_text(text: object) -> str:
    """Return text as a BibTeX value: what LaTeX would read as a command is escaped, braces become brackets."""
    return "".join(_ESCAPES.get(letter, letter) for letter in str(text)) if pd.notna(text) else ""


def to_bibtex(report: paths.Paths | None = None) -> str:
    """Return the whole registry as BibTeX, sorted by key.

    Publishers stand as corporate authors where no person is named, since author-year citations need an author.
    """
    entries = []
    for row in registry(report).sort_index().itertuples():
        title = bibtex_text(row.title)
        if pd.notna(row.title_en):
            title = f"{title} [{bibtex_text(row.title_en)}]"
        fields = {"author": f"{{{bibtex_text(author(row))}}}", "title": f"{{{title}}}"}
        if pd.notna(row.date):
            fields["year"] = str(row.date.year)
            if row.date_precision == "day":
                fields["date"] = row.date.strftime("%Y-%m-%d")
        if pd.notna(row.publisher) and author(row) != str(row.publisher):
            fields["howpublished"] = bibtex_text(row.publisher)
        fields["note"] = bibtex_text(source_badge_words(row.source_id, report))
        if pd.notna(row.url) and safe_url(row.url):
            fields["url"] = row.url  # as it is: what reads an address from BibTeX takes no commands in it
        body = ",\n".join(f"  {key} = {{{value}}}" for key, value in fields.items())
        entries.append(f"@misc{{{row.source_id},\n{body}\n}}\n")
    head = f"% Generated from data/{data.resource('sources', report)['path']} by `policybook check --refresh`.\n"
    return head + "% Do not edit: a test compares the two.\n\n" + "\n".join(entries)


def refresh_bibliography(report: paths.Paths | None = None) -> bool:
    """Write ``references.bib`` anew when it does not match the registry; return whether it was written."""
    report = report or paths.report()
    text = to_bibtex(report)
    target = report.bibliography
    if target.is_file() and target.read_text(encoding="utf-8") == text:
        return False
    paths.keep(target, text.encode())
    return True
