"""Charts of the chapter on the background of the Plan: tidy tables of :mod:`policybook.background` in, charts out."""

from __future__ import annotations

from itertools import cycle
from textwrap import shorten

import altair as alt
import pandas as pd

from policybook import background as analysis
from policybook import data, settings
from policybook.charts import BLUE, GREEN, GREY, INK, MUTED, ORANGE, PAPER, PINK, RED, RULE, SKY, titled
from policybook.sources import citation

MOVE_SHAPES = ["triangle-up", "triangle-down", "circle"]
LEVEL = 9.5  # height of a level of the timeline, px
PLOT = 650
# A mark leads to the row of its event in the table of the page. In a still there is no window, and no link either: it
# would be taken for an address of the place where stills are drawn.
LINK = "isNumber(windowSize()[0]) ? datum.href : ''"


def track_colours() -> dict[str, str]:
    """Return the colours of the tracks, by label; a report with more than seven tracks repeats them."""
    return dict(zip(analysis.tracks().values(), cycle([BLUE, GREEN, ORANGE, PINK, GREY, RED, SKY]), strict=False))


def _track_scale() -> alt.Scale:
    colours = track_colours()
    return alt.Scale(domain=list(colours), range=list(colours.values()))


def timeline(
    events: pd.DataFrame,
    articles: pd.DataFrame,
    first: str = "",
    last: str = "",
    labels: pd.DataFrame | None = None,
) -> alt.VConcatChart:
    """Return the timeline by tracks: all years in a strip, the years of the window below, one dot for an event.

    ``events`` is the result of :func:`policybook.background.timeline`; ``articles`` gives the articles their
    names, ``labels`` (the table ``event_labels``) the events by which the title dates the document. A drag on
    the strip moves the window (``first`` to ``last``, ISO; default: from the year
    before the document on), a click in the legend brings one
    track out, two lists leave the events of one kind or one article, and a click on a dot leads to its row in the table
    of events.
    """
    own, plan = settings.load(), analysis.plan_event(events)
    years = sorted({*events["at"].dt.year, plan["at"].year})
    first, last = first or f"{plan['at'].year - 1}-01-01", last or f"{years[-1]}-12-31"
    # Without the wheel: the page could not be scrolled past the strip.
    window = alt.selection_interval(
        encodings=["x"],
        name="window",
        value={"x": [_moment(first), _moment(last)]},
        mark=alt.BrushConfig(fill=MUTED),
        zoom=False,
    )
    chosen = alt.selection_point(fields=["track"], bind="legend", name="chosen")
    kinds = ["all", *sorted(events["kind"].unique(), key=str.casefold)]
    kind = alt.param(name="kind", value="all", bind=alt.binding_select(options=kinds, name="Kind of event "))
    named = articles[articles["article_no"].gt(0)].sort_values("article_no")
    numbers = [0, *named["article_no"].astype(int)]
    names = ["all", *(named["article_no"].astype(str) + " " + named["short_title"])]
    choice = alt.binding_select(options=numbers, labels=names, name=f"{own.section.capitalize()} of {own.name} ")
    article = alt.param(name="article", value=0, bind=choice)
    matches = "(kind == 'all' || datum.kind == kind) && (article == 0 || indexof(datum.articles, article) >= 0)"

    # One legend, in the view that owns its selection: Vega-Lite leaves a legend shared by two views without clicks, and
    # in the view of the strip a click in the legend would also begin a new window.
    colour = alt.Color("track:N", scale=_track_scale(), sort=None, legend=None)
    with_legend = alt.Color("track:N", scale=_track_scale(), sort=None, title=None)
    faded = alt.when(chosen).then(alt.value(1)).otherwise(alt.value(0.12))
    bottom = float(events["y"].max()) + 1
    height = bottom * LEVEL
    levels = alt.Scale(domain=[bottom, 0], nice=False, zero=False)
    vertical = alt.Y("y:Q", scale=levels, axis=None)
    across = alt.X("at:T", scale=alt.Scale(domain=window), title=None, axis=alt.Axis(tickCount=12, grid=True))
    columns = ["event_id", "track", "at", "date", "title", "detail", "actors", "kind", "articles", "evidence", "sure"]
    rows = events[[*columns, "y", "label", "side", "label_y"]].assign(
        source=events["source_id"].map(citation), href="#" + events["event_id"].map(analysis.anchor)
    )
    tooltip = [
        alt.Tooltip("title:N", title="Event"),
        alt.Tooltip("date:N", title="Date"),
        alt.Tooltip("actors:N", title="Who"),
        alt.Tooltip("detail:N", title="What"),
        alt.Tooltip("kind:N", title="Kind"),
        alt.Tooltip("numbers:N", title=own.sections.capitalize()),
        alt.Tooltip("source:N", title="Source"),
        alt.Tooltip("evidence:N", title="Evidence"),
    ]
    base = (
        alt.Chart(rows)
        .transform_filter(matches)
        .transform_calculate(
            numbers="length(datum.articles) ? join(datum.articles, ', ') : 'none'",
            link=LINK,
        )
    )

    dots = (
        base.mark_circle(size=58, clip=True)
        .encode(across, vertical, color=with_legend, opacity=faded, tooltip=tooltip, href="link:N")
        .add_params(chosen)
    )
    cores = (
        base.transform_filter("!datum.sure")
        .mark_circle(size=20, clip=True, color=PAPER, opacity=1, tooltip=None)
        .encode(across, vertical, href="link:N")
    )
    label = alt.Y("label_y:Q", scale=levels, axis=None)
    # The labels are laid out for the window as it opens; over many more years they would lie on each other, and a label
    # whose dot is out of the window would be cut.
    readable = {"expr": "window.at && span(window.at) < 4 * 365 * 864e5 && inrange(+datum.at, window.at) ? 1 : 0"}
    labelled = base.transform_filter("isValid(datum.label)")
    leaders = labelled.mark_rule(color=MUTED, strokeWidth=0.8, clip=True, opacity=readable).encode(
        across, vertical, alt.Y2("label_y:Q")
    )
    texts = [
        labelled.transform_filter(alt.datum.side == side)
        .mark_text(align=align, dx=dx, fontSize=11.5, color=INK, clip=True, opacity=readable)
        .encode(across, label, text="label:N")
        for side, align, dx in (("right", "left", 3), ("left", "right", -3))
    ]
    lanes = events.groupby("track", observed=True, as_index=False).agg(y=("y", "max"))
    tops = events.groupby("track", observed=True)[["y", "label_y"]].min().min(axis=1)
    lanes["top"] = lanes["track"].map(tops).astype(float) - 1.1
    lanes["rule"] = lanes["y"] + 0.8
    lanes["colour"] = lanes["track"].astype(str).map(track_colours())
    names = (
        alt.Chart(lanes[["track", "top", "colour"]])
        .mark_text(align="left", fontSize=12.5, fontWeight="bold")
        .encode(
            x=alt.value(2),
            y=alt.Y("top:Q", scale=levels, axis=None),
            text="track:N",
            color=alt.Color("colour:N", scale=None),
        )
    )
    floors = (
        alt.Chart(lanes[["rule"]])
        .mark_rule(color=RULE)
        .encode(x=alt.value(0), x2=alt.value(PLOT), y=alt.Y("rule:Q", scale=levels, axis=None))
    )
    mark = alt.Chart(pd.DataFrame({"at": [plan["at"]], "text": [f"{own.heading}, {plan['date']}"]})).encode(across)
    line = mark.mark_rule(color=INK, strokeWidth=1.2, strokeDash=[4, 3], clip=True)
    flag = mark.mark_text(align="left", dx=5, fontWeight="bold", fontSize=12.5, color=INK, clip=True).encode(
        y=alt.value(6), text="text:N"
    )
    diamond = (
        base.transform_filter(alt.datum.event_id == own.event)
        .mark_point(shape="diamond", size=150, filled=True, color=INK, opacity=1, clip=True)
        .encode(across, vertical, tooltip=tooltip, href="link:N")
    )
    view = alt.layer(floors, line, leaders, dots, cores, diamond, *texts, names, flag).properties(
        width=PLOT, height=height
    )
    ticks = (
        base.mark_tick(thickness=1.6, size=9)
        .encode(
            alt.X(
                "at:T",
                title=None,
                scale=alt.Scale(domain=[_moment(f"{years[0]}-01-01"), _moment(f"{years[-1]}-12-31")]),
                axis=alt.Axis(format="%Y", tickCount=10),
            ),
            alt.Y("track:N", scale=alt.Scale(domain=list(track_colours())), axis=None),
            color=colour,
            opacity=faded,
        )
        .add_params(window)
    )
    shown = (
        base.transform_aggregate(found="count()")
        .transform_calculate(text=f"datum.found + ' of {len(rows)} events'")
        .mark_text(align="left", baseline="bottom", color=MUTED)
        .encode(x=alt.value(0), y=alt.value(-4), text="text:N")
    )
    strip = alt.layer(ticks, shown).properties(width=PLOT, height=58)
    finding = _dated(own.heading, plan["at"], events, analysis.labelled("milestone", labels))
    measure = (
        "One dot is one event; hollow: not confirmed or only announced. The strip above has all years, the part below "
        "those of the frame in it."
    )
    chart = alt.vconcat(strip, view, spacing=10).resolve_scale(color="independent").add_params(kind, article)
    return titled(chart, finding, measure, width=98)


def _dated(name: str, day: pd.Timestamp, events: pd.DataFrame, milestones: pd.DataFrame) -> str:
    """Say how many days before or after other events the document came; only how many events there are without any."""
    rows = milestones[["event_id", "label"]].merge(events[["event_id", "at"]], on="event_id").sort_values("at")
    said = []
    for row in rows.itertuples():
        days = (row.at - day).days
        said.append(f"{abs(days)} days {'after' if days < 0 else 'before'} {row.label}")
    if not said:
        return f"{len(events)} events around {name[:1].lower() + name[1:]}"
    return f"{name} came {', '.join(said[:-1])}{' and ' if said[1:] else ''}{said[-1]}"


def _moment(day: str) -> dict[str, int]:
    date = pd.Timestamp(day)
    return {"year": date.year, "month": date.month, "date": date.day}


def lineage(texts: pd.DataFrame, labels: pd.DataFrame | None = None) -> alt.HConcatChart:
    """Return the line of texts as a cascade over time, by strand and by how much of the text was seen.

    ``texts`` is the result of :func:`policybook.background.lineage`; ``labels`` (the table ``event_labels``) names the
    beginning and the end of the line.
    """
    own, strand_labels = settings.load(), analysis.strands()
    data.need(texts, "event_labels", "the line of texts")
    rows = texts.assign(
        row=range(len(texts)),
        bold=texts["event_id"].eq(own.event),
        source=texts["source_id"].map(citation),
        href="#" + texts["event_id"].map(analysis.anchor),
    )
    begin, end = pd.Timestamp(rows["at"].min().year, 1, 1), pd.Timestamp(rows["at"].max().year, 12, 31)
    early = rows["at"] < begin + (end - begin) / 2  # their names stand on the right, where there is room
    rows["text_right"] = (rows["name"] + ", " + rows["date"]).where(early, "")
    rows["text_left"] = (rows["date"] + ", " + rows["name"]).where(~early, "")
    rows["core"] = rows["text"].map(dict(zip(analysis.SEEN.values(), [0, 14, 68], strict=True)))
    order = alt.Y("row:O", axis=None)
    across = alt.X(
        "at:T",
        title=None,
        scale=alt.Scale(domain=[_moment(f"{day:%Y-%m-%d}") for day in (begin, end)]),
        axis=alt.Axis(format="%Y", tickCount=10, grid=True),
    )
    strands = alt.Scale(domain=list(strand_labels.values()), range=[BLUE, GREEN])
    tooltip = [
        alt.Tooltip("title:N", title="Text"),
        alt.Tooltip("date:N", title="Date"),
        alt.Tooltip("form:N", title="Form"),
        alt.Tooltip("detail:N", title="What"),
        alt.Tooltip("text:N", title="Seen for this report"),
        alt.Tooltip("source:N", title="Source"),
    ]
    base = alt.Chart(
        rows[
            [
                "row",
                "at",
                "date",
                "title",
                "strand",
                "form",
                "text",
                "detail",
                "bold",
                "core",
                "text_left",
                "text_right",
                "source",
                "href",
            ]
        ]
    ).transform_calculate(link=LINK)
    dots = base.mark_circle(size=130, opacity=1).encode(
        across, order, color=alt.Color("strand:N", title=None, scale=strands, sort=None), tooltip=tooltip, href="link:N"
    )
    cores = base.mark_circle(color=PAPER, opacity=1, tooltip=None).encode(
        across,
        order,
        size=alt.Size("core:Q", scale=None, legend=None),
        href="link:N",
    )
    names = [
        base.mark_text(align=align, dx=dx, color=INK, fontWeight={"expr": "datum.bold ? 'bold' : 'normal'"}).encode(
            across, order, text=f"{field}:N"
        )
        for field, align, dx in (("text_left", "right", -10), ("text_right", "left", 10))
    ]
    abroad = texts.loc[texts["strand"].eq(strand_labels["abroad"]), "event_id"].tolist()
    span = analysis.labelled("span", labels).merge(texts[["event_id", "at"]], on="event_id").sort_values("at")
    said = []
    if len(span) > 1:
        first, last = span.iloc[0], span.iloc[-1]
        said.append(f"{round((last['at'] - first['at']).days / 30.44)} months from {first['label']} to {last['label']}")
    if own.event in abroad:
        said.append(
            f"{own.name} is number {abroad.index(own.event) + 1} of {len(abroad)} texts {strand_labels['abroad']}"
        )
    finding = "; ".join(said) or f"{len(texts)} texts"
    finding = finding[:1].upper() + finding[1:]
    what = data.labels("event_labels", "purpose", "counted").get("lineage", "Texts")
    measure = (
        f"{what} by day of publication, adoption or signature. Solid: whole text seen for "
        "this report; small core: part of it; ring: reports only"
    )
    view = alt.layer(dots, cores, *names).properties(width=PLOT, height=23 * len(rows))
    return titled(alt.hconcat(view), finding, measure, width=98)


def pace(counts: pd.DataFrame) -> alt.FacetChart:
    """Return the events of the list by year, one small panel for each track; the unfinished year is paler.

    ``counts`` is the result of :func:`policybook.background.pace`.
    """
    rows = counts.assign(label=counts["events"].astype(str).where(counts["year"].ge(2024) & counts["events"].gt(0), ""))
    top = int(counts["events"].max())
    bars = (
        alt.Chart()
        .mark_bar(width=9.5)
        .encode(
            alt.X(
                "year:Q",
                title=None,
                scale=alt.Scale(domain=[2016.4, 2026.6], nice=False),
                axis=alt.Axis(values=[2017, 2020, 2023, 2026], format="d", grid=False),
            ),
            alt.Y(
                "events:Q", title="Events in the list", scale=alt.Scale(domain=[0, top + 2]), axis=alt.Axis(tickCount=4)
            ),
            color=alt.Color("track:N", scale=_track_scale(), legend=None),
            opacity=alt.when("datum.partial").then(alt.value(0.5)).otherwise(alt.value(1)),
            tooltip=[
                alt.Tooltip("track:N", title="Track"),
                alt.Tooltip("year:Q", title="Year", format="d"),
                alt.Tooltip("events:Q", title="Events"),
                alt.Tooltip("partial:N", title="Year not complete"),
            ],
        )
    )
    numbers = bars.mark_text(dy=-7, fontSize=10, color=INK).encode(
        text="label:N", opacity=alt.value(1), color=alt.value(INK)
    )
    year, own = int(counts["year"].max()), settings.load().date.year
    plan_year = data.need(counts[counts["year"].eq(own)], "events", f"the year {own}").set_index("track")["events"]
    before = counts[counts["year"].eq(own - 1)].set_index("track")["events"].reindex(plan_year.index, fill_value=0)
    most = plan_year.idxmax()
    finding = (
        f"In {own} the list holds most events for {most}: {plan_year[most]}, after {before[most]} in the year before"
    )
    measure = (
        f"Events by track and year in this report's list, a selection; {year} (paler) ends in {analysis.end_in_words()}"
    )
    chart = (
        alt.layer(bars, numbers, data=rows)
        .properties(width=112, height=150)
        .facet(
            column=alt.Column(
                "track:N", title=None, sort=list(analysis.tracks().values()), header=alt.Header(labelAnchor="start")
            )
        )
        .properties(spacing=10)
    )
    return titled(chart, finding, measure, width=98)


def controls(rows: pd.DataFrame) -> alt.HConcatChart:
    """Return the controls (left) and the texts of the line (right) on one line of time, which runs down.

    ``rows`` is the result of :func:`policybook.background.controls`.
    """
    data.need(rows, "event_labels", "controls")
    own, said, names = settings.load(), analysis.moves(), data.labels("event_labels", "purpose")
    middle, reach = 318, 22
    height = 590
    down = alt.Scale(domain=[_moment("2022-09-01"), _moment("2026-11-01")], reverse=True)
    axis = alt.Axis(format="%Y", tickCount={"interval": "year", "step": 1}, grid=True, title=None, offset=0)
    tooltip = [
        alt.Tooltip("name:N", title="Event"),
        alt.Tooltip("date:N", title="Date"),
        alt.Tooltip("detail:N", title="What"),
        alt.Tooltip("source:N", title="Source"),
        alt.Tooltip("move:N", title="Move"),
    ]
    at, label_at = alt.Y("at:T", scale=down, axis=axis), alt.Y("label_at:T", scale=down)
    columns = ["at", "label_at", "day", "date", "name", "detail", "move", "recalled", "bold", "source", "href"]
    rows = rows.assign(
        bold=rows["event_id"].eq(own.event),
        source=[citation(source) if isinstance(source, str) else "none" for source in rows["source_id"]],
        href="#" + rows["event_id"].map(analysis.anchor),
    )
    # What is known from general knowledge alone has no row in the table of events.
    href = alt.when("!datum.recalled").then("link:N").otherwise(alt.value(""))
    moves = alt.Scale(domain=list(said.values()), range=[RED, BLUE, GREY])
    shapes = alt.Scale(domain=list(said.values()), range=MOVE_SHAPES)
    layers = []
    for side, turn, align in (("controls", -1, "right"), ("texts", 1, "left")):
        base = alt.Chart(rows.loc[rows["side"].eq(side), columns]).transform_calculate(link=LINK)
        dot_x, end_x = middle + turn * 10, middle + turn * (10 + reach)
        layers.append(
            base.mark_rule(color=RULE).encode(
                alt.Y("at:T", axis=axis), alt.Y2("label_at:T"), x=alt.value(dot_x + turn * 6), x2=alt.value(end_x)
            )
        )
        if side == "controls":
            dots = base.mark_point(size=80, filled=True).encode(
                at,
                x=alt.value(dot_x),
                color=alt.Color("move:N", title="The measure", scale=moves, sort=None),
                shape=alt.Shape("move:N", title="The measure", scale=shapes, sort=None),
                opacity=alt.when("datum.recalled").then(alt.value(0.4)).otherwise(alt.value(1)),
                tooltip=tooltip,
                href=href,
            )
        else:
            dots = base.mark_point(size=75, filled=True, shape="square", color=GREEN, opacity=1).encode(
                at, x=alt.value(dot_x), tooltip=tooltip[:4], href=href
            )
        layers.append(dots)
        weight = {"expr": "datum.bold ? 'bold' : 'normal'"}
        words = base.transform_calculate(text="datum.recalled ? datum.name + ' *' : datum.name")
        layers.append(
            base.mark_text(align=align, color=MUTED, fontSize=11.5, dx=turn * 3).encode(
                label_at, x=alt.value(end_x), text="day:N"
            )
        )
        layers.append(
            words.mark_text(align=align, color=INK, dx=turn * 44, fontWeight=weight).encode(
                label_at, x=alt.value(end_x), text="text:N", tooltip=tooltip
            )
        )
    heads = pd.DataFrame({"head": [names["control"], names["lineage"]]})
    for position, (x, align) in enumerate(((middle - 10, "right"), (middle + 10, "left"))):
        layers.append(
            alt.Chart(heads.iloc[[position]])
            .mark_text(align=align, fontWeight="bold", fontSize=13, color=INK)
            .encode(x=alt.value(x), y=alt.value(-12), text="head:N")
        )
    line = alt.Chart(pd.DataFrame({"zero": [0]})).mark_rule(color=MUTED, strokeWidth=1.5)
    layers.append(line.encode(x=alt.value(middle), y=alt.value(0), y2=alt.value(height)))
    counted = rows[rows["side"].eq("controls") & ~rows["recalled"]]
    tight, loose = (counted["move"].eq(said[move]) for move in ("tighter", "looser"))
    early, late = counted["at"] < own.date, counted["at"] >= own.date
    what = data.labels("event_labels", "purpose", "counted").get("control", names["control"])
    finding = (
        f"Before {own.name} {(tight & early).sum()} {what} tightened and {(loose & early).sum()} loosened; "
        f"after it {(tight & late).sum()} tightened and {(loose & late).sum()} loosened"
    )
    measure = (
        "Time runs down. The direction of a measure is this report's reading. * General knowledge only, not counted."
    )
    view = alt.layer(*layers).resolve_scale(color="shared", shape="shared").properties(width=PLOT - 20, height=height)
    return titled(alt.hconcat(view), finding, measure, width=98)


def _cited(source_id: str, most: int = 34) -> str:
    name, year = citation(source_id).rsplit(" ", 1)
    return f"{shorten(name, most, placeholder='…')} {year}"


def differing_counts(rows: pd.DataFrame) -> alt.HConcatChart:
    """Return the counts that differ, one line each: the two values as dots on a scale of their ratio, who says them.

    ``rows`` is the result of :func:`policybook.background.differing_counts`.
    """
    data.need(rows, "disagreement_counts")
    step, left, right, top = 56, 250, 415, 10.0
    names = rows["what"].drop_duplicates().tolist()
    drawn = rows[["what", "end", "said", "ratio", "standing", "resolution"]].assign(
        source=rows["source_id"].map(_cited), y=rows["what"].map(names.index) * step + 34
    )
    down = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, step * len(names)], range=[0, step * len(names)]))
    across = alt.X("ratio:Q", axis=None, scale=alt.Scale(type="log", domain=[1, top], range=[left, right]))
    base = alt.Chart(drawn).encode(across, down)
    tooltip = [
        alt.Tooltip("what:N", title="Count"),
        alt.Tooltip("said:N", title="Value"),
        alt.Tooltip("source:N", title="Source"),
        alt.Tooltip("standing:N", title="This value"),
        alt.Tooltip("resolution:N", title="How to word it"),
    ]
    rules = base.mark_line(color=RULE, strokeWidth=3).encode(detail="what:N")
    colours = dict(zip(analysis.STANDING.values(), [BLUE, GREY, ORANGE], strict=True))
    dots = base.mark_point(filled=True, size=95, opacity=1).encode(
        color=alt.Color(
            "standing:N", sort=None, title="The value", scale=alt.Scale(domain=list(colours), range=[*colours.values()])
        ),
        shape=alt.Shape(
            "standing:N",
            sort=None,
            title="The value",
            scale=alt.Scale(domain=list(colours), range=["circle", "cross", "diamond"]),
        ),
        tooltip=tooltip,
    )
    words = []
    for end, align, dx in (("low", "right", -11), ("high", "left", 11)):
        side = base.transform_filter(alt.datum.end == end)
        words.append(side.mark_text(align=align, dx=dx, dy=-1, fontWeight="bold", color=INK).encode(text="said:N"))
        words.append(
            side.mark_text(align=align, dx=dx, dy=13, fontSize=11, color=MUTED, tooltip=None).encode(text="source:N")
        )
    heads = (
        base.transform_filter(alt.datum.end == "low")
        .mark_text(align="left", dy=-21, color=INK)
        .encode(x=alt.value(0), text="what:N")
    )
    far = rows.loc[rows["ratio"].idxmax(), "ratio"]
    unsettled = rows.loc[rows["standing"].eq(analysis.STANDING["open"]), "what"].nunique()
    finding = f"On {len(names)} counts two sources differ, by up to a factor of {far:.1f}; {unsettled} stay open"
    measure = f"Lower and higher value and who gives it; the distance is their ratio, on a log scale up to {top:.0f}"
    view = alt.layer(rules, dots, *words, heads).properties(width=PLOT, height=step * len(names))
    return titled(alt.hconcat(view), finding, measure, width=98)
