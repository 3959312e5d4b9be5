"""The report at a glance: what is known of each article, and the counts behind the headline findings."""

from __future__ import annotations

import pandas as pd

from policybook import data

# What each column of the overview counts, in the order in which it is shown.
MEASURES = {
    "commitments": "Commitments coded",
    "followup": "Follow-up steps",
    "standards": "Standards catalogued",
    "claims": "Claims checked",
}


def by_article() -> pd.DataFrame:
    """Count, for each article, the rows that rest on a source.

    Returns one row for each article (1 to 13; the preamble is left out) and measure of ``MEASURES``: ``article``,
    ``article_no``, ``label`` (number and short title), ``measure``, ``count``. Recalled rows, and follow-up rows of the
    status ``no_public_evidence``, are not counted. A row that names several articles counts for each.
    """
    articles = data.load("articles").query("article_no > 0")
    followup = data.load("followup")
    counts = {
        "commitments": _count(data.load("commitments"), "article"),
        "followup": _count(followup[followup["status"] != "no_public_evidence"], "article"),
        "standards": _count(data.load("standards"), "articles"),
        "claims": _count(data.load("claims"), "articles"),
    }
    rows = [
        {
            "article": row.article,
            "article_no": int(row.article_no),
            "label": f"{row.article_no} {row.short_title}",
            "measure": MEASURES[measure],
            "count": int(counts[measure].get(row.article, 0)),
        }
        for row in articles.itertuples()
        for measure in MEASURES
    ]
    return pd.DataFrame(rows, columns=["article", "article_no", "label", "measure", "count"])


def _count(table: pd.DataFrame, column: str) -> pd.Series:
    return data.seen(table)[column].explode().value_counts()


def evidence_shares(names: list[str] | None = None) -> pd.DataFrame:
    """Return the rows of each table by how their source was seen.

    ``names`` limits the tables (default: all that have a column ``evidence``). Columns: ``table``, ``evidence`` (read,
    excerpt, recalled), ``rows``, ``share`` (of the rows of the table, 0 to 1).
    """
    found = []
    for name in names or data.names():
        fields = [field["name"] for field in data.resource(name)["schema"]["fields"]]
        if "evidence" not in fields:
            continue
        counts = data.load(name)["evidence"].value_counts(sort=False)
        total = int(counts.sum())
        found += [
            {"table": name, "evidence": level, "rows": int(count), "share": count / total if total else 0.0}
            for level, count in counts.items()
        ]
    return pd.DataFrame(found, columns=["table", "evidence", "rows", "share"])


def fact(fact_id: str) -> pd.Series:
    """Return one headline fact; ``KeyError`` when there is none of this id, ``NoRows`` when there is none at all."""
    facts = data.need(data.load("headline_facts"), "headline_facts", fact_id).set_index("fact_id")
    return facts.loc[fact_id]


def number(fact_id: str, position: int = 0) -> float:
    """Return a number of a headline fact: its value, or one of several joined by ``;``.

    Raises ``ValueError`` when the value holds no such number.
    """
    value = str(fact(fact_id)["value"]).split(";")[position].strip()
    return float(value)
