"""The guard on corrections: what was corrected once must stay corrected.

Works on the text of tables as :func:`policybook.data.check` has read them, and knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

TABLE = "corrections"
# Stands in the place of a column where a whole row was added or removed.
ROW = "(row)"
ADDED, REMOVED = "added", "removed"
# What the guard needs to know of a correction.
NEEDED = ("correction_id", "table", "row_id", "column", "old_value", "new_value", "date")

Key = tuple[str, ...]


@dataclass(frozen=True)
class Rows:
    """A table as text: the columns of its primary key, its columns, and its rows by key, each with its line."""

    key: tuple[str, ...]
    columns: tuple[str, ...]
    by_key: Mapping[Key, tuple[int, Mapping[str, str]]]


@dataclass(frozen=True)
class Broken:
    """A cell or row that is not what its latest correction says, or a correction that cannot be followed.

    ``line`` is a line of ``table`` (missing where the row is gone); ``expected`` and ``found`` are the two values,
    missing where there are none to compare.
    """

    table: str
    message: str
    line: int | None = None
    column: str | None = None
    found: str | None = None
    expected: str | None = None


def split_key(row_id: str, parts: int) -> Key | None:
    """Return the parts of a row id (separated by ``|``, else by ``;``), or nothing when their number is another.

    A key of one column is never split, whatever it holds.
    """
    if parts == 1:
        return (row_id,)
    key = tuple(row_id.split("|" if "|" in row_id else ";"))
    return key if len(key) == parts else None


def check(corrections: Sequence[tuple[int, Mapping[str, str]]], tables: Mapping[str, Rows]) -> Iterator[Broken]:
    """Yield every place in which the tables do not hold what the corrections say.

    ``corrections`` are rows of the table of corrections with their lines, as text; ``tables`` the tables that could be
    read, by name. Of several corrections of a cell the latest counts, by date and then by id; where a row was removed
    or added as a whole, earlier corrections of its cells are closed.
    """
    usable = []
    for line, row in corrections:
        wrong = _unusable(row, tables)
        if wrong:
            message, column, found, allowed = wrong
            yield Broken(TABLE, f"{row['correction_id']}: {message}", line, column, found, allowed)
        else:
            usable.append(row)
    usable.sort(key=lambda row: (row["table"], row["row_id"], row["date"], row["correction_id"]))
    for (name, row_id), group in groupby(usable, key=lambda row: (row["table"], row["row_id"])):
        yield from _check_row(name, row_id, list(group), tables[name])


def _unusable(row: Mapping[str, str], tables: Mapping[str, Rows]) -> tuple[str, str, str, str] | None:
    """Return message, column, value and what is allowed when a correction cannot be followed at all."""
    if row["table"] not in tables:
        return "names a table that is not there or cannot be read", "table", row["table"], "a table of the package"
    table = tables[row["table"]]
    if split_key(row["row_id"], len(table.key)) is None:
        return "is no key of its table", "row_id", row["row_id"], " | ".join(table.key)
    if row["column"] not in (*table.columns, ROW):
        return "names a column that its table has not", "column", row["column"], ", ".join(table.columns)
    if row["column"] == ROW and row["new_value"] not in (ADDED, REMOVED):
        return "says nothing of what became of the row", "new_value", row["new_value"], f"{ADDED}, {REMOVED}"
    if row["old_value"] == row["new_value"]:
        return "corrects nothing: old and new value are the same", "new_value", row["new_value"], "another value"
    if row.get("wrong_since", "") > row["date"]:
        return "was wrong only after it was corrected", "wrong_since", row["wrong_since"], f"at most {row['date']}"
    return None


def _check_row(name: str, row_id: str, history: list[Mapping[str, str]], table: Rows) -> Iterator[Broken]:
    """Check one row against the corrections of it, oldest first."""
    key = split_key(row_id, len(table.key))
    assert key is not None  # _unusable has seen to it
    line, cells = table.by_key.get(key, (None, None))
    of_row = [place for place, row in enumerate(history) if row["column"] == ROW]
    last = history[of_row[-1]] if of_row else None
    if last is not None:
        # What was corrected before the row was taken out, or came in anew, speaks of another row.
        history = history[of_row[-1] + 1 :]
    if last is not None and last["new_value"] == REMOVED and not history:
        if cells is not None:
            yield Broken(name, f"row {row_id} is back, {_said(last)} removed it", line, ROW, "a row", "no such row")
        return
    if cells is None:
        told = history[-1] if history else last
        yield Broken(name, f"row {row_id} is gone, which {_said(told)} corrected", column=told["column"])
        return
    of_cell: dict[str, list[Mapping[str, str]]] = {}
    for row in history:
        of_cell.setdefault(row["column"], []).append(row)
    for column, rows in of_cell.items():
        found, latest = cells[column], rows[-1]
        if found == latest["new_value"]:
            continue
        if found in {row["old_value"] for row in rows}:
            message = f"row {row_id} holds the wrong value again that {_said(latest)} corrected"
        else:
            message = f"row {row_id} no longer holds what {_said(latest)} says"
        yield Broken(name, message, line, column, found, latest["new_value"])


def _said(row: Mapping[str, str]) -> str:
    return f"correction {row['correction_id']} of {row['date']}"
