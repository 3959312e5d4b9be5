"""How the report was made, as tables: evidence, coverage of sources, agreement of coders, corrections, disagreements.

Functions take tables of the data package and return tidy tables. Alpha is computed in :mod:`policybook.agreement`,
evidence by table in :mod:`policybook.overview`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from policybook import agreement, articles, data, overview, paths, places, reception, settings, sources, tables

# The registry itself is read by every chapter, and says nothing of one.
REGISTRY = "sources"
# Chapters that read every table, whatever it is about.
READ_ALL = ("catalogue", "methods")
CHAPTERS = {
    "index": "At a glance",
    "background": "Background",
    "plan": "Text of {name}",
    "standards": "Standards",
    "sustainability": "Energy and compute",
    "reception": "Reception",
    "followup": "Follow-up",
    "claims": "Claims",
    "glossary": "Glossary",
}
# How a question on which sources differ ended.
SETTLED = {
    "resolved_a": "first value holds",
    "resolved_b": "second value holds",
    "both_hold": "both hold",
    "open": "open",
}
VERDICTS = {"reliable": "reliable", "tentative": "tentative", "below": "below the bounds"}
# What was done with a coding because of its agreement.
_USES = {
    "main_theme": "used as coded",
    "actor": "used as coded",
    "deontic": "withdrawn: no finding on it",
    "deontic_merged": "used: call, promote and need to are one group",
    "stance": "used, as provisional",
}
_FRAME_USES = {"below": "withdrawn: exploratory only"}


def chapter_name(stem: str) -> str:
    """Return the short name of a chapter, by its file name without ending."""
    return CHAPTERS.get(stem, stem.replace("_", " ").capitalize()).format(name=settings.load().name)


# ----------------------------------------------------------------------------------------------------------- evidence


def evidence_columns(fields: Iterable[str]) -> list[str]:
    """Return the columns that say how the statements of a row were seen.

    That is ``evidence``; without one, the columns of two sides, such as ``evidence_a`` or ``us_evidence``.
    """
    names = list(fields)
    if "evidence" in names:
        return ["evidence"]
    return [name for name in names if re.fullmatch(r"evidence_\w+|\w+_evidence", name)]


def evidence_by_table() -> pd.DataFrame:
    """Return the statements of each table by how their source was seen.

    A row is one statement, or two where a table has the evidence of two sides. Columns as in
    :func:`policybook.overview.evidence_shares`: ``table``, ``evidence``, ``rows`` (statements), ``share`` (0 to 1).
    """
    found = [overview.evidence_shares()]
    for item in data.descriptor()["resources"]:
        columns = evidence_columns(field["name"] for field in item["schema"]["fields"])
        if columns and columns != ["evidence"]:
            table = data.load(item["name"])
            found.append(_shares(item["name"], pd.concat([table[column].astype(str) for column in columns])))
    return pd.concat(found, ignore_index=True)


def _shares(name: str, values: pd.Series) -> pd.DataFrame:
    counts = [int((values == level).sum()) for level in (*data.SEEN, "recalled")]
    total = sum(counts)
    return pd.DataFrame(
        {
            "table": name,
            "evidence": [*data.SEEN, "recalled"],
            "rows": counts,
            "share": [count / total if total else 0.0 for count in counts],
        }
    )


def evidence_by_chapter(by_table: pd.DataFrame, use: pd.DataFrame) -> pd.DataFrame:
    """Return the statements that a chapter has at hand, by how their source was seen.

    ``by_table`` comes from :func:`evidence_by_table`, ``use`` is the table ``chapter_tables``. Every statement of every
    table that a chapter reads counts, whether the chapter shows it or not; the registry of sources does not. Columns:
    ``chapter``, ``name`` (short name), ``evidence``, ``rows``, ``share`` (0 to 1), in the order of the report.
    """
    rows = use[use["table"] != REGISTRY].merge(by_table, on="table", validate="many_to_many")
    counts = rows.groupby(["chapter", "evidence"], observed=True)["rows"].sum().unstack(fill_value=0)
    counts = counts.reindex(columns=[*data.SEEN, "recalled"], fill_value=0)
    order = {stem: position for position, stem in enumerate(CHAPTERS)}
    counts = counts.loc[sorted(counts.index, key=lambda stem: (order.get(stem, len(order)), stem))]
    tidy = counts.reset_index().melt("chapter", var_name="evidence", value_name="rows")
    tidy["share"] = tidy["rows"] / tidy.groupby("chapter")["rows"].transform("sum")
    tidy["name"] = tidy["chapter"].map(chapter_name)
    return tidy[["chapter", "name", "evidence", "rows", "share"]]


def used_tables(manifest: Mapping[str, Mapping[str, Iterable[str]]]) -> set[tuple[str, str]]:
    """Return the pairs of chapter and table that belong into the table ``chapter_tables``.

    ``manifest`` is what :mod:`policybook.execute` noted of the last run: for each chapter (its path) the ``tables``
    that it loaded. Only tables that say how their statements were seen are listed, without the registry of sources.
    """
    resources = data.descriptor()["resources"]
    say = {r["name"] for r in resources if evidence_columns(field["name"] for field in r["schema"]["fields"])}
    chapters = {path.rpartition("/")[2].removesuffix(".ipynb"): run["tables"] for path, run in manifest.items()}
    return {
        (chapter, table)
        for chapter, names in chapters.items()
        if chapter not in READ_ALL
        for table in set(names) & say - {REGISTRY}
    }


def evidence_levels(by_table: pd.DataFrame, registry: pd.DataFrame, meaning: Mapping[str, str]) -> pd.DataFrame:
    """Return the levels of evidence: ``level``, ``meaning``, ``sources`` and ``statements`` (numbers), ``finding``.

    ``finding`` says whether a finding may rest on the level. The registry of sources is not among the statements.
    """
    rows = by_table[by_table["table"] != REGISTRY].groupby("evidence", observed=True)["rows"].sum()
    return pd.DataFrame(
        {
            "level": list(meaning),
            "meaning": list(meaning.values()),
            "sources": [int((registry["evidence"] == level).sum()) for level in meaning],
            "statements": [int(rows.get(level, 0)) for level in meaning],
            "finding": ["yes" if level in data.SEEN else "no" for level in meaning],
        }
    )


def evidence_table(by_table: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each table with evidence: ``table``, ``read``, ``excerpt``, ``recalled``, ``all``, ``share``.

    ``share`` is the percentage recalled; tables with the highest share first.
    """
    wide = by_table.pivot_table(index="table", columns="evidence", values="rows", aggfunc="sum", observed=True)
    wide = wide.reindex(columns=[*data.SEEN, "recalled"]).fillna(0).astype(int)
    wide["all"] = wide.sum(axis=1)
    wide["share"] = 100 * wide["recalled"] / wide["all"]
    wide.columns.name = None
    return wide.reset_index().sort_values(["share", "table"], ascending=[False, True], ignore_index=True)


# ------------------------------------------------------------------------------------------------------------ sources


def meanings(table: str, column: str, report: paths.Paths | None = None) -> dict[str, str]:
    """Return the codes of a column with their meaning, as the schema has them.

    Raises ``KeyError`` when the column has no codes.
    """
    for item in data.descriptor(report)["resources"]:
        for field in item["schema"]["fields"] if item["name"] == table else []:
            if field["name"] == column:
                return dict(field["enumDescriptions"])
    raise KeyError(f"{table}.{column}")


def source_uses(report: paths.Paths | None = None) -> pd.Series:
    """Return how many rows of all tables name a source, by source id, the most used first.

    A row counts once for a source, however many of its columns name it. The map of old ids is left out.
    """
    found = []
    for item in data.descriptor(report)["resources"]:
        schema = item["schema"]
        columns = [
            key["fields"][0]
            for key in schema.get("foreignKeys", [])
            if key["reference"].get("resource") == REGISTRY and len(key["fields"]) == 1
        ]
        columns += [f["name"] for f in schema["fields"] if f.get("references", {}).get("resource") == REGISTRY]
        if columns and item["name"] != "source_ids":
            table = data.load(item["name"], report)
            named = pd.concat([table[column].explode() for column in columns]).dropna()
            found.append(named.reset_index().drop_duplicates().iloc[:, 1])
    return pd.concat(found).value_counts().sort_index().sort_values(ascending=False, kind="stable")


def source_types(registry: pd.DataFrame, uses: pd.Series, meaning: Mapping[str, str]) -> pd.DataFrame:
    """Return the types of sources with their numbers.

    Columns: ``type``, ``meaning``, ``sources``, ``read``, ``chinese`` (numbers of sources), ``rows`` (rows of all
    tables that name one), ``example`` (the source that most rows name). The arithmetic of this report is left out.
    """
    rows = registry.assign(uses=registry["source_id"].map(uses).fillna(0).astype(int))
    rows = rows.sort_values(["uses", "source_id"], ascending=[False, True])
    found = []
    for kind, told in meaning.items():
        own = rows[rows["type"].astype(str) == kind]
        if own.empty or kind == "own_work":
            continue
        found.append(
            {
                "type": kind,
                "meaning": told,
                "sources": len(own),
                "read": int((own["evidence"] == "read").sum()),
                "chinese": int(own["language"].map(lambda codes: "zh" in codes).sum()),
                "rows": int(own["uses"].sum()),
                "example": own["source_id"].iloc[0],
            }
        )
    columns = ["type", "meaning", "sources", "read", "chinese", "rows", "example"]
    table = pd.DataFrame(found, columns=columns)
    return table.sort_values(["sources", "type"], ascending=[False, True], ignore_index=True)


def languages(registry: pd.DataFrame) -> pd.DataFrame:
    """Return the sources by language and how they were seen, without those that were only recalled.

    A source in several languages counts under Chinese if that is one of them, else under the first. Languages with
    fewer than five sources are one group. Columns: ``group``, ``evidence``, ``sources``, in falling order of groups,
    the rest last.
    """
    seen = data.seen(registry)
    first = seen["language"].map(lambda codes: "zh" if "zh" in codes else codes[0] if codes else "")
    name = first.map(lambda code: sources.LANGUAGES.get(code, "language not known"))
    sizes = name.value_counts()
    small = sizes.index[sizes < 5]
    rest = f"{len(small)} other languages"
    group = name.where(~name.isin(small), rest).rename("group")
    counts = pd.crosstab(group, seen["evidence"].astype(str)).reindex(columns=list(data.SEEN), fill_value=0)
    total = counts.sum(axis=1).where(counts.index != rest, 0)
    counts = counts.loc[total.sort_index().sort_values(ascending=False, kind="stable").index]
    return counts.reset_index().melt("group", var_name="evidence", value_name="sources")


def by_month(registry: pd.DataFrame, start: str) -> pd.DataFrame:
    """Return the sources by month of publication from ``start`` on: ``month``, ``sources``; months without one are 0.

    Sources dated to the year only, and the arithmetic of this report, are left out.
    """
    dated = registry[registry["date_precision"].isin(["day", "month"]) & (registry["type"] != "own_work")]
    months = dated["date"].dt.to_period("M")
    counts = months[months >= pd.Period(start, "M")].value_counts()
    last = counts.index.max() if len(counts) else pd.Period(start, "M") - 1
    full = pd.period_range(start, last, freq="M")
    counts = counts.reindex(full, fill_value=0)
    return pd.DataFrame({"month": full.to_timestamp(), "sources": counts.to_numpy(dtype=int)})


def regions(items: pd.DataFrame) -> pd.DataFrame:
    """Return the published items by region of the publisher and by how its country is known.

    Columns: ``region`` (in words), ``basis`` (known, inferred, unknown), ``items``; most items first, unknown last.
    """
    named = items["region"].astype(str).map(reception.regions())
    counts = pd.crosstab(named.rename("region"), items["country_basis"].astype(str).rename("basis"))
    unknown = set(named[items["region"].astype(str) == "unknown"])
    total = counts.sum(axis=1).where(~counts.index.isin(unknown), 0)
    counts = counts.loc[total.sort_index().sort_values(ascending=False, kind="stable").index]
    return counts.reset_index().melt("region", var_name="basis", value_name="items")


# ---------------------------------------------------------------------------------------------------------- agreement


def agreements(
    asks: pd.DataFrame,
    asks_b: pd.DataFrame,
    codebook: pd.DataFrame,
    items: pd.DataFrame,
    items_b: pd.DataFrame,
) -> pd.DataFrame:
    """Return how far two coders agree on everything that was coded, in both codings.

    ``asks`` and ``asks_b`` are the commitments by both coders, ``items`` and ``items_b`` the published items. Columns:
    ``coding`` (Plan or Reception), ``code``, ``label``, ``level``, ``units`` (coded by both), ``alpha``, ``low``,
    ``high`` (95 % interval), ``verdict`` (see :func:`verdict`), ``use`` (what was done with it). Codes of the Plan
    first; within a coding by falling alpha, stance before the frames. Raises ``NoRows`` without rows of either.
    """
    data.need(asks, "commitments", "agreement of the coders")
    asks_b = asks_b[asks_b["commitment_id"].isin(asks["commitment_id"])]
    plain = agreement.table(asks, asks_b, "commitment_id", ["main_theme", "actor", "deontic"])
    one, two = (rows.assign(deontic=articles.merged(rows["deontic"], codebook, "deontic")) for rows in (asks, asks_b))
    joined = agreement.table(one, two, "commitment_id", ["deontic"]).assign(column="deontic_merged")
    labels = {
        "main_theme": "main theme",
        "actor": "actor",
        "deontic": "strength, eight codes",
        "deontic_merged": "strength, three codes merged",
    }
    plan = pd.concat([plain, joined], ignore_index=True).rename(columns={"column": "code"})
    plan = plan.assign(
        coding=settings.load().short,
        level="nominal",
        label=plan["code"].map(labels),
    ).sort_values("alpha", ascending=False)
    press = reception.reliability(items, items_b).rename(columns={"n": "units"})
    is_stance = press["code"] == "stance"
    press = press.assign(
        coding="Reception", label=press["label"].str.lower().where(is_stance, "frame: " + press["label"])
    )
    found = pd.concat([plan, press], ignore_index=True)
    found["verdict"] = found["alpha"].map(verdict)
    found["use"] = found["code"].map(_USES).fillna(found["verdict"].map(_FRAME_USES)).fillna("not used")
    columns = ["coding", "code", "label", "level", "units", "alpha", "low", "high", "verdict", "use"]
    return found[columns]


def verdict(alpha: float) -> str:
    """Return what alpha allows by the bounds of Krippendorff (2019, 12.4): a key of ``VERDICTS``."""
    if alpha >= agreement.RELIABLE:
        return "reliable"
    return "tentative" if alpha >= agreement.TENTATIVE else "below"


# -------------------------------------------------------------------------------------------------------- corrections


def correction_counts(corrections: pd.DataFrame) -> pd.DataFrame:
    """Count corrected cells and added rows by table and kind of reason, the most corrected table first.

    Columns: ``table``, one for each kind (code), ``all``, ``in_a_version`` (wrong in a version of the data that was in
    the repository).
    """
    counts = pd.crosstab(corrections["table"], corrections["kind"].astype(str))
    counts = counts.reindex(columns=list(corrections["kind"].cat.categories), fill_value=0)
    counts["all"] = counts.sum(axis=1)
    since = corrections["wrong_since"].notna().groupby(corrections["table"]).sum()
    counts["in_a_version"] = since.reindex(counts.index).astype(int)
    counts.columns.name = None
    return counts.reset_index().sort_values(["all", "table"], ascending=[False, True], ignore_index=True)


def correction_list(corrections: pd.DataFrame) -> pd.DataFrame:
    """Return the corrections as cells of a table, the latest first.

    Columns: ``anchor``, ``when`` (date), ``place`` (table, linked to the row itself; row with a permanent link;
    column), ``table``, ``old`` and ``new`` (text, ``(empty)`` for an empty cell), ``kind`` (in words), ``why`` (reason,
    since when a reader could see the wrong value, citation), ``in_a_version`` (since when, or never).
    """
    rows = corrections.sort_values(["date", "correction_id"], ascending=[False, True]).reset_index(drop=True)
    whole = rows["column"] == "(row)"
    since = rows["wrong_since"].dt.strftime("since %Y-%m-%d").fillna("never")
    return pd.DataFrame(
        {
            "anchor": rows["correction_id"].map(correction_anchor),
            "when": rows["date"],
            "place": [_place(row) for row in rows.itertuples()],
            "table": rows["table"],
            "old": rows["old_value"].fillna("(empty)").where(~whole, "(no row)"),
            "new": rows["new_value"].fillna("(empty)").where(~whole, "(row " + rows["new_value"] + ")"),
            "kind": rows["kind"].astype(str).str.replace("_", " "),
            "why": [
                [f"{row.reason}.", *([f"Wrong {told}."] if told != "never" else []), *tables.cite(row.source_id)]
                for row, told in zip(rows.itertuples(), since, strict=True)
            ],
            "in_a_version": since,
        }
    )


def _place(row: object) -> list[str | tables.Text]:
    where = tables.Text(row.row_id, href=f"#{correction_anchor(row.correction_id)}")
    return [tables.to_row(row.table, row.row_id, row.table), where, *([] if row.column == "(row)" else [row.column])]


def correction_anchor(correction_id: str) -> str:
    """Return the anchor of a correction in the list of all: ``rest_001`` stands at ``correction-rest-001``."""
    return places.anchor("corrections", correction_id)


# ------------------------------------------------------------------------------------------------------ disagreements


def questions(disagreements: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each question on which sources differ, without rows that repeat one of another chapter."""
    return disagreements[disagreements["same_as"].isna()]


def settled_by_chapter(disagreements: pd.DataFrame) -> pd.DataFrame:
    """Count the questions of each chapter by how they ended; a question of two chapters counts in both.

    Columns: ``chapter``, ``name``, ``settled`` (one value holds, both hold, open), ``questions``; most questions first.
    """
    one = (
        disagreements["settled"]
        .astype(str)
        .map(SETTLED)
        .replace({SETTLED["resolved_a"]: "one value holds", SETTLED["resolved_b"]: "one value holds"})
    )
    counts = pd.crosstab(disagreements["chapter"].astype(str), one.rename("settled"))
    counts = counts.reindex(columns=["one value holds", "both hold", "open"], fill_value=0)
    order = counts.sum(axis=1).sort_index().sort_values(ascending=False, kind="stable").index
    tidy = counts.loc[order].reset_index().melt("chapter", var_name="settled", value_name="questions")
    tidy["name"] = tidy["chapter"].map(chapter_name)
    return tidy[["chapter", "name", "settled", "questions"]]


def disagreement_anchor(dis_id: str) -> str:
    """Return the anchor of a disagreement: ``dis_rec_delhi`` stands at ``disagreement-rec-delhi``."""
    return places.anchor("disagreements", dis_id)


def disagreement_list(disagreements: pd.DataFrame) -> pd.DataFrame:
    """Return all disagreements as cells of a table, open ones first.

    Columns: ``anchor``, ``question`` (with a permanent link, and a link to the row of another chapter on the same
    question), ``chapter``, ``first`` and ``second`` (value, how seen, citation), ``settled`` (in words), ``how``
    (resolution and note).
    """
    order = disagreements["settled"].astype(str).map({"open": 0, "both_hold": 1}).fillna(2)
    rows = disagreements.assign(order=order).sort_values(["order", "chapter", "dis_id"])
    return pd.DataFrame(
        {
            "anchor": [disagreement_anchor(code) for code in rows["dis_id"]],
            "question": [_question(row) for row in rows.itertuples()],
            "chapter": [chapter_name(str(chapter)) for chapter in rows["chapter"]],
            "first": [_value(row.value_a, row.source_a) for row in rows.itertuples()],
            "second": [_value(row.value_b, row.source_b) for row in rows.itertuples()],
            "settled": rows["settled"].astype(str).map(SETTLED),
            "how": [_how(row.resolution, row.note) for row in rows.itertuples()],
        }
    ).reset_index(drop=True)


def _question(row: object) -> list[str | tables.Text]:
    own = tables.Text(row.question, href=f"#{disagreement_anchor(row.dis_id)}")
    if pd.isna(row.same_as):
        return [own]
    return [own, tables.Text("(same question)", href=f"#{disagreement_anchor(row.same_as)}")]


def _value(value: str, source_id: object) -> list[str | tables.Text]:
    return [f"{value}.", *(tables.cite(source_id) or ["No source named."])]


def _how(resolution: str, note: object) -> list[str | tables.Text]:
    """Return resolution and note; ids of other rows become links, and the remark that a row repeats one is dropped."""
    note = re.sub(r"Same matter as dis_\w+(; )?", "", note) if isinstance(note, str) else ""
    texts = [text[:1].upper() + text[1:] for text in (resolution.rstrip("."), note.rstrip(".")) if text]
    parts = re.split(r"(dis_\w+)", ". ".join(texts) + ".")
    return [
        tables.Text("another row", href=f"#{disagreement_anchor(part)}") if part.startswith("dis_") else part.strip()
        for part in parts
        if part.strip(" .")
    ]
