"""Sheets: tables that leave for a spreadsheet and come back in whatever form it saved them.

Out goes UTF-8 with a byte-order mark, by which Excel knows Chinese. Back come commas, semicolons or tabs, any line end,
with or without the mark, or the UTF-16 that Excel calls Unicode text. A cell that a spreadsheet would run as a formula
(https://owasp.org/www-community/attacks/CSV_Injection) goes out behind an apostrophe and comes back without it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_BOM = b"\xef\xbb\xbf"
_SEPARATORS = ",;\t|"
# What a spreadsheet may run; an apostrophe is among them, so that one that was there is told from one put before.
_RISKY = re.compile(r"[=+\-@\t\r\n'＝＋－＠]")
# Numbers that are written as they are: an apostrophe would make them text.
_NUMBER = re.compile(r"-\d+(\.\d+)?")


class SheetError(ValueError):
    """A file is not a sheet; the message says why, ``line`` where if that is known."""

    def __init__(self, message: str, line: int | None = None, allowed: str | None = None) -> None:
        """Keep what is wrong, where, and what would be right."""
        super().__init__(message)
        self.line, self.allowed = line, allowed


@dataclass(frozen=True)
class Sheet:
    """A sheet that came back: its columns, and its rows as text by column, each with its line in the file."""

    columns: list[str]
    rows: list[tuple[int, dict[str, str]]]


def harmless(text: str) -> str:
    """Return the text of a cell such that no spreadsheet runs it."""
    return f"'{text}" if _RISKY.match(text) and not _NUMBER.fullmatch(text) else text


def unharmed(text: str) -> str:
    """Return the text of a cell that :func:`harmless` may have changed as it was."""
    return text[1:] if text.startswith("'") and _RISKY.match(text[1:]) else text


def write(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a sheet as a CSV file for spreadsheets."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([harmless(cell) for cell in columns])
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return _BOM + stream.getvalue().encode()


def read(content: bytes, known: Iterable[str]) -> Sheet:
    """Read a sheet as a spreadsheet saved it; ``known`` columns tell the separator.

    Empty lines, and columns without a name and without a cell, are passed over. Raises ``SheetError`` for a file that
    is no such table.
    """
    text = _decoded(content)
    separator, text, skipped = _separator(text, set(known))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((reader.line_num + skipped, row))
    except csv.Error as error:
        raise SheetError(f"is not a CSV table: {error}", reader.line_num + skipped) from None
    if not rows:
        raise SheetError("is empty", allowed="a header line and a line for each unit")
    header = [unharmed(cell.strip()) for cell in rows[0][1]]
    while header and not header[-1]:
        header.pop()
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise SheetError(f"has the column {twice[0]} twice", rows[0][0], "each column once")
    found = []
    for line, row in rows[1:]:
        if any(cell.strip() for cell in row[len(header) :]):
            raise SheetError(f"has {len(row)} cells, the header has {len(header)}", line)
        cells = [*row, *[""] * (len(header) - len(row))]
        found.append((line, {name: unharmed(cell) for name, cell in zip(header, cells, strict=False) if name}))
    return Sheet([name for name in header if name], found)


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        if content.startswith(b"PK\x03\x04") or content.startswith(b"\xd0\xcf\x11\xe0"):
            raise SheetError("is a workbook, not a CSV file", allowed="in the spreadsheet, save as 'CSV UTF-8'")
        encoding = "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SheetError(
            f"is not UTF-8: byte 0x{content[error.start]:02x}", line, "in the spreadsheet, save as 'CSV UTF-8'"
        ) from None
    if "\x00" in text:
        raise SheetError("is not a text file", allowed="in the spreadsheet, save as 'CSV UTF-8'")
    return text


def _separator(text: str, known: set[str]) -> tuple[str, str, int]:
    """Return the separator, the text without a line ``sep=;`` that Excel knows, and the lines taken away."""
    told = re.match(r"\"?sep=([,;\t|])\"?[^\r\n]*(\r\n|\n|\r)", text, re.IGNORECASE)
    if told:
        return told.group(1), text[told.end() :], 1

    def hits(separator: str) -> int:
        try:
            first = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
        except csv.Error:  # told with its line when the whole is read
            return 0
        return len(known & {unharmed(cell.strip()) for cell in first})

    return max(_SEPARATORS, key=hits), text, 0
