"""Coverage: what the Plan asks for against the standards that bear on it, published, in draft, or not found.

Which standard bears on which ask is this report's own coding, from topics and titles; no full text was read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from policybook import data, settings
from policybook.places import article_name
from policybook.standards import ENERGY_OBJECTS, applies_to, article_link, force_classes, names_water, row_anchor
from policybook.tables import Text


@dataclass(frozen=True)
class Ask:
    """One ask of the Plan that a standard can answer, and the rule by which this report finds standards for it.

    A standard bears on the ask when its topic is in ``topics``, or it is marked with ``article``, or its title (in
    small letters) matches the pattern ``words``. Of these, ``applies_to`` keeps those for data centres and servers
    (``site``) or the others (``system``), and ``names_water`` those that name water. Then ``also`` adds and
    ``leave_out`` takes out single documents, by ``std_id``; ``note`` says why.
    """

    ask_id: str
    commitment_id: str
    label: str
    topics: tuple[str, ...] = ()
    article: str = ""
    words: str = ""
    applies_to: str = ""
    names_water: bool = False
    also: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    note: str = ""


STATES = ["published", "draft only", "none found"]


def regions() -> list[str]:
    """Return the regions whose standards are looked at, those of the document's country by whether they bind."""
    place = settings.load().place
    return ["International", "Europe", f"{place}, mandatory", f"{place}, not mandatory"]


def asks() -> tuple[Ask, ...]:
    """Return the asks and their rules, from the table ``coverage_asks``."""
    table = data.load("coverage_asks")
    text = ["article", "words", "applies_to", "note"]
    table[text] = table[text].astype(object).where(table[text].notna(), "")
    table["names_water"] = table["names_water"].fillna(False).astype(bool)
    return tuple(Ask(**row) for row in table.to_dict("records"))


_CELLS = ["commitment_id", "article", "ask", "region", "published", "draft", "state", "published_ids", "draft_ids"]


def coverage(standards: pd.DataFrame, wanted: Iterable[Ask]) -> pd.DataFrame:
    """Return for each ask and region how many standards are published and in draft, and which.

    Columns: ``commitment_id``, ``article``, ``ask``, ``region``, ``published``, ``draft`` (counts; replaced and
    withdrawn documents are left out), ``state`` (one of ``STATES``), ``published_ids`` and ``draft_ids`` (sorted by
    designation). A standard can bear on several asks, so counts must not be added up.
    """
    current = standards[standards["stage"].isin(["published", "draft"])].sort_values("designation")
    region = _region(current)
    rows = []
    for ask in wanted:
        fits = _fits(current, ask)
        for name in regions():
            cell = current[fits & (region == name)]
            issued = cell.loc[cell["stage"] == "published", "std_id"].tolist()
            drafts = cell.loc[cell["stage"] == "draft", "std_id"].tolist()
            rows.append(
                {
                    "commitment_id": ask.commitment_id,
                    "article": ask.commitment_id[:3],
                    "ask": ask.label,
                    "region": name,
                    "published": len(issued),
                    "draft": len(drafts),
                    "state": STATES[0] if issued else STATES[1] if drafts else STATES[2],
                    "published_ids": issued,
                    "draft_ids": drafts,
                }
            )
    return pd.DataFrame(rows, columns=_CELLS)


def _fits(standards: pd.DataFrame, ask: Ask) -> pd.Series:
    fits = standards["topic"].isin(ask.topics)
    if ask.article:
        fits |= standards["articles"].map(lambda articles: ask.article in articles)
    if ask.words:
        fits |= standards["title_en"].str.lower().str.contains(ask.words)
    if ask.applies_to:
        fits &= (applies_to(standards) == ENERGY_OBJECTS[2]) == (ask.applies_to == "system")
    if ask.names_water:
        fits &= names_water(standards)
    return (fits | standards["std_id"].isin(ask.also)) & ~standards["std_id"].isin(ask.leave_out)


def _region(standards: pd.DataFrame) -> pd.Series:
    """Return the region of each standard; IEEE and industry foundations count as international."""
    force = standards["force"].astype(str)
    international, europe, mandatory, voluntary = regions()
    found = np.select(
        [
            force == "mandatory_national",
            force.isin(list(force_classes())),
            force.isin(["regional_voluntary", "foreign_national_voluntary"]),
        ],
        [mandatory, voluntary, europe],
        international,
    )
    return pd.Series(found, index=standards.index)


def coverage_table(cells: pd.DataFrame, names: pd.Series, most: int = 4) -> pd.DataFrame:
    """Return one row for each ask for reading: its article, linked, and by region the numbers of the standards.

    ``names`` maps ``std_id`` to designations. Each cell names up to ``most`` published standards, linked to their rows
    in the catalogue, and says how many more there are; where there are none, the drafts; else that none was found.
    Columns: ``article`` and one for each region (cell pieces), ``ask``.
    """
    rows = cells.assign(
        text=[
            _some(names[row.published_ids], most) or _some(names[row.draft_ids], most, "draft: ") or [Text(STATES[2])]
            for row in cells.itertuples()
        ]
    )
    wide = rows.pivot(index=["article", "ask"], columns="region", values="text").reindex(columns=regions())
    wide = wide.reindex(pd.MultiIndex.from_frame(rows[["article", "ask"]].drop_duplicates())).reset_index()
    wide["article"] = wide["article"].map(lambda code: [article_link(code)])
    return wide[["article", "ask", *regions()]]


def _some(names: pd.Series, most: int, before: str = "") -> list[Text]:
    if names.empty:
        return []
    links = [Text(name, href=f"#{row_anchor(key)}") for key, name in names.iloc[:most].items()]
    rest = len(names) - most
    return [*([Text(before.strip())] if before else []), *_commas(links, rest > 0)] + (
        [Text(f"and {rest} more")] if rest > 0 else []
    )


def _commas(pieces: list[Text], also_last: bool) -> list[Text]:
    last = len(pieces) - (0 if also_last else 1)
    return [Text(f"{p.text},", href=p.href) if at < last else p for at, p in enumerate(pieces)]


def answers(cells: pd.DataFrame, standards: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each ask and each standard that bears on it, and one for each ask and region without any.

    Columns: ``article`` (linked), ``article_no``, ``ask``, ``region``, ``document`` (linked to the catalogue, or that
    none was found), ``title`` (missing where none was found), ``state`` (published, draft, none found).
    """
    rows = cells.melt(
        id_vars=["article", "ask", "region"], value_vars=["published_ids", "draft_ids"], value_name="std_id"
    )
    rows["state"] = rows["variable"].map({"published_ids": "published", "draft_ids": "draft"})
    rows = rows.explode("std_id").dropna(subset=["std_id"])
    gaps = cells.loc[cells["state"] == STATES[2], ["article", "ask", "region", "state"]]
    rows = pd.concat([rows, gaps], ignore_index=True)
    table = standards.set_index("std_id")
    rows["title"] = rows["std_id"].map(table["title_en"])
    names = rows["std_id"].map(table["designation"])
    rows["document"] = [
        [Text(name, href=f"#{row_anchor(key)}")] if pd.notna(key) else [Text(STATES[2])]
        for key, name in zip(rows["std_id"], names, strict=True)
    ]
    order = {ask: at for at, ask in enumerate(dict.fromkeys(cells["ask"]))}
    rows["order"] = rows["ask"].map(order) * 10 + rows["region"].map(regions().index)
    rows = rows.assign(name=names).sort_values(["order", "state", "name"], ascending=[True, False, True])
    rows["article_no"] = rows["article"].map(article_name)
    rows["article"] = rows["article"].map(lambda code: [article_link(code)])
    return rows[["article", "article_no", "ask", "region", "document", "title", "state"]].reset_index(drop=True)
