"""The data package of a new report: what travels of this one, and what the new document adds.

Which rows of a table travel, what a table is called elsewhere and how its worked example reads stands in
``templates/fork/tables.json``. Features of the texts of other documents travel, so that a new text can be compared from
the first minute; what this report says of its own document does not.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from policybook import codebooks, corpus, data, intake, paths, settings, sources
from policybook.editing import Tables
from policybook.fork.chapters import ForkError
from policybook.sectioning import Section, sections

if TYPE_CHECKING:
    from policybook.fork import Wish

Row = dict[str, str]
_RULES = paths.TEMPLATES / "fork" / "tables.json"


def rules() -> dict[str, dict[str, Any]]:
    """Return what travels, by table (keys ``keep``, ``where``, ``without``, ``blank``, ``example``, ``title`` ...)."""
    return _rules()["tables"]


@cache
def _rules() -> dict[str, Any]:
    return json.loads(_RULES.read_text(encoding="utf-8"))


def parts(wish: Wish, tell: Callable[[str], None]) -> list[Section]:
    """Return the sections of the text of a new report; raises ``IntakeError`` or ``ForkError`` for what is wrong."""
    reading = intake.read(wish.text, encoding=wish.encoding, tell=tell)
    found = intake.language(reading.text)
    if found not in corpus.LANGUAGES:
        raise ForkError(f"{reading.place}: the text is in the language {found!r}; counted are {_languages()}")
    if found != wish.lang:
        raise ForkError(f"{reading.place}: the text is in the language {found!r}, not {wish.lang!r} as asked")
    return sections(reading.text, found, wish.pattern)


def _languages() -> str:
    return ", ".join(f"{code} ({name})" for code, name in corpus.LANGUAGES.items())


def make(
    wish: Wish, found: list[Section], source: paths.Paths, target: paths.Paths, tell: Callable[[str], None]
) -> None:
    """Write the data package of a new report and count its text.

    ``found`` are the sections of the text. Raises ``DataError`` when the new package would not pass its check.
    """
    package = json.loads(json.dumps(data.descriptor(source)))
    package["resources"] = [item for item in package["resources"] if not rules().get(item["name"], {}).get("drop")]
    kept, ours = _documents(wish, source), settings.load(source).name
    titles = articles(found, wish)
    names = wish.names() | {"first_article": titles[0][0], "source": f"text_{wish.id}"}
    of = rules()
    rows = {
        item["name"]: _travelling(item, of.get(item["name"], {}), kept, wish, source) for item in package["resources"]
    }
    rows["documents"] = [row for row in rows["documents"] if row["doc_id"] != wish.id]
    rows["documents"].append(_document(wish, source))
    rows["articles"] = [_article(code, number, title, part, wish) for code, number, title, part in titles]
    rows["events"].append(_event(wish))
    named = _cited(package, rows)
    rows["sources"] = [row for row in _rows("sources", source) if row["source_id"] in named]
    rows["sources"].append(_source(wish))
    for item in package["resources"]:
        rule = of.get(item["name"], {})
        if rule.get("example"):
            rows[item["name"]].append(
                {key: Template(value).substitute(names) for key, value in rule["example"].items()}
            )
        _redescribe(item, rule, wish, ours)
        _write(target.data / item["path"], item, rows[item["name"]])
    _head(package, wish)
    paths.keep(target.descriptor, (json.dumps(package, ensure_ascii=False, indent=2) + "\n").encode())
    (target.data / "CHANGES.md").write_text(
        f"# Changes\n\n## 0.1.0, {wish.today}\n\nFirst version: the text of {wish.title} as counts, and the counts of "
        f"{len(kept)} other documents with their sources.\n",
        encoding="utf-8",
    )
    data.refresh(target)
    if problems := data.check(target) or codebooks.check(target):
        raise data.DataError(problems)
    for text, language in ((wish.text, wish.lang), (wish.text_zh, "zh")):
        if text:
            pattern = wish.pattern if language == wish.lang else None
            corpus.add(
                wish.id, text, report=target, language=language, pattern=pattern, encoding=wish.encoding, tell=tell
            )


# ----------------------------------------------------------------------------------------------------- rows that travel


def _rows(name: str, report: paths.Paths) -> list[Row]:
    return Tables(report)[name]


def _documents(wish: Wish, source: paths.Paths) -> set[str]:
    """Return the documents whose features travel: those asked for, else all counted whole but this report's own."""
    whole = {row["doc_id"] for row in _rows("text_versions", source) if row["completeness"] == "full"}
    registered = {row["doc_id"] for row in _rows("documents", source)}
    if unknown := sorted(set(wish.compare) - registered):
        raise ForkError(
            f"--compare: no document {', '.join(unknown)} in this report; there are: {', '.join(sorted(whole))}"
        )
    own = {row["doc_id"] for row in _rows("articles", source)}
    return (set(wish.compare) or (whole - own)) - {wish.id}


def _travelling(
    item: Mapping[str, Any], rule: Mapping[str, Any], kept: set[str], wish: Wish, source: paths.Paths
) -> list[Row]:
    keep = rule.get("keep", "none")
    if keep in ("none", "cited"):
        return []
    rows = _rows(item["name"], source)
    if keep == "documents":
        versions = {row["version_id"] for row in _rows("text_versions", source) if row["doc_id"] in kept}
        rows = [row for row in rows if (row["doc_id"] in kept if "doc_id" in row else row["version_id"] in versions)]
    elif keep == "chapters":
        there = {name for name in data.names(source) if not rules().get(name, {}).get("drop")}
        rows = [row for row in rows if row["chapter"] in wish.chapters and row["table"] in there]
    for column, values in rule.get("where", {}).items():
        rows = [row for row in rows if row[column] in values]
    for column, values in rule.get("without", {}).items():
        rows = [row for row in rows if row[column] not in values]
    blank = {column: "" for column in rule.get("blank", ()) if column in (rows[0] if rows else {})}
    if rule.get("words"):
        rows = [_renamed(row, wish, settings.load(source).name) for row in map(_plain_rule, rows)]
    return [row | blank for row in rows]


def _plain_rule(row: Row) -> Row:
    """Return a rule of a codebook without what it says of one document: its label is its definition then."""
    if not _of_one(" ".join(row.values())):
        return row
    cleared = {column: "" for column in ("include_when", "exclude_when", "coding_rule") if column in row}
    return row | cleared | {"definition": row["label"] if not _of_one(row["label"]) else row["code"]}


def _cited(package: Mapping[str, Any], rows: Mapping[str, list[Row]]) -> set[str]:
    """Return the sources that rows name, by the foreign keys of their tables."""
    named = set()
    for item in package["resources"]:
        for key in item["schema"].get("foreignKeys", ()):
            if key["reference"]["resource"] == "sources":
                (column,) = key["fields"] if isinstance(key["fields"], list) else [key["fields"]]
                named |= {row[column] for row in rows[item["name"]] if row.get(column)}
    return named


def _write(path: Path, item: Mapping[str, Any], rows: Iterable[Row]) -> None:
    columns = [field["name"] for field in item["schema"]["fields"]]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda row: [row[column] for column in item["schema"]["primaryKey"]]))
    paths.keep(path, stream.getvalue().encode())


# ------------------------------------------------------------------------------------------------- rows that are added


def articles(found: list[Section], wish: Wish) -> list[tuple[str, int, str, Section]]:
    """Return code, number, title and section of each part of a text; the preamble has the number 0."""
    made, number, titles = [], 0, set()
    for part in found:
        here = 0 if part.name == "preamble" else (number := number + 1)
        plain = "Preamble" if not here else f"{wish.section.capitalize()} {here}"
        title = _short(part.heading) or plain
        if title in titles:
            title = f"{title} ({here})"
        titles.add(title)
        made.append((f"A{here:02}", here, title, part))
    return made


def _short(heading: str, longest: int = 60) -> str:
    words = re.sub(r"[*_`\[\]{}<>$|]", "", " ".join(heading.split()))
    return words if len(words) <= longest else words[:longest].rsplit(" ", 1)[0] + " …"


def _article(code: str, number: int, title: str, part: Section, wish: Wish) -> Row:
    heading = " ".join(part.heading.split()) or title
    return {
        "article": code,
        "article_no": str(number),
        "short_title": title,
        f"heading_{wish.lang}": heading,
        "heading_en": heading if wish.lang == "en" else title,
        "heading_en_evidence": "read",
        "heading_zh_evidence": "read",
        "heading_subject_evidence": "read",
        "paraphrase": "To write: what this part says, in own words.",
        "evidence": "recalled",
        "confidence": "low",
        "source_id": f"text_{wish.id}",
        "doc_id": wish.id,
    }


def _document(wish: Wish, source: paths.Paths) -> Row:
    """Return the row of the new document; what this report knows of it already is kept."""
    known = next((row for row in _rows("documents", source) if row["doc_id"] == wish.id), {})
    given = {
        "doc_id": wish.id,
        "title": wish.title,
        "issuer": wish.issuer,
        "date": wish.date,
        "date_precision": "day",
        "language": wish.lang + (";zh" if wish.text_zh and wish.lang != "zh" else ""),
        "url": wish.url or known.get("url", ""),
        "lineage": "",
        "completeness": "none",
        "coverage": "",
        "words_measured": "",
        "text_found_in": "",
        "source_id": f"text_{wish.id}",
        "evidence": "read",
        "confidence": "high",
        "note": "",
    }
    defaults = {
        "short_title": wish.short,
        "doc_type": "action_plan",
        "force": "policy",
        "legal_status": "not assessed yet",
    }
    return defaults | {key: value for key, value in known.items() if value} | given


def _event(wish: Wish) -> Row:
    """Return the row of the document's own publication."""
    return {
        "event_id": wish.event,
        "date": wish.date,
        "date_precision": "day",
        "track": "global",
        "title": wish.title,
        "description": f"{wish.issuer} publishes the text.",
        "actors": wish.issuer.replace(";", ","),
        "instrument_type": "plan_or_policy",
        "source_id": f"text_{wish.id}",
        "evidence": "read",
        "confidence": "high",
        "planned": "false",
    }


def _source(wish: Wish) -> Row:
    return {
        "source_id": f"text_{wish.id}",
        "publisher": wish.issuer,
        "title": wish.title,
        "date": wish.date,
        "date_precision": "day",
        "url": wish.url if sources.safe_url(wish.url) else "",
        "type": "official",
        "language": wish.lang,
        "evidence": "read",
        "reliability": "primary",
        "accessed": wish.today,
    }


# -------------------------------------------------------------------------------------------------------- descriptions


def _redescribe(item: dict[str, Any], rule: Mapping[str, Any], wish: Wish, ours: str) -> None:
    """Describe a table of a new report: what is said of this report's own document goes."""
    names = wish.names()
    item["title"] = Template(rule.get("title") or _renamed(item["title"], wish, ours)).safe_substitute(names)
    first = _renamed(re.split(r"(?<=[.!?]) ", item["description"])[0], wish, ours)
    item["description"] = Template(rule.get("description") or first).safe_substitute(names)
    for field in item["schema"]["fields"]:
        changed = rule.get("fields", {}).get(field["name"], {})
        if pattern := field.get("constraints", {}).get("pattern"):
            # Any number of articles: that they are there is what foreign keys check.
            field["constraints"]["pattern"] = re.sub(r"\(0\[[01]-9\]\|1\[0-3\]\)", "[0-9]{2,3}", pattern)
        if "constraints" in changed:
            constraints = field.get("constraints", {}) | changed["constraints"]
            field["constraints"] = {key: value for key, value in constraints.items() if value is not None}
        said = {key: value for key, value in changed.items() if key not in ("constraints", "less")}
        field.update({key: _filled(value, names) for key, value in said.items()})
        for category in field.get("categories", ()):
            for key in changed.get("less", ()):
                category.pop(key, None)
        field["description"] = _general(field.get("description", ""))
        allowed = field.get("constraints", {}).get("enum")
        for key in ("enumDescriptions", "categories"):
            if key in field and allowed:
                field[key] = _of_codes(field[key], set(allowed))
        said = {key: value for key, value in field.items() if key not in ("name", "constraints")}
        field.update({key: _renamed(value, wish, ours) for key, value in said.items()})


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    """Return words of the rules with their placeholders filled."""
    return json.loads(Template(json.dumps(value)).safe_substitute({k: json.dumps(v)[1:-1] for k, v in names.items()}))


def _of_codes(said: Any, allowed: set[str]) -> Any:
    """Return what is said of codes, of those that are allowed."""
    if isinstance(said, dict):
        return {code: words for code, words in said.items() if code in allowed}
    return [one for one in said if (one["value"] if isinstance(one, dict) else one) in allowed]


def _renamed(value: Any, wish: Wish, ours: str) -> Any:
    """Return words with the name of the new document in place of ``ours``, that of this report's."""
    if isinstance(value, str):
        return value.replace(ours, wish.name).replace(ours[:1].upper() + ours[1:], wish.names()["Name"])
    if isinstance(value, list):
        return [_renamed(one, wish, ours) for one in value]
    if isinstance(value, dict):
        return {key: _renamed(one, wish, ours) for key, one in value.items()}
    return value


def _of_one(text: str) -> bool:
    """Return whether a sentence says something of one document only: days, codes of its articles, names around it."""
    return bool(re.search(_rules()["of_one"], text))


def _general(text: str) -> str:
    """Return the sentences of a description that hold for any document; the first one stays in any case."""
    said = re.split(r"(?<=[.!?]) ", text)
    return " ".join(one for at, one in enumerate(said) if at == 0 or not _of_one(one))


def _head(package: dict[str, Any], wish: Wish) -> None:
    """Say in the descriptor what the new package is, and settle the new report."""
    package.update(
        name=f"{wish.id.replace('_', '-')}-report-data",
        title=f"Data of the report on {wish.title}",
        description=(
            f"Tables behind an executable report on {wish.title} ({wish.issuer}, {wish.date}): its text as counts, "
            "other documents as counts, and tables to fill. Every row that states a fact names its source and how it "
            "was seen."
        ),
        version="0.1.0",
        created=f"{wish.today}T00:00:00Z",
        data_date=wish.today,
        material_until=wish.today,
        keywords=[wish.title, wish.issuer, "policy document", "text as data"],
    )
    package["report"] = wish.settings()
