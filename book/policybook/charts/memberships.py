"""Charts of who signed which text: tidy tables of :mod:`policybook.memberships` in, Altair charts out."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from policybook import charts


def signature_tiles(tiles: pd.DataFrame, legend: Mapping[str, str]) -> alt.HConcatChart:
    """Return the states of :func:`policybook.memberships.tiles` as tiles by region, filled by camp.

    ``legend`` maps camps to labels, in the order of the legend. A dot marks the third agreement.
    """
    fills = {
        "east": charts.BLUE,
        "east_reported": "transparent",
        "both": charts.PINK,
        "west": charts.ORANGE,
        "west_reported": "transparent",
        "none": "transparent",
    }
    # Who is on both lists has an edge of ink: told apart without colours too.
    strokes = {**fills, "east_reported": charts.BLUE, "both": charts.INK}
    strokes |= {"west_reported": charts.ORANGE, "none": charts.GREY}
    shown = tiles.assign(label=tiles["camp"].map(legend), solid=tiles["camp"].isin(["east", "both", "west"]))
    rows = sorted(shown["row"].unique())
    y = alt.Y("row:N", sort=rows, axis=None, scale=alt.Scale(type="band", paddingInner=0.14))
    step = alt.Step(29)
    words = [legend[camp] for camp in fills]
    key = alt.Legend(title=None, symbolType="square", symbolSize=150, symbolStrokeWidth=1.6, symbolOpacity=1, columns=3)
    base = alt.Chart(shown[["row", "place", "iso3", "name", "label", "solid", "third"]]).encode(
        x=alt.X("place:O", axis=None, scale=alt.Scale(paddingInner=0.1)),
        y=y,
        tooltip=[
            alt.Tooltip("name:N", title="State"),
            alt.Tooltip("label:N", title="List"),
            alt.Tooltip("third:N", title="Frontier call"),
        ],
    )
    squares = base.mark_rect(cornerRadius=3, strokeWidth=1.6).encode(
        fill=alt.Fill("label:N", scale=alt.Scale(domain=words, range=[fills[c] for c in fills]), legend=key),
        stroke=alt.Stroke("label:N", scale=alt.Scale(domain=words, range=[strokes[c] for c in fills]), legend=key),
    )
    codes = base.mark_text(fontSize=11.5).encode(
        text="iso3:N", color=alt.condition("datum.solid", alt.value(charts.PAPER), alt.value(charts.INK))
    )
    dots = (
        base.transform_filter("datum.third")
        .mark_circle(size=58, opacity=1, color=charts.GREEN, stroke=charts.PAPER, strokeWidth=1.4, dx=14)
        .encode(yOffset=alt.value(3), xOffset=alt.value(31))
    )
    labels = (
        alt.Chart(shown.loc[shown["place"] == 0, ["row", "region"]])
        .mark_text(align="right", color=charts.INK, fontSize=12)
        .encode(y=y, x=alt.value(182), text="region:N")
        .properties(width=182, height=step)
    )
    grid = alt.layer(squares, codes, dots).properties(width=alt.Step(34), height=step)
    return alt.hconcat(labels, grid, spacing=8)


def combinations_signed(table: pd.DataFrame, sets: Mapping[str, str]) -> alt.HConcatChart:
    """Return an UpSet-like chart of :func:`policybook.memberships.combinations_signed`.

    ``sets`` maps agreements to headings. States of combinations of two or more lists are named.
    """
    shown = table.copy()
    shown["row"] = [f"{place:02d}" for place in range(len(shown))]
    rows = shown["row"].tolist()
    y = alt.Y("row:N", sort=rows, axis=None)
    step = alt.Step(31)
    cells = pd.DataFrame(
        [
            {"row": row.row, "set": heading, "in": key in row.combination}
            for row in shown.itertuples()
            for key, heading in sets.items()
        ]
    )
    headings = list(sets.values())
    scale = alt.Scale(domain=headings)
    x = alt.X(
        "set:N",
        sort=headings,
        scale=scale,
        title=None,
        axis=alt.Axis(orient="top", domain=False, ticks=False, labelAngle=-35, labelColor=charts.INK, labelPadding=6),
    )
    matrix = alt.Chart(cells).encode(x=x, y=y)
    empty = matrix.transform_filter("!datum.in").mark_circle(size=110, color=charts.RULE, opacity=1)
    full = matrix.transform_filter("datum.in").mark_circle(size=110, color=charts.INK, opacity=1)
    places = {heading: place for place, heading in enumerate(sets.values())}
    ends = cells[cells["in"]].assign(place=lambda part: part["set"].map(places)).sort_values("place")
    ends = ends.groupby("row")["set"].agg(["first", "last"]).reset_index()
    links = (
        alt.Chart(ends)
        .mark_rule(strokeWidth=2.4, color=charts.INK)
        .encode(x=alt.X("first:N", sort=headings, scale=scale), x2="last:N", y=y)
    )
    left = alt.layer(empty, links, full).properties(width=132, height=step)

    long = shown.melt(id_vars=["row"], value_vars=["confirmed", "reported"], var_name="status", value_name="states")
    status = {"confirmed": "on an official count", "reported": "a signature only reported"}
    long["place"] = long["status"].map({"confirmed": 0, "reported": 1})
    long["status"] = long["status"].map(status)
    most = int(shown["n"].max())
    length = alt.Scale(domain=[0, most * 2.3], nice=False)
    bars = (
        alt.Chart(long)
        .mark_bar(height=16)
        .encode(
            x=alt.X("states:Q", axis=None, scale=length),
            y=y,
            order="place:O",
            color=alt.Color(
                "status:N",
                title=None,
                sort=list(status.values()),
                scale=alt.Scale(domain=list(status.values()), range=[charts.BLUE, charts.SEQUENTIAL[1]]),
            ),
            tooltip=[alt.Tooltip("states:Q", title="States"), alt.Tooltip("status:N", title="Names")],
        )
    )
    texts = pd.DataFrame(
        {
            "row": shown["row"],
            "n": shown["n"],
            "text": [
                "\n".join(textwrap.wrap(f"{row.n}  {', '.join(row.names)}" if row.degree > 1 else str(row.n), 58))
                for row in shown.itertuples()
            ],
        }
    )
    labels = (
        alt.Chart(texts)
        .mark_text(align="left", dx=6, fontSize=11.5, lineBreak="\n", baseline="middle", color=charts.INK)
        .encode(x=alt.X("n:Q", scale=length), y=y, text="text:N")
    )
    two = texts["text"].str.contains("\n")
    one_line = labels.transform_filter("indexof(datum.text, '\\n') < 0")
    two_lines = labels.mark_text(
        align="left", dx=6, dy=-7, fontSize=11.5, lineBreak="\n", baseline="middle", color=charts.INK
    ).transform_filter("indexof(datum.text, '\\n') >= 0")
    right = alt.layer(bars, one_line, *([two_lines] if two.any() else [])).properties(width=480, height=step)
    return alt.hconcat(left, right, spacing=14)


def signature_map(states: pd.DataFrame, topology: dict[str, Any], legend: Mapping[str, str]) -> alt.LayerChart:
    """Return a map of the states of :func:`policybook.memberships.placed` by ``camp``.

    ``topology`` is TopoJSON of :func:`policybook.memberships.world`; ``legend`` maps camps to labels, in the order
    of the legend. Land of other countries is one neutral surface without borders. Small states are dots;
    signatures only reported are pale. A click on the
    legend shows one list.
    """
    colours = {"east": charts.BLUE, "both": charts.PINK, "west": charts.ORANGE}
    fills = [colours[camp.removesuffix("_reported")] for camp in legend]
    late = [camp.endswith("_reported") for camp in legend]
    inner = [_pale(fill) if reported else fill for fill, reported in zip(fills, late, strict=True)]
    edges = [fill if reported else charts.PAPER for fill, reported in zip(fills, late, strict=True)]
    words = list(legend.values())
    key = alt.Legend(title=None, symbolType="square", symbolSize=150, symbolStrokeWidth=1.4, columns=3)
    shown = states.assign(label=states["camp"].map(legend))
    pick = alt.selection_point(fields=["label"], bind="legend")
    marked = {
        "fill": alt.Fill("label:N", scale=alt.Scale(domain=words, range=inner), legend=key),
        "stroke": alt.Stroke("label:N", scale=alt.Scale(domain=words, range=edges), legend=key),
        "opacity": alt.when(pick).then(alt.value(1)).otherwise(alt.value(0.15)),
    }
    tips = [alt.Tooltip("name:N", title="State"), alt.Tooltip("label:N", title="List")]
    outlines = alt.InlineData(values=topology, format=alt.TopoDataFormat(type="topojson", feature="countries"))
    land = alt.Chart(outlines).mark_geoshape(fill=charts.RULE, stroke=charts.RULE, strokeWidth=0.6)
    # All states, those without an outline too: this is the table that a reader can download.
    table = alt.LookupData(data=shown[["iso3", "name", "label"]], key="iso3", fields=["name", "label"])
    shapes = (
        alt.Chart(outlines)
        .transform_lookup(lookup="id", from_=table)
        .transform_filter("isValid(datum.label)")
        .mark_geoshape(strokeWidth=0.8)
        .encode(tooltip=tips, **marked)
        .add_params(pick)
    )
    small = shown.dropna(subset=["longitude"])[["name", "label", "longitude", "latitude"]]
    dots = (
        alt.Chart(small)
        .mark_circle(size=46, strokeWidth=0.9)
        .encode(longitude="longitude:Q", latitude="latitude:Q", tooltip=tips, **marked)
    )
    flat = alt.Projection(type="equalEarth", rotate=[-11, 0, 0])
    return alt.layer(land, shapes, dots).properties(width=charts.WIDTH + 40, height=330, projection=flat)


def _pale(colour: str) -> str:
    """Return a colour that lets the page through, so that it is weaker than the full one on a light and a dark page."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.3)"
