"""Charts of the chapter ``claims``: tidy tables of :mod:`policybook.claims` in, Altair charts out."""

from __future__ import annotations

import altair as alt
import pandas as pd

from policybook import charts
from policybook.claims import VERDICTS

COLOURS = {
    "confirmed": charts.BLUE,
    "partly": charts.SKY,
    "unsupported": charts.ORANGE,
    "contradicted": charts.RED,
    "cannot_check": charts.GREY,
}


def verdicts(units: pd.DataFrame, unit: int = 12) -> alt.HConcatChart:
    """Return every claim of :func:`policybook.claims.units` as a mark: rows as in the table, one panel a verdict.

    ``unit`` is the room of one mark in pixels. The number of claims stands beside the marks.
    """
    order = units["label"].drop_duplicates().tolist()
    deep = int(units["level"].max()) + 1
    stack = units.groupby(["label", "verdict", "column"])["level"]
    shown = units.assign(shift=units["level"] - (stack.transform("size") - 1) / 2).drop(columns="level")
    axis = alt.Axis(title=None, domain=False, ticks=False, labelPadding=8, labelColor=charts.INK, labelLimit=240)
    offset = alt.YOffset("shift:Q", scale=alt.Scale(domain=[-deep / 2, deep / 2], nice=False))
    panels = []
    for position, (code, word) in enumerate(VERDICTS.items()):
        part = shown[shown["verdict"] == word]
        most = int(part["column"].max()) if len(part) else 0
        # Room for the number beside the marks, and for the heading above them.
        most = max(most + 3, -(-7 * len(word) // unit))
        x = alt.X("column:Q", axis=None, scale=alt.Scale(domain=[0.4, most + 0.4], nice=False, zero=False))
        y = alt.Y("label:N", sort=order, axis=axis if position == 0 else None, scale=alt.Scale(domain=order))
        marks = (
            alt.Chart(part)
            .mark_square(size=(unit - 2.5) ** 2, opacity=1, color=COLOURS[code])
            .encode(
                x=x,
                y=y,
                yOffset=offset,
                tooltip=[
                    alt.Tooltip("label:N", title="Claims of"),
                    alt.Tooltip("claim:N", title="Claim"),
                    alt.Tooltip("verdict:N", title="Verdict"),
                    alt.Tooltip("finding:N", title="Evidence"),
                ],
            )
        )
        ends = part.groupby("label")["column"].agg(["size", "max"]).reset_index()
        ends["column"] = ends["max"] + 1.4
        numbers = alt.Chart(ends[["label", "column", "size"]]).mark_text(fontSize=11.5, color=charts.MUTED)
        heading = alt.TitleParams(
            word, fontSize=12.5, fontWeight="normal", color=charts.MUTED, offset=6, frame="group", anchor="start"
        )
        panel = alt.layer(marks, numbers.encode(x=x, y=y, text="size:Q"))
        height = alt.Step(deep * unit + 4, **{"for": "position"})
        panels.append(panel.properties(width=most * unit, height=height, title=heading))
    return alt.hconcat(*panels, spacing=10).resolve_scale(x="independent")
