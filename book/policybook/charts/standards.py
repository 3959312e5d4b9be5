"""Charts of the chapter on standards: tidy tables of :mod:`policybook.standards` in, Altair charts out."""

from __future__ import annotations

import re

import altair as alt
import pandas as pd

from policybook import settings
from policybook.charts import BLUE, GREEN, GREY, INK, MUTED, ORANGE, PAPER, RULE, SKY, WIDTH, titled
from policybook.coverage import STATES, regions
from policybook.standards import (
    BEFORE,
    DRAFT,
    ENERGY_OBJECTS,
    ENERGY_ROLES,
    INSTRUMENT_GROUPS,
    PARTIAL,
    family_groups,
    force_classes,
)

EVERY = "all"


def fixed(chart: alt.LayerChart, finding: str, measure: str) -> alt.VConcatChart:
    """Return a chart that keeps its size on a narrow page and scrolls there: its marks are placed by pixels."""
    return titled(alt.vconcat(chart), finding, measure).configure_axis(grid=False)


def by_year(counts: pd.DataFrame) -> alt.VConcatChart:
    """Draw issued documents by year for each group of families, drafts apart, years without records as unknown."""
    issued = counts[counts["state"] == "issued"]
    years = issued[issued["period"].str.fullmatch(r"\d{4}")].groupby("period")["n"].sum()
    drafts = counts.loc[counts["state"] == DRAFT, "n"].sum()
    finding = f"{years.idxmax()} is the peak so far: {years.max()} of {issued['n'].sum()} documents issued date from it"
    periods = [BEFORE, *sorted(issued.loc[issued["period"] != BEFORE, "period"].unique()), DRAFT]
    groups = [group for group in family_groups() if group in set(counts["group"])]
    step, unit = 54, 32 / int(counts["n"].max())
    floor = {group: (i + 1) * step for i, group in enumerate(groups)}
    table = counts[["group", "period", "state", "n"]].assign(foot=counts["group"].map(floor))
    table["head"] = table["foot"] - table["n"].fillna(0).astype(float) * unit
    table["text"] = table["n"].astype(str).where(table["n"].notna(), "no data")
    until = counts["records_end"].dt.strftime("0 to %b")
    table["text"] = table["text"].mask(counts["state"] == PARTIAL, until)
    down = alt.Scale(domain=[0, step * len(groups)], nice=False, reverse=True)
    y = alt.Y("head:Q", axis=None, scale=down)
    family = alt.param(name="family", value=EVERY, bind=alt.binding_select(options=[EVERY, *groups], name="Family "))
    strong = alt.condition(f"family == '{EVERY}' || family == datum.group", alt.value(1), alt.value(0.15))
    base = alt.Chart(table).encode(
        x=alt.X("period:O", scale=alt.Scale(domain=periods), title=None, axis=alt.Axis(labelAngle=0, domain=False)),
        y=y,
        opacity=strong,
        tooltip=[
            alt.Tooltip("group:N", title="Family"),
            alt.Tooltip("period:O", title="Year"),
            alt.Tooltip("text:N", title="Documents"),
        ],
    )
    colours = alt.Scale(domain=["issued", DRAFT, "unknown"], range=[BLUE, ORANGE, RULE])
    bars = base.mark_bar(width=30).encode(y2="foot:Q", color=alt.Color("state:N", scale=colours, legend=None))
    style = {"baseline": "bottom", "dy": -2, "fontSize": 11}
    numbers = base.transform_filter("datum.n > 0").mark_text(**style, color=INK).encode(text="text:N")
    unknown = base.transform_filter("!(datum.n > 0)").mark_text(**style, color=MUTED).encode(text="text:N")
    rows = alt.Chart(pd.DataFrame({"group": groups, "foot": [floor[group] for group in groups]}))
    rules = rows.mark_rule(color=RULE).encode(y=alt.Y("foot:Q", axis=None, scale=down))
    heads = rows.mark_text(align="right", baseline="bottom", dy=-2, fontWeight="bold").encode(
        x=alt.value(-8), y=alt.Y("foot:Q", axis=None, scale=down), text="group:N", opacity=strong
    )
    chart = alt.layer(bars, rules, numbers, unknown, heads).properties(width=WIDTH - 155, height=step * len(groups))
    chart = chart.add_params(family)
    return fixed(
        chart, finding, f"Documents in this report's selection by year of publication; orange: {drafts} drafts"
    )


def chinese_force(documents: pd.DataFrame) -> alt.VConcatChart:
    """Draw each Chinese document as a dot in the row of its class of force, with what the class means."""
    binding = documents[(documents["force"] == "mandatory_national") & (documents["state"] == "published")]
    about_ai = int((~binding["energy"]).sum())
    share = f"{len(binding)} of {len(documents)}"
    who = settings.load().adjective
    finding = f"{share} {who} documents are published mandatory standards; {about_ai} of them is about AI"
    order = [name for name, _ in force_classes().values()]
    states = ["published", "draft", "replaced"]
    y = alt.Y("class_name:N", sort=order, title=None, axis=alt.Axis(labelLimit=200, ticks=False, domain=False))
    last = int(documents["position"].max())
    x = alt.X("position:Q", axis=None, scale=alt.Scale(domain=[0, last + 1], nice=False))
    base = alt.Chart(documents[["designation", "title", "class_name", "state", "energy", "position"]])
    dots = base.mark_point(size=58, strokeWidth=1.8, opacity=1).encode(
        x=x,
        y=y,
        yOffset=alt.value(-8),
        stroke=alt.Stroke("state:N", title=None, scale=alt.Scale(domain=states, range=[BLUE, ORANGE, GREY])),
        fill=alt.Fill("state:N", title=None, scale=alt.Scale(domain=states, range=[BLUE, PAPER, PAPER])),
        shape=alt.Shape("energy:N", legend=None, scale=alt.Scale(domain=[False, True], range=["circle", "square"])),
        tooltip=[
            alt.Tooltip("designation:N", title="Document"),
            alt.Tooltip("title:N", title="Title"),
            alt.Tooltip("state:N", title="State"),
        ],
    )
    summary = documents.groupby(["class_name", "meaning"], as_index=False).agg(
        n=("designation", "size"), published=("state", lambda s: int((s == "published").sum()))
    )
    summary["text"] = summary["published"].astype(str) + " published of " + summary["n"].astype(str)
    summary["text"] += ": " + summary["meaning"]
    notes = (
        alt.Chart(summary[["class_name", "text"]])
        .mark_text(align="left", baseline="middle", dy=12, color=MUTED, fontSize=12)
        .encode(y=y, x=alt.value(4), text="text:N")
    )
    chart = alt.layer(dots, notes).properties(width=WIDTH - 190, height=alt.Step(48))
    return fixed(
        chart,
        finding,
        f"{settings.load().adjective} documents in the selection, one mark each; round: AI, square: energy or water",
    )


def energy_grid(rows: pd.DataFrame) -> alt.VConcatChart:
    """Draw the energy and water standards as dots in a grid: what they apply to against what they can do."""
    limits = rows[rows["role"] == ENERGY_ROLES[0]]
    on_ai = int((limits["applies_to"] == ENERGY_OBJECTS[2]).sum())
    finding = f"Binding energy limits found: {len(limits)}, {on_ai or 'none'} for an AI model or system"
    per_line, left, step = 6, 130, 176
    dots = rows[["designation", "title_en", "applies_to", "role", "water"]].copy()
    place = rows["position"] - 1
    lines = (place // per_line + 1).groupby(rows["role"]).max().reindex(ENERGY_ROLES).fillna(1)
    heights = 30 + 20 * lines
    tops = dict(zip(ENERGY_ROLES, heights.cumsum().shift(fill_value=0) + 26, strict=True))
    column = {name: left + i * step for i, name in enumerate(ENERGY_OBJECTS)}
    dots["x"] = dots["applies_to"].map(column) + 7 + place % per_line * 22
    dots["y"] = dots["role"].map(tops) + 28 + place // per_line * 20
    cells = pd.MultiIndex.from_product([ENERGY_OBJECTS, ENERGY_ROLES], names=["applies_to", "role"])
    counts = rows.groupby(["applies_to", "role"]).size().reindex(cells, fill_value=0).rename("n").reset_index()
    texts = pd.concat(
        [
            pd.DataFrame({"text": counts["n"].replace(0, "none found").astype(str), "kind": "count"}).assign(
                x=counts["applies_to"].map(column), y=counts["role"].map(tops) + 11
            ),
            pd.DataFrame({"text": ENERGY_OBJECTS, "kind": "head", "x": [column[o] for o in ENERGY_OBJECTS], "y": 12.0}),
            pd.DataFrame({"text": ENERGY_ROLES, "kind": "head", "x": 0, "y": [tops[r] + 11 for r in ENERGY_ROLES]}),
        ]
    )
    high = float(heights.sum() + 26)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, WIDTH + 10], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, high], nice=False, reverse=True))
    marks = (
        alt.Chart(dots)
        .mark_circle(size=110, opacity=1)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "water:N",
                title=None,
                scale=alt.Scale(domain=[False, True], range=[BLUE, GREEN]),
                legend=alt.Legend(labelExpr="datum.value ? 'names water' : 'energy, carbon or environment'"),
            ),
            tooltip=[
                alt.Tooltip("designation:N", title="Document"),
                alt.Tooltip("title_en:N", title="Title"),
                alt.Tooltip("applies_to:N", title="Applies to"),
                alt.Tooltip("role:N", title="Role"),
            ],
        )
    )
    words = alt.Chart(texts).encode(x=x, y=y, text="text:N")
    heads = words.transform_filter("datum.kind == 'head'").mark_text(align="left", fontWeight="bold")
    numbers = words.transform_filter("datum.kind == 'count'").mark_text(align="left", color=MUTED)
    rules = alt.Chart(pd.DataFrame({"y": list(tops.values()), "x": 0, "x2": WIDTH + 10})).mark_rule(color=RULE)
    rules = rules.encode(x=x, x2="x2:Q", y=y)
    chart = alt.layer(marks, rules, numbers, heads).properties(width=WIDTH, height=high)
    return fixed(chart, finding, "Energy, water and environment standards in the selection, one dot each")


def coverage(cells: pd.DataFrame, names: pd.Series) -> alt.VConcatChart:
    """Draw for each ask of the Plan and each region whether a standard is published, in draft only, or not found.

    ``names`` maps ``std_id`` to designations: one of them stands beside each mark.
    """
    asks = cells["ask"].nunique()
    answered = cells[cells["state"] == "published"]["ask"].nunique()
    bound = cells[(cells["region"] == regions()[2]) & (cells["state"] == "published")]["ask"].nunique()
    share = f"All {asks}" if answered == asks else f"{answered} of {asks}"
    finding = f"{share} asks have a published standard, {bound} have a mandatory {settings.load().adjective} one"
    rows = cells.copy()
    rows["row"] = "Art. " + rows["article"].str[1:].str.lstrip("0") + "  " + rows["ask"]
    drafts = rows["draft"].map(lambda n: f" + {n} draft{'s' if n > 1 else ''}" if n else "")
    rows["text"] = rows["published"].map(lambda n: f"{n}" if n else "") + drafts
    rows["text"] = rows["text"].str.removeprefix(" + ").replace("", STATES[2])
    rows["numbers"] = rows["published_ids"].map(lambda ids: _names(names[ids]))
    rows["drafts"] = rows["draft_ids"].map(lambda ids: _names(names[ids]))
    rows["first"] = [_one(names, row.published_ids or row.draft_ids) for row in rows.itertuples()]
    base = alt.Chart(rows[["row", "region", "state", "text", "first", "numbers", "drafts"]]).encode(
        y=alt.Y(
            "row:N",
            sort=list(dict.fromkeys(rows["row"])),
            title=None,
            axis=alt.Axis(labelLimit=270, ticks=False, domain=False, labelColor=INK),
        ),
        x=alt.X(
            "region:N",
            sort=regions(),
            title=None,
            axis=alt.Axis(
                orient="top",
                labelAngle=0,
                labelAlign="left",
                labelOffset=-52,
                labelPadding=16,
                labelExpr="split(datum.label, ', ')",
                labelLineHeight=14,
                ticks=False,
                domain=False,
                labelColor=INK,
                labelFontWeight="bold",
            ),
        ),
        tooltip=[
            alt.Tooltip("row:N", title="Ask"),
            alt.Tooltip("region:N", title="Where"),
            alt.Tooltip("numbers:N", title="Published"),
            alt.Tooltip("drafts:N", title="In draft"),
        ],
    )
    marks = base.mark_point(size=110, strokeWidth=2, opacity=1).encode(
        xOffset=alt.value(-46),
        yOffset=alt.value(-6),
        stroke=alt.Stroke("state:N", title=None, scale=alt.Scale(domain=STATES, range=[BLUE, ORANGE, RULE])),
        fill=alt.Fill("state:N", title=None, scale=alt.Scale(domain=STATES, range=[BLUE, PAPER, PAPER])),
    )
    texts = base.mark_text(align="left", fontSize=12).encode(
        xOffset=alt.value(-35),
        yOffset=alt.value(-6),
        text="text:N",
        color=alt.condition(f"datum.state == '{STATES[2]}'", alt.value(MUTED), alt.value(INK)),
    )
    numbers = base.mark_text(align="left", fontSize=10.5, color=MUTED, limit=122).encode(
        xOffset=alt.value(-52), yOffset=alt.value(8), text="first:N"
    )
    chart = alt.layer(marks, texts, numbers).properties(width=WIDTH - 180, height=alt.Step(36))
    measure = "Standards in the selection that bear on each ask, one number each; own mapping, existence only"
    return fixed(chart, finding, measure)


def _names(names: pd.Series) -> str:
    return ", ".join(names.iloc[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "") or STATES[2]


def _one(names: pd.Series, ids: list[str]) -> str:
    """Return the number that stands for a cell: the shortest one, without the version or month of the edition."""
    short = [re.sub(r" (V\d\S* )?\(.*\)$", "", names[key]) for key in ids]
    return min(short, key=lambda name: (not re.search(r"\d", name), len(name), name), default="")


def targets(progress: pd.DataFrame) -> alt.VConcatChart:
    """Draw each target as a band of full length and the official figure on it as a bar; unknown stays empty."""
    unknown = int((progress["status"] == "not known").sum())
    finding = (
        f"No official progress figure was found for {unknown} of {len(progress)} {settings.load().adjective} targets"
    )
    rows = progress.copy()
    rows["row"] = rows["name"] + rows["field"].map({"AI": "", "all fields": " (all fields)"})
    rows["goal"] = rows["wanted"] + ", " + rows["due"]
    rows["percent"] = rows["share"] * 100
    rows["label"] = [
        "not known" if row.status == "not known" else f"{row.reached:g}{row.sign} ({row.reached_on:%b %Y})"
        for row in rows.itertuples()
    ]
    rows["at"] = rows["percent"].where(rows["status"] == "partial figure", 2) + 2
    table = rows[["row", "goal", "percent", "label", "status", "instrument", "at"]].assign(zero=0, whole=100)
    axis = alt.Axis(labelLimit=300, ticks=False, domain=False, labelColor=INK)
    base = alt.Chart(table).encode(
        y=alt.Y("row:N", sort=rows["row"].tolist(), title=None, axis=axis),
        tooltip=[
            alt.Tooltip("row:N", title="Target"),
            alt.Tooltip("goal:N", title="Wanted"),
            alt.Tooltip("label:N", title="Official figure"),
            alt.Tooltip("instrument:N", title="Set by"),
        ],
    )
    scale = alt.Scale(domain=[0, 112], nice=False)
    ticks = alt.Axis(values=[0, 25, 50, 75, 100])
    band = base.mark_bar(height=20, fillOpacity=0, stroke=MUTED, strokeWidth=1).encode(
        x=alt.X("zero:Q", title="share of the target, %", scale=scale, axis=ticks),
        x2="whole:Q",
        strokeDash=alt.condition("datum.status == 'not known'", alt.value([3, 3]), alt.value([1, 0])),
    )
    states = alt.Scale(domain=["met", "partial figure"], range=[GREEN, BLUE])
    bars = base.transform_filter("isValid(datum.percent)").mark_bar(height=20)
    bars = bars.encode(x=alt.X("percent:Q", scale=scale), color=alt.Color("status:N", scale=states, legend=None))
    texts = base.mark_text(align="left").encode(x=alt.X("at:Q", scale=scale), text="label:N", color=_on_bar())
    goals = base.mark_text(align="left", color=MUTED).encode(x=alt.value(208), text="goal:N")
    chart = alt.layer(band, bars, texts, goals).properties(width=200, height=alt.Step(28))
    return fixed(
        chart, finding, "Latest official figure as a share of the target; at the right, the target and its year"
    )


def _on_bar() -> alt.Color:
    ink = alt.condition("datum.status == 'not known'", alt.value(MUTED), alt.value(INK))
    ink["condition"] = [ink["condition"], {"test": "datum.status == 'met'", "value": PAPER}]
    return ink


def yearly_output(counts: pd.DataFrame) -> alt.FacetChart:
    """Draw documents a year of SC 42 and of ITU-T (AI in the title); a year the records do not cover is lighter."""
    sc42 = counts[counts["body"].str.contains("SC 42")]
    itu = counts[~counts["body"].str.contains("SC 42")]
    top, best = sc42.loc[sc42["n"].idxmax()], itu.loc[itu["n"].idxmax()]
    finding = (
        f"SC 42 put out {sc42['n'].sum()} documents, most in {top['year']} ({top['n']}); "
        f"ITU-T reached {best['n']} in {best['year']}"
    )
    rows = counts.assign(years=counts["year"].astype(str), until=counts["records_end"].dt.strftime("%Y-%m-%d"))
    rows["text"] = counts["n"].astype(str).where(counts["n"].notna(), "?")
    rows["height"] = counts["n"].fillna(0)
    years = sorted(rows["years"].unique())
    base = alt.Chart(rows[["body", "years", "n", "height", "text", "complete", "until"]]).encode(
        x=alt.X("years:O", title=None, scale=alt.Scale(domain=years), axis=alt.Axis(labelAngle=0, values=years[::2])),
        y=alt.Y("height:Q", title=None, axis=alt.Axis(tickCount=4, domain=False, ticks=False)),
    )
    bars = base.mark_bar().encode(
        color=alt.condition("datum.complete", alt.value(BLUE), alt.value(SKY)),
        tooltip=[
            alt.Tooltip("body:N", title="Body"),
            alt.Tooltip("years:O", title="Year"),
            alt.Tooltip("text:N", title="Documents"),
            alt.Tooltip("until:N", title="Records to"),
        ],
    )
    numbers = base.mark_text(dy=-7, fontSize=12).encode(text="text:N")
    header = alt.Header(labelAnchor="start", labelPadding=8)
    column = alt.Column("body:N", sort=list(dict.fromkeys(sc42["body"])), title=None, header=header)
    chart = alt.layer(bars, numbers).properties(width=(WIDTH - 60) / 2, height=190).facet(column=column, spacing=26)
    measure = "Documents a year, own count of catalogue records; lighter: part of the year; ?: not known"
    return titled(chart, finding, measure)


def instruments(rows: pd.DataFrame) -> alt.VConcatChart:
    """Draw the instruments on a time line by group of force; those that took effect after the Plan stand out."""
    after = rows[rows["after"]]
    binding = int((after["group"] == "Binding").sum())
    own = settings.load()
    finding = (
        f"{len(after)} of {len(rows)} {own.adjective} instruments came after {own.name}, {binding} of them binding"
    )
    table = rows[["short", "name", "group", "type", "issuer", "issued", "counts", "after", "day_known"]].copy()
    table["type"] = table["type"].astype(str)
    table["issuer"] = table["issuer"].astype(str)
    colour = alt.Color(
        "after:N",
        title=None,
        scale=alt.Scale(domain=[False, True], range=[GREY, ORANGE]),
        legend=alt.Legend(labelExpr=f"datum.value ? 'after {own.date:%d %B %Y}' : 'up to {own.date:%d %B %Y}'"),
    )
    # Group names stand as rows of their own in the list of instruments.
    order = [name for group, part in rows.groupby("group", sort=False) for name in [group, *part["short"]]]
    weight = alt.condition(f"indexof({list(INSTRUMENT_GROUPS)}, datum.value) >= 0", alt.value(600), alt.value(400))
    axis = alt.Axis(
        labelLimit=300, ticks=False, domain=False, labelColor=INK, labelFontWeight=weight, grid=True, gridOpacity=0.6
    )
    y = alt.Y("short:N", sort=order, scale=alt.Scale(domain=order), title=None, axis=axis)
    years = alt.Axis(format="%Y", tickCount="year")
    when = alt.X("counts:T", scale=alt.Scale(nice=False, padding=8), title=None, axis=years)
    tooltip = [
        alt.Tooltip("name:N", title="Instrument"),
        alt.Tooltip("type:N", title="Type"),
        alt.Tooltip("issuer:N", title="Issuer"),
        alt.Tooltip("issued:T", title="Issued", format="%Y-%m-%d"),
        alt.Tooltip("counts:T", title="In force or issued", format="%Y-%m-%d"),
    ]
    base = alt.Chart(table).encode(x=when, y=y)
    wait = base.mark_rule(strokeWidth=2.5).encode(x2="issued:T", color=colour)
    dots = base.mark_circle(size=70, opacity=1).encode(color=colour, tooltip=tooltip)
    hole = alt.condition("datum.day_known", alt.value(0), alt.value(22))
    inner = base.mark_circle(opacity=1, color=PAPER).encode(size=hole, tooltip=tooltip)
    plan = alt.Chart(pd.DataFrame({"plan": [own.date]}))
    line = plan.mark_rule(color=INK, strokeDash=[4, 3]).encode(x=alt.X("plan:T"))
    chart = alt.layer(wait, line, dots, inner).properties(width=WIDTH - 230, height=alt.Step(17))
    return fixed(
        chart, finding, "By legal force; a line runs from issue to entry into force; hollow: the day is not known"
    )
