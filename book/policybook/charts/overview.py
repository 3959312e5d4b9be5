"""Charts of the chapters ``index`` and ``catalogue``."""

from __future__ import annotations

import altair as alt
import pandas as pd

from policybook import charts


def scoreboard(counts: pd.DataFrame) -> alt.HConcatChart:
    """Return one panel of bars for each measure of :func:`policybook.overview.by_article`, articles as rows.

    Each panel has its own scale, since the counts are of different things.
    """
    order = counts.sort_values("article_no")["label"].drop_duplicates().tolist()
    measures = counts["measure"].drop_duplicates().tolist()
    panels = []
    for position, measure in enumerate(measures):
        part = counts.loc[counts["measure"] == measure, ["label", "count"]]
        axis = alt.Axis(title=None, domain=False, ticks=False, labelPadding=6) if position == 0 else None
        base = alt.Chart(part).encode(
            y=alt.Y("label:N", sort=order, axis=axis),
            x=alt.X("count:Q", axis=None, scale=alt.Scale(domain=[0, part["count"].max() * 1.25])),
            tooltip=[alt.Tooltip("label:N", title="Article"), alt.Tooltip("count:Q", title=measure)],
        )
        colour = charts.PALETTE[position]
        bars = base.mark_bar(color=colour, height={"band": 0.62})
        labels = base.mark_text(align="left", dx=4, color=charts.INK).encode(text="count:Q")
        title = alt.TitleParams(
            measure, fontSize=12.5, fontWeight="normal", color=charts.MUTED, offset=6, frame="group"
        )
        panels.append((bars + labels).properties(width=112, height=alt.Step(24), title=title))
    return alt.hconcat(*panels, spacing=14).resolve_scale(x="independent")


def evidence_finding(recalled: pd.DataFrame) -> str:
    """Return in words how many rows are recalled and which table has the largest share, from rows of those alone."""
    if recalled.empty:
        return "Every row rests on a source that was seen"
    worst = recalled.loc[recalled["share"].idxmax(), "table"]
    return f"{int(recalled['rows'].sum())} rows rest on no source seen; the table {worst} has the largest share"


def evidence(shares: pd.DataFrame) -> alt.Chart:
    """Return bars of rows by evidence for each table of :func:`policybook.overview.evidence_shares`."""
    levels = list(charts.EVIDENCE_COLOURS)
    order = shares[shares["evidence"] == "read"].sort_values("share", ascending=False)["table"].tolist()
    return (
        alt.Chart(shares)
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title="Share of rows", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("table:N", sort=order, title=None),
            color=alt.Color(
                "evidence:N",
                title=None,
                sort=levels,
                scale=alt.Scale(domain=levels, range=list(charts.EVIDENCE_COLOURS.values())),
            ),
            order=alt.Order("level:O"),
            tooltip=["table:N", "evidence:N", "rows:Q", alt.Tooltip("share:Q", format=".0%")],
        )
        .transform_calculate(level=f"indexof({levels!r}, datum.evidence)")
        .properties(height=alt.Step(18))
    )
