"""The registered texts: adding a text as counts, and confirming asks of a plan whose text has become available.

Of a text the data package keeps what can be counted: words or characters, tokens, terms and bodies by section, with the
digest, the day and the place of origin. The text itself stays where it is ("extracted features", Capitanu et al. 2016,
The HathiTrust Research Center Extracted Feature Dataset). Nothing is written unless the whole package passes its check.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from dataclasses import replace as replace_field
from pathlib import Path
from urllib.parse import urlsplit

import policybook
from policybook import counting, data, editing, intake, paths, sources
from policybook.sectioning import Section, sections

LANGUAGES = {"en": "English", "zh": "Chinese"}
WHOLE, ALL = "whole", "all"
MOST_LETTERS = 1_000  # of a word; a cell of a table holds no more than 131,072 (Python's csv)
Row = editing.Row


class CorpusError(ValueError):
    """A text cannot be added as asked; the message says why and what would be right."""


@dataclass(frozen=True)
class Origin:
    """Where a text came from: the place as given, its kind, and the registered source that stands for it."""

    place: str
    kind: str
    title: str = ""
    source_id: str = ""


@dataclass(frozen=True)
class Added:
    """What :func:`add` did: the version, its sections and their sizes, the tables changed, the asks to be confirmed."""

    version_id: str
    language: str
    sections: list[Section]
    sizes: list[int]
    changed: list[str] = field(default_factory=list)
    headings: int = 0
    waiting: list[Row] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Words, or Chinese characters, of the whole text."""
        return sum(self.sizes)

    @property
    def unit(self) -> str:
        """What ``sizes`` count."""
        return "words" if self.language == "en" else "Chinese characters"


def today() -> str:
    """Return the day (ISO, UTC); ``SOURCE_DATE_EPOCH`` is honoured."""
    return time.strftime("%Y-%m-%d", time.gmtime(float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())))


def version_of(doc_id: str, language: str) -> str:
    """Return the id of the whole version of a document in a language: the document's own id in English."""
    return doc_id if language == "en" else f"{doc_id}_{language}"


def digest(parts: Iterable[Section]) -> str:
    """Return the SHA-256 (hex) of a text as it is counted: normalised, white space folded, sections in order."""
    text = " ".join(counting.normalise(part.text) for part in parts)
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


def _publish(tables: editing.Tables) -> list[str]:
    """Put the changed tables in and write the bibliography anew; see :func:`policybook.editing.publish`."""
    changed = editing.publish(tables)
    sources.refresh_bibliography(tables.report)
    return changed


# ------------------------------------------------------------------------------------------------------------- adding


def add(
    doc_id: str,
    place: str | Path,
    *,
    report: paths.Paths | None = None,
    language: str | None = None,
    pattern: str | None = None,
    encoding: str | None = None,
    replace: bool = False,
    write: bool = True,
    tell: Callable[[str], None] = lambda text: None,
) -> Added:
    """Count a text and register the counts as the whole version of a document.

    ``place`` is a file or an http(s) address, ``pattern`` a regular expression for the lines that begin a section,
    ``language`` (``en`` or ``zh``) what the text must be in; otherwise it is found. With ``replace`` counts that are
    registered for the same document and language are replaced; without ``write`` nothing is changed. Headings of the
    articles of a plan are taken from the text. Raises ``IntakeError`` or ``CorpusError`` for what is wrong with the
    text, ``DataError`` for the package.
    """
    report = report or paths.report()
    tables = editing.Tables(report)
    document = _document(tables, doc_id)
    reading = intake.read(place, encoding=encoding, tell=tell)
    found = _language(reading, document, language)
    sized = [(part, _size(part.text, found)) for part in sections(reading.text, found, pattern)]
    parts, sizes = [part for part, size in sized if size], [size for _, size in sized if size]
    if not parts:
        raise CorpusError(f"{reading.place}: nothing to count in {LANGUAGES[found]}")
    articles = [row for row in tables["articles"] if row["doc_id"] == doc_id]
    if articles:
        parts = _numbered(parts, articles)
        _match_articles(reading.place, parts, articles)
    version = version_of(doc_id, found)
    mark = digest(parts)
    _refuse_twice(tables, reading.place, version, mark, replace)
    tell(f"counting {len(parts)} section{'s' if len(parts) != 1 else ''}")

    for name in ("token_counts", "term_counts", "zh_term_counts", "named_bodies", "doc_stats", "text_versions"):
        tables.without(name, "version_id", version)
    for name, rows in count(version, parts, found, report).items():
        tables.extend(name, rows)
    source_id = _source(tables, reading, document, version)
    several = len(parts) > 1
    tables.extend(
        "text_versions",
        [
            {
                "version_id": version,
                "doc_id": doc_id,
                "language": found,
                "completeness": "full",
                "altered": "false",
                "sections": ";".join([*(part.name for part in parts), *([ALL] if several else [])]),
                "cuts": f"as read from {reading.kind}; cut into {len(parts)} sections" if several else "as read",
                "text_found_in": reading.place,
                "source_id": source_id,
                "evidence": "read",
                "confidence": "high",
                "text_sha256": mark,
                "counted": today(),
                "counted_with": counted_with(found),
            }
        ],
    )
    measured = {"words_measured": str(sum(sizes))} if found == "en" else {}
    tables.update("documents", document, completeness="full", text_found_in=reading.place, **measured)
    headings = _take_headings(tables, articles, parts, found)
    changed = _publish(tables) if write else sorted(tables.changed)
    return Added(version, found, parts, sizes, changed, headings, waiting(doc_id, parts, report))


def counted_with(language: str) -> str:
    """Return what counted a text: this package, and for Chinese the library that finds words."""
    own = f"policybook {policybook.__version__}"
    return own if language == "en" else f"{own}, rjieba {counting.segmenter_version()}"


def _document(tables: editing.Tables, doc_id: str) -> Row:
    for row in tables["documents"]:
        if row["doc_id"] == doc_id:
            return row
    known = ", ".join(row["doc_id"] for row in tables["documents"])
    raise CorpusError(f"document {doc_id!r} is not in the table documents: add its row first; known: {known}")


def _language(reading: intake.Reading, document: Row, wanted: str | None) -> str:
    found = intake.language(reading.text)
    if wanted and found != wanted:
        raise CorpusError(f"{reading.place}: the text is in the language {found!r}, not {wanted!r} as asked")
    if found not in LANGUAGES:
        raise CorpusError(f"{reading.place}: the text is in the language {found!r}; counted are {', '.join(LANGUAGES)}")
    return found


def _numbered(parts: list[Section], articles: list[Row]) -> list[Section]:
    """Return sections named as the articles of a table, where a text has other parts, as many as there are articles."""
    codes = sorted(row["article"] for row in articles if int(row["article_no"]) > 0)
    main = [part for part in parts if part.name != "preamble"]
    if len(main) != len(codes) or any(re.fullmatch(r"A\d+", part.name) for part in main):
        return parts
    named = dict(zip((part.name for part in main), codes, strict=True))
    return [replace_field(part, name=named.get(part.name, part.name)) for part in parts]


def _match_articles(place: str, parts: list[Section], articles: list[Row]) -> None:
    """Raise ``CorpusError`` unless a text has the articles that the table has; a preamble may be missing."""
    wanted = {row["article"] for row in articles if int(row["article_no"]) > 0}
    found = {part.name for part in parts}
    missing, extra = sorted(wanted - found), sorted(found - wanted - {"preamble"})
    if missing or extra:
        said = [f"missing: {', '.join(missing) if len(missing) < len(wanted) else 'all'}"] if missing else []
        said += [f"not in the table articles: {', '.join(extra)}"] if extra else []
        raise CorpusError(
            f"{place}: the sections found are not the {len(wanted)} articles of the document ({'; '.join(said)}); "
            "give a pattern for the lines that begin an article with --sections"
        )


def _refuse_twice(tables: editing.Tables, place: str, version: str, mark: str, replace: bool) -> None:
    for row in tables["text_versions"]:
        if row["text_sha256"] == mark and not (replace and row["version_id"] == version):
            raise CorpusError(f"{place}: the same text is registered as version {row['version_id']}")
        if row["version_id"] == version and not replace:
            before = row["text_found_in"] or "a place not noted"
            raise CorpusError(
                f"{place}: version {version} is registered already, from {before}; write --replace to count it anew"
            )


def _size(text: str, language: str) -> int:
    return len(counting.tokens(text)) if language == "en" else counting.chinese_characters(text)


def _same_place(first: str, second: str) -> bool:
    """Tell whether two addresses are one page, whatever their scheme, ``www.``, query, fragment or last slash."""

    def bare(url: str) -> str:
        parts = urlsplit(url)
        return (parts.netloc.removeprefix("www.") + parts.path).rstrip("/").lower()

    return bool(first) and bool(second) and bare(first) == bare(second)


def _source(tables: editing.Tables, reading: intake.Reading, document: Row, version: str) -> str:
    """Return the source of a text that was read: the registered one of its address, else the document's own.

    A page that no source has is registered. The source that was read is marked as read.
    """
    known = {row["source_id"]: row for row in tables["sources"]}
    source_id = document["source_id"]
    if sources.safe_url(reading.place):
        same = [row["source_id"] for row in tables["sources"] if _same_place(row["url"], reading.place)]
        if same:
            source_id = same[0]
        else:
            host = urlsplit(reading.place).netloc
            names = itertools.chain([f"text_{version}"], (f"text_{version}_{n}" for n in itertools.count(2)))
            source_id = next(name for name in names if name not in known)
            official = urlsplit(document["url"]).netloc == host
            tables.extend(
                "sources",
                [
                    {
                        "source_id": source_id,
                        "publisher": host,
                        "title": reading.title or document["title"],
                        "url": reading.place,
                        "type": "official" if official else "reference",
                        "evidence": "read",
                        "reliability": "primary" if official else "not_assessed",
                        "accessed": today(),
                        "note": "registered when its text was counted",
                    }
                ],
            )
            return source_id
    tables.update("sources", known[source_id], evidence="read", accessed=today())
    return source_id


def _take_headings(tables: editing.Tables, articles: list[Row], parts: list[Section], language: str) -> int:
    """Put the headings of a text into the table ``articles``; return how many are read now."""
    headings = {part.name: part.heading for part in parts if part.heading}
    taken = 0
    for row in articles:
        if row["article"] in headings:
            cells = {f"heading_{language}": headings[row["article"]], f"heading_{language}_evidence": "read"}
            tables.update("articles", row, **cells)
            taken += 1
    return taken


# ----------------------------------------------------------------------------------------------------------- counting


def count(version: str, parts: list[Section], language: str, report: paths.Paths | None = None) -> dict[str, list[Row]]:
    """Return the counts of a text as rows, by table: ``doc_stats``, ``token_counts``, terms and ``named_bodies``.

    The rows for the whole text are sums over its sections, as in the tables. Raises ``CorpusError`` for a word of more
    than 1,000 letters.
    """
    several = len(parts) > 1
    bodies: Counter[str] = Counter()
    stats: list[tuple[str, dict[str, int], Counter[str], dict[str, int]]] = []
    patterns = data.load("term_patterns", report).set_index("term_id")["regex"].to_dict()
    chinese_terms = list(data.load("zh_terms", report)["term"])
    body_patterns = data.load("body_patterns", report).set_index("body")
    for part in parts:
        if language == "en":
            counts = counting.count(part.text)
            sizes = {"words": counts.words, "sentences": counts.sentences, "characters": counts.characters}
            found, terms = counts.tokens, counting.count_terms(part.text, patterns)
            named = counting.count_terms(part.text, body_patterns["regex_en"].to_dict())
        else:
            found = Counter(counting.chinese_words(part.text))
            sizes = {"words": found.total(), "cjk_characters": counting.chinese_characters(part.text)}
            terms = counting.count_chinese_terms(part.text, chinese_terms)
            mentions = counting.count_chinese_terms(part.text, body_patterns["terms_zh"].explode().unique().tolist())
            named = {body: sum(mentions[name] for name in names) for body, names in body_patterns["terms_zh"].items()}
        longest = max(map(len, found), default=0)
        if longest > MOST_LETTERS:
            raise CorpusError(
                f"section {part.name} holds a word of {longest:,} letters: the text is damaged, or is none"
            )
        bodies.update(named)
        stats.append((part.name if several else WHOLE, sizes, found, terms))
    if several:
        total = {key: sum(sizes[key] for _, sizes, _, _ in stats) for key in stats[0][1]}
        tokens = sum((tokens for _, _, tokens, _ in stats), Counter())
        terms = {term: sum(terms[term] for *_, terms in stats) for term in stats[0][3]}
        stats.append((ALL, total, tokens, terms))

    rows: dict[str, list[Row]] = {name: [] for name in ("doc_stats", "token_counts", "named_bodies")}
    term_table = "term_counts" if language == "en" else "zh_term_counts"
    rows[term_table] = []
    for name, sizes, tokens, terms in stats:
        place = {"version_id": version, "section": name}
        is_total = name in (ALL, WHOLE)
        rows["doc_stats"].append(
            place
            | {"is_total": str(is_total).lower(), "distinct_tokens": str(len(tokens))}
            | {key: str(value) for key, value in sizes.items() if value or key != "sentences"}
        )
        if name != ALL:
            rows["token_counts"] += [place | {"token": token, "count": str(n)} for token, n in tokens.items()]
        base = sizes["words"] if language == "en" else sizes["cjk_characters"]
        for term, times in terms.items():
            rate = str(round(1000 * times / base, 3))
            if language == "en":
                cells = {"term_id": term, "per_1000_words": rate, "section_words": str(base)}
            else:
                cells = {"term": term, "per_1000_cjk_chars": rate, "cjk_chars": str(base)}
            rows[term_table].append(place | {"count": str(times)} | cells)
    rows["named_bodies"] = [{"version_id": version, "body": body, "mentions": str(n)} for body, n in bodies.items()]
    return rows


# ---------------------------------------------------------------------------------------------------------- confirming


def by_article(parts: Iterable[Section]) -> dict[str, Section]:
    """Return the sections of a plan by the code of their article, ``A00`` for the preamble."""
    return {"A00" if part.name == "preamble" else part.name: part for part in parts}


def waiting(doc_id: str, parts: list[Section], report: paths.Paths | None = None) -> list[Row]:
    """Return the recalled asks of a plan whose article is among the sections of its text, in the order of the articles.

    Each row has the columns of ``commitments``.
    """
    tables = editing.Tables(report or paths.report())
    own = {row["article"] for row in tables["articles"] if row["doc_id"] == doc_id}
    at_hand = set(by_article(parts)) & own
    return [row for row in tables["commitments"] if row["evidence"] == "recalled" and row["article"] in at_hand]


def reopen(
    version_id: str,
    place: str | Path,
    *,
    report: paths.Paths | None = None,
    pattern: str | None = None,
    encoding: str | None = None,
) -> tuple[list[Section], list[Row]]:
    """Read the text of a registered version again; return its sections and the recalled asks of these.

    Raises ``IntakeError`` for a text that cannot be read, ``CorpusError`` when it is not the text that was counted.
    """
    report = report or paths.report()
    versions = {row["version_id"]: row for row in editing.Tables(report)["text_versions"]}
    if version_id not in versions:
        raise CorpusError(f"version {version_id!r} is not in the table text_versions")
    row = versions[version_id]
    reading = intake.read(place, encoding=encoding)
    parts = sections(reading.text, row["language"], pattern)
    if digest(parts) != row["text_sha256"]:
        raise CorpusError(f"{reading.place}: is not the text that was counted as {version_id} (its digest differs)")
    return parts, waiting(row["doc_id"], parts, report)


def confirm(version_id: str, commitment_ids: Iterable[str], report: paths.Paths | None = None) -> list[str]:
    """Mark recalled asks as read in a registered version, because a person has found each of them in its text.

    Each change is noted in ``corroborations``. Returns the names of the tables changed. Raises ``CorpusError`` for an
    unknown version or ask, or one that is not recalled, ``DataError`` when the package would not pass its check.
    """
    tables = editing.Tables(report or paths.report())
    versions = {row["version_id"]: row for row in tables["text_versions"]}
    if version_id not in versions:
        raise CorpusError(f"version {version_id!r} is not in the table text_versions")
    source_id = versions[version_id]["source_id"]
    asks = {row["commitment_id"]: row for row in tables["commitments"]}
    wanted = list(dict.fromkeys(commitment_ids))
    wrong = [item for item in wanted if asks.get(item, {}).get("evidence") != "recalled"]
    if wrong:
        raise CorpusError(f"not recalled asks of the table commitments: {', '.join(wrong)}")
    number = max((int(row["corroboration_id"].removeprefix("cor_")) for row in tables["corroborations"]), default=0)
    for item in wanted:
        number += 1
        tables.update("commitments", asks[item], evidence="read", confidence="high", source_id=source_id)
        tables.extend(
            "corroborations",
            [
                {
                    "corroboration_id": f"cor_{number:02d}",
                    "target_table": "commitments",
                    "target_id": item,
                    "kind": "evidence_upgrade",
                    "old_evidence": "recalled",
                    "new_evidence": "read",
                    "applied": "true",
                    "what_it_says": "the ask was found in the text by a reader",
                    "relation": "document_itself",
                    "source_id": source_id,
                    "evidence": "read",
                    "confidence": "high",
                    "note": f"confirmed on {today()} against {version_id}",
                }
            ],
        )
    return _publish(tables) if wanted else []
