"""What two coders code: the units, columns and codes of a table, as the data package says.

A table that is coded has the property ``coding`` in ``datapackage.json``; no table, column or code is named in Python.

``second``
    The table with the codes of the second coder, with the same key and columns of the same names.
``context``, ``contextFirst``
    Columns that both coders see, and those that only the first sees. The second coder sees nothing else of a unit.
``columns``
    What is coded, each with ``name``; ``codebook``, its group in the codebook (default: the name); ``level``, by which
    alpha is computed (``nominal``, the default, ``ordinal`` or ``interval``); ``firstOf``, for a column that is not
    coded but holds the first code of another.
``remarksFirst``, ``remarksSecond``
    Columns that a coder fills beside the codes: a doubt, a reason.
``measuredOn``
    Units that count in the measure of agreement: allowed values by column (default: all units).
``codebook``
    Where the codes are defined: the table ``resource``; its columns ``group``, ``code``, ``definition``, ``label``,
    ``order``, ``hardToTellFrom`` (a list), ``mergedInto``, and ``rules`` (title to column); ``where`` takes the rows
    with given values, ``whereSecond`` further rules for the second coder; ``general`` names groups that hold rules.

The code ``empty`` of a codebook stands for a cell that is left empty on purpose.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from policybook import data, editing, paths, schema

FIRST, SECOND = "a", "b"
CODERS = {FIRST: "first", SECOND: "second"}
EMPTY = "empty"
LEVELS = ("nominal", "ordinal", "interval")
_BY_COLUMN = schema.Object({"*": (str, [str])})
_ENTRY = schema.Object(
    {
        "second": str,
        "context": [str],
        "contextFirst?": [str],
        "columns": [schema.Object({"name": str, "codebook?": str, "level?": frozenset(LEVELS), "firstOf?": str})],
        "remarksFirst?": [str],
        "remarksSecond?": [str],
        "measuredOn?": schema.Object({"*": [str]}),
        "codebook": schema.Object(
            {
                "resource": str,
                "group": str,
                **dict.fromkeys(("code?", "definition?", "label?", "order?", "hardToTellFrom?", "mergedInto?"), str),
                "rules?": schema.Object({"*": str}),
                "where?": _BY_COLUMN,
                "whereSecond?": _BY_COLUMN,
                "general?": [str],
            }
        ),
    }
)
_TRUTHS = ("true", "false")


@dataclass(frozen=True)
class Code:
    """One code with what the codebook says of it; ``rules`` are sentences, each with its title."""

    code: str
    label: str = ""
    definition: str = ""
    rules: tuple[tuple[str, str], ...] = ()
    hard_to_tell_from: tuple[str, ...] = ()
    merged_into: str = ""


@dataclass(frozen=True)
class Column:
    """One coded column: its codes in the order of the codebook, and the schema of its cells for either coder."""

    name: str
    fields: dict[str, dict[str, Any]]
    codes: tuple[Code, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()
    level: str = "nominal"
    first_of: str = ""

    @property
    def kind(self) -> str:
        """The type of a cell by the schema."""
        return self.fields[FIRST].get("type", "string")

    @property
    def several(self) -> bool:
        """Whether a cell may hold several codes."""
        return self.kind == "list"

    @property
    def has_empty(self) -> bool:
        """Whether the codebook has a code for a cell that is left empty on purpose."""
        return any(code.code == EMPTY for code in self.codes)

    def allowed(self) -> list[str]:
        """Return the codes as a coder may write them, in the order of the codebook."""
        return list(_TRUTHS) if self.kind == "boolean" else [code.code for code in self.codes]

    def required(self, coder: str) -> bool:
        """Whether a cell must have a code."""
        return bool(self.fields[coder].get("constraints", {}).get("required")) or self.has_empty

    def limit(self, coder: str) -> int | None:
        """Return how many codes a cell may hold, if the schema says so."""
        return self.fields[coder].get("maxItems") if self.several else 1

    def delimiter(self, coder: str) -> str:
        """Return what separates the codes of a cell in the table of a coder."""
        return self.fields[coder].get("delimiter", ";")


@dataclass(frozen=True)
class Coding:
    """How a table is coded; see the module for the parts."""

    table: str
    second: str
    title: str
    key: tuple[str, ...]
    context: dict[str, tuple[str, ...]]
    columns: tuple[Column, ...]
    remarks: dict[str, tuple[dict[str, Any], ...]]
    rules: tuple[tuple[str, str], ...] = ()
    measured_on: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def tables(self, coder: str) -> str:
        """Return the name of the table that holds the codes of a coder."""
        return self.table if coder == FIRST else self.second

    def asked(self) -> tuple[Column, ...]:
        """Return the columns that a coder fills."""
        return tuple(column for column in self.columns if not column.first_of)


def coded(report: paths.Paths | None = None) -> list[str]:
    """Return the names of the tables that are coded, in the order of the data package."""
    return [item["name"] for item in data.descriptor(report)["resources"] if "coding" in item]


def coding(table: str, report: paths.Paths | None = None, coder: str = FIRST) -> Coding:
    """Return how a table is coded, with the rules that hold for a coder.

    Raises ``DataError`` when there is no such table, when it has no codebook, or when its property ``coding`` does not
    fit tables and codebook (all reasons at once).
    """
    report = report or paths.report()
    item = data.resource(table, report)
    if "coding" not in item:
        known = ", ".join(coded(report)) or "none yet"
        message = "has no codebook: its entry in datapackage.json has no 'coding'"
        first = next((other for other in data.descriptor(report)["resources"] if _second_of(other, table)), None)
        if first is not None:
            message = f"holds the codes of a second coder; code {first['name']} instead"
        raise data.DataError([data.Problem(table, message, allowed=known)])
    problems = [data.Problem(table, f"coding: {said}", allowed=allowed) for said, allowed in _wrong(item, report)]
    if problems:
        raise data.DataError(problems)
    found = _made(item, report, coder)
    problems = [data.Problem(table, said, column=column, allowed=allowed) for column, said, allowed in _unlike(found)]
    if problems:
        raise data.DataError(problems)
    return found


def check(report: paths.Paths | None = None) -> list[data.Problem]:
    """Return what is wrong with the codings of the data package: entries, and codes without place or definition."""
    problems: list[data.Problem] = []
    for table in coded(report):
        try:
            coding(table, report)
        except data.DataError as error:
            problems += error.problems
    return problems


def _second_of(item: dict[str, Any], table: str) -> bool:
    entry = item.get("coding")
    return isinstance(entry, dict) and entry.get("second") == table


# ------------------------------------------------------------------------------------------------------ reading entries


def _fields(name: str, report: paths.Paths) -> dict[str, dict[str, Any]]:
    return {spec["name"]: spec for spec in data.resource(name, report)["schema"]["fields"]}


def _wrong(item: dict[str, Any], report: paths.Paths) -> Iterator[tuple[str, str | None]]:
    """Yield what is wrong with the entry itself: parts that are missing, unknown or name what is not there."""
    entry, known = item["coding"], set(data.names(report))
    misfits = list(schema.misfits(entry, _ENTRY))
    for place, message, allowed in misfits:
        yield f"{place}: {message}" if place else message, allowed
    if misfits:
        return
    columns, book = entry["columns"], entry["codebook"]
    if not columns:
        yield "columns: nothing is coded", "at least one column"
        return
    for name in (entry["second"], book["resource"]):
        if name not in known:
            yield f"no table {name!r} in the data package", ", ".join(sorted(known))
            return
    own, second, columns_of_book = (_fields(name, report) for name in (item["name"], entry["second"], book["resource"]))
    key = data.key_of(item["name"], report)
    if not key:
        yield "the table has no primary key", None
    if data.key_of(entry["second"], report) != key:
        yield f"the key of {entry['second']} is not that of the table", ", ".join(key)
    names = [one["name"] for one in columns]
    for one in columns:
        for table, there in ((item["name"], own), (entry["second"], second)):
            if one["name"] not in there:
                yield f"column {one['name']!r} is not in {table}", ", ".join(there)
        if one.get("firstOf", names[0]) not in names:
            yield f"column {one['name']} is the first of {one['firstOf']!r}, which is not coded", ", ".join(names)
    for part, there in (("context", own), ("contextFirst", own), ("remarksFirst", own), ("remarksSecond", second)):
        for name in entry.get(part, []):
            if name not in there:
                yield f"{part}: there is no column {name!r}", ", ".join(there)
    told = {*names, *entry.get("remarksFirst", [])}
    for name in (name for name in entry["context"] if name in told):
        yield f"context: the second coder would see {name!r}, which the first coder wrote", "other columns"
    for name in entry.get("measuredOn", {}):
        if name not in own:
            yield f"measuredOn: there is no column {name!r}", ", ".join(own)
    parts = ("group", "code", "definition", "label", "order", "hardToTellFrom", "mergedInto")
    used = [book[part] for part in parts if part in book]
    used += [*book.get("rules", {}).values(), *book.get("where", {}), *book.get("whereSecond", {})]
    used += [name for name in ("code", "definition") if name not in book]
    for name in used:
        if name not in columns_of_book:
            yield f"codebook: there is no column {name!r} in {book['resource']}", ", ".join(columns_of_book)


def _made(item: dict[str, Any], report: paths.Paths, coder: str) -> Coding:
    entry = item["coding"]
    fields = {FIRST: _fields(item["name"], report), SECOND: _fields(entry["second"], report)}
    general, codes, rules = _read_book(entry["codebook"], report, coder)
    columns = []
    for one in entry["columns"]:
        group = one.get("codebook", one["name"])
        if fields[FIRST][one["name"]].get("type") == "integer":
            codes.get(group, []).sort(key=lambda code: (code.code == EMPTY, _number(code.code)))
        columns.append(
            Column(
                one["name"],
                {who: fields[who][one["name"]] for who in CODERS},
                tuple(codes.get(group, ())),
                tuple(rules.get(group, ())),
                one.get("level", "nominal"),
                one.get("firstOf", ""),
            )
        )
    by_name = {column.name: column for column in columns}
    columns = [
        dataclasses.replace(column, codes=by_name[column.first_of].codes) if column.first_of else column
        for column in columns
    ]
    key = tuple(data.key_of(item["name"], report))
    context = tuple(name for name in entry["context"] if name not in key)
    more = tuple(name for name in entry.get("contextFirst", []) if name not in (*key, *context))
    return Coding(
        item["name"],
        entry["second"],
        data.resource(item["name"] if coder == FIRST else entry["second"], report).get("title", item["name"]),
        key,
        {FIRST: (*context, *more), SECOND: context},
        tuple(columns),
        {
            FIRST: tuple(fields[FIRST][name] for name in entry.get("remarksFirst", [])),
            SECOND: tuple(fields[SECOND][name] for name in entry.get("remarksSecond", [])),
        },
        tuple(general),
        {name: tuple(values) for name, values in entry.get("measuredOn", {}).items()},
    )


def _number(code: str) -> int:
    return int(code) if re.fullmatch(r"-?\d+", code) else 0


Rules = list[tuple[str, str]]


def _read_book(
    book: dict[str, Any], report: paths.Paths, coder: str
) -> tuple[Rules, dict[str, list[Code]], dict[str, Rules]]:
    """Return the general rules, the codes of each group, and the rules of each group."""
    rows = editing.Tables(report)[book["resource"]]
    if "order" in book:
        rows = sorted(rows, key=lambda row: _number(row[book["order"]]))
    code, definition, group = book.get("code", "code"), book.get("definition", "definition"), book["group"]
    hard, merged, label = (book.get(part) for part in ("hardToTellFrom", "mergedInto", "label"))
    hard_fields = _fields(book["resource"], report).get(hard or "", {})
    general: Rules = []
    codes: dict[str, list[Code]] = {}
    rules: dict[str, Rules] = {}

    def told(row: editing.Row) -> tuple[str, str]:
        return (row[label] if label else "") or row[code], row[definition]

    for row in rows:
        if not _matches(row, book.get("where", {})):
            continue
        name = row[group]
        if not name or name in book.get("general", []):
            general.append(told(row))
            continue
        codes.setdefault(name, []).append(
            Code(
                row[code],
                row[label] if label else "",
                row[definition],
                tuple((title, row[column]) for title, column in book.get("rules", {}).items() if row[column]),
                tuple(part for part in row[hard].split(hard_fields.get("delimiter", ";")) if part) if hard else (),
                row[merged] if merged else "",
            )
        )
    if coder == SECOND and "whereSecond" in book:
        for row in rows:
            if _matches(row, book["whereSecond"]):
                _add_rule(row, told(row), book, general, codes, rules)
    return general, codes, rules


def _add_rule(
    row: editing.Row,
    told: tuple[str, str],
    book: dict[str, Any],
    general: Rules,
    codes: dict[str, list[Code]],
    rules: dict[str, Rules],
) -> None:
    """Put a rule of the second coder where it belongs: to a code, to a column, or to all."""
    name, own = row[book["group"]], row[book.get("code", "code")]
    more = [("Rule of the second coder", told[1])]
    more += [(title, row[column]) for title, column in book.get("rules", {}).items() if row[column]]
    if not name:
        general.append(told)
        return
    for place, code in enumerate(codes.get(name, [])):
        if code.code == own:
            codes[name][place] = dataclasses.replace(code, rules=(*code.rules, *more))
            return
    rules.setdefault(name, []).append(told)


def _matches(row: editing.Row, wanted: dict[str, Any]) -> bool:
    return all(row[column] in (values if isinstance(values, list) else [values]) for column, values in wanted.items())


def _unlike(found: Coding) -> Iterator[tuple[str, str, str | None]]:
    """Yield where codebook and schemas differ: a code that a table refuses, or one without a definition."""
    for column in found.asked():
        codes = [code.code for code in column.codes if code.code != EMPTY]
        if not codes:
            yield column.name, "has no code in the codebook", "at least one row of the codebook"
            continue
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            yield column.name, f"the codebook defines {code!r} twice", "one row a code"
        for coder in CODERS:
            spec = column.fields[coder]
            for code in codes:
                if any(True for _ in schema.faults(code, spec)):
                    told = f"the codebook has the code {code!r}, which the schema of {found.tables(coder)} refuses"
                    yield column.name, told, "the same codes in both"
            listed = spec.get("itemEnum") or spec.get("constraints", {}).get("enum") or []
            for code in (str(code) for code in listed if str(code) not in codes):
                told = f"the schema of {found.tables(coder)} has the code {code!r}, which the codebook does not define"
                yield column.name, told, "the same codes in both"
        known = set(codes)
        for code in column.codes:
            for other in code.hard_to_tell_from:
                if other not in known:
                    yield column.name, f"{code.code!r} is said to be hard to tell from {other!r}", ", ".join(codes)


# -------------------------------------------------------------------------------------------------------- for a reader


def markdown(found: Coding, coder: str, sheet: str) -> str:
    """Return the codebook as Markdown, to lie beside the sheet of a coder: how to fill it, codes, rules."""
    lines = [
        f"# Codebook: {_plain(found.title)}",
        "",
        f"For the sheet `{sheet}` of the {CODERS[coder]} coder. One line is one unit; fill the columns below, leave "
        "the others as they are. Lines may be sorted, and the file saved by Excel or LibreOffice as CSV (UTF-8).",
        "",
    ]
    if coder == SECOND:
        lines += [
            "Code from what the line shows and from this codebook alone; do not ask what the first coder chose. The "
            "lines stand in a random order: sort them by the key where a rule speaks of neighbours.",
            "",
        ]
    lines += _listed("General rules", found.rules)
    for column in found.asked():
        spec = column.fields[coder]
        lines += [f"## {column.name}", ""]
        lines += [f"{_plain(_said(spec))}", ""] if _said(spec) else []
        lines += [_how(column, coder), ""]
        lines += _listed("", column.rules)
        for code in column.codes:
            label = f" ({_plain(code.label)})" if code.label and code.label != code.code else ""
            lines.append(f"- `{code.code}`{label}: {_plain(code.definition)}")
            lines += [f"  - {_plain(title)}: {_plain(text)}" for title, text in code.rules]
            if code.hard_to_tell_from:
                lines.append(f"  - Hard to tell from: {', '.join(f'`{one}`' for one in code.hard_to_tell_from)}")
        lines.append("")
    lines += ["## Beside the codes", ""]
    for spec in found.remarks[coder]:
        how = " `true` or `false`; empty is `false`." if spec.get("type") == "boolean" else ""
        lines.append(f"- `{spec['name']}`: {_plain(spec.get('description', spec['name']))}{how}")
    lines.append("- `note`: anything worth saying about the unit or the codebook.")
    derived = [column for column in found.columns if column.first_of]
    lines += [f"- `{one.name}` is not asked: it is the first code in `{one.first_of}`." for one in derived]
    return "\n".join(lines) + "\n"


def _listed(title: str, rules: tuple[tuple[str, str], ...]) -> list[str]:
    if not rules:
        return []
    return [
        *([f"## {title}", ""] if title else []),
        *(f"- *{_plain(name)}*: {_plain(text)}" for name, text in rules),
        "",
    ]


def _how(column: Column, coder: str) -> str:
    """Say how many codes a cell takes."""
    limit = column.limit(coder)
    if column.several:
        return f"Several codes are separated by `;`, the main one first{f'; at most {limit}' if limit else ''}."
    if column.kind == "boolean":
        return "Write `true` or `false` (`1` or `0`)."
    left = f"Write `{EMPTY}` where no code can be given." if column.has_empty else ""
    left = left or ("" if column.required(coder) else "The cell may stay empty.")
    return f"One code. {left}".strip()


def _said(spec: dict[str, Any]) -> str:
    """Return the description of a column without the list of codes that it repeats."""
    return spec.get("description", "").split(" Codes: ")[0].strip()


def _plain(text: str) -> str:
    """Escape what Markdown would read as markup."""
    return re.sub(r"[\\`*<\[]|(?<!\w)_|_(?!\w)", lambda sign: f"\\{sign.group()}", text)
