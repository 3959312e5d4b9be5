"""Whether a table has rows of its own, for figures that wait for them.

A new report begins with tables that hold no row, or one worked example. A figure on them says nothing; in its place
stands what it waits for. Worked examples are told by the word ``example`` in their key, and are recalled: they enter
no count.
"""

from __future__ import annotations

import pandas as pd
from IPython.display import Markdown, display

from policybook import data, paths

EXAMPLE = "example"


def own_rows(name: str, report: paths.Paths | None = None) -> int:
    """Return how many rows of a table are no worked example. Raises ``KeyError`` for a table that is not there."""
    return len(_own(name, report))


def _own(name: str, report: paths.Paths | None) -> pd.DataFrame:
    table = data.load(name, report)
    return table[~table[data.key_of(name, report)[0]].astype(str).str.contains(EXAMPLE)]


def is_ready(*names: str, report: paths.Paths | None = None) -> bool:
    """Return whether each of these tables has rows of its own."""
    return all(own_rows(name, report) for name in names)


def numbers(*names: str, report: paths.Paths | None = None) -> dict[str, int]:
    """Return what a text can say of tables: ``rows_TABLE``, the rows of their own that were read or seen in part."""
    found = {}
    for name in names:
        table = _own(name, report)
        found[f"rows_{name}"] = len(data.seen(table) if "evidence" in table else table)
    return found


def waiting(*names: str) -> None:
    """Display in place of a figure which tables it waits for: those of ``names`` without rows of their own."""
    empty = [f"`{name}`" for name in names if not is_ready(name)]
    tables = f"the table {empty[0]}" if len(empty) == 1 else f"the tables {', '.join(empty[:-1])} and {empty[-1]}"
    verb = "has" if len(empty) == 1 else "have"
    display(
        Markdown(
            f":::{{admonition}} Not drawn yet\n:class: pb-prompt\nA figure stands here when {tables} {verb} rows.\n:::"
        )
    )
