"""Changing tables of the data package: rows of text, put in as a whole and only when the package stays sound."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from policybook import data, paths

Row = dict[str, str]


class Tables:
    """The tables of a package as rows of text, read when first asked for, and what was changed of them."""

    def __init__(self, report: paths.Paths) -> None:
        """Begin with nothing read."""
        self.report = report
        self._rows: dict[str, list[Row]] = {}
        self.changed: set[str] = set()

    def __getitem__(self, name: str) -> list[Row]:
        """Return the rows of a table; ``DataError`` when its file is missing or not UTF-8, or its columns are wrong."""
        if name not in self._rows:
            place = data.resource(name, self.report)["path"]
            try:
                with (self.report.data / place).open(encoding="utf-8", newline="") as stream:
                    reader = csv.reader(stream)
                    header = next(reader, [])
                    lines = [(reader.line_num, row) for row in reader if row]
            except FileNotFoundError:
                raise data.DataError([data.Problem(name, f"file not found: data/{place}")]) from None
            except csv.Error as error:
                raise data.DataError([data.Problem(name, f"is not a CSV table: {error}", reader.line_num)]) from None
            except UnicodeDecodeError as error:
                raise data.DataError([data.Problem(name, f"is not UTF-8 at byte {error.start}")]) from None
            if header != self.columns(name):
                wanted = ", ".join(self.columns(name))
                raise data.DataError([data.Problem(name, "columns are not those of the schema", 1, allowed=wanted)])
            problems = [
                data.Problem(name, f"has {len(row)} cells, the header has {len(header)}", line)
                for line, row in lines
                if len(row) != len(header)
            ]
            if problems:
                raise data.DataError(problems)
            self._rows[name] = [dict(zip(header, row, strict=True)) for _, row in lines]
        return self._rows[name]

    def without(self, name: str, column: str, value: str) -> None:
        """Take out the rows that have a value in a column."""
        kept = [row for row in self[name] if row[column] != value]
        if len(kept) != len(self[name]):
            self._rows[name] = kept
            self.changed.add(name)

    def extend(self, name: str, rows: Iterable[Row]) -> None:
        """Put in rows, in the order of the primary key; columns that a row lacks stay empty."""
        blank = dict.fromkeys(self.columns(name), "")
        self[name].extend(blank | row for row in rows)
        key = data.key_of(name, self.report)
        self[name].sort(key=lambda row: [row[column] for column in key])
        self.changed.add(name)

    def replace(self, name: str, rows: list[Row]) -> None:
        """Put rows in place of all that a table has, in the order given; columns that a row lacks stay empty."""
        blank = dict.fromkeys(self.columns(name), "")
        rows = [blank | row for row in rows]
        if rows != self[name]:
            self._rows[name] = rows
            self.changed.add(name)

    def update(self, name: str, row: Row, **cells: str) -> None:
        """Change cells of a row of a table."""
        if any(row[column] != value for column, value in cells.items()):
            row.update(cells)
            self.changed.add(name)

    def columns(self, name: str) -> list[str]:
        """Return the columns of a table in the order of its schema."""
        return [spec["name"] for spec in data.resource(name, self.report)["schema"]["fields"]]

    def contents(self) -> dict[Path, bytes]:
        """Return the changed tables as files, by their path under ``data/``."""
        found = {}
        for name in sorted(self.changed):
            stream = io.StringIO()
            writer = csv.DictWriter(stream, self.columns(name), lineterminator="\n")
            writer.writeheader()
            writer.writerows(self[name])
            found[Path(data.resource(name, self.report)["path"])] = stream.getvalue().encode()
        return found


def publish(tables: Tables, *, write: bool = True, unfinished: bool = False) -> list[str]:
    """Check the package with the changed tables in a copy, then put them in; return the names of changed tables.

    With ``write`` false only the check is made. A package that is ``unfinished`` may have problems of its own, as long
    as the change brings no new one; only the changed tables are registered then. Raises ``DataError`` with what stands
    against the change; nothing is written then.
    """
    report = tables.report
    contents = tables.contents()
    if not contents:
        return []
    before = {str(problem) for problem in data.check(report)} if unfinished else set()
    with tempfile.TemporaryDirectory(prefix="policybook-") as folder:
        draft = paths.Paths(Path(folder))
        shutil.copytree(report.data, draft.data)
        for path, content in contents.items():
            paths.keep(draft.data / path, content)
        data.refresh(draft, only=tables.changed if unfinished else None)
        problems = [problem for problem in data.check(draft) if str(problem) not in before]
        if problems:
            raise data.DataError(problems)
        if write:
            # The descriptor comes last: until then the check tells.
            made = {report.data / path: content for path, content in contents.items()}
            paths.keep_all(made | {report.descriptor: draft.descriptor.read_bytes()})
    return sorted(tables.changed)
