"""Analysis of the standards ecosystem: tables of the data package in, tidy tables for charts and text out.

Counts describe the selection in the table ``standards`` and not all standards there are.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from policybook import data, places, settings
from policybook.bodies import short_names
from policybook.places import article_name
from policybook.sources import safe_url
from policybook.tables import Text, badge, date_text, to_row, with_chinese

# --- groups of this report ---------------------------------------------------------------------------------------


def family_groups() -> dict[str, tuple[str, ...]]:
    """Return the families of standards in the groups in which charts show them, by name of the group."""
    found: dict[str, tuple[str, ...]] = {}
    for family, group in data.labels("standards", "developer_family", "group").items():
        found[group] = (*found.get(group, ()), family)
    return found


def records() -> dict[str, str]:
    """Return the bibliographic data set (source) on which a group mainly rests: it dates the end of the records."""
    groups = data.labels("standards", "developer_family", "group")
    return {
        groups[family]: source for family, source in data.labels("standards", "developer_family", "records").items()
    }


def force_classes() -> dict[str, tuple[str, str]]:
    """Return the classes of force of the standards of the document's country: name and meaning, by code."""
    names, meanings = (data.labels("standards", "force", what) for what in ("class", "meaning"))
    return {code: (name, meanings.get(code, "")) for code, name in names.items()}


FIRST_YEAR, DRAFT, PARTIAL = 2018, "draft", "partial"
BEFORE = f"to {FIRST_YEAR - 1}"

# --- standards by family, year and force -------------------------------------------------------------------------


def family_group(standards: pd.DataFrame) -> pd.Series:
    """Return the group (keys of :func:`family_groups`) of each standard; ``KeyError`` for a family in no group."""
    groups = {family: group for group, families in family_groups().items() for family in families}
    return standards["developer_family"].astype(str).map(lambda family: groups[family])


def by_year(standards: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """Return counts of standards by group and period, issued documents and drafts apart.

    Issued documents count in the year of publication, replaced and withdrawn ones included; years before 2018 are one
    period. Columns: ``group``, ``period``, ``state`` (issued, draft, partial, unknown), ``n`` (documents),
    ``records_end`` (day on which the group's main data set ends, where there is one). A year that begins after the
    records of a group end has the state unknown and no count; one in which they end without a document is partial.
    Raises ``NoRows`` without standards.
    """
    data.need(standards, "standards")
    rows = standards.assign(group=family_group(standards))
    drafts = rows["stage"] == "draft"
    years = rows["publication_date"].dt.year
    rows["period"] = years.map(lambda y: BEFORE if y < FIRST_YEAR else f"{y:.0f}").where(~drafts, DRAFT)
    rows["state"] = np.where(drafts, DRAFT, "issued")
    counts = rows.groupby(["group", "period", "state"], as_index=False).agg(n=("std_id", "size"))
    last = int(years.max())
    ends = sources.set_index("source_id")["date"]
    missing = [
        {"group": group, "period": f"{year}", "state": "unknown", "n": pd.NA}
        for group, source in records().items()
        for year in range(FIRST_YEAR, last + 1)
        if ends[source] < pd.Timestamp(year, 1, 1)
    ]
    listed = set(zip(counts["group"], counts["period"], strict=True))
    missing += [
        {"group": group, "period": f"{ends[source].year}", "state": PARTIAL, "n": 0}
        for group, source in records().items()
        if (group, f"{ends[source].year}") not in listed
    ]
    gaps = pd.DataFrame(missing, columns=counts.columns).astype({"n": "Int64"})
    found = pd.concat([counts.astype({"n": "Int64"}), gaps], ignore_index=True)
    # Without any records the column has no type of its own.
    found["records_end"] = pd.to_datetime(found["group"].map({group: ends[name] for group, name in records().items()}))
    return found


def chinese_documents(standards: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each document of the country: its class of force, its place in the class, and its state.

    Columns: ``designation``, ``title``, ``force``, ``class_name``, ``meaning``, ``state`` (published, draft, replaced),
    ``energy`` (about energy, water or environment), ``position`` (1, 2, ... within the class, published first).
    """
    classes = force_classes()
    rows = standards[standards["force"].isin(list(classes))].copy()
    rows["force"] = rows["force"].astype(str)
    rows["class_name"] = rows["force"].map(lambda code: classes[code][0])
    rows["meaning"] = rows["force"].map(lambda code: classes[code][1])
    states = {"published": "published", "draft": "draft", "superseded": "replaced", "withdrawn": "replaced"}
    rows["state"] = rows["stage"].astype(str).map(states)
    rank = rows["state"].map({"published": 0, "draft": 1, "replaced": 2})
    rows = rows.assign(rank=rank).sort_values(["force", "rank", "energy_water_env", "publication_date", "std_id"])
    rows["position"] = rows.groupby("force").cumcount() + 1
    rows = rows.rename(columns={"title_en": "title", "energy_water_env": "energy"})
    return rows[["designation", "title", "force", "class_name", "meaning", "state", "energy", "position"]]


def yearly_output(targets: pd.DataFrame) -> pd.DataFrame:
    """Return the own counts of documents a year: SC 42 (IEC records) and ITU-T (an AI term in the title).

    Columns: ``body``, ``year``, ``n`` (documents), ``records_end`` (day the records were taken), ``complete`` (whether
    the records cover the whole year). A year of the other body that has no count has ``n`` missing.
    """
    bodies = {"sc42_docs_": "ISO/IEC JTC 1/SC 42", "itut_ai_": "ITU-T, an AI term in the title"}
    parts = []
    for prefix, body in bodies.items():
        rows = targets[targets["target_id"].str.fullmatch(prefix + r"\d{4}")]
        year = rows["as_of"].dt.year
        parts.append(
            pd.DataFrame(
                {
                    "body": body,
                    "year": year,
                    "n": rows["value"].astype(int),
                    "records_end": rows["stated_on"],
                    "complete": rows["stated_on"].dt.year > year,
                }
            )
        )
    counts = pd.concat(parts, ignore_index=True)
    grid = pd.MultiIndex.from_product([bodies.values(), sorted(counts["year"].unique())], names=["body", "year"])
    counts = counts.set_index(["body", "year"]).reindex(grid).reset_index()
    counts["records_end"] = counts.groupby("body")["records_end"].transform("max")
    counts["complete"] = counts["records_end"].dt.year > counts["year"]
    return counts.astype({"n": "Int64", "year": int})


# --- energy and water --------------------------------------------------------------------------------------------

ENERGY_OBJECTS = ["Data centres", "Servers", "AI systems, models, software"]
ENERGY_ROLES = ["Binding limit", "Voluntary standard", "Informative report", "In draft"]


def energy_standards(standards: pd.DataFrame) -> pd.DataFrame:
    """Return the energy, water and environment standards with what they apply to and what they can do.

    ``applies_to`` is read from the title: servers named, else data centres (or telecommunication rooms or computing
    infrastructure), else AI systems, models and software. ``role``: in draft; binding limit (a mandatory class, in
    force); informative report (technical reports and supplements, which set no requirement); else voluntary standard.
    ``water`` is true where the title or the remark names water. Further columns: those of ``standards`` and
    ``position`` (1, 2, ... within the cell).
    """
    rows = standards[standards["energy_water_env"].fillna(False).astype(bool)].copy()
    rows["applies_to"] = applies_to(rows)
    informative = rows["doc_class"].isin(["technical report", "ITU-T supplement"])
    limit, voluntary, report, draft = ENERGY_ROLES
    rows["role"] = np.select(
        [rows["stage"] == "draft", rows["type"] == "mandatory", informative], [draft, limit, report], voluntary
    )
    rows["water"] = names_water(rows)
    rows = rows.sort_values(["applies_to", "role", "publication_date", "std_id"], ignore_index=True)
    rows["position"] = rows.groupby(["applies_to", "role"]).cumcount() + 1
    return rows


def applies_to(rows: pd.DataFrame) -> pd.Series:
    """Return what each standard applies to (one of ``ENERGY_OBJECTS``), read from its title."""
    title = rows["title_en"].str.lower()
    site = title.str.contains(r"data cent|telecommunication room|computing power infrastructure")
    centre, server, system = ENERGY_OBJECTS
    found = np.select([title.str.contains("server"), site], [server, centre], system)
    return pd.Series(found, index=rows.index)


def names_water(rows: pd.DataFrame) -> pd.Series:
    """Return whether the title or the remark of each standard names water."""
    return (rows["title_en"] + " " + rows["note"].fillna("")).str.contains("water", case=False)


# --- targets -----------------------------------------------------------------------------------------------------

_SIGNS = {"ge": "≥ ", "gt": "> ", "le": "≤ ", "about": "about ", "eq": ""}


def target_progress(targets: pd.DataFrame, labels: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return each target that charts show beside the official figure that measures it, where one was found.

    ``labels`` is the table ``target_labels`` (default: that of this report): it says which, and which figure counts the
    same thing. Columns: ``target_id``, ``name``, ``field`` (AI, or all fields), ``instrument``, ``wanted`` (target with
    sign and unit, as text), ``due`` (year as text, or that no deadline was found), ``value`` (target), ``sign`` (its
    unit as a suffix), ``reached`` (official figure; missing: none found), ``share`` (reached as a share of the target,
    1 = the target), ``reached_on``, ``status`` (met, partial figure, not known), ``source_ids``. Raises ``NoRows``
    without any.
    """
    table = data.need(targets, "policy_targets").set_index("target_id")
    labels = data.need(data.load("target_labels") if labels is None else labels, "target_labels")
    rows = []
    fields = data.labels("target_labels", "field")
    for row in labels.sort_values("place").itertuples():
        goal = table.loc[row.target_id]
        figure = table.loc[row.measured_by] if pd.notna(row.measured_by) else None
        sign = {"percent": " %", "months": " months"}.get(goal["unit"], "")
        reached = float(figure["value"]) if figure is not None else np.nan
        share = reached / goal["value"]
        rows.append(
            {
                "target_id": row.target_id,
                "name": row.label,
                "field": fields[row.field],
                "instrument": goal["instrument"],
                "wanted": f"{_SIGNS[goal['comparator']]}{goal['value']:,.0f}{sign}",
                "due": f"by {goal['deadline'].year}" if pd.notna(goal["deadline"]) else "no deadline found",
                "value": goal["value"],
                "sign": sign,
                "reached": reached,
                "share": share,
                "reached_on": figure["as_of"] if figure is not None else pd.NaT,
                "status": "not known" if figure is None else "met" if share >= 1 else "partial figure",
                "source_ids": [goal["source_id"]] + ([figure["source_id"]] if figure is not None else []),
            }
        )
    return pd.DataFrame(rows)


def figures(targets: pd.DataFrame, ids: Iterable[str]) -> pd.DataFrame:
    """Return published figures for reading, in the order of ``ids``.

    Columns: ``target_id``, ``metric``, ``figure`` (value with sign and unit, as text), ``on`` (day, month or year the
    figure is for, as exact as it is known), ``issuer``, ``source_id``, ``evidence``, ``confidence``.
    """
    rows = targets.set_index("target_id", drop=False).loc[list(ids)].reset_index(drop=True)
    form = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}
    rows["figure"] = [
        f"{_SIGNS[row.comparator]}{row.value:,.{1 if row.value % 1 else 0}f}{' %' if row.unit == 'percent' else ''}"
        for row in rows.itertuples()
    ]
    rows["on"] = [row.as_of.strftime(form[row.as_of_precision]) for row in rows.itertuples()]
    rows["metric"] = rows["metric"].str[:1].str.upper() + rows["metric"].str[1:]
    return rows[["target_id", "metric", "figure", "on", "issuer", "source_id", "evidence", "confidence"]]


def issued_after(standards: pd.DataFrame, day: pd.Timestamp, forces: Iterable[str]) -> int:
    """Return how many AI documents of the classes ``forces`` the selection shows as published after a day.

    Energy standards are left out. Documents dated to a year or month only count where the whole period lies after the
    day, so the result is a lower bound for the selection.
    """
    rows = standards[
        standards["force"].isin(list(forces)) & (standards["stage"] == "published") & ~standards["energy_water_env"]
    ]
    return int((rows["publication_date"] > day).sum())


# --- instruments -------------------------------------------------------------------------------------------------

INSTRUMENT_GROUPS = {
    "Binding": ("law", "departmental rule", "normative document"),
    "Policy": ("policy opinion", "plan", "notice"),
    "Guidance": ("guidance",),
    "Diplomatic": ("diplomatic initiative", "action plan"),
}


def instrument_dates(instruments: pd.DataFrame, plan_date: pd.Timestamp | None = None) -> pd.DataFrame:
    """Return the instruments with their group of force and whether they took effect after the Plan.

    The date that counts is the entry into force where one is set, else the issue. Columns: ``instrument_id``,
    ``short``, ``name``, ``name_zh``, ``group`` (keys of ``INSTRUMENT_GROUPS``), ``type``, ``issuer``, ``issued``,
    ``counts`` (date that counts), ``day_known`` (whether its day is known), ``after`` (surely later than
    ``plan_date``, by default the day of the document), ``standards_link``, ``status``,
    ``source_id``, ``precision`` and ``in_force`` (of the date that counts: how exact it is, and whether it is an entry
    into force); sorted by group and date.
    """
    groups = {kind: group for group, kinds in INSTRUMENT_GROUPS.items() for kind in kinds}
    rows = instruments.copy()
    rows["short"] = rows["short_name"].fillna(rows["name_en"])
    rows["group"] = rows["type"].astype(str).map(lambda kind: groups[kind])
    precision = (
        rows["effective_precision"].astype(object).where(rows["effective"].notna(), rows["promulgated_precision"])
    )
    rows["precision"], rows["in_force"] = precision, rows["effective"].notna()
    rows["day_known"] = precision == "day"
    rows["counts"] = rows["effective"].fillna(rows["promulgated"])
    rows["after"] = rows["counts"] > (plan_date or settings.load().date)
    rows["order"] = rows["group"].map(list(INSTRUMENT_GROUPS).index)
    rows = rows.sort_values(["order", "counts", "instrument_id"], ignore_index=True)
    rows = rows.rename(columns={"name_en": "name", "promulgated": "issued"})
    keep = ["instrument_id", "short", "name", "name_zh", "group", "type", "issuer", "issued", "counts"]
    return rows[[*keep, "day_known", "after", "standards_link", "status", "source_id", "precision", "in_force"]]


def since_the_plan(dates: pd.DataFrame) -> pd.DataFrame:
    """Return the instruments of :func:`instrument_dates` that came after the Plan, by date, for reading.

    Columns added: ``instrument`` (name, then Chinese name), ``day`` (date that counts, as exact as it is known, and
    whether it is the entry into force or the issue).
    """
    rows = dates[dates["after"]].sort_values(["counts", "instrument_id"], ignore_index=True)
    rows["instrument"] = with_chinese(rows["name"], rows["name_zh"])
    rows["day"] = _days(rows)
    return rows


def instrument_list(instruments: pd.DataFrame) -> pd.DataFrame:
    """Return all instruments for reading, by the date that counts (see :func:`instrument_dates`).

    Columns: ``instrument_id``, ``anchor``, ``names`` (English, then Chinese), ``type``, ``force`` (group), ``issuer``,
    ``day`` (the date that counts, as exact as it is known, and what it is), ``governs``, ``source_id``.
    """
    rows = instrument_dates(instruments).sort_values(["counts", "instrument_id"], ignore_index=True)
    governs = instruments.set_index("instrument_id")["governs"]
    return pd.DataFrame(
        {
            "instrument_id": rows["instrument_id"],
            "anchor": [places.anchor("instruments", key) for key in rows["instrument_id"]],
            "names": with_chinese(rows["name"], rows["name_zh"]),
            "type": rows["type"].astype(str),
            "force": rows["group"],
            "issuer": rows["issuer"],
            "day": _days(rows),
            "governs": rows["instrument_id"].map(governs),
            "source_id": rows["source_id"],
        }
    )


def _days(rows: pd.DataFrame) -> list[str]:
    """Return the date that counts in words, as exact as it is known, and what it is."""
    return [
        f"{'in force' if row.in_force else 'issued'} {date_text(row.counts, row.precision)}"
        for row in rows.itertuples()
    ]


# --- tables for reading ------------------------------------------------------------------------------------------


def catalogue(standards: pd.DataFrame, bodies: pd.DataFrame) -> pd.DataFrame:
    """Return the standards for reading, as pieces of cells.

    Columns added to those of ``standards``: ``anchor``, ``document`` (linked to the record where an address is known),
    ``title`` (English, then Chinese), ``body`` (short name), ``state`` (stage, and a badge where the row is recalled),
    ``year`` (Int64, missing for drafts), ``force_text``, ``plan_articles`` (linked numbers, without 8, which all have);
    to choose from: ``about_energy`` and ``article_names`` (tuples).
    """
    names = short_names(bodies.set_index("body_id"))
    rows = standards.sort_values(["developer_family", "designation"], ignore_index=True)
    rows["anchor"] = rows["std_id"].map(row_anchor)
    rows["document"] = [[Text(row.designation, href=safe_url(row.url))] for row in rows.itertuples()]
    rows["title"] = with_chinese(rows["title_en"], rows["title_zh"])
    rows["body"] = rows["body_id"].map(names)
    rows["state"] = [
        [Text(str(row.stage)), *([badge("recalled")] if row.evidence == "recalled" else [])]
        for row in rows.itertuples()
    ]
    rows["year"] = rows["publication_date"].dt.year.astype("Int64")
    rows["force_text"] = rows["force"].astype(str).map(data.labels("standards", "force"))
    rows["plan_articles"] = rows["articles"].map(_article_links)
    rows["about_energy"] = rows["energy_water_env"].map({True: "energy, water, environment", False: "other"})
    rows["article_names"] = rows["articles"].map(lambda codes: tuple(map(article_name, codes)))
    return rows


def row_anchor(std_id: str) -> str:
    """Return the anchor of a standard in the catalogue."""
    return places.anchor("standards", std_id)


def plain_year(year: object) -> str:
    """Return a year without thousands separator, or a dash where it is missing."""
    return "–" if pd.isna(year) else f"{year:.0f}"


def _article_links(articles: Iterable[str]) -> list[Text]:
    return [article_link(code) for code in articles if code != "A08"]


def article_link(code: str) -> Text:
    """Return the number of an article, linked to its place in the chapter on the Plan."""
    return to_row("articles", code, str(int(code[1:])))


def open_questions(disagreements: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """Return the disagreements of this chapter that stand between two usable sources, open ones first.

    Left out: rows without a second source, and rows whose second value comes from a source judged unreliable.
    """
    rows = disagreements[(disagreements["chapter"] == "standards") & disagreements["source_b"].notna()]
    unusable = sources.loc[sources["reliability"] == "unreliable", "source_id"]
    rows = rows[~rows["source_b"].isin(unusable)]
    order = rows["settled"].astype(str).map({"open": 0, "both_hold": 1}).fillna(2)
    return rows.assign(order=order).sort_values(["order", "dis_id"], ignore_index=True)
