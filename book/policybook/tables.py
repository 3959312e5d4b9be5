"""Tables of the report: the one way in which a table leaves a notebook.

``show`` displays a table as structured cells. JupyterLab shows it as HTML; the book makes a numbered table of it, in
HTML and in print, in :mod:`policybook.render`.
"""

from __future__ import annotations

import datetime
import html
import math
import numbers
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import display

from policybook import places
from policybook.sources import citation, safe_url, source_badge, source_line

MIME = "application/vnd.policybook.table+json"


@dataclass(frozen=True)
class Text:
    """A piece of a cell: plain text, with a link, a language or a badge where given.

    ``href`` is an http(s) address, ``#anchor`` or ``page.html#anchor`` (:mod:`policybook.places`); ``lang`` a BCP 47
    code; ``badge`` a style word (``read``, ``excerpt``, ``recalled``, ``confirmed`` ...) that the style sheet knows;
    ``cite`` a source id.
    """

    text: str
    href: str = ""
    lang: str = ""
    badge: str = ""
    cite: str = ""


def chinese(text: str) -> Text:
    """Return a piece of Chinese text, marked as such."""
    return Text(text, lang="zh-Hans")


def with_chinese(names: pd.Series, chinese_names: pd.Series) -> list[list[Text]]:
    """Return names, each followed by its Chinese name where one is known, as pieces of cells."""
    return [
        [Text(name), *([chinese(other)] if pd.notna(other) else [])]
        for name, other in zip(names, chinese_names, strict=True)
    ]


def badge(value: str) -> Text:
    """Return a value as a badge."""
    return Text(str(value).replace("_", " "), badge=re.sub(r"[^a-z0-9]+", "-", str(value).lower()))


def cite(source_ids: str | Iterable[str] | None) -> list[Text]:
    """Return citations of sources, one piece for each; missing values give none."""
    ids = list(source_ids) if isinstance(source_ids, (list, tuple, set, pd.Series)) else [source_ids]
    return [Text(i, cite=i) for i in ids if isinstance(i, str) and i]


def date_text(date: pd.Timestamp, precision: str) -> str:
    """Return a date in words, as exact as it is known: 26 July 2025, July 2025 or 2025."""
    if precision == "year":
        return f"{date.year}"
    month = f"{date:%B %Y}"
    return month if precision == "month" else f"{date.day} {month}"


def to_row(table: str, key: str, text: str) -> Text:
    """Return a text that leads to a row of a table of the data package, or bare where its rows have no anchors."""
    return Text(text, href=places.href(table, key))


Cell = str | Text | list[Text] | list["str | Text"]


def show(
    table: pd.DataFrame,
    *,
    name: str,
    caption: str,
    columns: Mapping[str, str] | None = None,
    formats: Mapping[str, Callable[[Any], Any]] | None = None,
    widths: Mapping[str, int] | None = None,
    sources: Iterable[str] | pd.Series = (),
    note: str = "",
    row_ids: str | None = None,
    filters: Mapping[str, str] | None = None,
    searchable: bool | None = None,
    in_print: bool = True,
) -> None:
    """Display a table as a numbered table.

    ``name`` (``tbl-...``) is the anchor. ``columns`` maps columns of ``table`` to headings and chooses and orders them
    (default: all). ``formats`` maps a column to a function of a value that returns text or :class:`Text` pieces;
    otherwise numbers are written with thousands separators, dates as ISO, missing values as an en dash. ``widths`` are
    relative column widths. ``row_ids`` names a column whose values become anchors of the rows. ``searchable`` (default:
    more than 15 rows) adds search and sorting in the browser; ``filters`` maps columns of ``table`` (shown or not, text
    or lists of text) to the labels of lists from which a reader chooses a value. With ``in_print`` false the PDF has
    the head of the table and the number of its rows only. Caption and note may hold MyST Markdown.

    Raises ``ValueError`` for a bad name or unknown columns.
    """
    if not re.fullmatch(r"tbl-[a-z0-9]+(-[a-z0-9]+)*", name):
        raise ValueError(f"table name {name!r}: write tbl-, then words of a-z and 0-9 joined by -")
    columns = dict(columns or {column: str(column) for column in table.columns})
    used = [*columns, *(formats or {}), *(widths or {}), *([row_ids] if row_ids else []), *(filters or {})]
    unknown = [column for column in used if column not in table.columns]
    if unknown:
        raise ValueError(f"table {name}: no such column: {', '.join(map(str, unknown))}")
    formats = formats or {}
    rows = [
        [_pieces((formats.get(column) or _plain)(value)) for column, value in zip(columns, row, strict=True)]
        for row in table[list(columns)].itertuples(index=False, name=None)
    ]
    content = {
        "name": name,
        "caption": caption.strip(),
        "sources": source_line(sources),
        "note": note.strip(),
        "headings": list(columns.values()),
        "kinds": [_kind(table[column]) if column not in formats else "" for column in columns],
        "widths": [(widths or {}).get(column, 0) for column in columns],
        "rows": rows,
        "row_ids": [str(value) for value in table[row_ids]] if row_ids else [],
        "filters": [
            {"label": label, "values": [_choices(value) for value in table[column]]}
            for column, label in (filters or {}).items()
        ],
        "searchable": len(rows) > 15 if searchable is None else searchable,
        "in_print": in_print,
    }
    plain = f"{caption} ({len(rows)} rows)"
    display({MIME: content, "text/html": to_html(content), "text/plain": plain}, raw=True)


def _choices(value: Any) -> list[str]:
    """Return what a cell counts as in a list of choices: its items, or itself in words; a missing value as nothing."""
    items = value if isinstance(value, (list, tuple)) else [value]
    return [_plain(item).replace("_", " ") for item in items if _plain(item) != "–"]


def _kind(column: pd.Series) -> str:
    """Return the style of a column: numbers stand right, dates on one line."""
    if pd.api.types.is_bool_dtype(column):
        return ""
    if pd.api.types.is_numeric_dtype(column):
        return "num"
    texts = column.dropna().astype(str)
    texts = texts[texts != ""]
    dated = len(texts) and texts.str.fullmatch(r"\d{4}(-\d{2}){0,2}").all()
    return "date" if dated or pd.api.types.is_datetime64_any_dtype(column) else ""


def _plain(value: Any) -> str:
    """Write one value: integers with separators, other numbers as short as they are exact, dates as ISO."""
    if isinstance(value, (list, tuple)):
        return "; ".join(str(item) for item in value) or "–"
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (pd.Timestamp, datetime.date)):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, numbers.Integral):
        return f"{int(value):,}"
    if isinstance(value, numbers.Real):
        value = float(value)
        return f"{value:,.0f}" if value == int(value) and abs(value) >= 100 else f"{value:,.4g}"
    return str(value)


def _pieces(cell: Any) -> list[dict[str, str]]:
    parts = cell if isinstance(cell, list) else [cell]
    parts = [part if isinstance(part, Text) else Text(_plain(part)) for part in parts]
    return [{key: value for key, value in asdict(part).items() if value} or {"text": ""} for part in parts]


def to_html(content: dict[str, Any]) -> str:
    """Return the plain HTML of a table for JupyterLab; every text is escaped."""
    head = "".join(f"<th>{html.escape(heading)}</th>" for heading in content["headings"])
    body = "".join("<tr>" + "".join(f"<td>{_html(cell)}</td>" for cell in row) + "</tr>" for row in content["rows"])
    caption = html.escape(content["caption"])
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _html(cell: list[dict[str, str]]) -> str:
    written = []
    for piece in cell:
        key = piece.get("cite")
        text = html.escape(f"{citation(key)} ({source_badge(key)})" if key else piece.get("text", ""))
        if piece.get("lang"):
            text = f'<span lang="{html.escape(piece["lang"], quote=True)}">{text}</span>'
        if safe_url(piece.get("href", "")):
            text = f'<a href="{html.escape(piece["href"], quote=True)}">{text}</a>'
        written.append(text)
    return " ".join(written)
