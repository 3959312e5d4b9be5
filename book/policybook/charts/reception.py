"""Charts of the chapter ``reception``: tidy tables of :mod:`policybook.reception` in, Altair charts out."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import altair as alt
import pandas as pd

from policybook import charts
from policybook.reception import SMALL_CELL

STANCES = {
    -2: "strongly critical",
    -1: "critical",
    0: "neutral or balanced",
    1: "supportive",
    2: "strongly supportive",
}
# Pale dots carry the outline of their side, so that each keeps its contrast on both pages.
_OUTLINES = [charts.DIVERGING[0], charts.DIVERGING[0], charts.GREY, charts.DIVERGING[4], charts.DIVERGING[4]]
_PLAIN = alt.Axis(title=None, domain=False, ticks=False, labelPadding=8, labelColor=charts.INK, labelLimit=240)


def objects_over_time(counts: pd.DataFrame, totals: Mapping[str, int]) -> alt.FacetChart:
    """Return one row of monthly bars for each object of :func:`policybook.reception.by_month`.

    ``totals`` maps the label of an object to all its items, undated ones included; objects come in this order.
    """
    shown = counts[["month", "label", "n"]].copy()
    names = {label: f"{label}: {n} items" for label, n in totals.items()}
    shown["label"] = shown["label"].map(names)
    first = next(iter(names.values()))
    bars = (
        alt.Chart(shown)
        .mark_bar(width=22)
        .encode(
            x=alt.X(
                "month:T",
                title=None,
                axis=alt.Axis(format="%b %Y", tickCount={"interval": "month", "step": 3}, grid=False),
                scale=alt.Scale(padding=14),
            ),
            y=alt.Y(
                "n:Q",
                title=None,
                axis=alt.Axis(tickCount=3),
                scale=alt.Scale(domain=[0, 1.2 * int(shown["n"].max())], nice=False),
            ),
            color=alt.condition(alt.datum.label == first, alt.value(charts.ORANGE), alt.value(charts.BLUE)),
            tooltip=[
                alt.Tooltip("label:N", title="Object"),
                alt.Tooltip("month:T", format="%B %Y", title="Month"),
                alt.Tooltip("n:Q", title="Items"),
            ],
        )
        .properties(width=charts.WIDTH - 40, height=72)
    )
    labels = bars.mark_text(dy=-6, fontSize=11, color=charts.INK).encode(text="n:Q", color=alt.value(charts.INK))
    header = alt.Header(title=None, labelAnchor="start", labelOrient="top", labelPadding=2)
    row = alt.Row("label:N", sort=list(names.values()), header=header)
    return alt.layer(bars, labels).facet(row=row, spacing=12)


def stance_dots(dots: pd.DataFrame, unit: int = 12) -> alt.HConcatChart:
    """Return every item of :func:`policybook.reception.dots` as a dot: critical and supportive beside neutral.

    ``unit`` is the room of one dot in pixels.
    """
    order = dots["label"].drop_duplicates().tolist()
    small = [label for label, rows in dots.groupby("label") if len(rows) < SMALL_CELL]
    deep = int(dots["level"].max()) + 1
    shown = dots.assign(word=dots["stance"].map(STANCES)).drop(columns="stance")
    # The dots of a column stand about the middle of the row.
    stack = shown.groupby(["label", "side", "column"])["level"]
    shown["shift"] = shown["level"] - (stack.transform("size") - 1) / 2
    axis = _PLAIN.copy()
    axis.labelColor = (
        alt.when(f"indexof({small!r}, datum.value) >= 0").then(alt.value(charts.MUTED)).otherwise(alt.value(charts.INK))
    )
    words = list(STANCES.values())
    legend = alt.Legend(title=None, symbolOpacity=1, symbolSize=70, symbolStrokeWidth=1.4, columns=3, columnPadding=14)
    offset = alt.YOffset("shift:Q", scale=alt.Scale(domain=[-deep / 2, deep / 2], nice=False))
    panels = []
    for wings in (True, False):
        part = shown[(shown["side"] != "neutral") == wings].drop(columns="level")
        least = min(int(part["column"].min()) - 3, -3) if wings else 0
        most = int(part["column"].max()) + 3
        x = alt.X("column:Q", axis=None, scale=alt.Scale(domain=[least, most], nice=False, zero=False))
        y = alt.Y("label:N", sort=order, axis=axis if wings else None, scale=alt.Scale(domain=order))
        marks = (
            alt.Chart(part)
            .mark_circle(size=(unit - 2) ** 2 * 0.8, opacity=1, strokeWidth=1.2)
            .encode(
                x=x,
                y=y,
                yOffset=offset,
                fill=alt.Fill("word:N", scale=alt.Scale(domain=words, range=charts.DIVERGING), legend=legend),
                stroke=alt.Stroke("word:N", scale=alt.Scale(domain=words, range=_OUTLINES), legend=legend),
                tooltip=[
                    alt.Tooltip("publisher:N", title="Publisher"),
                    alt.Tooltip("title:N", title="Title"),
                    alt.Tooltip("when:N", title="Date"),
                    alt.Tooltip("word:N", title="Stance, first coder"),
                ],
            )
        )
        ends = part.groupby(["label", "side"])["column"].agg(["size", "min", "max"]).reset_index()
        ends["column"] = (ends["min"] - 1.4).where(ends["side"] == "critical", ends["max"] + 1.4)
        counts = alt.Chart(ends[["label", "column", "size"]]).mark_text(fontSize=11.5, color=charts.MUTED)
        layers = [marks, counts.encode(x=x, y=y, text="size:Q")]
        headings = [("right", -0.5, "critical"), ("left", 0.5, "supportive")] if wings else [("left", 0.5, "neutral")]
        for align, place, heading in headings:
            text = alt.Chart().mark_text(align=align, fontSize=12, color=charts.MUTED, text=heading)
            layers.append(text.encode(x=alt.XDatum(place, axis=None), y=alt.value(-10)))
        if wings:
            layers.insert(0, alt.Chart().mark_rule(color=charts.MUTED).encode(x=alt.XDatum(0, axis=None)))
        height = alt.Step(deep * unit + 5, **{"for": "position"})
        panels.append(alt.layer(*layers).properties(width=(most - least) * unit, height=height))
    return alt.hconcat(*panels, spacing=6)


def frames(counts: pd.DataFrame, highlight: str) -> alt.HConcatChart:
    """Return bars of items per frame by who saw it, with the agreement; ``highlight`` names one frame in bold."""
    order = counts["label"].tolist()
    seen = {
        "both": "seen by both coders",
        "first_only": "only by the first",
        "second_only": "only by the second",
    }
    long = counts.melt(id_vars=["label", "n", "agree"], value_vars=list(seen), var_name="who", value_name="items")
    long["place"] = long["who"].map({who: place for place, who in enumerate(seen)})
    long["who"] = long["who"].map(seen)
    bold = f"datum.value === {highlight!r}"
    axis = _PLAIN.copy()
    axis.labelFontWeight = alt.when(bold).then(alt.value("bold")).otherwise(alt.value("normal"))
    y = alt.Y("label:N", sort=order, axis=axis)
    bars = (
        alt.Chart(long)
        .mark_bar(height={"band": 0.7})
        .encode(
            x=alt.X("items:Q", title="Items", axis=alt.Axis(tickCount=6)),
            y=y,
            color=alt.Color(
                "who:N",
                title=None,
                sort=list(seen.values()),
                scale=alt.Scale(domain=list(seen.values()), range=[charts.BLUE, charts.SEQUENTIAL[1], charts.GREY]),
            ),
            order="place:O",
            tooltip=[
                alt.Tooltip("label:N", title="Frame"),
                alt.Tooltip("who:N", title="Seen"),
                alt.Tooltip("items:Q", title="Items"),
                alt.Tooltip("n:Q", title="of items"),
            ],
        )
        .properties(width=316, height=alt.Step(23))
    )
    cells = alt.Chart(counts[["label", "both", "any", "agree"]]).encode(y=alt.Y("label:N", sort=order, axis=None))
    both = cells.mark_text(color=charts.INK, fontSize=12).encode(text="both:Q")
    agree = cells.transform_calculate(text="format(datum.agree, '.0f') + '%'")
    agree = agree.mark_text(color=charts.MUTED, fontSize=12).encode(text="text:N")
    title = {"fontSize": 11.5, "fontWeight": "normal", "color": charts.MUTED, "anchor": "middle", "frame": "group"}
    columns = [
        column.properties(width=52, height=alt.Step(23), title=alt.TitleParams(heading, offset=4, **title))
        for column, heading in ((both, "both"), (agree, "agree"))
    ]
    return alt.hconcat(bars, *columns, spacing=4)


def signature_tiles(tiles: pd.DataFrame, legend: Mapping[str, str]) -> alt.HConcatChart:
    """Return the states of :func:`policybook.reception.tiles` as tiles by region, filled by camp.

    ``legend`` maps camps to labels, in the order of the legend. A dot marks the third agreement.
    """
    fills = {
        "east": charts.BLUE,
        "east_reported": "transparent",
        "both": charts.PINK,
        "west": charts.ORANGE,
        "none": "transparent",
    }
    strokes = {**fills, "east_reported": charts.BLUE, "none": charts.GREY}
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
    """Return an UpSet-like chart of :func:`policybook.reception.combinations_signed`.

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


def principles(weights: pd.DataFrame, highlight: list[str]) -> alt.HConcatChart:
    """Return weights of :func:`policybook.reception.principles` as circles beside the orientation score.

    Bodies whose ``inst_id`` is in ``highlight`` stand out in colour.
    """
    order = weights["label"].drop_duplicates().tolist()
    names = weights["principle"].drop_duplicates().tolist()
    shown = weights.assign(led=weights["inst_id"].isin(highlight)).drop(columns="inst_id")
    colour = alt.condition("datum.led", alt.value(charts.ORANGE), alt.value(charts.BLUE))
    axis = _PLAIN.copy()
    axis.labelLimit = 270
    height = alt.Step(25)
    grid = (
        alt.Chart(shown)
        .mark_circle(opacity=1)
        .encode(
            x=alt.X(
                "principle:N",
                sort=names,
                title=None,
                axis=alt.Axis(orient="top", labelAngle=-35, domain=False, ticks=False, labelColor=charts.INK),
            ),
            y=alt.Y("label:N", sort=order, axis=axis),
            size=alt.Size(
                "weight:Q",
                title="Weight in the text",
                scale=alt.Scale(domain=[0, 1], range=[0, 230]),
                legend=alt.Legend(values=[0.2, 0.6, 1], format="~g", symbolFillColor=charts.GREY, symbolStrokeWidth=0),
            ),
            color=colour,
            tooltip=[
                alt.Tooltip("label:N", title="Body or text"),
                alt.Tooltip("principle:N", title="Principle"),
                alt.Tooltip("weight:Q", title="Weight (0 to 1)"),
            ],
        )
        .properties(width=200, height=height)
    )
    scores = shown[["label", "orientation", "led"]].drop_duplicates()
    base = alt.Chart(scores).encode(y=alt.Y("label:N", sort=order, axis=None), color=colour)
    x = alt.X(
        "orientation:Q",
        title="Orientation",
        scale=alt.Scale(domain=[-2, 1.5], nice=False),
        axis=alt.Axis(values=[-2, -1, 0, 1], format="+d"),
    )
    tips = [alt.Tooltip("label:N", title="Body or text"), alt.Tooltip("orientation:Q", title="Orientation")]
    stems = base.mark_bar(height=2).encode(x=x, x2=alt.datum(0))
    heads = base.mark_circle(size=90, opacity=1).encode(x=x, tooltip=tips)
    zero = alt.Chart().mark_rule(color=charts.MUTED).encode(x=alt.datum(0))
    return alt.hconcat(grid, alt.layer(zero, stems, heads).properties(width=110, height=height), spacing=10)


def users(counts: pd.DataFrame, issued: pd.Timestamp, claimed: float) -> alt.LayerChart:
    """Return the user counts of :func:`policybook.reception.users` over time.

    ``issued`` is the day of the Plan; ``claimed`` (million) a figure that the press gave for it.
    """
    shown = counts[["date", "users", "at_least", "penetration"]].copy()
    words = shown["at_least"].map({True: "more than ", False: ""})
    shown["text"] = words + shown["users"].map("{:.0f} m".format)
    shown["share"] = words + shown["penetration"].map("{:.3g}% of people".format)
    span = [shown["date"].min() - pd.Timedelta(days=60), shown["date"].max() + pd.Timedelta(days=170)]
    x = alt.X(
        "date:T",
        title=None,
        scale=alt.Scale(domain=[d.isoformat() for d in span]),
        axis=alt.Axis(
            format="%b %Y",
            tickCount={"interval": "month", "step": 3},
            grid=False,
            labelOverlap="greedy",
            labelSeparation=8,
        ),
    )
    y = alt.Y("users:Q", title="Million persons", scale=alt.Scale(domain=[0, 850]), axis=alt.Axis(tickCount=5))
    base = alt.Chart(shown).encode(x=x, y=y)
    tips = [
        alt.Tooltip("date:T", format="%d %B %Y", title="Date"),
        alt.Tooltip("text:N", title="Users"),
        alt.Tooltip("share:N", title="Share"),
    ]
    line = base.mark_line(color=charts.BLUE)
    points = base.transform_filter("!datum.at_least").mark_circle(size=80, opacity=1, color=charts.BLUE)
    bound = base.transform_filter("datum.at_least").mark_point(
        shape="triangle-up", size=130, filled=True, opacity=1, color=charts.BLUE
    )
    number = base.mark_text(align="right", dx=-8, dy=-16, fontWeight="bold", color=charts.INK).encode(text="text:N")
    share = base.mark_text(align="left", dx=10, dy=16, fontSize=11.5, color=charts.MUTED).encode(text="share:N")
    day = alt.Chart(pd.DataFrame({"date": [issued], "text": [f"The Plan is issued, {issued:%d %B %Y}"]}))
    rule = day.mark_rule(color=charts.ORANGE, strokeDash=[5, 4]).encode(x="date:T")
    said = day.mark_text(align="left", dx=6, color=charts.ORANGE).encode(x="date:T", y=alt.value(8), text="text:N")
    level = pd.DataFrame({"date": [issued], "users": [claimed], "text": [f"one article then: over {claimed:.0f} m"]})
    old = alt.Chart(level).encode(x="date:T", y="users:Q")
    mark = old.mark_point(size=90, filled=False, strokeWidth=2, color=charts.ORANGE)
    told = old.mark_text(align="left", dx=10, color=charts.ORANGE).encode(text="text:N")
    tipped = [layer.encode(tooltip=tips) for layer in (points, bound)]
    return alt.layer(rule, line, *tipped, number, share, said, mark, told).properties(width=charts.WIDTH, height=280)


def trust(answers: pd.DataFrame) -> alt.LayerChart:
    """Return the answers of :func:`policybook.reception.trust`: medians as large dots, countries as small ones."""
    medians = answers[answers["is_median"]].sort_values("percent", ascending=False)
    order = medians["regulator"].tolist()
    shown = answers[["regulator", "who", "is_median", "percent"]].sort_values(["regulator", "percent"])
    # Names of neighbours stand below and above in turn.
    shown["above"] = shown.groupby(["regulator", "is_median"]).cumcount() % 2 == 1
    base = alt.Chart(shown).encode(
        x=alt.X("percent:Q", title="Percent of adults", scale=alt.Scale(domain=[0, 100])),
        y=alt.Y("regulator:N", sort=order, axis=_PLAIN),
        tooltip=[
            alt.Tooltip("regulator:N", title="Trusted to regulate AI"),
            alt.Tooltip("who:N", title="Asked"),
            alt.Tooltip("percent:Q", title="Percent"),
        ],
    )
    big = base.transform_filter("datum.is_median")
    small = base.transform_filter("!datum.is_median")
    colour = alt.condition("datum.regulator === 'China'", alt.value(charts.ORANGE), alt.value(charts.BLUE))
    names = {"fontSize": 11, "color": charts.MUTED}
    return alt.layer(
        small.mark_circle(size=50, opacity=1, color=charts.GREY),
        small.transform_filter("datum.above").mark_text(dy=-12, **names).encode(text="who:N"),
        small.transform_filter("!datum.above").mark_text(dy=14, **names).encode(text="who:N"),
        big.mark_circle(size=190, opacity=1).encode(color=colour),
        big.mark_text(dy=20, fontWeight="bold", color=charts.INK).encode(text="percent:Q"),
    ).properties(width=charts.WIDTH - 150, height=54 * len(order))
