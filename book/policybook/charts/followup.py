"""Charts of the chapter on what has been done since: tidy tables of :mod:`policybook.followup` in, charts out."""

from __future__ import annotations

import altair as alt
import pandas as pd

from policybook import data, settings
from policybook import followup as analysis
from policybook.charts import BLUE, GREEN, GREY, INK, MUTED, ORANGE, PAPER, PINK, RED, RULE, moment, titled
from policybook.sources import citation
from policybook.tables import date_text

# Colour and shape together: a reader who sees one of them only still tells the statuses apart.
COLOURS = dict(zip(analysis.ORDER, [GREEN, BLUE, PINK, ORANGE, RED, GREY], strict=True))
_BAR = "M-1,-0.22H1V0.22H-1Z"
SHAPES = dict(zip(analysis.ORDER, ["circle", "square", "diamond", "triangle-up", "cross", _BAR], strict=True))
STANDING_COLOURS = dict(zip(analysis.BENCHMARK_STATUS.values(), [GREEN, BLUE, RED, GREY, ORANGE], strict=True))
PLOT = 620
LANE = 15  # height of a level of the time line, px
# A mark leads to its row in the table of the page; in a still there is no window, and no link either.
LINK = "isNumber(windowSize()[0]) ? datum.href : ''"


def _scales(statuses: list[str], columns: int) -> tuple[alt.Color, alt.Shape]:
    legend = alt.Legend(title=None, symbolSize=90, columns=columns, columnPadding=12, offset=24, symbolStrokeWidth=0)
    colours, shapes = [COLOURS[status] for status in statuses], [SHAPES[status] for status in statuses]
    return (
        alt.Color("status:N", sort=None, scale=alt.Scale(domain=statuses, range=colours), legend=legend),
        alt.Shape("status:N", sort=None, scale=alt.Scale(domain=statuses, range=shapes), legend=legend),
    )


def _drawn(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return the columns that a chart needs, with texts for tooltips and the address of the row."""
    kept = ["followup_id", "name", "status", "timing", "scope", "action", "when", *columns]
    return rows[kept].assign(
        status=rows["status"].astype(str),
        who=rows["actors"].map(", ".join).replace("", "–"),
        source=[citation(source) if isinstance(source, str) else "none" for source in rows["source_id"]],
        href="#" + rows["anchor"],
    )


TOOLTIP = [
    alt.Tooltip("action:N", title="Step"),
    alt.Tooltip("when:N", title="Date"),
    alt.Tooltip("who:N", title="Who"),
    alt.Tooltip("status:N", title="Status"),
    alt.Tooltip("scope:N", title="Scope"),
    alt.Tooltip("source:N", title="Source"),
]


def steps_by_article(units: pd.DataFrame) -> alt.LayerChart:
    """Return one mark for each step, by article and status; steps not counted as follow-up lie left of the line.

    ``units`` is the result of :func:`policybook.followup.units`. A click on a mark leads to its row in the table.
    """
    own, timings = settings.load(), analysis.timings()
    rows = _drawn(data.need(units, "followup"), "place")
    articles = units.sort_values("article_no")["name"].unique().tolist()
    statuses = [status for status in analysis.ORDER if status in set(rows["status"])]
    left, right = int(rows["place"].min()), int(rows["place"].max())
    across = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[left - 0.4, right + 1.4], nice=False, zero=False))
    # One unit is kept free on both sides of the line.
    rows["x"] = rows["place"].where(rows["place"] < 0, rows["place"] + 1)
    down = alt.Y(
        "name:N", sort=articles, title=None, axis=alt.Axis(grid=True, ticks=False, domain=False, labelColor=INK)
    )
    colour, shape = _scales(statuses, 3)
    base = alt.Chart(rows).transform_calculate(link=LINK)
    marks = base.mark_point(filled=True, size=125, opacity=1).encode(
        across, down, colour, shape, tooltip=TOOLTIP, href="link:N"
    )
    hollow = (
        base.transform_filter("datum.place < 0")
        .mark_point(filled=True, size=26, opacity=1, color=PAPER, shape="circle", tooltip=None)
        .encode(across, down)
    )
    line = alt.Chart(pd.DataFrame({"x": [0.0]})).mark_rule(color=INK, strokeDash=[4, 3], strokeWidth=1.2).encode(across)
    heads = pd.DataFrame({"x": [-0.25, 0.25], "text": [timings["before"], timings["since"]], "turn": ["right", "left"]})
    names = [
        alt.Chart(heads[heads["turn"].eq(turn)])
        .mark_text(align=turn, baseline="bottom", color=MUTED, fontSize=12)
        .encode(across, y=alt.value(-4), text="text:N")
        for turn in ("right", "left")
    ]
    counted = analysis.since(units)
    done = int(counted["status"].isin(analysis.DONE).sum())
    promised = int(counted["status"].eq(analysis.STATUS["announced"]).sum())
    finding = (
        f"Of {len(counted)} steps {timings['since']}, {done} are in force or delivered and {promised} are promises"
    )
    measure = (
        f"One mark is one step in this report's list, by {own.section} of {own.name} and status; a bar is something "
        "that was sought and not found. Marks with a hole are not counted: their date is before "
        f"{own.name}, or does not tell"
    )
    chart = alt.layer(line, marks, hollow, *names).properties(width=470, height=27 * len(articles))
    return titled(chart, finding, measure, width=96)


def timeline(lanes: pd.DataFrame, plan: pd.Timestamp, until: pd.Timestamp) -> alt.LayerChart:
    """Return the dated steps on one lane for each article, with the day of the Plan and the end of the material.

    ``lanes`` is the result of :func:`policybook.followup.lanes`. A step known to the month or year is drawn in its
    middle, with a bar over the days on which it may have happened.
    """
    own = settings.load()
    rows = _drawn(data.need(lanes, "followup"), "at", "first", "last", "wide", "y", "lane_y")
    # Pale by their colour and not by an opacity, which the legend would take over.
    rows["shade"] = rows["status"].map(COLOURS) + "59"
    statuses = [status for status in analysis.ORDER if status in set(rows["status"])]
    bottom = float(lanes["lane_y"].max()) + 0.7
    down = alt.Scale(domain=[bottom, -1.6], nice=False, zero=False)
    start, end = plan.replace(month=1, day=1), max(rows["last"].max(), until) + pd.Timedelta(days=25)
    across = alt.X(
        "at:T",
        title=None,
        scale=alt.Scale(domain=[moment(start), moment(end)]),
        axis=alt.Axis(format="%b %Y", tickCount={"interval": "month", "step": 3}, grid=True, labelOverlap=True),
    )
    vertical = alt.Y("y:Q", scale=down, axis=None)
    colour, shape = _scales(statuses, 5)
    base = alt.Chart(rows).transform_calculate(link=LINK)
    bars = (
        base.transform_filter("datum.wide")
        .mark_rule(strokeWidth=5, clip=True)
        .encode(alt.X("first:T"), alt.X2("last:T"), vertical, color=alt.Color("shade:N", scale=None), tooltip=TOOLTIP)
    )
    marks = base.mark_point(filled=True, size=75, opacity=1, clip=True).encode(
        across, vertical, colour, shape, tooltip=TOOLTIP, href="link:N"
    )
    feet = lanes.groupby(["article_no", "name"], as_index=False)["lane_y"].first()
    feet["foot"] = feet["lane_y"] + 0.7
    floors = alt.Chart(feet).mark_rule(color=RULE).encode(y=alt.Y("foot:Q", scale=down, axis=None))
    names = (
        alt.Chart(feet)
        .mark_text(align="right", fontSize=12, color=INK, dx=-8)
        .encode(x=alt.value(0), y=alt.Y("lane_y:Q", scale=down, axis=None), text="name:N")
    )
    days = pd.DataFrame({"at": [plan, until], "text": [f"{own.heading}, {date_text(plan, 'day')}", "material ends"]})
    days["align"] = ["left", "right"]
    lines = alt.Chart(days).mark_rule(color=INK, strokeWidth=1.2, strokeDash=[4, 3]).encode(across)
    flags = [
        alt.Chart(days[days["align"].eq(align)])
        .mark_text(align=align, dx=dx, fontSize=12, fontWeight="bold", color=INK)
        .encode(across, y=alt.value(8), text="text:N")
        for align, dx in (("left", 5), ("right", -5))
    ]
    counted = data.need(analysis.since(lanes), "followup", f"steps {analysis.timings()['since']}")
    busiest = counted["first"].where(~counted["wide"]).value_counts()
    day, most = busiest.index[0], int(busiest.iloc[0])
    promised = int(
        (counted["first"].eq(day) & ~counted["wide"] & counted["status"].eq(analysis.STATUS["announced"])).sum()
    )
    finding = (
        f"{most} of {len(counted)} dated steps fall on one day, {date_text(day, 'day')}, "
        f"and {promised} of these are promises"
    )
    measure = (
        f"Steps by date and {own.section} of {own.name}; shape and colour give the status. A pale bar: known to the "
        "month or year only, drawn in its middle"
    )
    chart = alt.layer(floors, lines, bars, marks, names, *flags).properties(width=500, height=bottom * LANE)
    return titled(chart, finding, measure, width=96)


def scope(counts: pd.DataFrame) -> alt.LayerChart:
    """Return the steps since the Plan by scope and status, as circles with their number.

    ``counts`` is the result of :func:`policybook.followup.by_scope`.
    """
    own, scopes = settings.load(), analysis.scopes()
    if not counts["steps"].sum():
        raise data.NoRows("followup", f"steps since {own.name}")
    statuses = [status for status in analysis.ORDER if status in counts]
    rows = counts.melt(["scope"], statuses, "status", "number").query("number > 0")
    home, abroad = (counts.set_index("scope").loc[scopes[code]] for code in ("domestic", "international"))
    announced = analysis.STATUS["announced"]
    finding = (
        f"In {own.place} {home[announced]} of {home['steps']} steps are promises; "
        f"of those with or for others {abroad[announced]} of {abroad['steps']}"
    )
    measure = (
        f"Steps since {own.name} by whom they are addressed to (this report's coding) and status; number in the list"
    )
    chart = _circles(rows, "status", statuses, "scope", counts["scope"].tolist(), "number", COLOURS)
    return titled(chart.properties(width=470, height=38 * len(counts)), finding, measure, width=96)


def benchmarks(counts: pd.DataFrame) -> alt.LayerChart:
    """Return the benchmarks by article and standing, as circles with their number.

    ``counts`` is the result of :func:`policybook.followup.benchmark_counts`.
    """
    data.need(counts, "benchmarks")
    labels = list(analysis.BENCHMARK_STATUS.values())
    by = counts.groupby("standing")["benchmarks"].sum().reindex(labels, fill_value=0)
    finding = (
        f"Of {by.sum()} benchmarks, {by['met']} are met and {by['partly met']} partly; "
        f"for {by['no public evidence']} nothing public was found"
    )
    section = settings.load().section
    measure = f"What would count as progress, written before the rows were looked at, by {section} and where it stands"
    articles = counts.sort_values("article_no")["name"].unique().tolist()
    chart = _circles(counts, "standing", labels, "name", articles, "benchmarks", STANDING_COLOURS, "which")
    return titled(chart.properties(width=500, height=30 * len(articles)), finding, measure, width=96)


def _circles(
    rows: pd.DataFrame,
    across: str,
    columns: list[str],
    down: str,
    lines: list[str],
    number: str,
    colours: dict[str, str],
    more: str = "",
) -> alt.LayerChart:
    base = alt.Chart(rows).encode(
        alt.X(
            f"{across}:N",
            sort=columns,
            title=None,
            scale=alt.Scale(domain=columns),
            axis=alt.Axis(orient="top", labelAngle=0, grid=False, ticks=False, domain=False),
        ),
        alt.Y(f"{down}:N", sort=lines, title=None, axis=alt.Axis(grid=True, ticks=False, domain=False, labelColor=INK)),
        tooltip=[
            alt.Tooltip(f"{down}:N", title=" "),
            alt.Tooltip(f"{across}:N", title="Status"),
            alt.Tooltip(f"{number}:Q", title="Number"),
            *([alt.Tooltip(f"{more}:N", title="Which")] if more else []),
        ],
    )
    range_ = [colours[label] for label in columns]
    circles = base.mark_circle(opacity=1).encode(
        size=alt.Size(
            f"{number}:Q", scale=alt.Scale(domain=[0, int(rows[number].max())], range=[130, 800]), legend=None
        ),
        color=alt.Color(f"{across}:N", scale=alt.Scale(domain=columns, range=range_), legend=None),
    )
    numbers = base.mark_text(fontSize=11.5, color=PAPER, fontWeight="bold").encode(text=f"{number}:Q")
    return alt.layer(circles, numbers)
