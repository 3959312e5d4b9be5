"""Typed tables out of the data package, and the check of the package.

The schema of every table stands once, in ``data/datapackage.json`` (Frictionless Data Package v2,
https://datapackage.org). Custom properties extend it: a field's ``references`` (``{"resource", "field"}``) and
``itemEnum`` hold for each item of a ``list`` column, ``maxItems`` for their number, and a schema's ``requiredUnless``
asks for a value unless another column has a given one. What two coders code is a table's ``coding``, see
:mod:`policybook.codebooks`. A field's ``categories`` (of the standard) say how readers see its codes; the object
``report`` of the package holds the settings of the report, see :mod:`policybook.settings`.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from policybook import corrections, paths, schema

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
        package = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_each_key_once)
    except UnicodeDecodeError as error:
        raise DataError([Problem(path.name, f"is not UTF-8 at byte {error.start}")]) from None
    except json.JSONDecodeError as error:
        raise DataError([Problem(path.name, f"is not JSON: {error.msg}", error.lineno)]) from None
    except (ValueError, RecursionError) as error:
        raise DataError([Problem(path.name, f"cannot be used: {error}")]) from None
    problems = [
        Problem(f"{path.name}, {table}" if table else path.name, message, column=column, allowed=allowed)
        for table, column, message, allowed in schema.package_faults(package)
    ]
    if problems:
        raise DataError(problems)
    return package


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice!r} stands twice in an object with {', '.join(found)}"[:200])
    return found


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
    _package(report)  # says when there is none
    path, rules = _schemas(report.descriptor, _stamp(report.descriptor)).get(name, ("", ""))
    return hashlib.sha256((rules + file_digest(report.data / path)).encode()).hexdigest() if path else ""


@lru_cache(maxsize=8)
def _schemas(descriptor: Path, stamp: tuple[int, int]) -> dict[str, tuple[str, str]]:
    """Return path and schema (JSON) of each table: every cell that may name an article asks for a fingerprint."""
    tables = _read_descriptor(descriptor, stamp)["resources"]
    return {item["name"]: (item["path"], json.dumps(item["schema"], sort_keys=True)) for item in tables}


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
    return _read_descriptor(path, _stamp(path))


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
    return schema.listed(resource(name, report)["schema"].get("primaryKey"))


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
    return item.get("hash") == f"sha256:{file_digest(report.data / item['path'])}"


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
    except (ValueError, OverflowError) as error:
        raise DataError([Problem(name, f"is not a CSV table: {error}")]) from None
    if list(raw.columns) != wanted:
        raise DataError(_wrong_columns(name, list(raw.columns), wanted))
    if not isinstance(raw.index, pd.RangeIndex):
        # pandas takes the first cells of rows that are too long for their names.
        raise DataError([Problem(name, "has more cells in a row than in the header", 2)])
    problems = [problem for spec in fields for problem in _not_of_type(name, raw[spec["name"]], spec)]
    if problems:
        raise DataError(problems)
    return pd.DataFrame({spec["name"]: _typed(raw[spec["name"]], spec) for spec in fields})


def _not_of_type(name: str, column: pd.Series, spec: dict[str, Any]) -> Iterator[Problem]:
    """Yield the values that a typed column would lose or could not hold, each once with its first line."""
    kind, levels = spec["type"], spec.get("constraints", {}).get("enum")
    known = None if levels is None else {str(level) for level in levels}
    if kind in ("string", "list") and (known is None or kind == "list"):
        return
    for value in column.dropna().unique():
        wrong = schema.wrong_type(value, kind)
        if wrong is None and kind == "string" and value not in known:
            wrong = "is not one of the known values", ", ".join(known)
        if wrong:
            line = int((column == value).to_numpy().argmax()) + 2
            yield Problem(name, wrong[0], line, spec["name"], value, wrong[1])


def _typed(column: pd.Series, spec: dict[str, Any]) -> pd.Series:
    kind = spec.get("type", "string")
    levels = spec.get("constraints", {}).get("enum")
    if kind in ("integer", "year"):
        return pd.to_numeric(column).astype("Int64")
    if kind == "number":
        return pd.to_numeric(column).astype("float64")
    if kind == "boolean":
        return column.map({schema.TRUE: True, schema.FALSE: False}).astype("boolean")
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
        tables[item["name"]], found = _check_alone(item, report)
        problems += found
    problems += _check_together(package, tables, tables)
    problems += _check_strays(report, package)
    order = {name: position for position, name in enumerate(tables)}
    return sorted(problems, key=lambda p: (order.get(p.table, -1), p.line or 0, p.column or ""))


def _check_alone(item: dict[str, Any], report: paths.Paths) -> tuple[_Table, list[Problem]]:
    """Read the table of a resource and return it with all that is wrong within it."""
    table = _Table(item["name"], item["schema"]["fields"], item["schema"])
    problems = _read(table, report.data / item["path"], item)
    if table.complete:
        problems += _check_values(table)
        problems += _check_keys(table)
    problems += _check_categories(table)
    return table, problems


def _check_together(package: dict[str, Any], tables: dict[str, _Table], of: Container[str]) -> list[Problem]:
    """Return what is wrong between tables where one is ``of`` those given, and in the settings."""
    problems = [
        problem for table in tables.values() if table.complete for problem in _check_references(table, tables, of)
    ]
    return problems + _check_corrections(tables, of) + _check_settings(package, tables)


def _check_categories(table: _Table) -> Iterator[Problem]:
    for spec in table.fields:
        if "categories" not in spec:
            continue
        found = [item if isinstance(item, dict) else {"value": item, "label": item} for item in spec["categories"]]
        values = [item.get("value") for item in found]
        for item in found:
            if not isinstance(item.get("label"), str) or not item["label"].strip():
                yield Problem(table.name, "a code has no label (categories)", 1, spec["name"], str(item.get("value")))
        codes = [str(code) for code in spec.get("constraints", {}).get("enum", spec.get("itemEnum", values))]
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
        elif (
            not isinstance(value, kind)
            or (kind is str and not value.strip())
            or (kind is list and not all(isinstance(item, str) for item in value))
        ):
            allowed = {str: "a text", dict: "an object", list: "a list of texts"}[kind]
            problems.append(Problem(name, "setting has the wrong type", None, key, json.dumps(value), allowed))
        elif kind is str and (said := list(schema.wrong_text(value))):
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
    if wrong := schema.wrong_type(day, "date"):
        return [Problem(name, wrong[0], None, "date", day, wrong[1])]
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
    if not text.endswith("\n"):
        message = "does not end with a line feed: it may be cut off"
        problems.append(Problem(name, message, text.count("\n") + 1, allowed="a line feed (LF) after each row"))
    reader = csv.reader(io.StringIO(text), strict=True)
    wanted = [f["name"] for f in table.fields]
    line = 1
    try:
        header = next(reader)
        if header != wanted:
            problems += _wrong_columns(name, header, wanted)
        table.complete = header == wanted
        kept: dict[str, str] = {}  # equal cells share one text: a large table then takes a fifth of the memory
        line = reader.line_num + 1  # where a row begins: after a quote that is never closed it ends far below
        for row in reader:
            if len(row) != len(header):
                message = f"has {len(row)} cells, the header has {len(header)}"
                problems.append(Problem(name, message, line, value=",".join(row)[:80]))
            else:
                table.rows.append((line, [kept.setdefault(cell, cell) for cell in row]))
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem(name, f"is not a CSV table: {error}", line))
    again = f"if the change is meant, run: {REFRESH}"
    if not problems and len(table.rows) != item.get("rowCount"):
        message = f"has {len(table.rows)} rows, registered are {item.get('rowCount')}"
        problems.append(Problem(name, message, allowed=again))
    registered = _registered(path.read_bytes())
    if item.get("hash") != registered["hash"]:
        problems.append(Problem(name, "is not the file that was registered (sha256 differs)", allowed=again))
    elif item.get("bytes") != registered["bytes"]:
        problems.append(
            Problem(name, f"has {registered['bytes']} bytes, registered are {item.get('bytes')}", allowed=again)
        )
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
                wrong[value] = tuple(schema.faults(value, spec))
            for message, allowed in wrong[value]:
                problems.append(Problem(table.name, message, line, spec["name"], value or None, allowed))
            if value and rules.get("unique"):
                if value in seen:
                    message = f"stands twice, first in line {seen[value]}"
                    problems.append(Problem(table.name, message, line, spec["name"], value, "each value once"))
                seen.setdefault(value, line)
    return problems


def _check_keys(table: _Table) -> list[Problem]:
    problems: list[Problem] = []
    key = schema.listed(table.schema.get("primaryKey"))
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


def _check_references(table: _Table, tables: dict[str, _Table], of: Container[str]) -> list[Problem]:
    """Return the values that point to no row, where the table or the one pointed to is ``of`` those given."""
    problems: list[Problem] = []
    wanted: list[tuple[str, str, str, str | None]] = []
    for key in table.schema.get("foreignKeys", []):
        own, theirs = schema.listed(key["fields"]), schema.listed(key["reference"]["fields"])
        other = key["reference"].get("resource") or table.name
        if len(own) == 1:
            wanted.append((own[0], other, theirs[0], None))
        elif table.name in of or other in of:
            problems += _check_composite(table, own, tables.get(other), theirs)
    for spec in table.fields:
        if spec.get("type") == "list" and "references" in spec:
            target = spec["references"]
            wanted.append((spec["name"], target["resource"], target["field"], spec.get("delimiter", ";")))
    wanted = [link for link in wanted if table.name in of or link[1] in of]
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


def _check_corrections(tables: dict[str, _Table], of: Container[str]) -> list[Problem]:
    """Return where the tables ``of`` those given do not hold what the table of corrections says.

    All are looked at when that table itself is one of them. See :mod:`policybook.corrections`.
    """
    log = tables.get(corrections.TABLE)
    if log is None or not log.complete:
        return []
    known = [f["name"] for f in log.fields]
    missing = [name for name in corrections.NEEDED if name not in known]
    if missing:
        return [Problem(log.name, "column is needed to guard corrections", 1, name) for name in missing]
    rows = [(line, dict(zip(known, row, strict=True))) for line, row in log.rows]
    if log.name not in of:
        rows = [(line, row) for line, row in rows if row["table"] in of]
    named: dict[str, set[str]] = {}
    for _, row in rows:
        named.setdefault(row["table"], set()).add(row["row_id"])
    readable = {
        name: _keyed(tables[name], ids) for name, ids in named.items() if name in tables and tables[name].complete
    }
    rows = [(line, row) for line, row in rows if row["table"] in readable or row["table"] not in tables]
    return [_broken(found) for found in corrections.check(rows, readable)]


def _keyed(table: _Table, ids: set[str]) -> corrections.Rows:
    """Return the rows of a table that the ids of rows name."""
    columns = tuple(f["name"] for f in table.fields)
    key = tuple(schema.listed(table.schema.get("primaryKey")) or columns[:1])
    places = [columns.index(column) for column in key]
    keys = {corrections.split_key(row_id, len(key)) for row_id in ids}
    rows = {
        found: (line, dict(zip(columns, row, strict=True)))
        for line, row in table.rows
        if (found := tuple([row[place] for place in places])) in keys
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
        now = _registered(content) | {"rowCount": _rows(content)}
        if any(item.get(key) != value for key, value in now.items()):
            item.update(now)
            changed.append(item["name"])
    if problems:
        raise DataError(problems)
    if changed:
        paths.keep(report.descriptor, (json.dumps(package, ensure_ascii=False, indent=2) + "\n").encode())
    return changed


def _registered(content: bytes) -> dict[str, Any]:
    """Return what the descriptor says of a file, but for the number of its rows."""
    return {"hash": f"sha256:{hashlib.sha256(content).hexdigest()}", "bytes": len(content)}


def _rows(content: bytes) -> int:
    """Return how many rows a file has below its header; of one that is no table, those before it breaks off."""
    reader, rows = csv.reader(io.StringIO(content.decode("utf-8", "replace"))), -1
    with contextlib.suppress(csv.Error):
        for _ in reader:
            rows += 1
    return max(rows, 0)
