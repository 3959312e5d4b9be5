"""Charts of the chapter ``reception``: tidy tables of :mod:`policybook.reception` in, Altair charts out."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from policybook import agreement, charts, settings
from policybook import reception as analysis
from policybook.reception import ENTRY, SMALL_CELL, STANCES

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
        # A side without items keeps room for its heading.
        least = min(int(part["column"].min()) - 3, -3) if wings and len(part) else -3 * wings
        most = max(int(part["column"].max()) if len(part) else 0, 0) + 3
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


def reliability(table: pd.DataFrame) -> alt.LayerChart:
    """Return alpha with its interval for each code of :func:`policybook.reception.reliability`, and the bound."""
    shown = table[["label", "level", "n", "alpha", "low", "high", "reliable"]]
    order = shown["label"].tolist()
    domain = [min(-0.1, float(shown["low"].min())), 1]
    scale, title = alt.Scale(domain=domain, nice=False), "Krippendorff's alpha"
    x = alt.X("alpha:Q", title=title, scale=scale, axis=alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1], grid=False))
    tips = [
        alt.Tooltip("label:N", title="Code"),
        alt.Tooltip("alpha:Q", format=".2f", title="Alpha"),
        alt.Tooltip("low:Q", format=".2f", title="from"),
        alt.Tooltip("high:Q", format=".2f", title="to"),
        alt.Tooltip("level:N", title="Level"),
        alt.Tooltip("n:Q", title="Items"),
    ]
    base = alt.Chart(shown).encode(
        y=alt.Y("label:N", sort=order, axis=_PLAIN),
        color=alt.condition("datum.reliable", alt.value(charts.BLUE), alt.value(charts.GREY)),
        tooltip=tips,
    )
    spans = base.mark_rule(strokeWidth=2.4).encode(x=alt.X("low:Q", scale=scale, title=title), x2="high:Q")
    points = base.mark_circle(size=90, opacity=1).encode(x=x)
    values = base.mark_text(align="left", fontSize=12).encode(
        x=alt.value(charts.WIDTH - 192), text=alt.Text("alpha:Q", format=".2f"), color=alt.value(charts.INK)
    )
    bound = alt.Chart().mark_rule(color=charts.ORANGE, strokeDash=[5, 4]).encode(x=alt.datum(agreement.TENTATIVE))
    told = (
        alt.Chart()
        .mark_text(
            align="left", dx=5, color=charts.ORANGE, text=f"bound of a tentative conclusion, {agreement.TENTATIVE}"
        )
        .encode(x=alt.datum(agreement.TENTATIVE), y=alt.value(-8))
    )
    return alt.layer(bound, told, spans, points, values).properties(width=charts.WIDTH - 200, height=alt.Step(22))


def frames(counts: pd.DataFrame, agreed: pd.DataFrame) -> alt.HConcatChart:
    """Return bars of the items in which both coders saw a frame, with the alpha of the frame and its interval.

    ``counts`` is the table of :func:`policybook.reception.frame_counts`, ``agreed`` that of
    :func:`policybook.reception.reliability`.
    """
    shown = counts.merge(agreed[["code", "alpha", "low", "high"]], left_on="frame", right_on="code")
    shown = shown[["label", "both", "n", "alpha", "low", "high"]]
    order = shown["label"].tolist()
    base = alt.Chart(shown).encode(
        y=alt.Y("label:N", sort=order, axis=_PLAIN),
        tooltip=[
            alt.Tooltip("label:N", title="Frame"),
            alt.Tooltip("both:Q", title="Items, both coders"),
            alt.Tooltip("n:Q", title="of items"),
            alt.Tooltip("alpha:Q", format=".2f", title="Alpha"),
        ],
    )
    length = alt.Scale(domain=[0, 1.1 * int(shown["both"].max())], nice=False)
    x = alt.X("both:Q", title="Items in which both coders saw it", scale=length, axis=alt.Axis(grid=False, tickCount=5))
    bars = base.mark_bar(height={"band": 0.7}, color=charts.GREY).encode(x=x)
    numbers = base.mark_text(align="left", dx=5, fontSize=12).encode(x=x, text="both:Q")
    left = alt.layer(bars, numbers).properties(width=300, height=alt.Step(23))
    cells = alt.Chart(shown).encode(y=alt.Y("label:N", sort=order, axis=None))
    words = "format(datum.alpha, '.2f') + '  (' + format(datum.low, '.2f') + ' to ' + format(datum.high, '.2f') + ')'"
    told = cells.transform_calculate(text=words).mark_text(color=charts.MUTED, fontSize=12).encode(text="text:N")
    title = alt.TitleParams(
        "alpha (95 % interval)", fontSize=11.5, fontWeight="normal", color=charts.MUTED, anchor="middle", offset=4
    )
    return alt.hconcat(left, told.properties(width=140, height=alt.Step(23), title=title), spacing=6)


def sides_by_quarter(counts: pd.DataFrame) -> alt.FacetChart:
    """Return bars of items by quarter in three columns: critical, neutral, supportive.

    ``counts`` is the table of :func:`policybook.reception.side_by_quarter`; quarters of few items are named in grey.
    """
    shown = counts.assign(label=[f"{row.quarter} ({row.n})" for row in counts.itertuples()])
    order = shown.sort_values("start")["label"].drop_duplicates().tolist()
    small = shown.loc[shown["small"], "label"].drop_duplicates().tolist()
    shown["total"] = shown.groupby(["label", "side"])["items"].transform("sum")
    shown["share"] = shown["total"] / shown["n"]
    places = [analysis.ELSEWHERE, *filter(None, [analysis.home()[1]])]
    shown["place_order"] = shown["place"].map(places.index)
    shown = shown[["label", "side", "place", "place_order", "items", "total", "share"]]
    axis = _PLAIN.copy()
    axis.labelColor = (
        alt.when(f"indexof({small!r}, datum.value) >= 0").then(alt.value(charts.MUTED)).otherwise(alt.value(charts.INK))
    )
    y = alt.Y("label:N", sort=order, axis=axis)
    length = alt.Scale(domain=[0, 1.25 * int(shown["total"].max())], nice=False)
    base = alt.Chart(shown).encode(y=y)
    bars = base.mark_bar(height={"band": 0.62}).encode(
        x=alt.X("items:Q", title=None, scale=length, axis=None),
        order="place_order:O",
        color=alt.Color(
            "place:N", title=None, sort=places, scale=alt.Scale(domain=places, range=[charts.BLUE, charts.ORANGE])
        ),
        tooltip=[
            alt.Tooltip("label:N", title="Quarter (items)"),
            alt.Tooltip("side:N", title="Stance"),
            alt.Tooltip("place:N", title="Publisher"),
            alt.Tooltip("items:Q", title="Items"),
            alt.Tooltip("share:Q", format=".0%", title="Share of all items of this stance"),
        ],
    )
    numbers = base.transform_filter(alt.datum.place_order == 0).mark_text(align="left", dx=5, fontSize=12)
    labels = numbers.encode(x=alt.X("total:Q", scale=length, axis=None), text="total:Q")
    header = alt.Header(title=None, labelAnchor="start", labelOrient="top", labelPadding=2)
    column = alt.Column("side:N", sort=["critical", "neutral", "supportive"], header=header)
    return alt.layer(bars, labels).properties(width=160, height=alt.Step(30)).facet(column=column, spacing=14)


def regime_map(bodies: pd.DataFrame, highlight: list[str]) -> alt.LayerChart:
    """Return the bodies of :func:`policybook.reception.regime_map` by condition of entry and orientation.

    Hollow marks ask for shared values; bodies whose ``inst_id`` is in ``highlight`` stand out in colour.
    """
    shown = bodies.assign(led=bodies["inst_id"].isin(highlight))
    shown["values"] = shown["gate"].map({True: "asks for shared values", False: "asks for no shared values"})
    shown = shown[["label", "entry", "orientation", "values", "force", "line", "led"]]
    entries = [entry for entry in ENTRY.values() if entry in set(shown["entry"])]
    first = shown.groupby("entry")["line"].min().loc[entries]
    lines = alt.Scale(domain=[-0.7, len(shown) - 0.3], nice=False, zero=False, reverse=True)
    y = alt.Y("line:Q", axis=None, scale=lines)
    x = alt.X(
        "orientation:Q",
        title="Orientation: safety and rights (left) to sovereignty, development and openness (right)",
        scale=alt.Scale(domain=[-2, 2], nice=False),
        axis=alt.Axis(values=[-2, -1, 0, 1, 2], titleAnchor="middle", grid=False),
    )
    colour = alt.condition("datum.led", alt.value(charts.ORANGE), alt.value(charts.BLUE))
    kinds = ["asks for no shared values", "asks for shared values"]
    base = alt.Chart(shown).encode(x=x, y=y)
    tips = [
        alt.Tooltip("label:N", title="Body or text"),
        alt.Tooltip("entry:N", title="Entry"),
        alt.Tooltip("values:N", title="Values"),
        alt.Tooltip("force:N", title="Force"),
        alt.Tooltip("orientation:Q", title="Orientation"),
    ]
    dots = base.mark_point(size=110, opacity=1, strokeWidth=2.2, filled=False).encode(
        stroke=colour,
        fill=(
            alt.when("datum.values === 'asks for shared values'")
            .then(alt.value(charts.PAPER))
            .when("datum.led")
            .then(alt.value(charts.ORANGE))
            .otherwise(alt.value(charts.BLUE))
        ),
        shape=alt.Shape("values:N", title=None, scale=alt.Scale(domain=kinds, range=["circle", "diamond"])),
        tooltip=tips,
    )
    names = {"fontSize": 12, "baseline": "middle", "color": charts.INK}
    labels = base.mark_text(align="left", dx=11, **names).encode(text="label:N")
    headings = pd.DataFrame({"entry": entries, "line": first.to_numpy(), "edge": first.to_numpy() - 0.5})
    heads = alt.Chart(headings).encode(y=y)
    told = heads.mark_text(align="right", fontWeight="bold", color=charts.INK).encode(x=alt.value(-14), text="entry:N")
    rules = (
        alt.Chart(headings[1:])
        .mark_rule(color=charts.RULE)
        .encode(y=alt.Y("edge:Q", axis=None, scale=lines), x=alt.value(-140), x2=alt.value(500))
    )
    zero = alt.Chart().mark_rule(color=charts.RULE, strokeWidth=1.4).encode(x=alt.datum(0))
    return alt.layer(rules, zero, dots, labels, told).properties(width=500, height=25 * len(shown))


def weights_of_power(table: pd.DataFrame) -> alt.HConcatChart:
    """Return bars of private investment and of downloads of :func:`policybook.reception.weights_of_power`."""
    own = settings.load()
    who = [own.rival_place, own.place]
    titles = {
        "investment": "Private investment in AI, billion USD a year",
        "downloads": "Downloads of open models, billion",
    }
    panels = []
    for measure, title in titles.items():
        part = table.loc[table["measure"] == measure, ["period", "who", "value"]]
        most = float(part["value"].max())
        x = alt.X("value:Q", axis=None, scale=alt.Scale(domain=[0, 1.22 * most], nice=False))
        base = alt.Chart(part).encode(
            x=x,
            y=alt.Y("period:N", title=None, axis=_PLAIN, scale=alt.Scale(paddingInner=0.25)),
            yOffset=alt.YOffset("who:N", sort=who, scale=alt.Scale(domain=who)),
            tooltip=[
                alt.Tooltip("who:N", title="State"),
                alt.Tooltip("period:N", title="Period"),
                alt.Tooltip("value:Q", title=title),
            ],
        )
        colour = alt.Color("who:N", title=None, scale=alt.Scale(domain=who, range=[charts.BLUE, charts.ORANGE]))
        bars = base.mark_bar(height={"band": 0.86}).encode(color=colour)
        places = ".1f" if measure == "investment" else ".2f"
        numbers = base.mark_text(align="left", dx=5, fontSize=12).encode(text=alt.Text("value:Q", format=places))
        head = alt.TitleParams(title, fontSize=12.5, anchor="start", offset=6, frame="group")
        panels.append(alt.layer(bars, numbers).properties(width=250, height=alt.Step(24), title=head))
    return alt.hconcat(*panels, spacing=24)


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

    ``issued`` is the day of the document; ``claimed`` (million) a figure that the press gave for it.
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
    day = alt.Chart(
        pd.DataFrame({"date": [issued], "text": [f"{settings.load().heading} is issued, {issued:%d %B %Y}"]})
    )
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
    colour = alt.condition(
        f"datum.regulator === {settings.load().place!r}", alt.value(charts.ORANGE), alt.value(charts.BLUE)
    )
    names = {"fontSize": 11, "color": charts.MUTED}
    return alt.layer(
        small.mark_circle(size=50, opacity=1, color=charts.GREY),
        small.transform_filter("datum.above").mark_text(dy=-12, **names).encode(text="who:N"),
        small.transform_filter("!datum.above").mark_text(dy=14, **names).encode(text="who:N"),
        big.mark_circle(size=190, opacity=1).encode(color=colour),
        big.mark_text(dy=20, fontWeight="bold", color=charts.INK).encode(text="percent:Q"),
    ).properties(width=charts.WIDTH - 150, height=54 * len(order))
