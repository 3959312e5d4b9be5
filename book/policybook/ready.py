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


def rows(name: str, report: paths.Paths | None = None) -> pd.DataFrame:
    """Return a table without its worked examples. Raises ``KeyError`` for a table that is not there."""
    table = data.load(name, report)
    return table[~table[data.key_of(name, report)[0]].astype(str).str.contains(EXAMPLE)].reset_index(drop=True)


def is_ready(*names: str, report: paths.Paths | None = None) -> bool:
    """Return whether each of these tables has rows of its own, read or seen in part where it says so."""
    return all(len(_seen(name, report)) > 0 for name in names)


def _seen(name: str, report: paths.Paths | None) -> pd.DataFrame:
    table = rows(name, report)
    return data.seen(table) if "evidence" in table else table


def numbers(*names: str, report: paths.Paths | None = None) -> dict[str, int]:
    """Return what a text can say of tables: ``rows_TABLE``, the rows of their own that were read or seen in part."""
    return {f"rows_{name}": len(_seen(name, report)) for name in names}


def waiting(*names: str, what: str = "") -> None:
    """Display in place of a figure or table which tables it waits for: those of ``names`` that are not ready.

    Where all are, the rows that they have do not suffice for it. ``what`` is its caption, which may hold MyST Markdown.
    """
    empty = [name for name in names if not is_ready(name)]
    listed = [f"`{name}`" for name in empty or names]
    tables = f"the table {listed[0]}" if len(listed) == 1 else f"the tables {', '.join(listed[:-1])} and {listed[-1]}"
    verb = "has" if len(listed) == 1 else "have"
    rows = "rows with a source seen" if empty else "more rows: those there do not suffice for it"
    what = f"*{what.rstrip('.')}*" if what else "A figure"
    display(
        Markdown(
            f":::{{admonition}} Not drawn yet\n:class: pb-prompt\n{what} stands here when {tables} {verb} {rows}.\n:::"
        )
    )
