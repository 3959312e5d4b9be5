"""The glossary: its rows as cells of a table, how terms were rendered, and where they stand in a piece of prose.

Tables of the data package in, tidy tables out. :mod:`policybook.marks` puts what is found here into the pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from policybook import data, places, settings, tables
from policybook.articles import RECALLED
from policybook.places import part_name

PINYIN = "zh-Latn-pinyin"
_CHINESE = "\u3400-\u9fff"


def anchor(term_id: str) -> str:
    """Return the anchor of a term in the glossary: ``term-ai-plus`` for ``ai_plus``."""
    return places.anchor("glossary", term_id)


# ---------------------------------------------------------------------------------------------------------- the table


def cells(glossary: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    """Return the glossary as cells of a table, by its English.

    ``titles`` gives the names of documents by ``doc_id``. Adds ``anchor``; ``term`` (English, linked to its own row,
    and kind), ``chinese`` (with pinyin), ``official``, ``where`` (articles, linked, and documents) and ``seen``
    (source and evidence), all pieces of cells; ``in_articles`` (``preamble``, ``article 4`` ...) to choose rows by.
    """
    found = glossary.sort_values("en", key=lambda column: column.str.casefold(), ignore_index=True)
    found["anchor"] = found["term_id"].map(anchor)
    found["in_articles"] = [[part_name(code) for code in codes] for codes in found["articles"]]
    kinds = found["kind"].astype(str).str.replace("_", " ")
    found["term"] = [
        [tables.Text(row.en, href=f"#{row.anchor}"), tables.Text(f"({kind})")]
        for row, kind in zip(found.itertuples(), kinds, strict=True)
    ]
    found["chinese"] = [
        [tables.chinese(row.zh), tables.Text(row.pinyin, lang=PINYIN)] if pd.notna(row.zh) else "–"
        for row in found.itertuples()
    ]
    found["official"] = found["en_official"].fillna("–")
    found["where"] = [_places(row.articles, row.documents, titles) for row in found.itertuples()]
    found["seen"] = [[*tables.cite(row.source_id), tables.badge(row.evidence)] for row in found.itertuples()]
    return found


def _places(articles: Iterable[str], documents: Iterable[str], titles: dict[str, str]) -> list[tables.Text] | str:
    """Return the articles, each with its link, and the names of other documents, set apart by middle dots."""
    own = settings.load().document
    places = [tables.to_row("articles", code, part_name(code)) for code in articles]
    places += [tables.Text(titles[document]) for document in documents if document != own or not places]
    return [piece for place in places for piece in (tables.Text("·"), place)][1:] or "–"


def several_renderings(glossary: pd.DataFrame) -> pd.DataFrame:
    """Return the Chinese terms that official English renders in more than one way, by entries with a source.

    Columns: ``term_id``, ``zh``, ``en``, ``renderings`` (tuple); most renderings first, ties by ``term_id``.
    """
    found = _rendered(glossary)
    found["number"] = found["renderings"].map(len)
    found = found[found["number"] > 1].sort_values(["number", "term_id"], ascending=[False, True], ignore_index=True)
    return found.drop(columns="number")


def shared_renderings(glossary: pd.DataFrame) -> pd.DataFrame:
    """Return the official renderings that stand for more than one Chinese term, by entries with a source.

    One row for each rendering and term: ``rendering``, ``term_id``, ``zh``, ``en``.
    """
    found = _rendered(glossary).explode("renderings").rename(columns={"renderings": "rendering"})
    found = found[found.duplicated("rendering", keep=False)]
    found = found.sort_values(["rendering", "term_id"], ignore_index=True)
    return found[["rendering", "term_id", "zh", "en"]]


def _rendered(glossary: pd.DataFrame) -> pd.DataFrame:
    found = data.seen(glossary).dropna(subset=["zh", "en_official"])
    split = [tuple(item.strip() for item in text.split(";")) for text in found["en_official"]]
    return found[["term_id", "zh", "en"]].assign(renderings=split)


def key_numbers(glossary: pd.DataFrame) -> dict[str, int]:
    """Return the counts that the chapter states, by name."""
    own = settings.load().document
    return {
        "terms": len(glossary),
        "chinese": int(glossary["zh"].notna().sum()),
        "plan": int(glossary["documents"].map(lambda ids: own in ids).sum()),
        "unrendered": int((glossary["zh"].notna() & glossary["en_official"].isna()).sum()),
        "several": len(several_renderings(glossary)),
        "shared": shared_renderings(glossary)["rendering"].nunique(),
        "recalled": int((glossary["evidence"] == RECALLED).sum()),
        "marked": int((glossary["marked"].map(len) > 0).sum()),
    }


# ------------------------------------------------------------------------------------------------------ terms in prose


@dataclass(frozen=True)
class Term:
    """What a tip says of a term: Chinese and pinyin (or empty), English, meaning, whether that is only recalled."""

    term_id: str
    zh: str
    pinyin: str
    en: str
    meaning: str
    recalled: bool


@dataclass(frozen=True)
class Hit:
    """A place in a text, from ``start`` to ``end``, where a term stands."""

    start: int
    end: int
    term_id: str


class Lexicon:
    """The forms of all terms, ready to be looked for.

    Of two forms that begin at the same place the longer one counts, and what it covers is never another term. An
    English form stands alone when no letter, digit or slash touches it (``SC 42`` is not found in ``TC 28/SC 42``);
    it is found as it is written, or with a capital where it starts with a small letter. A Chinese form stands alone
    when no Chinese character touches it, since Chinese shows no bounds of words.
    """

    def __init__(self, glossary: pd.DataFrame) -> None:
        """Take the forms in ``zh`` and ``marked``; ``ValueError`` names a form that two terms claim."""
        rows = list(glossary.fillna({"zh": "", "pinyin": ""}).itertuples())
        self.terms = {
            row.term_id: Term(row.term_id, row.zh, row.pinyin, row.en, row.meaning, row.evidence == RECALLED)
            for row in rows
        }
        self._chinese = _owners((row.zh, row.term_id) for row in rows if row.zh)
        self._english = _owners(
            (written, row.term_id) for row in rows for form in row.marked for written in _cased(form)
        )
        self._patterns = (
            _pattern(self._english, r"(?<![\w/])", r"(?![\w/]|\.\w)"),
            _pattern(self._chinese, f"(?<![{_CHINESE}])", f"(?![{_CHINESE}])"),
        )

    def find(self, text: str, chinese: bool = False) -> list[Hit]:
        """Return the places of terms in a text, in order; in Chinese text those of Chinese forms."""
        owners, pattern = (self._chinese if chinese else self._english), self._patterns[chinese]
        if pattern is None:
            return []
        return [Hit(*hit.span(), owners[" ".join(hit[0].split())]) for hit in pattern.finditer(text)]

    def first(self, text: str, met: list[str], chinese: bool = False) -> list[Hit]:
        """Return the places of terms that are not among those ``met``, each once, and append them to ``met``."""
        found = []
        for hit in self.find(text, chinese):
            if hit.term_id not in met:
                met.append(hit.term_id)
                found.append(hit)
        return found


def _cased(form: str) -> list[str]:
    form = " ".join(form.split())
    return sorted({form, form[:1].upper() + form[1:]})


def _owners(forms: Iterable[tuple[str, str]]) -> dict[str, str]:
    owners: dict[str, str] = {}
    for form, term_id in forms:
        if owners.setdefault(form, term_id) != term_id:
            raise ValueError(f"glossary: {form!r} is marked for two terms, {owners[form]} and {term_id}")
    return owners


def _pattern(forms: Iterable[str], before: str, after: str) -> re.Pattern[str] | None:
    """Return the pattern of all forms, the longest first; a blank stands for any blanks and ends of lines."""
    longest = sorted(forms, key=lambda form: (-len(form), form))
    parts = [r"\s+".join(map(re.escape, form.split())) for form in longest]
    return re.compile(f"{before}(?:{'|'.join(parts)}){after}") if parts else None
