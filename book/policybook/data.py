"""Typed tables out of the data package, and the check of the package.

The schema of every table stands once, in ``data/datapackage.json`` (Frictionless Data Package v2,
https://datapackage.org). Custom properties extend it: a field's ``references`` (``{"resource", "field"}``) and
``itemEnum`` hold for each item of a ``list`` column, ``maxItems`` for their number, and a schema's ``requiredUnless``
asks for a value unless another column has a given one. What two coders code is a table's ``coding``, see
:mod:`policybook.codebooks`. A field's ``categories`` (of the standard) say how readers see its codes; the object
``report`` of the package holds the settings of the report, see :mod:`policybook.settings`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from policybook import corrections, paths

REFRESH = "policybook check --refresh"
# What a chapter is noted to use when it reads the descriptor itself.
DESCRIPTOR = "datapackage.json"
# The object of the descriptor that holds the settings of the report; noted under this name when a chapter reads it.
SETTINGS = "report"
# What may stand there: type, whether it must, and the column (table, name) of which it is a value, if any.
SETTING_RULES: dict[str, tuple[type, bool, tuple[str, str] | None]] = {
    "document": (str, True, ("documents", "doc_id")),
    "date": (str, True, None),
    "event": (str, False, ("events", "event_id")),
    "name": (str, True, None),
    "short": (str, True, None),
    "issuer": (str, True, None),
    "iso3": (str, False, ("countries", "iso3")),
    "place": (str, True, None),
    "adjective": (str, True, None),
    "section": (str, True, None),
    "sections": (str, True, None),
    "rival": (str, False, ("documents", "doc_id")),
    "rival_event": (str, False, ("events", "event_id")),
    "rival_iso3": (str, False, ("countries", "iso3")),
    "rival_place": (str, False, None),
    "signatories": (str, False, None),
    "copies": (list, False, ("sources", "source_id")),
    "colours": (dict, False, None),
}
# The names of colours that a report may set; :mod:`policybook.charts` has their values.
COLOURS = ("blue", "orange", "green", "pink", "sky", "red", "grey")
# The levels of evidence that a finding may rest on.
SEEN = ("read", "excerpt")
_TRUE, _FALSE = "true", "false"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|<!\w")
# A cell that a spreadsheet would run as a formula (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = re.compile(r"[=+@\t\r]|-(?![\d\s]|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the data package, with its place and what would be right."""

    table: str
    message: str
    line: int | None = None
    column: str | None = None
    value: str | None = None
    allowed: str | None = None

    def __str__(self) -> str:
        """Say it in one line: place, what is wrong, the value, what is allowed."""
        place = self.table
        if self.line is not None:
            place += f", line {self.line}"
        if self.column is not None:
            place += f", column {self.column}"
        text = f"{place}: {self.message}"
        if self.value is not None:
            shown = self.value if len(self.value) <= 80 else self.value[:77] + "..."
            text += f" (value {shown!r})"
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        return text


class DataError(Exception):
    """The data package cannot be used as it is; ``problems`` names every reason found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems and join them to one message."""
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class NoRows(ValueError):
    """A figure or number has no meaning, since a table has no rows; ``table`` names it."""

    def __init__(self, table: str, what: str = "") -> None:
        """Say which table needs rows, and what for."""
        self.table = table
        super().__init__(f"the table {table} has no rows{f' for {what}' if what else ''}: fill it in first")


def need(rows: pd.DataFrame, table: str, what: str = "") -> pd.DataFrame:
    """Return rows as they are; ``NoRows``, which names the ``table`` they come from, when there are none."""
    if rows.empty:
        raise NoRows(table, what)
    return rows


# --------------------------------------------------------------------------------------------------------- descriptor


@lru_cache(maxsize=8)
def _read_descriptor(path: Path, stamp: tuple[int, int]) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise DataError([Problem(path.name, f"is not UTF-8 at byte {error.start}")]) from None
    except json.JSONDecodeError as error:
        raise DataError([Problem(path.name, f"is not JSON: {error.msg}", error.lineno)]) from None


def fingerprint(name: str, report: paths.Paths | None = None) -> str:
    """Return a digest (hex) of what :func:`load` would return for a table: its schema and its file.

    For ``datapackage.json`` it is the digest of the whole package, for ``report`` that of the settings; for a table
    that is gone, an empty string.
    """
    report = report or paths.report()
    if name == SETTINGS:
        return hashlib.sha256(json.dumps(_package(report).get(SETTINGS), sort_keys=True).encode()).hexdigest()
    if name == DESCRIPTOR:
        return file_digest(report.descriptor)
    for item in _package(report)["resources"]:
        if item["name"] == name:
            schema = json.dumps(item["schema"], sort_keys=True)
            return hashlib.sha256((schema + file_digest(report.data / item["path"])).encode()).hexdigest()
    return ""


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def descriptor(report: paths.Paths | None = None) -> dict[str, Any]:
    """Return the descriptor of the data package as a dictionary.

    Raises ``DataError`` when the file is missing or not JSON.
    """
    _note_use(DESCRIPTOR)
    return _package(report)


def _package(report: paths.Paths | None = None) -> dict[str, Any]:
    path = (report or paths.report()).descriptor
    if not path.is_file():
        raise DataError([Problem(path.name, f"file not found: {path}")])
    package = _read_descriptor(path, _stamp(path))
    resources = package.get("resources")
    if not isinstance(resources, list) or not all(_is_table(resource) for resource in resources):
        raise DataError(
            [Problem(path.name, "has no usable list 'resources'", allowed="objects with name, path and schema.fields")]
        )
    return package


def _is_table(resource: Any) -> bool:
    if not isinstance(resource, dict) or not isinstance(resource.get("schema"), dict):
        return False
    fields = resource["schema"].get("fields")
    named = isinstance(resource.get("name"), str) and isinstance(resource.get("path"), str)
    return named and isinstance(fields, list) and all(isinstance(f, dict) and "name" in f for f in fields)


def names(report: paths.Paths | None = None) -> list[str]:
    """Return the names of all tables, in the order of the descriptor."""
    _note_use(DESCRIPTOR)
    return [resource["name"] for resource in _package(report)["resources"]]


def resource(name: str, report: paths.Paths | None = None) -> dict[str, Any]:
    """Return the resource descriptor of one table; ``DataError`` names the tables there are when it is unknown."""
    for candidate in _package(report)["resources"]:
        if candidate["name"] == name:
            return candidate
    raise DataError([Problem(name, "no such table in the data package", allowed=", ".join(names(report)))])


def key_of(name: str, report: paths.Paths | None = None) -> list[str]:
    """Return the columns of the primary key of a table."""
    key = resource(name, report)["schema"].get("primaryKey") or []
    return [key] if isinstance(key, str) else list(key)


def settings(report: paths.Paths | None = None) -> dict[str, Any]:
    """Return the object ``report`` of the data package as it stands there; ``DataError`` names all that is wrong.

    That the rows it names are there is told by :func:`check` alone.
    """
    _note_use(SETTINGS)
    package = _package(report)
    if problems := _check_settings(package, {}):
        raise DataError(problems)
    return package[SETTINGS]


def categories(table: str, column: str, report: paths.Paths | None = None) -> list[dict[str, str]]:
    """Return how readers see the codes of a column, in order: objects with ``value``, ``label`` and what else is said.

    Raises ``DataError`` for an unknown table or column, or a column without categories.
    """
    _note_use(table)
    for spec in resource(table, report)["schema"]["fields"]:
        if spec["name"] == column:
            if found := spec.get("categories"):
                return [item if isinstance(item, dict) else {"value": item, "label": item} for item in found]
            raise DataError([Problem(table, "has no labels for its codes (categories)", column=column)])
    raise DataError([Problem(table, "no such column", column=column)])


def labels(table: str, column: str, what: str = "label", report: paths.Paths | None = None) -> dict[str, str]:
    """Return the words for the codes of a column, by code and in order; ``what`` else than ``label`` may be missing.

    Where a category has no ``what``, its code is left out. Raises ``DataError`` as :func:`categories` does.
    """
    return {item["value"]: item[what] for item in categories(table, column, report) if what in item}


def column_labels(table: str, before: str, report: paths.Paths | None = None) -> dict[str, str]:
    """Return how readers see the columns of a table whose names begin with ``before``, by name and in order.

    That is a field's own ``label``, else its title.
    """
    _note_use(table)
    fields = [spec for spec in resource(table, report)["schema"]["fields"] if spec["name"].startswith(before)]
    return {spec["name"]: spec.get("label") or spec.get("title") or spec["name"] for spec in fields}


def data_date(report: paths.Paths | None = None) -> str:
    """Return the date (ISO) to which the data package was compiled; it dates every page."""
    return str(_package(report).get("data_date", ""))


def digest(report: paths.Paths | None = None) -> str:
    """Return a SHA-256 (hex) of the data package: the digests of all tables, in order of their names."""
    _note_use(DESCRIPTOR)
    report = report or paths.report()
    total = hashlib.sha256()
    for item in sorted(_package(report)["resources"], key=lambda r: r["name"]):
        total.update(f"{item['name']} {file_digest(report.data / item['path'])}\n".encode())
    return total.hexdigest()


def is_registered(name: str, report: paths.Paths | None = None) -> bool:
    """Whether the file of a table is the one whose digest the package holds."""
    report = report or paths.report()
    item = resource(name, report)
    return str(item.get("hash", "")).removeprefix("sha256:") == file_digest(report.data / item["path"])


def file_digest(path: Path) -> str:
    """Return the SHA-256 (hex) of a file, or an empty string when there is none."""
    return _file_digest(path, _stamp(path)) if path.is_file() else ""


@lru_cache(maxsize=512)
def _file_digest(path: Path, stamp: tuple[int, int]) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# --------------------------------------------------------------------------------------------------------------- load


def load(name: str, report: paths.Paths | None = None) -> pd.DataFrame:
    """Return a table with the types of its schema.

    Columns come in the order of the schema: text as ``str``, enumerations as ordered categoricals, ``date`` as
    ``datetime64``, ``integer`` and ``year`` as ``Int64``, ``number`` as ``float64``, ``boolean`` as ``boolean``,
    ``list`` as tuples of text (empty cell: empty tuple). An empty cell is missing (``pd.NA``/``NaT``/``NaN``).

    Raises ``DataError`` for an unknown table, a missing file, wrong columns or a value that has not its type; what the
    whole package must fulfil beyond that is told by :func:`check`.
    """
    report = report or paths.report()
    _note_use(name)
    found = resource(name, report)
    path = report.data / found["path"]
    if not path.is_file():
        raise DataError([Problem(name, f"file not found: data/{found['path']}")])
    return _load(name, path, _stamp(path), report, _stamp(report.descriptor)).copy()


def seen(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table whose source was read or seen in part; findings and charts rest on these alone."""
    return table[table["evidence"].isin(SEEN)]


def _note_use(name: str) -> None:
    """Tell the build which tables a chapter reads, so that it runs again when one of them changes."""
    log = os.environ.get("POLICYBOOK_TABLES_LOG")
    if log:
        with open(log, "a", encoding="utf-8") as stream:
            stream.write(name + "\n")


@lru_cache(maxsize=128)
def _load(name: str, path: Path, stamp: tuple[int, int], report: paths.Paths, package: tuple[int, int]) -> pd.DataFrame:
    fields = resource(name, report)["schema"]["fields"]
    wanted = [f["name"] for f in fields]
    try:
        # The C parser of pandas, all as text: types come from the schema, never from guessing.
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""], encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError([Problem(name, f"is not UTF-8 at byte {error.start}")]) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError([Problem(name, f"is not a CSV table: {error}")]) from None
    if list(raw.columns) != wanted:
        raise DataError(_wrong_columns(name, list(raw.columns), wanted))
    typed, problems = {}, []
    for spec in fields:
        try:
            typed[spec["name"]] = _typed(raw[spec["name"]], spec)
        except (ValueError, TypeError) as error:
            problems.append(Problem(name, f"does not hold the type {spec['type']}: {error}", column=spec["name"]))
    if problems:
        raise DataError(problems)
    return pd.DataFrame(typed)


def _typed(column: pd.Series, spec: dict[str, Any]) -> pd.Series:
    kind = spec.get("type", "string")
    levels = spec.get("constraints", {}).get("enum")
    if kind in ("integer", "year"):
        return pd.to_numeric(column).astype("Int64")
    if kind == "number":
        return pd.to_numeric(column).astype("float64")
    if kind == "boolean":
        return column.map({_TRUE: True, _FALSE: False}).astype("boolean")
    if kind == "date":
        return pd.to_datetime(column, format="%Y-%m-%d")
    if kind == "list":
        split = spec.get("delimiter", ";")
        return column.map(lambda cell: tuple(cell.split(split)) if isinstance(cell, str) else ()).astype(object)
    if levels:
        return column.astype(pd.CategoricalDtype(levels, ordered=True))
    return column


def _wrong_columns(name: str, found: list[str], wanted: list[str]) -> list[Problem]:
    missing = [column for column in wanted if column not in found]
    extra = [column for column in found if column not in wanted]
    twice = [column for column, count in Counter(found).items() if count > 1]
    problems = [Problem(name, "column is missing", 1, column) for column in missing]
    problems += [Problem(name, "column is not in the schema", 1, column, allowed=", ".join(wanted)) for column in extra]
    problems += [Problem(name, "column stands twice", 1, column) for column in twice]
    if not problems:
        problems.append(Problem(name, "columns are not in the order of the schema", 1, allowed=", ".join(wanted)))
    return problems


# -------------------------------------------------------------------------------------------------------------- check


@dataclass
class _Table:
    """The text of one table as read for checking."""

    name: str
    fields: list[dict[str, Any]]
    schema: dict[str, Any]
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    complete: bool = False  # columns are right, so that keys can be looked up

    def column(self, name: str) -> Iterator[tuple[int, str]]:
        position = [f["name"] for f in self.fields].index(name)
        for line, row in self.rows:
            yield line, row[position]

    def has(self, name: str) -> bool:
        return self.complete and any(f["name"] == name for f in self.fields)


def check(report: paths.Paths | None = None) -> list[Problem]:
    """Check the whole data package and return every problem found, in the order of tables and lines.

    Checks files (there, UTF-8, no byte-order mark, Unix line ends, not empty, digest and row count as registered), rows
    (width), values (type, enum, pattern, range, required, unique, no HTML, no control characters, no formula, no outer
    blanks), keys (primary, foreign, references from lists), cross-column rules, and that every corrected cell still
    holds what its latest correction says; labels of codes (one for each code), and the settings of the report (the
    object ``report``: keys, types, ids that name rows).
    """
    report = report or paths.report()
    try:
        package = _package(report)
    except DataError as error:
        return error.problems
    problems: list[Problem] = []
    tables: dict[str, _Table] = {}
    for item in package["resources"]:
        table = _Table(item["name"], item["schema"]["fields"], item["schema"])
        if item["name"] in tables:
            problems.append(Problem(item["name"], "two tables of this name in the data package"))
        tables[item["name"]] = table
        path = report.data / item["path"]
        problems += _read(table, path, item)
        if table.complete:
            problems += _check_values(table)
            problems += _check_keys(table)
    for table in tables.values():
        if table.complete:
            problems += _check_references(table, tables)
    problems += _check_corrections(tables)
    problems += [problem for table in tables.values() for problem in _check_categories(table)]
    problems += _check_settings(package, tables)
    order = {name: position for position, name in enumerate(tables)}
    problems += _check_strays(report, package)
    return sorted(problems, key=lambda p: (order.get(p.table, -1), p.line or 0, p.column or ""))


def _check_categories(table: _Table) -> Iterator[Problem]:
    for spec in table.fields:
        if "categories" not in spec:
            continue
        found = [item if isinstance(item, dict) else {"value": item, "label": item} for item in spec["categories"]]
        values = [item.get("value") for item in found]
        for item in found:
            if not isinstance(item.get("label"), str) or not item["label"].strip():
                yield Problem(table.name, "a code has no label (categories)", 1, spec["name"], str(item.get("value")))
        codes = spec.get("constraints", {}).get("enum", spec.get("itemEnum", values))
        if set(codes) != set(values) or len(set(values)) != len(values):
            yield Problem(
                table.name, "labels (categories) are not those of its codes", 1, spec["name"], allowed=", ".join(codes)
            )


def _check_settings(package: dict[str, Any], tables: dict[str, _Table]) -> list[Problem]:
    """Return what is wrong with the settings; ids are looked up in those ``tables`` that could be read."""
    name, found = f"{DESCRIPTOR}, {SETTINGS}", package.get(SETTINGS)
    if not isinstance(found, dict):
        return [Problem(DESCRIPTOR, f"has no object {SETTINGS!r} with the settings", allowed=", ".join(SETTING_RULES))]
    known = ", ".join(SETTING_RULES)
    problems = [
        Problem(name, "unknown setting", column=key, allowed=known) for key in found if key not in SETTING_RULES
    ]
    for key, (kind, needed, target) in SETTING_RULES.items():
        value = found.get(key)
        if value is None:
            if needed:
                problems.append(Problem(name, "setting is missing", column=key, allowed="a text"))
        elif not isinstance(value, kind) or (kind is str and not value.strip()):
            allowed = {str: "a text", dict: "an object", list: "a list of texts"}[kind]
            problems.append(Problem(name, "setting has the wrong type", None, key, json.dumps(value), allowed))
        elif kind is str and (said := list(_wrong_with_text(value))):
            problems += [Problem(name, message, None, key, value, allowed) for message, allowed in said]
        elif target and target[0] in tables and tables[target[0]].has(target[1]):
            where, known_ids = ".".join(target), {cell for _, cell in tables[target[0]].column(target[1])}
            for item in [value] if kind is str else value:
                if item not in known_ids:
                    message = f"is not known in {where}"
                    problems.append(Problem(name, message, None, key, str(item), f"a value of {where}"))
    if tables and isinstance(table := found.get("signatories"), str) and table not in tables:
        problems.append(Problem(name, "is no table of the package", None, "signatories", table, ", ".join(tables)))
    if isinstance(day := found.get("date"), str):
        problems += _check_day(name, day, found.get("document"), tables.get("documents"))
    colours = found.get("colours")
    for key, value in colours.items() if isinstance(colours, dict) else ():
        if key not in COLOURS:
            problems.append(Problem(name, "unknown colour", column=f"colours.{key}", allowed=", ".join(COLOURS)))
        elif not isinstance(value, str) or not re.fullmatch(r"#[0-9a-f]{6}", value):
            problems.append(Problem(name, "is no colour", None, f"colours.{key}", json.dumps(value), "#rrggbb, small"))
    return problems


def _check_day(name: str, day: str, document: object, documents: _Table | None) -> list[Problem]:
    for message, allowed in _wrong_with(day, {"type": "date"}, {}):
        return [Problem(name, message, None, "date", day, allowed)]
    if documents and documents.has("doc_id") and documents.has("date"):
        dates = dict(zip(*[[cell for _, cell in documents.column(c)] for c in ("doc_id", "date")], strict=True))
        if dates.get(str(document), day) != day:
            return [Problem(name, "is not the date of the document", None, "date", day, dates[str(document)])]
    return []


def _check_strays(report: paths.Paths, package: dict[str, Any]) -> list[Problem]:
    known = {str(Path(item["path"])) for item in package["resources"]}
    found = sorted(str(path.relative_to(report.data)) for path in report.data.rglob("*.csv"))
    return [Problem(name, "file is not registered in datapackage.json") for name in found if name not in known]


def _read(table: _Table, path: Path, item: dict[str, Any]) -> list[Problem]:
    """Read the rows of a table into it and return what is wrong with the file."""
    name = table.name
    if not path.is_file():
        return [Problem(name, f"file not found: data/{item['path']}")]
    content = path.read_bytes()
    problems = []
    if not content.strip():
        return [Problem(name, "file is empty", 1, allowed="a header line and rows")]
    if content.startswith(b"\xef\xbb\xbf"):
        problems.append(Problem(name, "begins with a byte-order mark (BOM)", 1, allowed="UTF-8 without BOM"))
        content = content[3:]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problems.append(Problem(name, f"is not UTF-8: byte 0x{content[error.start]:02x}", line, allowed="UTF-8"))
        return problems
    if "\r" in text:
        line = text[: text.index("\r")].count("\n") + 1
        problems.append(Problem(name, "has Windows or old Mac line ends (CR)", line, allowed="line feed (LF) alone"))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    reader = csv.reader(io.StringIO(text), strict=True)
    wanted = [f["name"] for f in table.fields]
    try:
        header = next(reader)
        if header != wanted:
            problems += _wrong_columns(name, header, wanted)
        table.complete = header == wanted
        kept: dict[str, str] = {}  # equal cells share one text: a large table then takes a fifth of the memory
        for row in reader:
            if len(row) != len(header):
                message = f"has {len(row)} cells, the header has {len(header)}"
                problems.append(Problem(name, message, reader.line_num, value=",".join(row)[:80]))
            else:
                table.rows.append((reader.line_num, [kept.setdefault(cell, cell) for cell in row]))
    except csv.Error as error:
        problems.append(Problem(name, f"is not a CSV table: {error}", reader.line_num))
    if "rowCount" in item and not problems and len(table.rows) != item["rowCount"]:
        message = f"has {len(table.rows)} rows, registered are {item['rowCount']}"
        problems.append(Problem(name, message, allowed=f"if the change is meant, run: {REFRESH}"))
    registered = str(item.get("hash", "")).removeprefix("sha256:")
    if registered != hashlib.sha256(path.read_bytes()).hexdigest():
        message = "is not the file that was registered (sha256 differs)"
        problems.append(Problem(name, message, allowed=f"if the change is meant, run: {REFRESH}"))
    return problems


def _check_values(table: _Table) -> list[Problem]:
    problems: list[Problem] = []
    for spec in table.fields:
        rules = spec.get("constraints", {})
        seen: dict[str, int] = {}
        # A column of millions of cells has few different values: each is looked at once.
        wrong: dict[str, tuple[tuple[str, str | None], ...]] = {}
        for line, value in table.column(spec["name"]):
            if value not in wrong:
                wrong[value] = tuple(faults(value, spec))
            for message, allowed in wrong[value]:
                problems.append(Problem(table.name, message, line, spec["name"], value or None, allowed))
            if value and rules.get("unique"):
                if value in seen:
                    message = f"stands twice, first in line {seen[value]}"
                    problems.append(Problem(table.name, message, line, spec["name"], value, "each value once"))
                seen.setdefault(value, line)
    return problems


def faults(value: str, spec: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Return what is wrong with the text of a cell by the schema of its column, each with what is allowed."""
    rules = spec.get("constraints", {})
    if value == "":
        return [("value is missing", "any value")] if rules.get("required") else []
    return list(_wrong_with(value, spec, rules))


def _wrong_with(value: str, spec: dict[str, Any], rules: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Yield what is wrong with one value that is not empty, each with what is allowed."""
    kind = spec.get("type", "string")
    number: float | None = None
    if kind in ("integer", "year"):
        if re.fullmatch(r"-?\d+", value):
            number = int(value)
        else:
            yield "is not a whole number", "digits"
    elif kind == "number":
        if re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", value):
            number = float(value)
        else:
            yield "is not a number", "digits with a decimal point"
    elif kind == "boolean":
        if value not in (_TRUE, _FALSE):
            yield "is not a truth value", f"{_TRUE}, {_FALSE}"
    elif kind == "date":
        try:
            if not _DATE.fullmatch(value):
                raise ValueError
            pd.Timestamp(value)
        except ValueError:
            yield "is not a date", "YYYY-MM-DD"
    else:
        yield from _wrong_with_text(value)
    items = value.split(spec.get("delimiter", ";")) if kind == "list" else [value]
    if kind == "list":
        if any(item != item.strip() or not item for item in items):
            yield "has an empty item or blanks round an item", "items separated by ; alone"
        if len(set(items)) != len(items):
            yield "has an item twice", "each item once"
        levels = spec.get("itemEnum")
        for item in items:
            if levels and item not in levels:
                yield f"has the unknown item {item!r}", ", ".join(levels)
        if len(items) > spec.get("maxItems", len(items)):
            yield f"has {len(items)} items", f"at most {spec['maxItems']}"
    if "enum" in rules and value not in [str(level) for level in rules["enum"]]:
        yield "is not one of the known values", ", ".join(str(level) for level in rules["enum"])
    if "pattern" in rules and not re.fullmatch(rules["pattern"], value):
        yield "does not match the pattern", rules["pattern"]
    if "maxLength" in rules and len(value) > rules["maxLength"]:
        yield f"is {len(value)} characters long", f"at most {rules['maxLength']}"
    if number is not None and "minimum" in rules and number < float(rules["minimum"]):
        yield "is too small", f"at least {rules['minimum']}"
    if number is not None and "maximum" in rules and number > float(rules["maximum"]):
        yield "is too large", f"at most {rules['maximum']}"


def _wrong_with_text(value: str) -> Iterator[tuple[str, str | None]]:
    if value != value.strip():
        yield "has blanks at its beginning or end", "no outer blanks"
    control = _CONTROL.search(value)
    if control:
        yield f"has the control character U+{ord(control.group()):04X}", "printable text on one line"
    tag = _TAG.search(value)
    if tag:
        yield f"has HTML: {tag.group()[:40]}", "plain text"
    if _FORMULA.match(value):
        yield "begins like a spreadsheet formula", "text that does not begin with = + - @"


def _check_keys(table: _Table) -> list[Problem]:
    problems: list[Problem] = []
    key = table.schema.get("primaryKey") or []
    key = [key] if isinstance(key, str) else key
    if key:
        seen: dict[tuple[str, ...], int] = {}
        places = [[f["name"] for f in table.fields].index(column) for column in key]
        for line, row in table.rows:
            value = tuple([row[place] for place in places])
            if not all(value):
                shown = ", ".join(key)
                problems.append(Problem(table.name, "key is not complete", line, shown, ", ".join(value), "a value"))
            elif value in seen:
                message = f"key stands twice, first in line {seen[value]}"
                problems.append(Problem(table.name, message, line, ", ".join(key), ", ".join(value), "each key once"))
            seen.setdefault(value, line)
    for rule in table.schema.get("requiredUnless", []):
        unless = rule["unless"]
        others = {column: dict(table.column(column)) for column in unless}
        for line, value in table.column(rule["field"]):
            excused = any(others[column][line] == wanted for column, wanted in unless.items())
            if not value and not excused:
                said = " or ".join(f"{column} = {wanted}" for column, wanted in unless.items())
                problems.append(
                    Problem(table.name, "value is missing", line, rule["field"], allowed=f"empty only with {said}")
                )
    return problems


def _check_references(table: _Table, tables: dict[str, _Table]) -> list[Problem]:
    problems: list[Problem] = []
    wanted: list[tuple[str, str, str, str | None]] = []
    for key in table.schema.get("foreignKeys", []):
        own = [key["fields"]] if isinstance(key["fields"], str) else key["fields"]
        theirs = key["reference"]["fields"]
        theirs = [theirs] if isinstance(theirs, str) else theirs
        other = key["reference"].get("resource") or table.name
        if len(own) == 1:
            wanted.append((own[0], other, theirs[0], None))
        else:
            problems += _check_composite(table, own, tables.get(other), theirs)
    for spec in table.fields:
        if spec.get("type") == "list" and "references" in spec:
            target = spec["references"]
            wanted.append((spec["name"], target["resource"], target["field"], spec.get("delimiter", ";")))
    for column, other, their, split in wanted:
        if other not in tables or not tables[other].has(their):
            problems.append(Problem(table.name, f"points to {other}.{their}, which cannot be read", column=column))
            continue
        known = {value for _, value in tables[other].column(their)}
        for line, value in table.column(column):
            for item in value.split(split) if split and value else [value]:
                if item and item not in known:
                    message = f"is not known in {other}.{their}"
                    problems.append(Problem(table.name, message, line, column, item, f"a value of {other}.{their}"))
    return problems


def _check_composite(table: _Table, own: list[str], other: _Table | None, theirs: list[str]) -> list[Problem]:
    shown = ", ".join(own)
    if other is None or not all(other.has(column) for column in theirs):
        return [Problem(table.name, "points to a table that cannot be read", column=shown)]
    known = set(zip(*[[value for _, value in other.column(column)] for column in theirs], strict=True))
    mine = zip(*[[value for _, value in table.column(column)] for column in own], strict=True)
    problems = []
    for (line, _), value in zip(table.rows, mine, strict=True):
        if any(value) and value not in known:
            target = f"{other.name}.({', '.join(theirs)})"
            problems.append(Problem(table.name, f"is not known in {target}", line, shown, ", ".join(value), target))
    return problems


def _check_corrections(tables: dict[str, _Table]) -> list[Problem]:
    """Return where the tables do not hold what the table of corrections says; see :mod:`policybook.corrections`."""
    log = tables.get(corrections.TABLE)
    if log is None or not log.complete:
        return []
    known = [f["name"] for f in log.fields]
    missing = [name for name in corrections.NEEDED if name not in known]
    if missing:
        return [Problem(log.name, "column is needed to guard corrections", 1, name) for name in missing]
    rows = [(line, dict(zip(known, row, strict=True))) for line, row in log.rows]
    named = {row["table"] for _, row in rows if row["table"] in tables}
    readable = {name: _keyed(tables[name]) for name in named if tables[name].complete}
    rows = [(line, row) for line, row in rows if row["table"] in readable or row["table"] not in tables]
    return [_broken(found) for found in corrections.check(rows, readable)]


def _keyed(table: _Table) -> corrections.Rows:
    columns = tuple(f["name"] for f in table.fields)
    key = table.schema.get("primaryKey") or [columns[0]]
    key = (key,) if isinstance(key, str) else tuple(key)
    places = [columns.index(column) for column in key]
    rows = {
        tuple(row[place] for place in places): (line, dict(zip(columns, row, strict=True))) for line, row in table.rows
    }
    return corrections.Rows(key, columns, rows)


def _broken(found: corrections.Broken) -> Problem:
    if found.expected is None or found.table == corrections.TABLE:
        allowed = found.expected or "the row, or a later correction that removes it"
        return Problem(found.table, found.message, found.line, found.column, found.found, allowed)
    # Long texts are shown from a little before the first difference, or both would look the same.
    both = (found.found or "", found.expected)
    same = next((at for at, (a, b) in enumerate(zip(*both, strict=False)) if a != b), min(map(len, both)))
    start = max(same - 20, 0)
    value, wanted = (("…" if start else "") + text[start:] for text in both)
    wanted = wanted if len(wanted) <= 80 else wanted[:77] + "..."
    allowed = f"{wanted!r}, or a later correction in {corrections.TABLE}"
    return Problem(found.table, found.message, found.line, found.column, value, allowed)


def refresh(report: paths.Paths | None = None, only: Iterable[str] | None = None) -> list[str]:
    """Register the tables (all, or ``only`` some) as they are now: digest, size and number of rows of each file.

    Writes ``datapackage.json`` only when something changed, as a whole or not at all. Returns the names of the tables
    that changed. Raises ``DataError`` when a file is missing.
    """
    report = report or paths.report()
    package = json.loads(json.dumps(_package(report)))
    changed, problems = [], []
    wanted = None if only is None else set(only)
    for item in package["resources"]:
        if wanted is not None and item["name"] not in wanted:
            continue
        path = report.data / item["path"]
        if not path.is_file():
            problems.append(Problem(item["name"], f"file not found: data/{item['path']}"))
            continue
        content = path.read_bytes()
        rows = max(sum(1 for _ in csv.reader(io.StringIO(content.decode("utf-8", "replace")))) - 1, 0)
        now = {"hash": f"sha256:{hashlib.sha256(content).hexdigest()}", "bytes": len(content), "rowCount": rows}
        if any(item.get(key) != value for key, value in now.items()):
            item.update(now)
            changed.append(item["name"])
    if problems:
        raise DataError(problems)
    if changed:
        paths.keep(report.descriptor, (json.dumps(package, ensure_ascii=False, indent=2) + "\n").encode())
    return changed
