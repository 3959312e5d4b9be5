"""Charts of the chapter on methods: tidy tables of :mod:`policybook.methods` in, Altair charts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from policybook import agreement, charts
from policybook.methods import VERDICTS

EVIDENCE_LABELS = {"read": "read", "excerpt": "seen in part or quoted", "recalled": "recalled, no source seen"}
BASES = {"known": "country known", "inferred": "country inferred", "unknown": "country not known"}
_ROWS = alt.Axis(title=None, ticks=False, domain=False, labelPadding=8, labelLimit=320)


def _stacked(
    table: pd.DataFrame, y: str, part: str, size: str, colours: Mapping[str, str], *, title: str, share: bool = False
) -> alt.LayerChart:
    """Return one bar for each ``y``, made of its parts, with the number in each part that has room for it.

    Behind the bar stands its whole number; of bars that show shares, that of the last part.
    """
    order = list(dict.fromkeys(table[y]))
    rows = table[[y, part, size]].copy()
    rows["place"] = rows[part].map({name: at for at, name in enumerate(colours)})
    rows = rows.sort_values(["place"], kind="stable")
    total = rows.groupby(y)[size].transform("sum")
    rows["width"] = rows[size] / total if share else rows[size]
    rows["end"] = rows.groupby(y)["width"].cumsum()
    rows["start"] = rows["end"] - rows["width"]
    rows["middle"] = (rows["start"] + rows["end"]) / 2
    rows = rows[rows[size] > 0]
    most = 1 if share else float(rows["end"].max())
    axis = alt.Axis(title=title, format="%" if share else "d", tickCount=5, grid=False)
    scale = alt.Scale(domain=[0, most], nice=not share)
    base = alt.Chart(rows).encode(y=alt.Y(f"{y}:N", sort=order, axis=_ROWS))
    # A line of paper between the parts: they are told apart without their colours.
    bars = base.mark_bar(height={"band": 0.7}, stroke=charts.PAPER, strokeWidth=1).encode(
        x=alt.X("start:Q", axis=axis, scale=scale),
        x2="end:Q",
        color=alt.Color(
            f"{part}:N",
            sort=list(colours),
            scale=alt.Scale(domain=list(colours), range=list(colours.values())),
            legend=alt.Legend(title=None),
        ),
        tooltip=[alt.Tooltip(f"{y}:N", title=" "), alt.Tooltip(f"{part}:N", title="  "), alt.Tooltip(f"{size}:Q")],
    )
    # Four digits need about 34 points of the width.
    room = rows[rows["width"] / most * charts.WIDTH * 0.75 > 6 + 7 * rows[size].astype(str).str.len()]
    numbers = base.mark_text(color=charts.PAPER, fontSize=11.5, fontWeight=600).encode(
        x=alt.X("middle:Q", scale=scale, axis=axis), text=alt.Text(f"{size}:Q", format=",d")
    )
    last = list(colours)[-1]
    numbers.data = room[room[part] != last] if share else room
    tail = rows[rows[part] == last] if share else rows
    tail = tail.groupby(y, as_index=False).agg(end=("end", "max"), told=(size, "sum"))
    tail["told"] = tail["told"].map(f"{{:,}} {last.split(',')[0]}".format) if share else tail["told"].map("{:,}".format)
    ends = alt.Chart(tail).mark_text(align="left", dx=5, color=charts.INK, fontSize=12)
    ends = ends.encode(
        y=alt.Y(f"{y}:N", sort=order, axis=_ROWS), x=alt.X("end:Q", scale=scale, axis=axis), text="told:N"
    )
    return alt.layer(bars, numbers, ends)


def evidence(shares: pd.DataFrame) -> alt.LayerChart:
    """Return the shares of read, excerpt and recalled statements of :func:`policybook.methods.evidence_by_chapter`."""
    rows = shares.assign(how=shares["evidence"].astype(str).map(EVIDENCE_LABELS))
    colours = {EVIDENCE_LABELS[level]: colour for level, colour in charts.EVIDENCE_COLOURS.items()}
    chart = _stacked(rows, "name", "how", "rows", colours, title="Share of statements", share=True)
    return chart.properties(width=charts.WIDTH - 230, height=alt.Step(30))


def languages(counts: pd.DataFrame) -> alt.LayerChart:
    """Return the sources by language and evidence of :func:`policybook.methods.languages`."""
    rows = counts.assign(how=counts["evidence"].astype(str).map(EVIDENCE_LABELS))
    colours = {EVIDENCE_LABELS[level]: charts.EVIDENCE_COLOURS[level] for level in ("read", "excerpt")}
    chart = _stacked(rows, "group", "how", "sources", colours, title="Sources")
    return chart.properties(width=charts.WIDTH - 160, height=alt.Step(24))


def regions(counts: pd.DataFrame) -> alt.LayerChart:
    """Return the published items by region and how the country is known, of :func:`policybook.methods.regions`."""
    rows = counts.assign(how=counts["basis"].astype(str).map(BASES))
    colours = dict(zip(BASES.values(), (charts.BLUE, charts.SKY, charts.GREY), strict=True))
    chart = _stacked(rows, "region", "how", "items", colours, title="Published items")
    return chart.properties(width=charts.WIDTH - 210, height=alt.Step(24))


def settled(counts: pd.DataFrame) -> alt.LayerChart:
    """Return the questions by chapter and end of :func:`policybook.methods.settled_by_chapter`."""
    colours = {"one value holds": charts.BLUE, "both hold": charts.GREEN, "open": charts.ORANGE}
    chart = _stacked(counts, "name", "settled", "questions", colours, title="Questions")
    return chart.properties(width=charts.WIDTH - 150, height=alt.Step(30))


def months(counts: pd.DataFrame, marks: Sequence[tuple[pd.Timestamp, str]]) -> alt.LayerChart:
    """Return the sources by month of :func:`policybook.methods.by_month`, with dated marks and what they mark."""
    rows = counts.assign(end=counts["month"] + pd.DateOffset(months=1) - pd.Timedelta(days=4))
    axis = alt.Axis(title=None, format="%b %Y", tickCount={"interval": "month", "step": 6}, labelOverlap=True)
    # No domain is given: Vega-Lite would take the one of the bars, which have two ends, for two that conflict.
    scale = alt.Scale(nice=False, padding=8)
    height = 200
    bars = (
        alt.Chart(rows)
        .mark_bar(color=charts.BLUE)
        .encode(
            x=alt.X("month:T", axis=axis, scale=scale),
            x2="end:T",
            y=alt.Y("sources:Q", title="Sources", axis=alt.Axis(tickCount=4), scale=alt.Scale(zero=True)),
            y2=alt.Y2Datum(0),
            tooltip=[alt.Tooltip("month:T", format="%B %Y", title="Month"), alt.Tooltip("sources:Q", title="Sources")],
        )
    )
    told = pd.DataFrame(marks, columns=["day", "what"])
    lines = alt.Chart(told).mark_rule(color=charts.ORANGE, strokeDash=[4, 3]).encode(x=alt.X("day:T"))
    texts = [
        alt.Chart(told.iloc[[at]])
        .mark_text(align="right", dx=4, color=charts.INK, fontSize=12)
        .encode(x=alt.X("day:T"), y=alt.value(-6 - 15 * (at // 2)), text="what:N")
        for at in range(len(told))
    ]
    return alt.layer(bars, lines, *texts).properties(width=charts.WIDTH - 60, height=height)


def agreements(table: pd.DataFrame) -> alt.LayerChart:
    """Return alpha with its interval for each code of :func:`policybook.methods.agreements`, and both bounds."""
    shown = table[["label", "coding", "units", "alpha", "low", "high"]].assign(
        row=(table["coding"] + ": " + table["label"]).str.replace("Reception: frame:", "Frame:", regex=False),
        allows=table["verdict"].map(VERDICTS),
    )
    order = shown["row"].tolist()
    marks = {
        VERDICTS["reliable"]: (charts.BLUE, "circle"),
        VERDICTS["tentative"]: (charts.ORANGE, "diamond"),
        VERDICTS["below"]: (charts.GREY, "cross"),
    }
    scale = alt.Scale(domain=[min(-0.1, float(shown["low"].min())), 1], nice=False)
    title = "Krippendorff's alpha"
    axis = alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1], grid=False)
    colour = alt.Color(
        "allows:N",
        scale=alt.Scale(domain=list(marks), range=[colour for colour, _ in marks.values()]),
        legend=alt.Legend(title=None),
    )
    shape = alt.Shape(
        "allows:N",
        scale=alt.Scale(domain=list(marks), range=[form for _, form in marks.values()]),
        legend=alt.Legend(title=None),
    )
    tips = [
        alt.Tooltip("row:N", title="Code"),
        alt.Tooltip("alpha:Q", format=".2f", title="Alpha"),
        alt.Tooltip("low:Q", format=".2f", title="from"),
        alt.Tooltip("high:Q", format=".2f", title="to"),
        alt.Tooltip("units:Q", title="Units"),
    ]
    base = alt.Chart(shown).encode(
        y=alt.Y("row:N", sort=order, axis=_ROWS),
        tooltip=tips,
    )
    spans = base.mark_rule(strokeWidth=2.2).encode(
        x=alt.X("low:Q", scale=scale, title=title, axis=axis), x2="high:Q", color=colour
    )
    points = base.mark_point(filled=True, size=85, opacity=1).encode(
        x=alt.X("alpha:Q", scale=scale, title=title, axis=axis), color=colour, shape=shape
    )
    width = charts.WIDTH - 235
    values = base.mark_text(align="left", fontSize=12, color=charts.INK).encode(
        x=alt.value(width + 8), text=alt.Text("alpha:Q", format=".2f")
    )
    bounds = [
        alt.Chart().mark_rule(color=charts.MUTED, strokeDash=[5, 4]).encode(x=alt.datum(bound))
        for bound in (agreement.TENTATIVE, agreement.RELIABLE)
    ]
    return alt.layer(*bounds, spans, points, values).properties(width=width, height=alt.Step(21))
