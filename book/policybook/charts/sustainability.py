"""Charts of the chapter on energy, water and compute: tidy tables of :mod:`policybook.energy` in, Altair charts out.

What was observed or estimated for a past year is blue and filled; what is projected or asked for is orange and open.
"""

from __future__ import annotations

import altair as alt
import pandas as pd

from policybook import data, energy, settings
from policybook.charts import BLUE, GREEN, GREY, INK, MUTED, ORANGE, PAPER, RED, SKY, WIDTH, titled

_PAST, _AHEAD = "estimate of a past year", "projection"


def _heading(chart: alt.TopLevelMixin, text: str, subtitle: str | list[str] = "") -> alt.TopLevelMixin:
    """Return a panel under its own small heading."""
    title = alt.TitleParams(
        text, subtitle=subtitle, fontSize=13, subtitleFontSize=12, offset=8, frame="group", anchor="start"
    )
    return chart.properties(title=title)


# ------------------------------------------------------------------------------------------------------------- compute

_PUBLISHED = {"figure": "circle", "more than": "triangle-up", "estimate": "square", "goal": "diamond"}
_PUBLISHED_TEXT = {
    "figure": "figure",
    "more than": "“more than”",
    "estimate": "market estimate for a year",
    "goal": "goal",
}


_PART_WORDS = {"all computing": " in all", "intelligent computing": " intelligent"}


def compute_counts(counts: pd.DataFrame) -> alt.HConcatChart:
    """Draw the three counts side by side, each on its own axis; ``counts`` is from :func:`energy.compute_counts`.

    Goals beyond 2027 are not drawn: they would flatten the figures.
    """
    rows = counts[counts["date"].dt.year < 2028].copy()
    middle = rows["date"] + (rows["date_end"] - rows["date"]) / 2
    sign = rows["published_as"].map({"more than": ">", "goal": "goal >"}).fillna("")
    rows = rows.assign(
        shown_at=middle,
        Published=rows["published_as"].map(_PUBLISHED_TEXT),
        text=sign
        + rows["eflops"].map("{:,.0f}".format)
        + rows["part"].map(_PART_WORDS).where(rows["count"] == energy.DEVICE, ""),
        when=rows["date"]
        .dt.strftime("%Y-%m-%d")
        .where(rows["date"] == rows["date_end"], rows["date"].dt.strftime("%Y")),
    )
    official = counts.loc[(counts["count"] == energy.FP16) & (counts["published_as"] != "goal"), "eflops"]
    total = rows[(rows["count"] == energy.FP32) & (rows["published_as"] != "goal")].iloc[-1]
    goal = rows[(rows["count"] == energy.FP32) & (rows["published_as"] == "goal")].iloc[0]
    panels = [
        _count_panel(rows, energy.FP32, "All computing, FP32", "MIIT: centres in use"),
        _count_panel(rows, energy.FP16, "Intelligent, FP16", "MIIT; estimates before"),
        _count_panel(rows, energy.DEVICE, "Device side", "CAICT: six years of shipments"),
    ]
    chart = alt.hconcat(*panels, spacing=16).resolve_scale(y="independent", shape="shared", color="shared")
    return titled(
        chart,
        f"The count that grew to {official.max():,.0f} EFLOPS is not the count of the {goal['eflops']:,.0f} "
        f"EFLOPS goal: that one stops at {total['eflops']:,.0f}, at the end of {total['date'].year}",
        f"Computing capacity in {settings.load().place} by three conventions, EFLOPS. Three axes: heights must "
        "not be compared across panels",
    )


def _count_panel(rows: pd.DataFrame, count: str, heading: str, subtitle: str) -> alt.LayerChart:
    rows = rows[rows["count"] == count]
    domain = list(_PUBLISHED_TEXT.values())
    x = (
        alt.X("shown_at:T")
        .title(None)
        .scale(domain=["2021-01-01", "2027-03-01"])
        .axis(format="%Y", tickCount=3, labelFlush=False, grid=False)
    )
    y = alt.Y("eflops:Q").title(None).axis(tickCount=4).scale(domain=[0, rows["eflops"].max() * 1.12])
    tooltip = [
        alt.Tooltip("when:N", title="Date or year"),
        alt.Tooltip("text:N", title="EFLOPS"),
        alt.Tooltip("part:N", title="Part"),
        alt.Tooltip("producer:N", title="Published by"),
        alt.Tooltip("Published:N", title="Published as"),
    ]
    columns = ["shown_at", "eflops", "Published", "text", "part", "producer", "when"]
    points = (
        alt.Chart(rows[columns])
        .mark_point(size=62, filled=True, opacity=1)
        .encode(
            x=x,
            y=y,
            color=alt.Color("Published:N").scale(domain=domain, range=[BLUE, BLUE, GREY, ORANGE]).title(None),
            shape=alt.Shape("Published:N").scale(domain=domain, range=list(_PUBLISHED.values())).title(None),
            tooltip=tooltip,
        )
    )
    layers = [points]
    years = rows[rows["date"] < rows["date_end"]]
    if len(years):
        span = alt.Chart(years[["date", "date_end", "eflops"]]).mark_rule(color=GREY, strokeWidth=2)
        layers.insert(0, span.encode(x="date:T", x2="date_end:T", y="eflops:Q"))
    # A line joins the official figures of one producer where there are more than two.
    official = rows[rows["Published"].isin(domain[:2]) & (rows["producer"] != "NDA")]
    series = official if len(official) > 3 or rows["part"].nunique() == 1 else official.iloc[:0]
    if len(series):
        line = alt.Chart(series[["shown_at", "eflops"]]).mark_line(color=BLUE, strokeWidth=1.6, opacity=0.7)
        layers.insert(0, line.encode(x="shown_at:T", y="eflops:Q"))
    # A dense series is labelled at its ends; a first point beside an estimate has its label below.
    labelled = rows[rows["producer"] != "NDA"].assign(side="above")
    inner = labelled.index.isin(series.index[1:-1]) & (len(series) > 4)
    labelled.loc[labelled.index.isin(series.index), "side"] = "left"
    if len(years) and len(series):
        labelled.loc[series.index[0], "side"] = "below"
    for side, align, dx, dy in (("above", "center", 0, -11), ("left", "right", -6, -8), ("below", "left", 6, 13)):
        part = labelled[~inner & (labelled["side"] == side)]
        if len(part):
            text = alt.Chart(part[["shown_at", "eflops", "text"]]).mark_text(
                align=align, dx=dx, dy=dy, color=INK, fontSize=12
            )
            layers.append(text.encode(x="shown_at:T", y="eflops:Q", text="text:N"))
    return _heading(alt.layer(*layers).properties(width=170, height=230), heading, subtitle)


# --------------------------------------------------------------------------------------------------------- electricity


def electricity_outlooks(outlooks: pd.DataFrame, published: pd.DataFrame) -> alt.VConcatChart:
    """Draw each publisher's latest estimate and its projection, by region; the own country has two panels.

    ``outlooks`` is from :func:`energy.outlooks`; ``published``, for the single cases, from :func:`energy.electricity`.
    """
    rows = outlooks.copy()
    rows["row"] = (
        rows["publisher"]
        + ", "
        + rows["from_year"].astype("string").add(" to ").fillna("")
        + rows["to_year"].astype("string")
    )
    spans = rows["to_low"] < rows["to_high"]
    central = rows["to_central"].map("{:,.0f}".format).where(rows["to_central"].notna(), "")
    between = rows["to_low"].map("{:,.0f}".format) + "–" + rows["to_high"].map("{:,.0f}".format)
    rows["to_text"] = central.where(~spans, (central + " (" + between + ")").where(central != "", between))
    start = rows["from_low"].map("{:,.0f}–".format).where(rows["from_low"] < rows["from_high"], "")
    rows["from_text"] = (start + rows["from_high"].map("{:,.0f}".format)).where(rows["from_high"].notna(), "")
    cases = published.merge(
        rows[["panel", "publisher", "to_year", "row"]],
        left_on=["panel", "publisher", "year"],
        right_on=["panel", "publisher", "to_year"],
    )
    cases = cases[cases["is_projection"] & cases["value"].notna()]
    home = rows[rows["panel"].isin(energy.own_panels()) & (rows["to_year"] == 2030)]
    panels, names = [], energy.panels()
    for panel in names:
        part, points = rows[rows["panel"] == panel], cases[cases["panel"] == panel]
        limit = 3000 if panel == "World" else 1100
        panels.append(_heading(_outlook_panel(part, points, limit, panel == names[-1]), str(panel)))
    chart = alt.vconcat(*panels, spacing=14).resolve_scale(x="independent", y="independent")
    return titled(
        chart,
        f"For {settings.load().place} in 2030, published projections run from {home['to_low'].min():,.0f} to "
        f"{home['to_high'].max():,.0f} TWh; "
        "publishers disagree about the starting point too",
        "Electricity used by data centres, TWh a year: latest estimate (blue) and projection (orange; bar: range "
        "or span of "
        "cases). The world has a longer axis",
    )


def _outlook_panel(rows: pd.DataFrame, cases: pd.DataFrame, limit: float, last: bool) -> alt.LayerChart:
    order = list(rows.sort_values(["to_high", "to_low"])["row"])
    columns = ["row", "from_low", "from_high", "to_low", "to_high", "to_central", "to_text", "from_text", "confidence"]
    y = alt.Y("row:N").sort(order).title(None).axis(minExtent=232, labelLimit=232, ticks=False, domain=False)

    def x(field: str) -> alt.X:
        return (
            alt.X(f"{field}:Q")
            .title("TWh a year" if last else None)
            .scale(domain=[0, limit], nice=False)
            .axis(tickCount=6, labels=True)
        )

    tooltip = [
        alt.Tooltip("row:N", title="Publisher"),
        alt.Tooltip("from_text:N", title="Estimate, TWh"),
        alt.Tooltip("to_text:N", title="Projection, TWh"),
        alt.Tooltip("confidence:N", title="Confidence"),
    ]
    base = alt.Chart(rows[columns]).encode(y=y)
    link = base.transform_filter("isValid(datum.from_high)").mark_rule(color=MUTED, strokeDash=[2, 3], strokeWidth=1)
    bar = base.mark_bar(color=ORANGE, opacity=0.35, height=9)
    past = base.transform_filter("isValid(datum.from_high)").mark_point(size=70, color=BLUE, filled=True, opacity=1)
    ahead = base.transform_filter("isValid(datum.to_central)").mark_point(
        size=80, shape="diamond", stroke=ORANGE, fill=PAPER, filled=True, strokeWidth=2, opacity=1
    )
    ticks = alt.Chart(cases[["row", "value", "case"]]).mark_tick(color=ORANGE, thickness=2, height=11)
    case_tip = [alt.Tooltip("case:N", title="Case"), alt.Tooltip("value:Q", title="TWh", format=",.0f")]
    return alt.layer(
        link.encode(x=x("from_high"), x2="to_low:Q"),
        bar.encode(x=x("to_low"), x2="to_high:Q", tooltip=tooltip),
        ticks.encode(y=y, x=x("value"), tooltip=case_tip),
        ahead.encode(x=x("to_central"), tooltip=tooltip),
        past.encode(x=x("from_high"), tooltip=tooltip),
        base.mark_text(align="right", dx=-7, color=INK, fontSize=12).encode(x=x("from_high"), text="from_text:N"),
        base.mark_text(align="left", dx=9, color=INK, fontSize=12).encode(x=x("to_high"), text="to_text:N"),
    ).properties(width=400, height=alt.Step(23))


def baselines(published: pd.DataFrame) -> alt.VConcatChart:
    """Draw the estimates for data centres of the own country of past years, the IEA apart; ``published`` as above."""
    own, (agency, others) = settings.load(), energy.own_panels()
    rows = published[published["panel"].isin([agency, others]) & ~published["is_projection"]]
    about = rows["qualifier"].astype("object").map({"about": "about "}).fillna("")
    spans = rows["low"] < rows["high"]
    text = (rows["low"].map("{:.0f}".format) + "–" + rows["high"].map("{:.0f}".format)).where(
        spans, about + rows["high"].map("{:.0f}".format)
    )
    rows = rows.assign(row=rows["year"].astype(str) + "  " + rows["publisher"], text=text)
    top = rows.loc[rows["value"].idxmax(), "year"]
    same = rows[rows["year"] == rows.loc[rows["panel"] == agency, "year"].max()]
    panels = []
    for panel, title in (
        (others, f"{own.adjective} and other publishers"),
        (agency, "International Energy Agency"),
    ):
        part = rows[rows["panel"] == panel][["row", "year", "publisher", "value", "low", "high", "text", "note"]]
        y = (
            alt.Y("row:N")
            .sort(list(part.sort_values(["year", "high"])["row"]))
            .title(None)
            .axis(minExtent=232, labelLimit=232, ticks=False, domain=False)
        )
        x = (
            alt.X("low:Q")
            .title("TWh a year" if panel == agency else None)
            .scale(domain=[0, 240], nice=False)
            .axis(tickCount=6)
        )
        base = alt.Chart(part).encode(
            y=y,
            tooltip=[
                alt.Tooltip("row:N", title="Estimate"),
                alt.Tooltip("text:N", title="TWh"),
                alt.Tooltip("note:N", title="Note"),
            ],
        )
        layers = alt.layer(
            base.mark_bar(color=BLUE, opacity=0.45, height=9).encode(x=x, x2="high:Q"),
            base.transform_filter("isValid(datum.value)")
            .mark_point(size=70, color=BLUE, filled=True, opacity=1)
            .encode(x=x),
            base.mark_text(align="left", dx=9, color=INK, fontSize=12).encode(x="high:Q", text="text:N"),
        )
        panels.append(_heading(layers.properties(width=380, height=alt.Step(22)), title))
    chart = alt.vconcat(*panels, spacing=14).resolve_scale(y="independent", x="independent")
    return titled(
        chart,
        f"There is no agreed {own.adjective} baseline: estimates for {same['year'].iloc[0]} alone run from "
        f"{same['low'].min():.0f} to {same['high'].max():.0f} TWh, and the highest of all is for {top:.0f}",
        f"Electricity used by data centres in {own.place}, TWh a year, by year and publisher; bars are ranges "
        "published as ranges",
    )


# ---------------------------------------------------------------------------------------------------------------- grid


_OLD, _NEW = "older copy", "current file"


def grid_intensity(intensity: pd.DataFrame) -> alt.LayerChart:
    """Draw the carbon intensity of electricity by year; ``intensity`` is from :func:`energy.grid_intensity`."""
    rows, own = intensity.copy(), settings.load()
    tints = {own.place: RED, "World": GREY, own.rival_place: BLUE, "EU27": GREEN}
    first, last = rows["year"].min(), rows["year"].max()
    rows["edition"] = rows["older_edition"].map({True: _OLD, False: _NEW})
    ends = rows[rows["year"] == last].set_index("region")["intensity"]
    starts = rows[rows["year"] == first].set_index("region")["intensity"]
    change = (ends / starts - 1).reindex(ends.index)
    said = change.map("  ({:+.0%})".format).str.replace("-", "−").where(change.notna(), "")
    labels = pd.DataFrame(
        {
            "region": ends.index,
            "year": last,
            "intensity": ends.to_numpy(),
            "text": [f"{name}  {ends[name]:.0f}{said[name]}" for name in ends.index],
        }
    )
    domain = [name for name in tints if name in set(rows["region"])]
    colours = [tints[name] for name in domain]
    colour = alt.Color("region:N").scale(domain=domain, range=colours).legend(None)
    x = alt.X("year:Q").title(None).axis(format="d", tickCount=6, grid=False).scale(domain=[first, last], nice=False)
    y = alt.Y("intensity:Q").title(None).scale(domainMin=0).axis(tickCount=5)
    base = alt.Chart(rows.drop(columns=["source_id", "older_edition"])).encode(x=x, y=y, color=colour)
    tooltip = [
        alt.Tooltip("region:N", title="Region"),
        alt.Tooltip("year:Q", title="Year", format="d"),
        alt.Tooltip("intensity:Q", title="gCO2e/kWh", format=".0f"),
        alt.Tooltip("edition:N", title="Edition of the series"),
    ]
    old = base.transform_filter(f"datum.edition == '{_OLD}'")
    new = base.transform_filter(f"datum.edition == '{_NEW}'")
    chart = alt.layer(
        base.mark_line(strokeWidth=2.4),
        new.mark_point(size=34, filled=True, opacity=1).encode(tooltip=tooltip),
        old.mark_point(size=34, fill=PAPER, filled=True, strokeWidth=1.5, opacity=1).encode(
            stroke=alt.Stroke("region:N").scale(domain=domain, range=colours).legend(None), tooltip=tooltip
        ),
        alt.Chart(labels)
        .mark_text(align="left", dx=9, fontSize=12.5, fontWeight=600)
        .encode(x=x, y=y, text="text:N", color=colour),
    ).properties(width=WIDTH - 215, height=300)
    finding = f"Carbon of a kilowatt-hour in {len(ends)} regions"
    if {own.place, own.rival_place, "EU27"} <= set(ends.index):
        finding = (
            f"A kilowatt-hour in {own.place} carries {ends[own.place] / ends['EU27']:.1f} times the carbon of one in "
            f"the EU and {ends[own.place] / ends[own.rival_place]:.1f} times that of one in the {own.rival_place}"
        )
    return titled(
        chart,
        finding,
        f"Carbon intensity of electricity, gCO2e per kWh generated, life-cycle (Ember); {last} and change since "
        f"{first}. "
        "Open points: older copy of the series",
    )


_HUB_COLOURS = [ORANGE, BLUE, GREY]


def provincial_factors(factors: pd.DataFrame, national: float) -> alt.LayerChart:
    """Draw the official factor of each province, ranked; ``factors`` is from :func:`energy.provincial_factors`.

    ``national`` is the national average (gCO2/kWh).
    """
    rows = factors.drop(columns="source_id").assign(
        hub=factors["hub"].fillna("none"), hub_group=factors["hub_group"].astype(str), zero=0
    )
    groups = energy.hub_groups()
    west = rows[rows["hub_group"] == groups[0]]
    above = west[west["factor"] > national]
    y = alt.Y("province:N").sort(list(rows["province"])).title(None).axis(ticks=False, domain=False, labelFontSize=11.5)
    x = alt.X("factor:Q").title("gCO2 per kWh").scale(domain=[0, 720], nice=False).axis(tickCount=7)
    colour = alt.Color("hub_group:N").scale(domain=groups, range=_HUB_COLOURS).title(None)
    pick = alt.selection_point(fields=["hub_group"], bind="legend")
    fade = alt.condition(pick, alt.value(1), alt.value(0.25))
    stems = alt.Chart(rows[["province", "factor", "zero"]]).encode(y=y)
    base = alt.Chart(rows).encode(y=y, x=x)
    tooltip = [
        alt.Tooltip("province:N", title="Province"),
        alt.Tooltip("factor:Q", title="gCO2/kWh", format=".1f"),
        alt.Tooltip("hub:N", title="Hub"),
    ]
    mean = alt.Chart(pd.DataFrame({"factor": [national], "text": [f"national average {national:.0f}"]}))
    shape = alt.Shape("hub_group:N").scale(domain=groups, range=["diamond", "circle", "circle"]).title(None)
    chart = alt.layer(
        mean.mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x=x),
        mean.mark_text(align="left", dx=5, dy=-6, color=MUTED, baseline="bottom").encode(
            x=x, y=alt.value(0), text="text:N"
        ),
        stems.mark_rule(color=MUTED, opacity=0.5).encode(x="zero:Q", x2="factor:Q"),
        base.mark_point(size=72, filled=True)
        .encode(color=colour, shape=shape, opacity=fade, tooltip=tooltip)
        .add_params(pick),
        base.mark_text(align="left", dx=8, fontSize=11).encode(
            text=alt.Text("factor:Q", format=".0f"), color=alt.value(INK)
        ),
    ).properties(width=WIDTH - 110, height=alt.Step(17))
    return titled(
        chart,
        f"West is not automatically clean: {len(above)} of the {len(west)} western hub provinces lie above the "
        "national "
        f"average of {national:.0f} g",
        "Official average emission factor of electricity by province, gCO2 per kWh, 2023 (CO2 only, by "
        "location). Hubs: "
        "East Data, West Compute",
    )


# ------------------------------------------------------------------------------------------------- PUE and green power

_FORCE_COLOURS = dict(zip(energy.FORCES, [RED, ORANGE, BLUE, SKY, GREY], strict=True))
_FORCE_SHAPES = dict(zip(energy.FORCES, ["square", "diamond", "triangle-down", "triangle-up", "circle"], strict=True))


def pue(averages: pd.DataFrame, limits: pd.DataFrame) -> alt.VConcatChart:
    """Draw average PUE above the limits and goals, on one axis.

    Tables from :func:`energy.pue_averages` and :func:`energy.pue_limits`.
    """
    width, own = 400, settings.load()
    x = alt.X("pue:Q").scale(domain=[1, 1.75], nice=False).axis(tickCount=7, format=".1f")
    latest = averages[(averages["region"] == own.place) & (averages["maker"] == "MIIT")].sort_values("year")
    goal = limits[
        (limits["iso3"] == own.iso3) & limits["label"].str.contains("national, 2025") & (limits["comparator"] == "lt")
    ]
    names = energy.jurisdictions()
    law = " and ".join(sorted({names[i] for i in limits.loc[limits["force"] == energy.FORCES[0], "iso3"]}))
    rows = averages.assign(kind=averages["is_projection"].map({True: _AHEAD, False: "reported or surveyed"}))
    order = list(rows["label"])
    tooltip = [
        alt.Tooltip("label:N", title="Average"),
        alt.Tooltip("pue:Q", title="PUE", format=".2f"),
        alt.Tooltip("kind:N", title="Kind"),
    ]
    y = alt.Y("label:N").sort(order).title(None).axis(minExtent=225, labelLimit=225, ticks=False, domain=False)
    base = alt.Chart(rows[["label", "pue", "kind"]]).encode(x=x.title(None), y=y, tooltip=tooltip)
    number = {"align": "left", "dx": 8, "color": INK, "fontSize": 12}
    top = alt.layer(
        base.transform_filter(f"datum.kind != '{_AHEAD}'").mark_point(size=70, color=BLUE, filled=True, opacity=1),
        base.transform_filter(f"datum.kind == '{_AHEAD}'").mark_point(
            size=70, shape="diamond", stroke=ORANGE, fill=PAPER, filled=True, strokeWidth=2, opacity=1
        ),
        base.mark_text(**number).encode(text=alt.Text("pue:Q", format=".2f")),
    ).properties(width=width, height=alt.Step(20))
    asked = limits.assign(
        label=limits["label"].where(limits["force"] != "proposal", limits["label"] + " (draft)"),
        text=limits["comparator"].map({"le": "≤ ", "lt": "< "}).fillna("") + limits["pue"].map("{:.4g}".format),
    )
    used = [force for force in energy.FORCES if force in set(asked["force"])]
    colour = alt.Color("force:N").scale(domain=used, range=[_FORCE_COLOURS[f] for f in used]).title(None)
    shape = alt.Shape("force:N").scale(domain=used, range=[_FORCE_SHAPES[f] for f in used]).title(None)
    legend = alt.Legend(orient="bottom", columns=2, symbolSize=80, labelLimit=230)
    asks = alt.Chart(asked[["label", "pue", "force", "text"]]).encode(
        x=x.title("PUE (1 = no overhead)"),
        y=alt.Y("label:N")
        .sort(list(asked["label"]))
        .title(None)
        .axis(minExtent=225, labelLimit=225, ticks=False, domain=False),
    )
    tip = [
        alt.Tooltip("label:N", title="Who, from when"),
        alt.Tooltip("text:N", title="PUE"),
        alt.Tooltip("force:N", title="Force"),
    ]
    bottom = alt.layer(
        asks.mark_point(size=70, filled=True, opacity=1).encode(
            color=colour.legend(legend), shape=shape.legend(legend), tooltip=tip
        ),
        asks.mark_text(**number).encode(text="text:N"),
    ).properties(width=width, height=alt.Step(20))
    chart = alt.vconcat(_heading(top, "Averages (open: projection)"), _heading(bottom, "Limits and goals"), spacing=12)
    finding = f"{len(averages)} averages beside {len(limits)} limits and goals"
    if len(latest) and len(goal):
        finding = (
            f"{own.place}'s reported average of {latest['pue'].iloc[-1]:.2f} is under its own goal of "
            f"{goal['pue'].max():.1f}; limits in law were found for {law} alone"
        )
    return titled(
        chart.resolve_scale(x="shared", y="independent", color="independent", shape="independent"),
        finding,
        "Power usage effectiveness: energy of the site by energy of the IT equipment. Averages of different "
        "makers cover "
        "different populations",
    )


_ROLES = {
    "reported": ("reported share", BLUE, "circle"),
    "administrative": ("new sites in hubs, administrative", ORANGE, "triangle-down"),
    "guidance_or_goal": ("whole sector, goal as reported", RED, "diamond"),
    "condition": ("sites bought by government, condition", GREEN, "square"),
}


def green_power(shares: pd.DataFrame) -> alt.LayerChart:
    """Draw reported shares of renewable power in the own country beside those asked for.

    ``shares`` is from :func:`energy.green_power`.
    """
    own = settings.load()
    rows = shares[shares["iso3"] == own.iso3].drop_duplicates(["year", "share", "role"])
    reported = rows[(rows["role"] == "reported") & (rows["year"] >= 2023)]
    goal = rows[rows["role"] == "guidance_or_goal"].iloc[0]
    rows = rows.assign(
        kind=rows["role"].map(lambda role: _ROLES[role][0]),
        text=rows["share"].map("{:.0f}%".format) + (", " + rows["label"]).where(rows["role"] == "reported", ""),
    )
    domain = [name for name, _, _ in _ROLES.values()]
    colour = alt.Color("kind:N").scale(domain=domain, range=[c for _, c, _ in _ROLES.values()]).title(None)
    shape = alt.Shape("kind:N").scale(domain=domain, range=[s for _, _, s in _ROLES.values()]).title(None)
    legend = alt.Legend(columns=2, symbolSize=80, labelLimit=280)
    x = alt.X("year:Q").title(None).scale(domain=[2016.9, 2033], nice=False).axis(format="d", tickCount=8, grid=False)
    y = (
        alt.Y("share:Q")
        .title(None)
        .scale(domain=[0, 108])
        .axis(values=[0, 20, 40, 60, 80, 100], labelExpr="datum.value + '%'")
    )
    base = alt.Chart(rows[["year", "share", "kind", "text", "label"]]).encode(x=x, y=y)
    tooltip = [
        alt.Tooltip("kind:N", title="What"),
        alt.Tooltip("label:N", title="Source or scope"),
        alt.Tooltip("year:Q", title="Year", format="d"),
        alt.Tooltip("share:Q", title="Percent"),
    ]
    steps = base.transform_filter(f"datum.kind == '{_ROLES['condition'][0]}'").mark_line(
        color=GREEN, interpolate="step-after", strokeDash=[4, 3], strokeWidth=1.4
    )
    chart = alt.layer(
        steps,
        base.mark_point(size=90, filled=True, opacity=1).encode(
            color=colour.legend(legend), shape=shape.legend(legend), tooltip=tooltip
        ),
        *(
            base.transform_filter(f"datum.kind {sign} '{_ROLES['condition'][0]}'")
            .mark_text(align=align, dx=dx, dy=dy, color=INK, fontSize=12)
            .encode(text="text:N")
            for sign, align, dx, dy in (("!==", "center", 0, -13), ("===", "left", 9, 11))
        ),
    ).properties(width=WIDTH - 40, height=300)
    return titled(
        chart,
        f"Green power is the gap: {reported['share'].min():.0f} to {reported['share'].max():.0f}% reported, "
        f"{goal['share']:.0f}% asked for by {goal['year']:.0f}",
        f"Renewable share of the electricity of {own.adjective} data centres, percent; the accounting bases of the "
        "reported shares differ",
    )


# --------------------------------------------------------------------------------------------------------------- chips

# By class of export control, in order.
_CONTROL_COLOURS = [BLUE, SKY, RED, GREY]
_CONTROL_SHAPES = ["circle", "triangle-up", "square", "diamond"]


def chips(efficiency: pd.DataFrame) -> alt.VConcatChart:
    """Draw work per watt by model, chips apart from whole systems.

    ``efficiency`` is from :func:`energy.chip_efficiency`.
    """
    rows = efficiency.drop(columns="source_id")
    rows = rows.assign(
        row=rows["vendor"] + " " + rows["model"] + " (" + rows["year"].astype(str) + ")",
        status=rows["status"].fillna("not stated"),
    )
    best = rows.groupby("row")["tflops_per_w"].max()
    least = rows[rows["unit"] == "chip"].sort_values("tflops_per_w").head(1)
    system = rows[rows["unit"] == "system"].set_index("vendor")["tflops_per_w"]
    looks = zip(energy.control_classes(), _CONTROL_COLOURS, _CONTROL_SHAPES, strict=True)
    used, colours, shapes = zip(*(look for look in looks if look[0] in set(rows["control"])), strict=True)
    colour = alt.Color("control:N").scale(domain=used, range=colours).title(None)
    shape = alt.Shape("control:N").scale(domain=used, range=shapes).title(None)
    status = data.column_labels("chips", "control")["control"]
    panels = []
    for unit, title in (
        ("chip", "Chips: peak rate by rated power"),
        ("system", "Whole systems: all chips by the power of the whole"),
    ):
        part = rows[rows["unit"] == unit]
        order = list(part.assign(best=part["row"].map(best)).sort_values("best", ascending=False)["row"].unique())
        y = alt.Y("row:N").sort(order).title(None).axis(minExtent=200, labelLimit=220, ticks=False, domain=False)
        x = alt.X("tflops_per_w:Q").title("TFLOPS per watt" if unit == "system" else None)
        x = x.scale(domain=[0, 2.1], nice=False).axis(tickCount=5, format=".1f")
        span = part.groupby("row", sort=False)["tflops_per_w"].agg(["min", "max"]).reset_index()
        span["text"] = [
            f"{a:.2f}" if b - a < 0.005 else f"{a:.2f}–{b:.2f}" for a, b in zip(span["min"], span["max"], strict=True)
        ]
        base = alt.Chart(part[["row", "tflops_per_w", "control", "status", "confidence"]]).encode(y=y, x=x)
        tooltip = [
            alt.Tooltip("row:N", title="Model"),
            alt.Tooltip("tflops_per_w:Q", title="TFLOPS per W", format=".2f"),
            alt.Tooltip("status:N", title="Export control"),
            alt.Tooltip("confidence:N", title="Confidence"),
        ]
        legend = alt.Legend(orient="top", columns=2, symbolSize=80, labelLimit=240)
        layers = alt.layer(
            alt.Chart(span).mark_rule(color=MUTED, strokeWidth=2).encode(y=y, x="min:Q", x2="max:Q"),
            base.mark_point(size=80, filled=True, opacity=1).encode(
                color=colour.legend(legend), shape=shape.legend(legend), tooltip=tooltip
            ),
            alt.Chart(span).mark_text(align="left", dx=9, color=INK, fontSize=12).encode(y=y, x="max:Q", text="text:N"),
        )
        panels.append(_heading(layers.properties(width=400, height=alt.Step(22)), title))
    chart = alt.vconcat(*panels, spacing=12).resolve_scale(x="shared", y="independent")
    finding = f"{rows['model'].nunique()} chips and systems by their work per watt"
    if {"Huawei", "NVIDIA"} <= set(system.index) and len(least):
        finding = (
            f"On paper a Huawei CloudMatrix does {system['Huawei'] / system['NVIDIA']:.0%} of the work per watt of "
            f"an Nvidia GB200 system; of the chips, the {least['model'].iloc[0]} made for {settings.load().place} does "
            "least"
        )
    return titled(
        chart,
        finding,
        f"Dense FP16 or BF16 TFLOPS per watt, by announcement year and {status[:1].lower()}{status[1:]}; lines "
        "join sources that differ",
    )


# --------------------------------------------------------------------------------------------- documents, requirements

_STATE_STYLE = {
    "yes": ("named or set", BLUE, "circle"),
    "in part": ("in part", SKY, "triangle-up"),
    "rejected": ("named to be rejected", RED, "cross"),
    "no": ("not in the text seen", GREY, "M-0.5,-0.09H0.5V0.09H-0.5Z"),
    "not known": ("not known", ORANGE, "diamond"),
}


def _listed(words: list[str], joint: str = "and") -> str:
    return f" {joint} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def provision_matrix(matrix: pd.DataFrame) -> alt.VConcatChart:
    """Draw what each document names and sets, by issuer; ``matrix`` is from :func:`energy.provision_matrix`.

    The title tells of its first row, which is bold.
    """
    rows = matrix.assign(
        look=matrix["state"].map(lambda state: _STATE_STYLE[state][0]), group=matrix["group"].astype(str)
    )
    wide = rows.pivot(index="provision_id", columns="aspect", values="state")
    bound = wide[(wide["Metric"] == "yes") & (wide["Binding"] == "yes")]
    law = rows.loc[rows["provision_id"].isin(bound.index), "group"].unique()
    first = rows.iloc[0]
    own = wide.loc[first["provision_id"]]
    named = [aspect.lower() for aspect in energy.ASPECTS[:4] if own[aspect] == "yes"]
    unset = [aspect.lower() for aspect in energy.ASPECTS[4:7] if own[aspect] == "no"]
    domain = [look for look, _, _ in _STATE_STYLE.values()]
    colour = alt.Color("look:N").scale(domain=domain, range=[c for _, c, _ in _STATE_STYLE.values()]).title(None)
    shape = alt.Shape("look:N").scale(domain=domain, range=[s for _, _, s in _STATE_STYLE.values()]).title(None)
    legend = alt.Legend(orient="bottom", columns=3, symbolSize=90, symbolStrokeWidth=2)
    tooltip = [
        alt.Tooltip("document:N", title="Document"),
        alt.Tooltip("aspect:N", title="Aspect"),
        alt.Tooltip("look:N", title="State"),
        alt.Tooltip("detail:N", title="Detail"),
        alt.Tooltip("asks:N", title="What it asks"),
    ]
    article = {"condition": {"test": f"datum.value == '{first['document']}'", "value": "bold"}, "value": "normal"}
    panels = []
    groups = [group for group in energy.provision_groups() if group in set(rows["group"])]
    for position, group in enumerate(groups):
        part = rows[rows["group"] == group][["document", "aspect", "look", "detail", "asks"]]
        axis = alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False, labelColor=INK, labels=position == 0)
        base = alt.Chart(part).encode(
            x=alt.X("aspect:N").sort(energy.ASPECTS).title(None).axis(axis),
            y=alt.Y("document:N")
            .sort(list(part["document"].unique()))
            .title(None)
            .axis(
                minExtent=215,
                labelLimit=215,
                ticks=False,
                domain=False,
                grid=True,
                tickBand="extent",
                labelFontWeight=article,
                labelColor={"condition": {**article["condition"], "value": INK}, "value": MUTED},
            ),
        )
        marks = base.mark_point(size=110, filled=True, opacity=1, strokeWidth=2).encode(
            color=colour.legend(legend),
            shape=shape.legend(legend),
            tooltip=tooltip,
        )
        panels.append(_heading(marks.properties(width=430, height=alt.Step(22)), group))
    chart = alt.vconcat(*panels, spacing=8).resolve_scale(y="independent", x="shared", color="shared", shape="shared")
    return titled(
        chart,
        f"{first['passage'].capitalize()} names {_listed(named)} but sets no {_listed(unset, 'or')}; {len(bound)} of "
        f"{len(wide)} texts set a metric by law ({', '.join(law)})",
        "What each text names (first four columns) and sets (last four), as far as it was seen",
    )


_PLURALS = dict(
    zip(energy.FORCES, ["law", "conditions", "administrative targets", "drafts", "goals"], strict=True),
)


def requirement_counts(counts: pd.DataFrame) -> alt.LayerChart:
    """Draw the number of requirements by jurisdiction and force.

    ``counts`` is from :func:`energy.requirement_counts`.
    """
    rows = counts.assign(force=counts["force"].astype(str))
    law = rows[rows["force"] == energy.FORCES[0]].set_index("jurisdiction")["count"]
    where = _listed(sorted(law.index)[::-1]).replace("European", "the European")
    place = settings.load().place
    home = rows[rows["jurisdiction"] == place]
    how = _listed([_PLURALS[force] for force in energy.FORCES if force in set(home["force"])])
    order = list(rows.groupby("jurisdiction")["count"].sum().sort_values(ascending=False).index)
    base = alt.Chart(rows).encode(
        x=alt.X("force:N")
        .sort(energy.FORCES)
        .scale(domain=energy.FORCES)
        .title(None)
        .axis(
            orient="top",
            labelAngle=0,
            ticks=False,
            domain=False,
            labelColor=INK,
            labelLimit=110,
        ),
        y=alt.Y("jurisdiction:N")
        .sort(order)
        .title(None)
        .axis(ticks=False, domain=False, grid=True, tickBand="extent", labelColor=INK),
    )
    tooltip = [
        alt.Tooltip("jurisdiction:N", title="Jurisdiction"),
        alt.Tooltip("force:N", title="Force"),
        alt.Tooltip("count:Q", title="Requirements"),
    ]
    chart = alt.layer(
        base.mark_circle(color=BLUE, opacity=0.85).encode(
            size=alt.Size("count:Q").scale(rangeMin=0, rangeMax=1100, domainMin=0).legend(None), tooltip=tooltip
        ),
        base.mark_text(align="left", dx=20, color=INK, fontSize=13, fontWeight=600).encode(text="count:Q"),
    ).properties(width=WIDTH - 100, height=alt.Step(48))
    return titled(
        chart,
        f"Numbers bind by law in {where}; {place}'s {home['count'].sum()} work through {how}",
        "Requirements with a number on energy, green power, heat and reporting in the collection, by force; not "
        "a census",
    )
