"""Coding with two coders: a sheet out, codes in, and how far the coders agree.

What is coded, what a coder sees and which codes there are stands in the data package (:mod:`policybook.codebooks`). The
second coder's sheet shows nothing that the first coder wrote but what the package names as context, in an order that
tells nothing. Codes come back as a whole or not at all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from policybook import agreement, data, editing, paths, schema, sheets
from policybook.codebooks import CODERS, EMPTY, FIRST, SECOND, Coding, Column, coding, markdown

SEED = "policybook"
MARK, NOTE, AGREED = "sheet", "note", "agreed"
_PARTED = ("column", "first", "second", AGREED)
ALL, OPEN = "all", "open"
Unit = tuple[str, ...]
# Truth as people and spreadsheets write it, in the languages in which Excel writes it by itself.
_TRUE = {"true", "1", "yes", "y", "x", "wahr", "ja", "vrai", "oui", "verdadero", "vero", "是", "真"}
_FALSE = {"false", "0", "no", "n", "falsch", "nein", "faux", "non", "falso", "否", "假"}
# Codes of a cell are separated by a semicolon; a comma or a new line in its place is understood.
_BETWEEN = re.compile(r"[;；,，、\n]")


class CodingError(ValueError):
    """Coding cannot go on as asked; the message says why and what would be right."""


# ------------------------------------------------------------------------------------------------------- a sheet out


@dataclass(frozen=True)
class Made:
    """A sheet that was made: its files, the number of units on it and in the table."""

    sheet: Path
    codebook: Path
    units: int
    of: int


def make(
    table: str, target: Path, coder: str = FIRST, only_open: bool = False, report: paths.Paths | None = None
) -> Made:
    """Write the empty sheet of a coder, and the codebook beside it.

    ``coder`` is ``a`` or ``b``; ``only_open`` leaves out units that the coder has coded. Raises ``DataError`` for a
    table that cannot be coded, ``CodingError`` when there is nothing to code or a file is in the way.
    """
    report = report or paths.report()
    found = coding(table, report, coder)
    tables = editing.Tables(report)
    rows = _units(found, tables)
    wanted = [unit for unit in rows if not only_open or _is_open(found, coder, _codes_of(found, tables, coder), unit)]
    if not wanted:
        raise CodingError(f"{table}: the {CODERS[coder]} coder has coded all {len(rows)} units")
    book = target.with_suffix(".codebook.md")
    _outside(target, report)
    content = _sheet(found, coder, rows, wanted, OPEN if only_open else ALL)
    if target.exists() and (not target.is_file() or target.read_bytes() != content):
        raise CodingError(f"{target} is there already and may hold codes: give another name, or delete it")
    paths.keep_all({book: markdown(found, coder, target.name).encode(), target: content})
    return Made(target, book, len(wanted), len(rows))


def columns_of(found: Coding, coder: str) -> list[str]:
    """Return the columns of a coder's sheet: key, context, codes, remarks, note, and what sheet it is."""
    remarks = [spec["name"] for spec in found.remarks[coder]]
    codes = [column.name for column in found.asked()]
    columns = [*found.key, *found.context[coder], *codes, *remarks, *([] if NOTE in remarks else [NOTE]), MARK]
    return list(dict.fromkeys(columns))


def _sheet(found: Coding, coder: str, rows: dict[Unit, editing.Row], wanted: list[Unit], which: str) -> bytes:
    if coder == SECOND:
        wanted = sorted(wanted, key=lambda unit: _drawn(found.table, unit))
    columns = columns_of(found, coder)
    shown = {*found.key, *found.context[coder]}
    lines = []
    for unit in wanted:
        cells = {name: rows[unit][name] for name in shown} | {MARK: _mark(found, coder, which)}
        lines.append([cells.get(name, "") for name in columns])
    return sheets.write(columns, lines)


def _drawn(table: str, unit: Unit) -> bytes:
    """Return the place of a unit in a random order; a unit that is added later leaves the order of the others."""
    return hashlib.sha256("\x1f".join((SEED, table, *unit)).encode()).digest()


def _mark(found: Coding, coder: str, which: str) -> str:
    return f"{found.table} {coder} {which}"


def _units(found: Coding, tables: editing.Tables) -> dict[Unit, editing.Row]:
    """Return the rows of the table by unit; raise ``CodingError`` when there are none."""
    rows = {_unit(found, row): row for row in tables[found.table]}
    if not rows:
        raise CodingError(f"{found.table} has no rows yet: enter the units (key and context) first, then code them")
    return rows


def _unit(found: Coding, row: editing.Row) -> Unit:
    return tuple(row[name].strip() for name in found.key)


def _codes_of(found: Coding, tables: editing.Tables, coder: str) -> dict[Unit, editing.Row]:
    return {_unit(found, row): row for row in tables[found.tables(coder)]}


def _is_open(found: Coding, coder: str, codes: dict[Unit, editing.Row], unit: Unit) -> bool:
    """Whether a coder has a unit still to code: no row, a code that must be there is missing, or none is there.

    A row of the second coder comes from a sheet only, so that one without codes was left without on purpose.
    """
    row = codes.get(unit)
    if row is None:
        return True
    must = [column.name for column in found.asked() if column.fields[coder].get("constraints", {}).get("required")]
    if must:
        return any(not row[name] for name in must)
    return coder == FIRST and not any(row[column.name] for column in found.asked())


# --------------------------------------------------------------------------------------------------------- codes in


@dataclass(frozen=True)
class Read:
    """What a sheet brought: the coder, the cells for the coder's table and the notes, by unit."""

    coder: str
    cells: dict[Unit, dict[str, str]]
    notes: dict[Unit, str]
    ignored: list[str] = field(default_factory=list)


def marked(name: str, content: bytes) -> tuple[str, str] | None:
    """Return table and coder that a sheet says it is for, or nothing; see :func:`read`."""
    try:
        sheet = sheets.read(content, [MARK])
    except sheets.SheetError as error:
        raise data.DataError([data.Problem(name, str(error), error.line, allowed=error.allowed)]) from None
    for _, row in sheet.rows:
        parts = row.get(MARK, "").split()
        if len(parts) == 3 and parts[1] in CODERS:
            return parts[0], parts[1]
    return None


def read(found: Coding, coder: str, name: str, content: bytes, tables: editing.Tables) -> Read:
    """Read the sheet of a coder back and check all of it.

    ``name`` is the name of the file in messages. Raises ``DataError`` with every problem: columns that are missing, a
    sheet for another table or coder, units that are unknown, missing or there twice, codes that the codebook does not
    have, too many of them, or none where one must be.
    """
    wanted = columns_of(found, coder)
    try:
        sheet = sheets.read(content, wanted)
    except sheets.SheetError as error:
        raise data.DataError([data.Problem(name, str(error), error.line, allowed=error.allowed)]) from None
    _right_sheet(found, coder, name, sheet)
    needed = [*found.key, *(column.name for column in found.asked()), *_remark_names(found, coder), MARK]
    missing = [column for column in needed if column not in sheet.columns]
    if missing:
        problems = [data.Problem(name, "column is missing", 1, column, allowed=", ".join(needed)) for column in missing]
        raise data.DataError(problems)

    known = _units(found, tables)
    problems: list[data.Problem] = []
    cells: dict[Unit, dict[str, str]] = {}
    notes: dict[Unit, str] = {}
    first: dict[Unit, int] = {}
    key = ", ".join(found.key)
    for line, row in sheet.rows:
        unit = _unit(found, row)
        if unit not in known:
            message = "is not a unit of the table" if any(unit) else "has no key"
            allowed = f"a value of {found.table}.{key}"
            problems.append(data.Problem(name, message, line, key, ", ".join(unit) or None, allowed))
            continue
        if unit in first:
            message = f"unit stands twice, first in line {first[unit]}"
            problems.append(data.Problem(name, message, line, key, ", ".join(unit), "each unit once"))
            continue
        first[unit] = line
        cells[unit], wrong = _read_row(found, coder, row)
        problems += [data.Problem(name, said, line, column, value, allowed) for column, said, value, allowed in wrong]
        note = _folded(row.get(NOTE, ""))
        if note and NOTE not in _remark_names(found, coder):
            notes[unit] = note
    problems += _missing_units(found, coder, name, sheet, [unit for unit in known if unit not in first], tables)
    if problems:
        raise data.DataError(problems)
    return Read(coder, cells, notes, [column for column in sheet.columns if column not in wanted])


def _remark_names(found: Coding, coder: str) -> list[str]:
    return [spec["name"] for spec in found.remarks[coder]]


def _right_sheet(found: Coding, coder: str, name: str, sheet: sheets.Sheet) -> None:
    """Raise ``DataError`` unless all that a sheet says of itself is that it is for this table and coder."""
    wanted = f"{found.table} {coder} {ALL} or {OPEN}"
    own = [_mark(found, coder, which) for which in (ALL, OPEN)]
    if MARK in sheet.columns:
        for line, row in sheet.rows:
            said = " ".join(row[MARK].split())
            if said not in own:
                message = "does not say which sheet it belongs to" if not said else "is a line of another sheet"
                raise data.DataError([data.Problem(name, message, line, MARK, said or None, wanted)])
    elif not {*found.key} & {*sheet.columns}:
        message = f"is not a sheet for {found.table}: it has none of its columns"
        raise data.DataError([data.Problem(name, message, 1, allowed=", ".join(columns_of(found, coder)))])


def _missing_units(
    found: Coding, coder: str, name: str, sheet: sheets.Sheet, missing: list[Unit], tables: editing.Tables
) -> list[data.Problem]:
    """Return a problem for each unit that the sheet should have and has not."""
    if sheet.rows and sheet.rows[0][1].get(MARK, "").split()[-1:] == [OPEN]:
        codes = _codes_of(found, tables, coder)
        missing = [unit for unit in missing if _is_open(found, coder, codes, unit)]
    key = ", ".join(found.key)
    return [
        data.Problem(name, "unit is missing", None, key, ", ".join(unit), "a line for each unit of the sheet")
        for unit in missing
    ]


Wrong = list[tuple[str, str, str | None, str | None]]


def _read_row(found: Coding, coder: str, row: dict[str, str]) -> tuple[dict[str, str], Wrong]:
    """Return the cells of a line as the coder's table holds them, and what is wrong with them."""
    cells: dict[str, str] = {}
    wrong: Wrong = []
    for column in found.asked():
        text = row[column.name]
        cells[column.name], said = code(text, column, coder)
        wrong += [(column.name, message, _folded(text) or None, allowed) for message, allowed in said]
    for column in found.columns:
        if column.first_of:
            origin = next(one for one in found.columns if one.name == column.first_of)
            cells[column.name] = cells[origin.name].split(origin.delimiter(coder))[0]
    for spec in found.remarks[coder]:
        value = _folded(row[spec["name"]])
        if spec.get("type") == "boolean":
            value = _truth(value) or value or "false"
        cells[spec["name"]] = value
        wrong += [(spec["name"], message, value or None, allowed) for message, allowed in schema.faults(value, spec)]
    return cells, wrong


def code(text: str, column: Column, coder: str) -> tuple[str, list[tuple[str, str | None]]]:
    """Return a cell of a sheet as the table of a coder holds it, and what is wrong with it, with what is allowed.

    Case and outer blanks do not matter; truth may be written as ``1`` or ``yes``, a number with a decimal part of zero.
    """
    choice = column.allowed()
    allowed = ", ".join(choice)
    parts = [part.strip() for part in (_BETWEEN.split(text) if column.several else [text])]
    parts = [part for part in parts if part]
    if not parts:
        return "", [("code is missing", allowed)] if column.required(coder) else []
    codes, wrong = [], []
    for part in parts:
        one = _code(part, column, choice)
        if one is None:
            wrong.append((f"{part!r} is not a code of the codebook" if column.several else "is not a code", allowed))
        else:
            codes.append(one)
    if len(set(codes)) != len(codes):
        wrong.append(("has a code twice", "each code once"))
    if EMPTY in codes and EMPTY in choice:
        return "", wrong if len(codes) == 1 else [*wrong, (f"has {EMPTY!r} beside other codes", f"{EMPTY} alone")]
    limit = column.limit(coder)
    if limit is not None and len(codes) > limit:
        wrong.append((f"has {len(codes)} codes", f"at most {limit}"))
    value = column.delimiter(coder).join(codes)
    if not wrong:
        wrong = schema.faults(value, column.fields[coder])
    return value, wrong


def _code(part: str, column: Column, choice: list[str]) -> str | None:
    if part in choice:
        return part
    if column.kind == "boolean":
        return _truth(part) or None
    if column.kind == "integer":
        number = re.fullmatch(r"([-+−–]?)(\d+)(?:[.,]0+)?", part)
        if number:
            sign = "-" if number.group(1) in ("-", "−", "–") else ""
            same = str(int(f"{sign}{number.group(2)}"))
            return same if same in choice else None
    alike = [one for one in choice if one.casefold() == part.casefold()]
    return alike[0] if len(alike) == 1 else None


def _truth(text: str) -> str:
    """Return ``true`` or ``false``, or nothing where a text is neither."""
    word = re.sub(r"[.,]0+$", "", text.strip().casefold())
    return "true" if word in _TRUE else "false" if word in _FALSE else ""


def _folded(text: str) -> str:
    return " ".join(text.split())


# ------------------------------------------------------------------------------------------------------ into the table


@dataclass(frozen=True)
class Taken:
    """What :func:`take` did: the table, units read, cells that changed, and what the table has no column for."""

    table: str
    coder: str
    units: int
    changed: int
    notes: dict[Unit, str]
    ignored: list[str]
    tables: editing.Tables


def take(
    table: str, sheet: Path, coder: str | None = None, write: bool = True, report: paths.Paths | None = None
) -> Taken:
    """Read a coder's sheet, put its codes into the coder's table and register the table, as a whole or not at all.

    Without a ``coder`` it is the one that the sheet names. With ``write`` false everything is checked and nothing
    written. Raises ``DataError`` with all that is wrong with the sheet or would be with the package, ``OSError`` when a
    file cannot be read or written.
    """
    report = report or paths.report()
    content = sheet.read_bytes()
    found = coding(table, report)
    if coder is None:
        said = marked(sheet.name, content)
        coder = said[1] if said else FIRST
    found = coding(table, report, coder)
    tables = editing.Tables(report)
    got = read(found, coder, sheet.name, content, tables)
    target = found.tables(coder)
    before = {unit: dict(row) for unit, row in _codes_of(found, tables, coder).items()}
    blank = dict.fromkeys(tables.columns(target), "")
    rows = []
    for unit in _units(found, tables):
        if unit in got.cells:
            key = dict(zip(found.key, unit, strict=True))
            rows.append(blank | before.get(unit, {}) | key | got.cells[unit])
        elif unit in before:
            rows.append(before[unit])
    changed = sum(
        before.get(unit, blank)[name] != value for unit, cells in got.cells.items() for name, value in cells.items()
    )
    tables.replace(target, rows)
    if not data.is_registered(target, report):
        # An earlier try was stopped between the table and its registration, or the table was changed by hand.
        tables.changed.add(target)
    editing.publish(tables, write=write, unfinished=True)
    return Taken(target, coder, len(got.cells), changed, got.notes, got.ignored, tables)


# ----------------------------------------------------------------------------------------------------------- agreement


@dataclass(frozen=True)
class State:
    """How far a coding has come: units, and those that each coder has coded."""

    units: int
    coded: dict[str, int]


def state(found: Coding, tables: editing.Tables) -> State:
    """Return how many units each coder has coded."""
    units = list(_units(found, tables))
    counts = {}
    for coder in CODERS:
        codes = _codes_of(found, tables, coder)
        counts[coder] = sum(not _is_open(found, coder, codes, unit) for unit in units)
    return State(len(units), counts)


def _both(found: Coding, tables: editing.Tables) -> list[tuple[Unit, editing.Row, editing.Row]]:
    """Return the units that both coders have coded, in the order of the table, with the row of each."""
    one, two = (_codes_of(found, tables, coder) for coder in (FIRST, SECOND))
    coded = [unit for unit in one if not _is_open(found, FIRST, one, unit) and not _is_open(found, SECOND, two, unit)]
    return [(unit, one[unit], two[unit]) for unit in coded]


def agreed(found: Coding, tables: editing.Tables) -> pd.DataFrame:
    """Return how far the coders agree on each coded column, in the order of the coding.

    A column of several codes is measured code by code, whether a unit carries it (as in
    :func:`policybook.agreement.by_theme`); one whose codebook merges codes is measured merged as well. Units count that
    both have coded and that the coding says to measure on. Columns: ``column``, ``code`` (empty for a whole column,
    ``merged`` for the merged codes), ``units``, ``first`` and ``second`` (units with a code, by each coder; missing for
    a whole column), ``percent`` (0 to 100), ``alpha``, ``low``, ``high`` (95 % interval; NaN where alpha is not
    defined).
    """
    pairs = [
        (one, two)
        for _, one, two in _both(found, tables)
        if all(one[name] in values for name, values in found.measured_on.items())
    ]
    rows = []
    long = agreement.draws_for(len(found.columns))
    for column in found.columns:
        a, b = (pd.Series([pair[k][column.name] for pair in pairs], dtype=object) for k in (0, 1))
        if column.several:
            rows += _by_code(column, a, b)
            continue
        rows.append({"column": column.name, "code": ""} | _measured(column, a, b, long))
        merged = {code.code: code.merged_into for code in column.codes if code.merged_into}
        if merged:
            told = _measured(column, a.replace(merged), b.replace(merged), long)
            rows.append({"column": column.name, "code": "merged"} | told)
    names = ["column", "code", "units", "first", "second", "percent", "alpha", "low", "high"]
    return pd.DataFrame(rows).reindex(columns=names)


def _measured(column: Column, a: pd.Series, b: pd.Series, draws: int) -> dict[str, float | int]:
    a, b = (codes.replace({"": None, EMPTY: None}) for codes in (a, b))
    if column.level != "nominal":
        rank = {code: place for place, code in enumerate(column.allowed())}
        number = (lambda code: int(code)) if column.kind == "integer" else (lambda code: rank[code])
        a, b = (codes.map(number, na_action="ignore").astype("Int64") for codes in (a, b))
    return agreement.pair(a, b, column.level, draws)


def _by_code(column: Column, a: pd.Series, b: pd.Series) -> list[dict[str, object]]:
    one, two = (
        [set(cell.split(column.delimiter(coder))) - {""} for cell in cells]
        for coder, cells in ((FIRST, a), (SECOND, b))
    )
    used = {code for codes in [*one, *two] for code in codes}
    codes = [code for code in column.allowed() if code in used]
    draws = agreement.draws_for(len(column.codes))
    return [{"column": column.name} | row for row in agreement.carried(one, two, codes, draws)]


def parted(
    found: Coding, tables: editing.Tables, notes: dict[Unit, str] | None = None
) -> tuple[list[str], list[list[str]]]:
    """Return header and lines of what the coders see differently: one line for a column of a unit, side by side.

    Codes of a cell are compared without their order. After the key and what the first coder sees of a unit come
    ``column``, ``first``, ``second``, the remarks of both, ``note`` (of a sheet that has just been read) and an
    empty ``agreed``, to be filled when the two have talked.
    """
    remarks = [(coder, name) for coder in CODERS for name in _remark_names(found, coder)]
    context = found.context[FIRST]
    said = [f"{name}_{CODERS[coder]}" for coder, name in remarks]
    header = [*found.key, *context, *_PARTED[:3], *said, NOTE, AGREED]
    lines = []
    for unit, one, two in _both(found, tables):
        for column in found.columns:
            a, b = one[column.name], two[column.name]
            if _as_set(a, column, FIRST) != _as_set(b, column, SECOND):
                told = [(one if coder == FIRST else two)[name] for coder, name in remarks]
                note = (notes or {}).get(unit, "")
                shown = [*unit, *(one[name] for name in context), column.name, a or EMPTY, b or EMPTY]
                lines.append([*shown, *told, note, ""])
    return header, lines


def _as_set(cell: str, column: Column, coder: str) -> set[str]:
    return set(cell.split(column.delimiter(coder))) if column.several else {cell}


def check_parted(target: Path, report: paths.Paths | None = None) -> None:
    """Raise ``CodingError`` when the differences may not be written to a file.

    It may be replaced when it is a list of differences in which nobody has filled ``agreed`` yet.
    """
    _outside(target, report or paths.report())
    if not target.exists():
        return
    try:
        sheet = sheets.read(target.read_bytes(), _PARTED)
    except (sheets.SheetError, OSError):
        sheet = sheets.Sheet([], [])
    if not {*_PARTED} <= {*sheet.columns} or MARK in sheet.columns:
        raise CodingError(f"{target} is there already and is something else: give another name")
    if any(row[AGREED].strip() for _, row in sheet.rows):
        raise CodingError(f"{target} is there already with a column {AGREED} that is filled: give another name")


def write_parted(target: Path, header: Iterable[str], lines: Iterable[list[str]]) -> None:
    """Write what the coders see differently as a sheet."""
    paths.keep(target, sheets.write(list(header), lines))


def _outside(target: Path, report: paths.Paths) -> None:
    if target.resolve().is_relative_to(report.data.resolve()):
        raise CodingError(f"{target}: the folder of the data package holds its tables only; write the sheet elsewhere")
