"""Charts of the chapters ``index`` and ``catalogue``."""

from __future__ import annotations

import altair as alt
import pandas as pd

from policybook import charts, data, settings
from policybook.charts.followup import COLOURS, LINK, SHAPES
from policybook.followup import ORDER, since
from policybook.overview import MEASURES

LEDGER_ROW = 26  # height of the row of an article, px


def ledger(counts: pd.DataFrame, units: pd.DataFrame) -> alt.HConcatChart:
    """Return what each article asks and what is known to have followed, articles as rows, in four panels.

    ``counts`` is the result of :func:`policybook.overview.by_article`, drawn as bars, each measure on its own scale;
    ``units`` that of :func:`policybook.followup.units`, drawn as one mark for each step since the Plan. A click on the
    name of an article leads to its section, one on a mark to its row in the tracker.
    """
    names = counts.sort_values("article_no")[["label", "article_no"]].drop_duplicates()
    names["href"] = "plan.html#article-" + names["article_no"].astype(str)
    rows = alt.Y("label:N", sort=names["label"].tolist(), axis=None)
    labels = (
        alt.Chart(names)
        .transform_calculate(link=LINK)
        .mark_text(align="right", fontSize=13, color=charts.INK)
        .encode(y=rows, x=alt.value(152), text="label:N", href="link:N")
        .properties(width=152, height=alt.Step(LEDGER_ROW))
    )
    widths = {"commitments": 96, "standards": 84, "claims": 96}
    shown = {
        measure: _bars(counts[counts["measure"] == label], rows, label, widths[measure])
        for measure, label in MEASURES.items()
        if measure in widths
    }
    panels = [labels, shown["commitments"], _steps(units, rows), shown["standards"], shown["claims"]]
    return alt.hconcat(*panels, spacing=12).resolve_scale(x="independent", color="independent", shape="independent")


def _head(text: str) -> alt.TitleParams:
    muted = {"fontSize": 12.5, "fontWeight": "normal", "color": charts.MUTED}
    return alt.TitleParams(text, **muted, offset=6, frame="group")


def _bars(part: pd.DataFrame, rows: alt.Y, measure: str, width: int) -> alt.LayerChart:
    across = alt.X("count:Q", axis=None, scale=alt.Scale(domain=[0, part["count"].max() * 1.4]))
    tooltip = [alt.Tooltip("label:N", title="Article"), alt.Tooltip("count:Q", title=measure)]
    base = alt.Chart(part[["label", "count"]]).encode(y=rows, x=across, tooltip=tooltip)
    bars = base.mark_bar(color=charts.GREY, height={"band": 0.5})
    numbers = base.mark_text(align="left", dx=4, color=charts.INK).encode(text="count:Q")
    return (bars + numbers).properties(width=width, height=alt.Step(LEDGER_ROW), title=_head(measure))


def _steps(units: pd.DataFrame, rows: alt.Y) -> alt.LayerChart:
    counted = data.need(since(units), "followup")
    kept = counted[["action", "when", "status", "place"]].assign(
        label=counted["name"].str.replace("  ", " "),
        status=counted["status"].astype(str),
        href="followup.html#" + counted["anchor"],
    )
    statuses = [status for status in ORDER if status in set(kept["status"])]
    legend = alt.Legend(title=None, orient="bottom", columns=3, symbolStrokeWidth=0, offset=8)
    most = int(kept["place"].max())
    marks = (
        alt.Chart(kept)
        .transform_calculate(link=LINK)
        .mark_point(filled=True, size=112, opacity=1)
        .encode(
            y=rows,
            x=alt.X("place:Q", axis=None, scale=alt.Scale(domain=[-0.6, most + 0.6], nice=False, zero=False)),
            color=alt.Color(
                "status:N",
                sort=None,
                scale=alt.Scale(domain=statuses, range=[COLOURS[status] for status in statuses]),
                legend=legend,
            ),
            shape=alt.Shape(
                "status:N",
                sort=None,
                scale=alt.Scale(domain=statuses, range=[SHAPES[status] for status in statuses]),
                legend=legend,
            ),
            href="link:N",
            tooltip=[
                alt.Tooltip("action:N", title="Step"),
                alt.Tooltip("when:N", title="Date"),
                alt.Tooltip("status:N", title="Status"),
            ],
        )
    )
    lines = alt.Chart(kept).mark_rule(color=charts.RULE).encode(y=rows)
    title = _head(f"Steps since {settings.load().name}, one mark each")
    return (lines + marks).properties(width=262, height=alt.Step(LEDGER_ROW), title=title)


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
