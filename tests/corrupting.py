"""Random corruptions of the data package, each with what a reader of the check should be told of it.

Nothing here names a table: corruptions are made out of the schema and the rows that are there.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from policybook import codebooks, corrections, data, paths

Field = dict[str, Any]
CAUGHT, HARMLESS, INVISIBLE, MISSED, UNPLACED, CRASHED = (
    "caught",
    "harmless",
    "invisible",
    "missed",
    "unplaced",
    "crash",
)
HTML = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a <b>bold</b> word",
    "</td></tr></table>",
    "<!-- gone",
    "<!DOCTYPE html>",
    '<?xml version="1.0"?>',
    "<svg onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
)
FORMULAS = (
    '=HYPERLINK("https://example.org")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "=1",
    "- 1+1",
    "＝1+1",
    "-A1",
)
CONTROLS = "\x00\x01\x07\x08\x0b\x0c\x1b\x1f\x7f\x80\x85\x9f\n\t"
UNSEEN = (
    "\u200b\u200e\u200f\u202a\u202e\u2066\u2069\u2028\u2029\u2060\ufeff\u00ad\u061c\u180e\ufff9\ufffe\uffff\ufffd\ue000"
    "\U000e0041"
)
BLANKS = (" ", "\u00a0", "\u3000", "\t", "\n", "\u2003")


@dataclass(frozen=True)
class Corruption:
    """A file of a table that was damaged (``None``: gone), and the place that the check should name.

    ``must`` says that the schema or the file itself shows the damage; else another plausible value may stand there.
    """

    kind: str
    table: str
    content: bytes | None
    line: int | None = None
    column: str | None = None
    value: str | None = None
    must: bool = True


class Table:
    """A sound table: its resource, its file and its cells."""

    def __init__(self, item: dict[str, Any], content: bytes, log: list[dict[str, str]]) -> None:
        """Read the rows; ``log`` holds the corrections of this table."""
        self.item, self.content, self.log = item, content, log
        self.fields: list[Field] = item["schema"]["fields"]
        self.header, *self.rows = csv.reader(io.StringIO(content.decode()))
        self.key = data.schema.listed(item["schema"].get("primaryKey"))

    def place(self, column: str) -> int:
        return self.header.index(column)

    def written(self, rows: list[list[str]], header: list[str] | None = None) -> bytes:
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows([header or self.header, *rows])
        return stream.getvalue().encode("utf-8", "surrogatepass")


Made = tuple[bytes | None, int | None, str | None, str | None]
Maker = Callable[[random.Random, Table], "Made | None"]
KINDS: dict[str, tuple[Maker, bool]] = {}


def _kind(name: str, *, must: bool = True) -> Callable[[Maker], Maker]:
    def keep(maker: Maker) -> Maker:
        KINDS[name] = (maker, must)
        return maker

    return keep


# --------------------------------------------------------------------------------------------------------------- cells


def _cell(
    chance: random.Random,
    table: Table,
    suits: Callable[[Field], bool],
    change: Callable[[str, Field], str | None],
    told: Callable[[str], str | None] = lambda value: value or None,
) -> Made | None:
    """Change one cell of a column that suits; nothing where no cell changes."""
    fields = [spec for spec in table.fields if suits(spec)]
    if not fields or not table.rows:
        return None
    for _ in range(12):
        spec, number = chance.choice(fields), chance.randrange(len(table.rows))
        place = table.place(spec["name"])
        old = table.rows[number][place]
        new = change(old, spec)
        if new is None or new == old:
            continue
        rows = [list(row) for row in table.rows]
        rows[number][place] = new
        return table.written(rows), number + 2, spec["name"], told(new)
    return None


def _typed(*kinds: str) -> Callable[[Field], bool]:
    return lambda spec: spec["type"] in kinds


def _rule(name: str, *kinds: str) -> Callable[[Field], bool]:
    return lambda spec: name in spec.get("constraints", {}) and (not kinds or spec["type"] in kinds)


def _one_of(chance: random.Random, values: Any) -> Callable[[str, Field], str]:
    return lambda old, spec: chance.choice(values)


@_kind("text in a number")
def _(chance, table):
    values = [
        "many",
        "12 %",
        "1,5",
        "1e",
        "0x1F",
        "٣",
        "½",
        "∞",
        "nan",
        "inf",
        "1 000",
        "--1",
        "+5",
        "1_000",
        "5 ",
        "1.2.3",
    ]
    return _cell(chance, table, _typed("integer", "number", "year"), _one_of(chance, values))


@_kind("fraction in a whole number")
def _(chance, table):
    return _cell(chance, table, _typed("integer", "year"), _one_of(chance, ["1.5", "3.0", "1e3", ".5", "2."]))


@_kind("number without end")
def _(chance, table):
    return _cell(chance, table, _typed("integer", "number", "year"), _one_of(chance, ["9" * 5000, "-1e999", "1e400"]))


@_kind("wrong boolean")
def _(chance, table):
    values = ["TRUE", "True", "yes", "1", "0", "FALSE", "wahr", "t", "是"]
    return _cell(chance, table, _typed("boolean"), _one_of(chance, values))


@_kind("impossible day")
def _(chance, table):
    values = ["2025-02-30", "2025-13-01", "2025-00-10", "2025-04-31", "2023-02-29", "0000-01-01"]
    return _cell(chance, table, _typed("date"), _one_of(chance, values))


@_kind("other form of a date")
def _(chance, table):
    values = [
        "26/07/2025",
        "2025-7-6",
        "20250726",
        "26 July 2025",
        "2025-07-26T00:00:00",
        "2025-07",
        "2025",
        "٢٠٢٥-٠٧-٢٦",
    ]
    return _cell(chance, table, _typed("date"), _one_of(chance, values))


@_kind("day out of range")
def _(chance, table):
    def change(old: str, spec: Field) -> str:
        return chance.choice(["0001-01-01", "9999-12-31"])

    return _cell(chance, table, lambda f: f["type"] == "date" and "minimum" in f.get("constraints", {}), change)


@_kind("number out of range")
def _(chance, table):
    def change(old: str, spec: Field) -> str:
        rules = spec["constraints"]
        ends = [str(int(float(rules["minimum"])) - 1)] if "minimum" in rules else []
        ends += [str(int(float(rules["maximum"])) + 1)] if "maximum" in rules else []
        return chance.choice(ends)

    numbers = ("integer", "number", "year")
    return _cell(chance, table, lambda f: _rule("minimum", *numbers)(f) or _rule("maximum", *numbers)(f), change)


@_kind("value out of a list")
def _(chance, table):
    def change(old: str, spec: Field) -> str | None:
        new = chance.choice([old + "x", old.upper(), old.title(), old[:-1], "unheard of"])
        return None if new in ("", *spec["constraints"]["enum"]) else new

    return _cell(chance, table, _rule("enum", "string"), change)


@_kind("wrong item of a list")
def _(chance, table):
    def change(old: str, spec: Field) -> str | None:
        items = old.split(";") if old else []
        wrong = [";".join([*items, ""]), "; ".join([*items, "x"]), ";".join([*items, *items[:1]])]
        if "itemEnum" in spec:
            wrong += [";".join([*items, "unheard_of"])]
        if "maxItems" in spec and items:
            wrong += [";".join([*items, *(f"item{n}" for n in range(spec["maxItems"]))])]
        return chance.choice(wrong) if items else None

    return _cell(chance, table, _typed("list"), change)


@_kind("pattern broken")
def _(chance, table):
    def change(old: str, spec: Field) -> str | None:
        new = chance.choice([old + "!?", "?" + old, old.swapcase() + " ?", "x"])
        return None if re.fullmatch(spec["constraints"]["pattern"], new) else new

    return _cell(chance, table, _rule("pattern", "string"), change)


@_kind("too long")
def _(chance, table):
    return _cell(chance, table, _rule("maxLength", "string"), lambda old, f: "x" * (f["constraints"]["maxLength"] + 1))


@_kind("value missing")
def _(chance, table):
    return _cell(chance, table, _rule("required"), lambda old, spec: "" if spec["constraints"]["required"] else None)


@_kind("source missing")
def _(chance, table):
    rules = table.item["schema"].get("requiredUnless", [])
    if not rules:
        return None
    rule = chance.choice(rules)

    def excused(row: list[str]) -> bool:
        return any(row[table.place(column)] == value for column, value in rule["unless"].items())

    numbers = [n for n, row in enumerate(table.rows) if not excused(row) and row[table.place(rule["field"])]]
    if not numbers:
        return None
    rows, number = [list(row) for row in table.rows], chance.choice(numbers)
    rows[number][table.place(rule["field"])] = ""
    return table.written(rows), number + 2, rule["field"], None


@_kind("blanks round a text")
def _(chance, table):
    def change(old: str, spec: Field) -> str | None:
        blank = chance.choice(BLANKS)
        return chance.choice([old + blank, blank + old]) if old else None

    return _cell(chance, table, _typed("string", "list", "date", "boolean"), change)


def _into_text(name: str, payloads: Any, whole: bool = True) -> None:
    @_kind(name)
    def _(chance, table):
        def change(old: str, spec: Field) -> str:
            payload = chance.choice(payloads)
            cut = chance.randrange(1, len(old)) if len(old) > 1 else 0
            return payload if whole or not cut else old[:cut] + payload + old[cut:]

        return _cell(chance, table, _typed("string", "list"), change)


_into_text("HTML", HTML)
_into_text("HTML within a text", HTML[:5], whole=False)
_into_text("spreadsheet formula", FORMULAS)
_into_text("control character", CONTROLS, whole=False)
_into_text("unseen character", UNSEEN, whole=False)


# ---------------------------------------------------------------------------------------------------------------- keys


@_kind("key twice")
def _(chance, table):
    if not table.key or len(table.rows) < 2:
        return None
    first, second = sorted(chance.sample(range(len(table.rows)), 2))
    rows = [list(row) for row in table.rows]
    for column in table.key:
        rows[second][table.place(column)] = rows[first][table.place(column)]
    shown = ", ".join(rows[first][table.place(column)] for column in table.key)
    return table.written(rows), second + 2, table.key[0], shown


@_kind("row twice")
def _(chance, table):
    if not table.key:
        return None
    number = chance.randrange(len(table.rows))
    at = chance.randrange(number + 1, len(table.rows) + 1)
    rows = [*table.rows[:at], table.rows[number], *table.rows[at:]]
    return table.written(rows), at + 2, table.key[0], None


@_kind("key empty")
def _(chance, table):
    return _cell(chance, table, lambda spec: spec["name"] in table.key, lambda old, spec: "", lambda value: None)


@_kind("value twice")
def _(chance, table):
    def change(old: str, spec: Field) -> str | None:
        found = [row[table.place(spec["name"])] for row in table.rows]
        new = chance.choice(found)
        # Where the first of the two changes, the second is told.
        return new if new and found.index(old) > found.index(new) and old else None

    return _cell(chance, table, lambda f: f.get("constraints", {}).get("unique", False), change)


@_kind("pointing nowhere")
def _(chance, table):
    columns = {}
    for key in table.item["schema"].get("foreignKeys", []):
        for column in data.schema.listed(key["fields"]):
            columns[column] = column
    columns |= {spec["name"]: spec["name"] for spec in table.fields if "references" in spec}

    def change(old: str, spec: Field) -> str:
        if spec["type"] == "integer":
            return "99999"
        return f"{old};nobody_9" if spec["type"] == "list" and old else "nobody_9"

    return _cell(chance, table, lambda f: f["name"] in columns, change, lambda new: new.rpartition(";")[2])


@_kind("corrected cell back")
def _(chance, table):
    if not table.log:
        return None
    row = chance.choice(table.log)
    key = corrections.split_key(row["row_id"], len(table.key))
    for number, cells in enumerate(table.rows):
        if tuple(cells[table.place(column)] for column in table.key) == key:
            place = table.place(row["column"])
            if cells[place] == row["old_value"]:
                return None
            rows = [list(one) for one in table.rows]
            rows[number][place] = row["old_value"]
            return table.written(rows), number + 2, row["column"], None  # a long value is shown from where it differs
    return None


# ------------------------------------------------------------------------------------------------------------- columns


@_kind("names of two columns swapped")
def _(chance, table):
    if len(table.header) < 2:
        return None
    header = list(table.header)
    first, second = chance.sample(range(len(header)), 2)
    header[first], header[second] = header[second], header[first]
    return table.written(table.rows, header), 1, None, None


@_kind("column renamed")
def _(chance, table):
    header = list(table.header)
    place = chance.randrange(len(header))
    old = header[place]
    header[place] = chance.choice([old + "_", old.upper(), f" {old}", "", old + "\u200b", "x\ufeff" + old])
    return table.written(table.rows, header), 1, old, None


@_kind("header lost")
def _(chance, table):
    return table.content.split(b"\n", 1)[1], 1, None, None


@_kind("column lost")
def _(chance, table):
    place = chance.randrange(len(table.header))
    rows = [[*row[:place], *row[place + 1 :]] for row in [table.header, *table.rows]]
    return table.written(rows[1:], rows[0]), 1, table.header[place], None


@_kind("column too many")
def _(chance, table):
    place = chance.randrange(len(table.header) + 1)
    name = chance.choice(["more", "", "x y", table.header[0]])
    rows = [[*row[:place], "1", *row[place:]] for row in table.rows]
    return table.written(rows, [*table.header[:place], name, *table.header[place:]]), 1, name or None, None


@_kind("cell too many")
def _(chance, table):
    number = chance.randrange(len(table.rows))
    rows = [list(row) for row in table.rows]
    rows[number].insert(chance.randrange(len(table.header) + 1), chance.choice(["", "more"]))
    return table.written(rows), number + 2, None, None


@_kind("cells too many in every row")
def _(chance, table):
    return table.written([[*row, ""] for row in table.rows]), 2, None, None


@_kind("cell too few")
def _(chance, table):
    number = chance.randrange(len(table.rows))
    rows = [list(row) for row in table.rows]
    del rows[number][chance.randrange(len(table.header))]
    return table.written(rows), number + 2, None, None


@_kind("line between rows")
def _(chance, table):
    lines = table.content.split(b"\n")
    at = chance.randrange(1, len(lines) - 1)
    mark = chance.choice([b"", b"<<<<<<< HEAD", b"=======", b">>>>>>> branch", b"# a remark", b"   "])
    return b"\n".join([*lines[:at], mark, *lines[at:]]), at + 1, None, None


# --------------------------------------------------------------------------------------------------------------- files


@_kind("cut off within a row")
def _(chance, table):
    for _ in range(20):
        at = chance.randrange(len(table.header[0]), len(table.content) - 1)
        if table.content[at - 1 : at] != b"\n" and table.content[at : at + 1] < b"\x80":
            return table.content[:at], table.content[:at].count(b"\n") + 1, None, None
    return None


@_kind("cut off within a character")
def _(chance, table):
    inner = [at for at, byte in enumerate(table.content) if 0x80 <= byte < 0xC0]
    if not inner:
        return None
    at = chance.choice(inner)
    return table.content[:at], table.content[:at].count(b"\n") + 1, None, None


@_kind("last line feed lost")
def _(chance, table):
    return table.content.rstrip(b"\n"), len(table.rows) + 1, None, None


@_kind("Latin-1")
def _(chance, table):
    content = table.content.decode().encode("latin-1", "replace")
    first = next((at for at, byte in enumerate(content) if byte >= 0x80), None)
    return None if first is None else (content, content[:first].count(b"\n") + 1, None, None)


@_kind("UTF-16")
def _(chance, table):
    return table.content.decode().encode(chance.choice(["utf-16", "utf-16-le", "utf-16-be"])), None, None, None


@_kind("byte-order mark")
def _(chance, table):
    return b"\xef\xbb\xbf" + table.content, 1, None, None


@_kind("byte that is no UTF-8")
def _(chance, table):
    at = chance.randrange(len(table.content))
    wrong = bytes([chance.choice([0x80, 0xBF, 0xC0, 0xC1, 0xF5, 0xFE, 0xFF])])
    content = table.content[:at] + wrong + table.content[at + chance.randrange(2) :]
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return content, content[: error.start].count(b"\n") + 1, None, None
    return None  # within a character of several bytes it may be another character


@_kind("NUL byte")
def _(chance, table):
    at = chance.randrange(len(table.content) - 1)
    return table.content[:at] + b"\x00" + table.content[at:], table.content[:at].count(b"\n") + 1, None, None


@_kind("Windows line ends")
def _(chance, table):
    return table.content.replace(b"\n", b"\r\n"), 1, None, None


@_kind("lone CR")
def _(chance, table):
    at = chance.randrange(1, len(table.content) - 1)
    content = table.content[:at] + b"\r" + table.content[at:]
    if chance.random() < 0.3:
        return table.content.replace(b"\n", b"\r"), 1, None, None
    return content, table.content[:at].count(b"\n") + 1, None, None


@_kind("quote not closed")
def _(chance, table):
    lines = table.content.split(b"\n")
    number = chance.randrange(1, len(lines) - 1)
    starts = [0] + [at + 1 for at, byte in enumerate(lines[number]) if byte == ord(",")]
    # Within a quoted cell a comma begins no cell: there the quote closes what it should not.
    at = chance.choice(starts)
    lines[number] = lines[number][:at] + b'"' + lines[number][at:]
    return b"\n".join(lines), None, None, None


@_kind("other separator")
def _(chance, table):
    if len(table.header) < 2:
        return None
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n", delimiter=chance.choice(";\t|")).writerows([table.header, *table.rows])
    return stream.getvalue().encode(), 1, None, None


@_kind("file empty")
def _(chance, table):
    return chance.choice([b"", b"\n", b"\n\n", b"  \n"]), 1, None, None


@_kind("file gone")
def _(chance, table):
    return None, None, None, None


# ------------------------------------------------------------------------------------------- what a schema may not see


@_kind("two values of a row swapped", must=False)
def _(chance, table):
    if len(table.header) < 2:
        return None
    number = chance.randrange(len(table.rows))
    first, second = chance.sample(range(len(table.header)), 2)
    rows = [list(row) for row in table.rows]
    row = rows[number]
    row[first], row[second] = row[second], row[first]
    return table.written(rows), number + 2, None, None


@_kind("two columns swapped under their names", must=False)
def _(chance, table):
    if len(table.header) < 2:
        return None
    first, second = chance.sample(range(len(table.header)), 2)
    rows = [list(row) for row in table.rows]
    for row in rows:
        row[first], row[second] = row[second], row[first]
    return table.written(rows), None, None, None


@_kind("row lost", must=False)
def _(chance, table):
    number = chance.randrange(len(table.rows))
    return table.written([*table.rows[:number], *table.rows[number + 1 :]]), None, None, None


@_kind("cut off after a row", must=False)
def _(chance, table):
    return table.written(table.rows[: chance.randrange(len(table.rows))]), None, None, None


@_kind("rows in another order", must=False)
def _(chance, table):
    return table.written(chance.sample(table.rows, len(table.rows))), None, None, None


@_kind("another number", must=False)
def _(chance, table):
    def change(old: str, spec: Field) -> str | None:
        return chance.choice([old[:-1] + str((int(old[-1]) + 1) % 10), f"-{old}", f"{old}0"]) if old else None

    return _cell(chance, table, _typed("integer", "number"), change)


@_kind("another known value", must=False)
def _(chance, table):
    return _cell(chance, table, _rule("enum", "string"), lambda old, spec: chance.choice(spec["constraints"]["enum"]))


@_kind("boolean turned round", must=False)
def _(chance, table):
    turned = {"true": "false", "false": "true"}
    return _cell(chance, table, _typed("boolean"), lambda old, spec: turned.get(old))


@_kind("another day", must=False)
def _(chance, table):
    return _cell(
        chance, table, _typed("date"), lambda old, spec: old[:8] + f"{chance.randrange(1, 29):02}" if old else None
    )


@_kind("another unit", must=False)
def _(chance, table):
    units = [spec for spec in table.fields if "unit" in spec["name"]]
    return _cell(chance, table, lambda f: f in units, _one_of(chance, ["TWh", "percent", "kg"]))


@_kind("another text", must=False)
def _(chance, table):
    def change(old: str, spec: Field) -> str | None:
        at = chance.randrange(len(old)) if old else 0
        return old[:at] + chance.choice(["", "é", "x", '"', "人", "'"]) + old[at + 1 :] if old else None

    return _cell(chance, table, _typed("string"), change)


@_kind("quoted without need", must=False)
def _(chance, table):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([table.header, *table.rows])
    return stream.getvalue().encode(), None, None, None


# ------------------------------------------------------------------------------------------------------------- the run


def tables(report: paths.Paths) -> list[Table]:
    """Return the tables of a report that have rows, each with the corrections of cells that are not its key."""
    log = data.load(corrections.TABLE, report).astype(str) if corrections.TABLE in data.names(report) else None
    found = []
    for item in data.descriptor(report)["resources"]:
        raw = (report.data / item["path"]).read_bytes()
        own = [] if log is None else log[log["table"] == item["name"]].fillna("").to_dict("records")
        table = Table(item, raw, [])
        table.log = [row for row in own if row["column"] in table.header and row["column"] not in table.key]
        if table.rows:
            found.append(table)
    return found


def corruptions(found: list[Table], seed: int, count: int) -> Iterator[Corruption]:
    """Yield so many corruptions, every kind as often as the next, of tables drawn at random."""
    chance = random.Random(seed)
    names, made = list(KINDS), 0
    while made < count:
        name = names[made % len(names)]
        maker, must = KINDS[name]
        # Long tables cost time and show nothing that short ones do not: they come ten times less often.
        weights = [0.1 if len(table.rows) > 1000 else 1 for table in found]
        for _ in range(300):
            table = chance.choices(found, weights)[0]
            outcome = maker(chance, table)
            if outcome is not None and outcome[0] != table.content:
                content, line, column, value = outcome
                yield Corruption(name, table.item["name"], content, line, column, value, must)
                break
        made += 1


class Trial:
    """A copy of the package in which one table at a time is damaged, judged and put right."""

    def __init__(self, report: paths.Paths) -> None:
        """Read all tables once, as the check does."""
        self.report = report
        self.package = data.descriptor(report)
        self.items = {item["name"]: item for item in self.package["resources"]}
        self.tables = {name: data._check_alone(item, report)[0] for name, item in self.items.items()}
        self.whole = {name: data.load(name, report) for name in self.items}

    def unregistered(self, bad: Corruption) -> bool:
        """Whether the check tells a damage that was not registered; the damaged file is there."""
        table, item = self.tables[bad.table], self.items[bad.table]
        again = data._Table(table.name, table.fields, table.schema)
        return bool(data._read(again, self.report.data / item["path"], item))

    def registered(self, bad: Corruption) -> list[data.Problem]:
        """Return what the check tells once the damage was registered, as :func:`policybook.data.refresh` does it."""
        item = self.items[bad.table]
        if bad.content is not None:
            item = item | data._registered(bad.content) | {"rowCount": data._rows(bad.content)}
        table, problems = data._check_alone(item, self.report)
        now = self.tables | {bad.table: table}
        return problems + data._check_together(self.package, now, {bad.table})

    def judge(self, bad: Corruption) -> tuple[str, list[data.Problem]]:
        """Damage the file, say what came of it and which problems were told, and put the file right."""
        path = self.report.data / self.items[bad.table]["path"]
        sound = path.read_bytes()
        path.unlink()
        if bad.content is not None:
            path.write_bytes(bad.content)
        problems: list[data.Problem] = []
        try:
            if not self.unregistered(bad):
                return MISSED, []
            problems = self.registered(bad)
            data._load.cache_clear()
            try:
                same = data.load(bad.table, self.report).equals(self.whole[bad.table])
            except data.DataError:
                same = False
            if problems:
                return (CAUGHT if not bad.must or _placed(bad, problems) else UNPLACED), problems
            return (HARMLESS if same else MISSED if bad.must else INVISIBLE), []
        except Exception as error:
            return CRASHED, [data.Problem(bad.table, f"{type(error).__name__}: {error}")]
        finally:
            path.write_bytes(sound)


def _placed(bad: Corruption, problems: list[data.Problem]) -> bool:
    """Whether one of the problems names table, line, column and value of a damage, as far as it has them."""
    return any(
        problem.table == bad.table
        and (bad.line is None or problem.line == bad.line)
        and (bad.column is None or bad.column in (problem.column or "").split(", "))
        and (bad.value is None or bad.value in (problem.value or ""))
        for problem in problems
    )


# ---------------------------------------------------------------------------------------------------------- descriptor

Package = dict[str, Any]
# What a damaged descriptor is, whether the check must tell it, and a word that it must then say.
Damaged = tuple[Package | bytes, bool, str]
OTHERS = (None, True, 7, -1.5, "", "x", [], {}, [[]], [{}], [None], {"x": {}}, "\u202e", 1e300)
DESCRIPTOR_KINDS: dict[str, Callable[[random.Random, Package], Damaged | None]] = {}


def _of_descriptor(name: str) -> Callable[[Any], Any]:
    def keep(maker: Any) -> Any:
        DESCRIPTOR_KINDS[name] = maker
        return maker

    return keep


def _field(chance: random.Random, package: Package, *has: str) -> tuple[Package, Field]:
    """Draw a field, if asked for one with a property or constraint."""
    found = [
        (item, spec)
        for item in package["resources"]
        for spec in item["schema"]["fields"]
        if all(part in spec or part in spec.get("constraints", {}) for part in has)
    ]
    return chance.choice(found)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place of a JSON value: its container and its key."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from _places(inner)


@_of_descriptor("any value is another")
def _(chance, package):
    container, key = chance.choice(list(_places(package)))
    container[key] = chance.choice(OTHERS)
    return package, False, ""


@_of_descriptor("any part of a coding is another")
def _(chance, package):
    entries = [item["coding"] for item in package["resources"] if "coding" in item]
    if not entries:
        return None
    container, key = chance.choice(list(_places(chance.choice(entries))))
    container[key] = chance.choice(OTHERS)
    return package, False, ""


@_of_descriptor("any part is gone")
def _(chance, package):
    container, key = chance.choice(list(_places(package)))
    del container[key]
    return package, False, ""


@_of_descriptor("needed part is gone")
def _(chance, package):
    item, spec = _field(chance, package)
    container, key = chance.choice(
        [
            *((item, part) for part in ("name", "path", "schema", "hash", "bytes", "rowCount")),
            *((spec, part) for part in ("name", "type")),
            (item["schema"], "fields"),
            *((package, part) for part in ("resources", "report")),
        ]
    )
    del container[key]
    return package, True, key if key not in ("hash", "bytes", "rowCount") else "registered"


@_of_descriptor("rule misspelt")
def _(chance, package):
    item, spec = _field(chance, package, "constraints")
    container = chance.choice([spec, spec["constraints"], item["schema"]])
    if not container:
        return None
    key = chance.choice(list(container))
    container[key + "s"] = container.pop(key)
    return package, True, key + "s"


@_of_descriptor("unknown type")
def _(chance, package):
    _, spec = _field(chance, package)
    spec["type"] = chance.choice(["text", "Integer", "float", "datetime", "any", "", 7, None])
    return package, True, spec["name"]


@_of_descriptor("another type")
def _(chance, package):
    _, spec = _field(chance, package)
    spec["type"] = chance.choice([kind for kind in sorted(data.schema._KINDS) if kind != spec["type"]])
    return package, False, ""


@_of_descriptor("path leads out or nowhere")
def _(chance, package):
    item = chance.choice(package["resources"])
    out = ["../../etc/passwd", "/etc/passwd", "../data/sources.csv", "C:\\x.csv", "https://example.org/x.csv"]
    none = ["", ".csv", "x.txt", "no/such.csv", "a\x00b.csv", "a//b.csv", ["a.csv"]]
    item["path"] = chance.choice([*out, *none, f"./{item['path']}", f"plan/../{item['path']}"])
    return package, True, item["name"]


@_of_descriptor("path of another table")
def _(chance, package):
    first, second = chance.sample(package["resources"], 2)
    first["path"] = second["path"]
    return package, True, second["path"]


@_of_descriptor("name of another table")
def _(chance, package):
    first, second = chance.sample(package["resources"], 2)
    first["name"] = second["name"]
    return package, True, second["name"]


@_of_descriptor("registered otherwise")
def _(chance, package):
    item, key = chance.choice(package["resources"]), chance.choice(["hash", "bytes", "rowCount"])
    item[key] = chance.choice(["sha256:" + "0" * 64, "", None, 0, -1, [], {}, str(item[key]) + " "])
    return package, True, item["name"]


@_of_descriptor("column misnamed")
def _(chance, package):
    item, spec = _field(chance, package)
    spec["name"] = chance.choice([spec["name"] + "_x", "", "a b", "=1", "<b>", 7, None])
    return package, True, item["name"]


@_of_descriptor("column lost")
def _(chance, package):
    item, spec = _field(chance, package)
    item["schema"]["fields"].remove(spec)
    return package, True, spec["name"]


@_of_descriptor("columns in another order")
def _(chance, package):
    item, _ = _field(chance, package)
    if len(item["schema"]["fields"]) < 2:
        return None
    item["schema"]["fields"].reverse()
    return package, True, item["name"]


@_of_descriptor("column twice")
def _(chance, package):
    item, spec = _field(chance, package)
    item["schema"]["fields"].append(spec)
    return package, True, spec["name"]


@_of_descriptor("key names no column")
def _(chance, package):
    item = chance.choice([item for item in package["resources"] if item["schema"].get("foreignKeys")])
    key = item["schema"]["foreignKeys"][0]
    key["fields"] = data.schema.listed(key["fields"])
    chance.choice(
        [
            lambda: item["schema"].update(primaryKey=["nobody"]),
            lambda: key.update(fields=["nobody"]),
            lambda: key["reference"].update(fields=["nobody"]),
            lambda: key["reference"].update(resource="nobody"),
            lambda: item["schema"].update(requiredUnless=[{"field": "nobody", "unless": {"nobody": "x"}}]),
            lambda: item["schema"].update(
                requiredUnless=[{"field": item["schema"]["fields"][0]["name"], "unless": {"nobody": "x"}}]
            ),
        ]
    )()
    return package, True, "nobody"


@_of_descriptor("rule that cannot be followed")
def _(chance, package):
    _, spec = _field(chance, package)
    rules = spec.setdefault("constraints", {})
    rules.update(
        chance.choice(
            [
                {"pattern": "("},
                {"pattern": 7},
                {"minimum": "many"},
                {"maximum": []},
                {"enum": "read"},
                {"enum": {}},
                {"required": "yes"},
                {"maxLength": "7"},
                {"minLength": 3},
                {"exclusiveMinimum": 3},
            ]
        )
    )
    return package, True, spec["name"]


@_of_descriptor("list of values that are not those of the rows")
def _(chance, package):
    _, spec = _field(chance, package, "enum", "required")
    spec["constraints"]["enum"] = ["nothing_of_this"]
    return package, True, spec["name"]


@_of_descriptor("labels that are not those of the codes")
def _(chance, package):
    _, spec = _field(chance, package, "categories", "enum")
    one = spec["categories"][0]
    if not isinstance(one, dict):
        return None
    chance.choice(
        [
            lambda: one.update(value="nobody"),
            lambda: one.pop("label"),
            lambda: one.update(label=" "),
            spec["categories"].pop,
        ]
    )()
    return package, True, spec["name"]


@_of_descriptor("markup in a text")
def _(chance, package):
    item, spec = _field(chance, package)
    part = chance.choice(["title", "description"])
    container, name = chance.choice([(package, part), (item, item["name"]), (spec, spec["name"])])
    container[part] = chance.choice([*HTML, *FORMULAS, "a\u202eb", "a\x00b", "a\nb", "\ufeff"])
    return package, True, name


@_of_descriptor("address that is none")
def _(chance, package):
    package["licenses"] = [
        {"name": "X", "path": chance.choice(["javascript:alert(1)", "data:text/html,x", '"><b>', "//x"])}
    ]
    return package, True, "licenses"


@_of_descriptor("day that is none")
def _(chance, package):
    key = chance.choice(["data_date", "material_until"])
    package[key] = chance.choice(["2025-02-30", "today", "", 20250726, None, "26/07/2025"])
    return package, True, key


@_of_descriptor("setting wrong")
def _(chance, package):
    found = package["report"]
    key = chance.choice(list(data.SETTING_RULES))
    kind, _, target = data.SETTING_RULES[key]
    wrong = [7, True, [7], [[]], [{}], {"x": 1}] + ([" ", "<b>x</b>", "=1", "a\u202eb"] if kind is str else [])
    wrong += ["nobody"] if target or key in ("date", "signatories") else []
    if kind is dict:
        wrong.remove({"x": 1})
    found[key] = chance.choice(wrong)
    return package, True, key


@_of_descriptor("setting unknown")
def _(chance, package):
    key = chance.choice(list(package["report"]))
    package["report"][f"{key}_x"] = package["report"].pop(key)
    return package, True, f"{key}_x"


@_of_descriptor("key twice")
def _(chance, package):
    text = json.dumps(package)
    key = chance.choice(["name", "type", "constraints", "path"])
    at = [found.start() for found in re.finditer(f'"{key}": ', text)]
    place = chance.choice(at)
    return (text[:place] + f'"{key}": "x", ' + text[place:]).encode(), True, f"'{key}' stands twice"


@_of_descriptor("no JSON")
def _(chance, package):
    text = json.dumps(package, ensure_ascii=False)
    raw = text.encode()
    at = chance.randrange(1, len(raw) - 1)
    wrong = [raw[:at], raw[:at] + b"\xff" + raw[at:], text.encode("utf-16"), b"\xef\xbb\xbf" + raw, b"\x00" + raw]
    wrong += [raw + b"}"]
    wrong += [raw.replace(b":", b"", 1), raw.replace(b'"rowCount": ', b'"rowCount": NaN1', 1)]
    wrong += [b'{"a": ' + b"9" * 5000 + b"}"]
    wrong += [b"", b"[" * 100_000, b"{}", b"[]", b"null", b"7", b'{"resources": {}}', b'{"resources": [7]}']
    return chance.choice(wrong), True, "datapackage.json"


def small(report: paths.Paths, most: int = 700) -> Package:
    """Take tables that are long and that no other points to out of a package, with their files; return its descriptor.

    A damaged descriptor asks for the check of the whole package: so that takes a tenth of the time.
    """
    package = json.loads(report.descriptor.read_text(encoding="utf-8"))
    used = {
        key["reference"]["resource"] for item in package["resources"] for key in item["schema"].get("foreignKeys", [])
    }
    for item in [item for item in package["resources"] if item["rowCount"] > most and item["name"] not in used]:
        package["resources"].remove(item)
        (report.data / item["path"]).unlink()
    report.descriptor.write_text(json.dumps(package), encoding="utf-8")
    return package


def damaged_descriptors(package: Package, seed: int, count: int) -> Iterator[tuple[str, bytes, bool, str]]:
    """Yield so many damaged descriptors: their kind, the file, whether it must be told, and a word to be said."""
    chance = random.Random(seed)
    text, names, made = json.dumps(package), list(DESCRIPTOR_KINDS), 0
    while made < count:
        name = names[made % len(names)]
        damaged = None
        while damaged is None:
            damaged = DESCRIPTOR_KINDS[name](chance, json.loads(text))
        content, must, word = damaged
        yield name, content if isinstance(content, bytes) else json.dumps(content).encode(), must, word
        made += 1


def judge_descriptor(report: paths.Paths, content: bytes, must: bool, word: str) -> tuple[str, list[str]]:
    """Put a damaged descriptor in place and say what came of it, and what was told."""
    report.descriptor.write_bytes(content)
    data._read_descriptor.cache_clear()
    data._load.cache_clear()
    try:
        told = [str(problem) for problem in data.check(report)]
        try:
            data.names(report)
        except data.DataError as error:
            # What needs the descriptor says the same; nothing is read on.
            assert told == [str(problem) for problem in error.problems]
        else:
            told += [str(problem) for problem in codebooks.check(report)]
            for use in (
                data.settings,
                data.digest,
                data.refresh,
                *(partial(data.load, n) for n in data.names(report)[:9]),
            ):
                with contextlib.suppress(data.DataError):
                    use(report)
    except Exception as error:
        return CRASHED, [f"{type(error).__name__}: {error}"]
    if not told:
        return (MISSED if must else INVISIBLE), []
    return (CAUGHT if not must or any(word in line for line in told) else UNPLACED), told
