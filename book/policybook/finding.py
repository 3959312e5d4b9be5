"""What a reader can find: one entry for each thing of the data that has a place on a page.

Tables of the data package in, entries out. :mod:`policybook.finder` adds what the pages themselves hold (figures,
tables, sections), keeps what really stands on a page, and writes the index that the search page reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from policybook import articles, claims, data, paths, places, settings, tables
from policybook.sources import citation_anchor

# Kinds of things as readers see them, in the order in which a search lists kinds that fit alike; see :func:`kinds`.
_KINDS = {
    "article": "{sections} of {name}",
    "theme": "Themes of {name}",
    "ask": "Asks of {name}",
    "term": "Glossary",
    "standard": "Standards",
    "instrument": "{adjective} instruments",
    "claim": "Claims, checked",
    "step": "Steps since {name}",
    "benchmark": "Benchmarks of progress",
    "event": "Events",
    "body": "Bodies and organisations",
    "person": "Persons",
    "source": "Documents and sources",
    "disagreement": "Disagreements between sources",
    "figure": "Figures",
    "table": "Tables",
    "section": "Sections",
    "data": "Tables of the data package",
    "column": "Columns of the data package",
}


def kinds(report: paths.Paths | None = None) -> dict[str, str]:
    """Return the kinds of things that can be found, with their names for readers, in the order of the search."""
    own = settings.load(report)
    words = {"name": own.name, "sections": own.sections.capitalize(), "adjective": own.adjective}
    return {kind: label.format(**words) for kind, label in _KINDS.items()}


# A column that so many tables have is found once.
FEW = 6


@dataclass(frozen=True)
class Entry:
    """A thing to be found: what it is, its id, its title, a Chinese title, further words, and its place in the book.

    ``page`` is the name of the chapter, ``anchor`` the place on it; ``key`` is what a reader would type to get just
    this (``A07.01``, ``GB/T 45654-2025``); ``words`` are looked through and shown in part.
    """

    kind: str
    key: str
    title: str
    chinese: str
    words: str
    page: str
    anchor: str


def of_data(report: paths.Paths | None = None) -> list[Entry]:
    """Return the entries of all tables, sorted by kind, id and place; a report without a table has none of its kind."""
    known = set(data.names(report))
    found: list[Entry] = []
    for table, (kind, make) in _MADE.items():
        if table in known:
            for row in _rows(table, report).itertuples():
                found += _entries(table, kind, make(row))
    found += [entry for table in ("plan_codebook",) if table in known for entry in _themes(report)]
    found += _package(report)
    order = list(_KINDS)
    return sorted(found, key=lambda item: (order.index(item.kind), item.key, item.anchor))


def _rows(table: str, report: paths.Paths | None) -> pd.DataFrame:
    rows = data.load(table, report)
    if table in places.PLACES and "evidence" in rows and not places.PLACES[table].recalled:
        rows = data.seen(rows)
    return rows


# What the function of a table gives: row id, key to type, title, Chinese, words.
_Made = tuple[str, str, object, object, Iterable[object]]


def _entries(table: str, kind: str, made: _Made) -> list[Entry]:
    row_id, key, title, chinese, words = made
    place = places.page(table), places.anchor(table, row_id)
    return [Entry(kind, key, _text(title), _text(chinese), "; ".join(filter(None, map(_text, words))), *place)]


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "; ".join(map(_text, value))
    return "" if value is None or pd.isna(value) else " ".join(str(value).split())


def _article(row) -> _Made:
    title = row.short_title if row.article == places.PREAMBLE else f"Article {row.article_no}: {row.short_title}"
    return row.article, row.article, title, row.heading_zh, [row.heading_en, row.paraphrase]


def _ask(row) -> _Made:
    themes = [articles.label(theme) for theme in row.themes]
    who = "" if str(row.actor) == "all_parties" else articles.label(row.actor)
    quoted = _text(row.quoted_phrase)
    title = f"{row.action_verb} {row.object}"
    return row.commitment_id, row.commitment_id, title, "", [quoted and f"“{quoted}”", who, *themes]


def _claim(row) -> _Made:
    verdict = claims.VERDICTS[str(row.verdict)]
    return row.claim_id, row.claim_id, row.claim, "", [verdict, row.finding]


def _standard(row) -> _Made:
    return row.std_id, row.designation, row.title_en, row.title_zh, [str(row.stage)]


def _instrument(row) -> _Made:
    return row.instrument_id, row.instrument_id, row.name_en, row.name_zh, [row.issuer, row.governs]


def _step(row) -> _Made:
    when = tables.date_text(row.date, row.date_precision) if pd.notna(row.date) else ""
    return row.followup_id, row.followup_id, row.action, "", [places.part_name(row.article), when, row.actors]


def _benchmark(row) -> _Made:
    return row.benchmark_id, row.benchmark_id, row.benchmark, "", [places.part_name(row.article), row.observable]


def _event(row) -> _Made:
    when = tables.date_text(row.date, row.date_precision)
    return row.event_id, row.event_id, row.title, "", [when, row.actors, row.description]


def _term(row) -> _Made:
    return row.term_id, row.term_id, row.en, row.zh, [row.pinyin, row.en_official, row.meaning]


def _body(row) -> _Made:
    return row.body_id, _text(row.abbreviation) or row.name_en, row.name_en, row.name_zh, [row.role]


def _organisation(row) -> _Made:
    return row.org_id, _text(row.abbreviation) or row.name_en, row.name_en, row.name_zh, [row.role]


def _person(row) -> _Made:
    return row.person_id, row.person_id, row.name, row.name_zh, [row.office, row.role]


def _disagreement(row) -> _Made:
    return row.dis_id, row.dis_id, row.question, "", [row.resolution]


_MADE: dict[str, tuple[str, Callable[..., _Made]]] = {
    "articles": ("article", _article),
    "commitments": ("ask", _ask),
    "claims": ("claim", _claim),
    "standards": ("standard", _standard),
    "instruments": ("instrument", _instrument),
    "followup": ("step", _step),
    "benchmarks": ("benchmark", _benchmark),
    "events": ("event", _event),
    "glossary": ("term", _term),
    "bodies": ("body", _body),
    "organisations": ("body", _organisation),
    "persons": ("person", _person),
    "disagreements": ("disagreement", _disagreement),
}


def _themes(report: paths.Paths | None) -> Iterator[Entry]:
    rows = data.load("plan_codebook", report)
    for row in rows[rows["codebook"] == "theme"].itertuples():
        place = places.page("themes"), places.anchor("themes", row.code)
        yield Entry("theme", row.code, articles.label(row.code), "", _text(row.definition), *place)


def _package(report: paths.Paths | None) -> list[Entry]:
    """Return the tables of the data package and their columns; what many tables have stands once, at the first."""
    found = []
    columns: dict[str, list[str]] = {}
    for item in data.descriptor(report)["resources"]:
        name = item["name"]
        place = places.page("tables"), places.anchor("tables", name)
        found.append(Entry("data", name, item["title"], "", item["description"].split(". ")[0], *place))
        for field in item["schema"]["fields"]:
            columns.setdefault(field["name"], []).append(name)
    for column, names in columns.items():
        for name in names if len(names) < FEW else names[:1]:
            place = places.page("columns"), places.anchor("columns", f"{name}.{column}")
            title = "" if len(names) < FEW else f"{column}, a column of {len(names)} tables"
            found.append(Entry("column", f"{name}.{column}", title, "", "", *place))
    return found


def sources(keys: Iterable[str], report: paths.Paths | None = None) -> list[Entry]:
    """Return the sources with the ids ``keys``, by id, at their entries in the list of references.

    A title in Chinese stands beside its English; where a source is a document of the report, so does that one's.
    """
    wanted, known = set(keys), set(data.names(report))
    rows = data.load("sources", report)
    chinese = {}
    if "documents" in known:
        titled = data.load("documents", report).dropna(subset=["title_zh"])
        chinese = dict(zip(titled["source_id"], titled["title_zh"], strict=True))
    found = []
    for row in rows[rows["source_id"].isin(wanted)].sort_values("source_id").itertuples():
        own, also = row.title, chinese.get(row.source_id, "")
        if re.search("[\u3400-\u9fff]", own):
            own, also = _text(row.title_en) or own, own
        place = "references", citation_anchor(row.source_id)
        found.append(Entry("source", row.source_id, _text(own), _text(also) if also != own else "", "", *place))
    return found


# ---------------------------------------------------------------------------------------------------------- the index

NAME = "find-index.js"
# Words beyond this many characters are cut off: the entry is found by its title, and shows no more of them.
MOST = 72


def script(entries: Iterable[Entry], titles: dict[str, str], folder: str, report: paths.Paths | None = None) -> str:
    """Return the index as a script: entries by kind and page, as short as they can be told.

    ``titles`` are the titles of the pages by name, ``folder`` the path from the search page to them (``book/``). A row
    is id, title, Chinese, words and anchor; what is empty at its end is left out, and so is an anchor that the id gives
    (see ``slug`` in ``find.js``). Equal entries give equal text.
    """
    groups: dict[tuple[str, str, str, str], list[list[str]]] = {}
    order = list(_KINDS)
    for entry in entries:
        before, off = _rule(entry)
        row = [entry.key, entry.title, entry.chinese, _cut(entry.words), entry.anchor]
        if before + slug(entry.key.removeprefix(off)) == entry.anchor:
            row[-1] = ""
        while row and not row[-1]:
            row.pop()
        groups.setdefault((entry.kind, entry.page, before, off), []).append(row)
    ranked = sorted(groups, key=lambda item: (order.index(item[0]), *item[1:]))
    content = {
        "folder": folder,
        "kinds": kinds(report),
        "pages": {name: title for name, title in sorted(titles.items()) if any(name == key[1] for key in ranked)},
        "groups": [[*key, groups[key]] for key in ranked],
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f"window.policybookFind={text};\n"


def _rule(entry: Entry) -> tuple[str, str]:
    """Return how ids of an entry's kind become anchors on its page: beginning of the anchor, beginning of the id."""
    if entry.kind == "source":
        return "cite-", ""
    for place in places.PLACES.values():
        if place.page == entry.page and place.before and entry.anchor.startswith(place.before):
            return place.before, place.off
    return "", ""


def slug(key: str) -> str:
    """Return an id in small letters and figures, all else as single hyphens, as ``slug`` of ``find.js`` does."""
    return re.sub("[^a-z0-9]+", "-", key.lower())


def _cut(words: str) -> str:
    return words if len(words) <= MOST else words[: words.rfind(" ", 0, MOST)].rstrip(" ,;.") + " …"
