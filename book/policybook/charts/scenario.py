"""Charts of the scenario model: tables of :mod:`policybook.scenario` in, Altair charts out.

What the model gives is blue; what others published is orange, filled for a past year and open for a projection.
"""

from __future__ import annotations

import json

import altair as alt
import numpy as np
import pandas as pd

from policybook import scenario, settings
from policybook.charts import BLUE, GREEN, GREY, INK, MUTED, ORANGE, PAPER, RED, titled

_LAST = scenario.LAST_YEAR
_BAND = f"{scenario.PERCENTILES[0]} to {scenario.PERCENTILES[-1]} percent"
_CASE_COLOURS = [GREY, BLUE, GREEN, ORANGE, RED]
_CASE_SHAPES = ["square", "circle", "triangle-up", "diamond", "triangle-down"]


def _panel(chart: alt.TopLevelMixin, text: str) -> alt.TopLevelMixin:
    return chart.properties(title=alt.TitleParams(text, fontSize=13, offset=8, frame="group", anchor="start"))


# ----------------------------------------------------------------------------------------------------------------- fans


def fans(table: pd.DataFrame, published: pd.DataFrame) -> alt.VConcatChart:
    """Draw the electricity of each case, 2024 to 2030, and the published values beside it.

    ``table`` is from :func:`scenario.fans`, ``published`` from :func:`scenario.published`. The two Chinese cases have
    one axis, and panels of their own.
    """
    own, cases = settings.load(), scenario.cases()
    rows = table[table["quantity"] == "electricity"]
    ends = rows[rows["year"] == _LAST].set_index("case")
    tops = {
        case: 1.04 * max(ends.loc[case, "high"], published.loc[published["case"] == case, "high"].max())
        for case in cases
    }
    tops["china_iea"] = tops["china_cn"]
    draw = {
        case: _fan(rows[rows["case"] == case], published[published["case"] == case], tops[case], case == "world")
        for case in cases
    }
    pairs = [["world"], ["us", "eu"], ["china_iea", "china_cn"]]
    lines = [
        alt.hconcat(*(_panel(draw[case], cases[case]) for case in pair), spacing=8).resolve_scale(
            x="independent", y="independent"
        )
        for pair in pairs
    ]
    chart = alt.vconcat(*lines, spacing=12).resolve_scale(x="independent", y="independent")
    iea, home = ends.loc["china_iea"], ends.loc["china_cn"]
    return titled(
        chart,
        f"For {own.place} in 2030 the base year and the growth assumed decide: the median is {iea['median']:,.0f} TWh "
        f"on the IEA’s numbers and {home['median']:,.0f} on {own.adjective} ones",
        f"Electricity of data centres, TWh a year. Blue: median and {_BAND} of the draws, which are ranges of "
        "judgement and no probabilities. Orange: published",
    )


def _fan(rows: pd.DataFrame, published: pd.DataFrame, top: float, wide: bool) -> alt.LayerChart:
    (width, height), lift = ((420, 165), 34) if wide else ((145, 165), 56)
    end = 2032.2

    def x(field: str) -> alt.X:
        axis = alt.Axis(format="d", values=[2024, 2026, 2028, 2030], grid=False)
        return alt.X(field, title=None, axis=axis, scale=alt.Scale(domain=[scenario.BASE_YEAR, end], nice=False))

    def y(field: str) -> alt.Y:
        return alt.Y(field, title=None, axis=alt.Axis(tickCount=4), scale=alt.Scale(domain=[0, top], nice=False))

    columns = ["year", "low", "median", "high"]
    base = alt.Chart(rows[columns].round(1)).encode(
        x=x("year:Q"),
        tooltip=[
            alt.Tooltip("year:Q", title="Model, year", format="d"),
            alt.Tooltip("low:Q", title="5 percent, TWh", format=",.0f"),
            alt.Tooltip("median:Q", title="median", format=",.0f"),
            alt.Tooltip("high:Q", title="95 percent", format=",.0f"),
        ],
    )
    layers = [
        base.mark_area(color=BLUE, opacity=0.25).encode(y=y("low:Q"), y2="high:Q"),
        base.mark_line(color=BLUE).encode(y=y("median:Q")),
        base.mark_point(color=BLUE, size=22, opacity=1).encode(y=y("median:Q")),
    ]
    median = float(rows.loc[rows["year"] == _LAST, "median"].iloc[0])
    points = _placed(published, median, top, end, gap=15 / height * top)
    other = points[points["label"] != "Model median"]
    tooltip = [
        alt.Tooltip("text:N", title="Published, TWh"),
        alt.Tooltip("low:Q", title="lowest", format=",.0f"),
        alt.Tooltip("high:Q", title="highest", format=",.0f"),
        alt.Tooltip("note:N", title="note"),
    ]
    marks = alt.Chart(other).encode(x=x("at:Q"), tooltip=tooltip)
    names = alt.Chart(points[points["year"] == _LAST][["at", "anchor", "name_at", "place", "text", "model"]])
    layers += [
        names.mark_rule(color=MUTED, strokeWidth=0.7, strokeDash=[1, 2]).encode(
            x=x("at:Q"), x2="name_at:Q", y=y("anchor:Q"), y2="place:Q"
        ),
        marks.mark_bar(color=ORANGE, size=6, opacity=0.45).encode(y=y("low:Q"), y2="high:Q"),
        marks.transform_filter(f"isValid(datum.value) && datum.year == {_LAST}")
        .mark_point(shape="diamond", size=64, fill=PAPER, stroke=ORANGE, strokeWidth=2, opacity=1)
        .encode(y=y("value:Q")),
        names.mark_text(align="left", dx=3, fontSize=12).encode(
            x=x("name_at:Q"),
            y=y("place:Q"),
            text="text:N",
            color=alt.condition("datum.model", alt.value(BLUE), alt.value(INK)),
        ),
    ]
    past = other[other["year"] < _LAST]
    if len(past):
        early = alt.Chart(past).encode(x=x("year:Q"), y=y("value:Q"), tooltip=tooltip)
        layers += [
            early.mark_point(shape="diamond", size=64, color=ORANGE, opacity=1),
            early.mark_text(align="left", dx=-4, dy=-lift, color=INK, fontSize=12).encode(text="text:N"),
            early.mark_rule(color=MUTED, strokeWidth=0.7, yOffset=-7, y2Offset=8 - lift).encode(y2="value:Q"),
        ]
    return alt.layer(*layers).properties(width=width, height=height)


def _placed(published: pd.DataFrame, median: float, top: float, end: float, gap: float) -> pd.DataFrame:
    """Return the published values with the median of the model, a place beside 2030 and a free line for the name."""
    drop = ["case", "source_ids"]
    rows = published.drop(columns=drop).assign(model=False)
    ahead = rows["year"] == _LAST
    rows["at"] = rows["year"] + (0.35 * ahead.cumsum()).where(ahead, 0)
    own = {"label": "Model median", "year": _LAST, "value": median, "low": median, "high": median, "note": ""}
    rows = pd.concat([rows, pd.DataFrame([own | {"model": True, "at": float(_LAST)}])], ignore_index=True)
    spans = rows["low"].map("{:,.0f}".format) + "–" + rows["high"].map("{:,.0f}".format)
    number = rows["value"].map("{:,.0f}".format).where(rows["value"].notna(), spans)
    rows["text"] = rows["label"] + ": " + number
    rows["anchor"] = rows["value"].fillna((rows["low"] + rows["high"]) / 2)
    rows = rows.sort_values("anchor", ignore_index=True)
    rows["place"] = rows["anchor"]
    last = -np.inf
    for index in rows.index[rows["year"] == _LAST]:
        last = max(rows.loc[index, "anchor"], last + gap)
        rows.loc[index, "place"] = last
    # Names that ran over the top move down together.
    over = rows.loc[rows["year"] == _LAST, "place"].max() - top
    if over > 0:
        rows["place"] -= over
    return rows.assign(name_at=end).round({"value": 1, "low": 1, "high": 1, "anchor": 1, "place": 1})


# ------------------------------------------------------------------------------------------------- drivers and switches


def _dots(rows: pd.DataFrame, x: alt.X, y: alt.Y, size: int, named: str, *told: alt.Tooltip) -> alt.Chart:
    """Return a dot for each case beside the others of its line, in the colour and shape of the case."""
    domain = list(scenario.cases().values())
    legend = alt.Legend(orient="top", columns=3, symbolSize=70)
    return (
        alt.Chart(rows)
        .mark_point(size=size, filled=True, opacity=1)
        .encode(
            x=x,
            y=y,
            color=alt.Color("case:N").scale(domain=domain, range=_CASE_COLOURS).title(None).legend(legend),
            yOffset=alt.YOffset("case:N").scale(domain=domain, paddingOuter=1).sort(domain),
            shape=alt.Shape("case:N").scale(domain=domain, range=_CASE_SHAPES).title(None).legend(legend),
            tooltip=[alt.Tooltip("name:N", title=named), alt.Tooltip("case:N", title="Case"), *told],
        )
    )


def drivers(correlations: pd.DataFrame) -> alt.HConcatChart:
    """Draw how strongly each parameter goes with the result of 2030, by case.

    ``correlations`` is from :func:`scenario.rank_correlations`.
    """
    rows = correlations[correlations["quantity"] != "co2_market"].copy()
    power = rows["quantity"] == "electricity"
    rows = rows[(rows["parameter"] != "s") & ~(power & (rows["parameter"] == "d"))]
    rows["size"] = rows["correlation"].abs()
    strongest = rows.groupby("parameter")["size"].max().sort_values(ascending=False)
    own = rows[rows["quantity"] == "electricity"].groupby("parameter")["correlation"].agg(["min", "max"])
    rows = rows.assign(
        name=rows["parameter"].map(scenario.PARAMETERS), case=rows["case"].map(scenario.cases()), zero=0.0
    ).round({"correlation": 3})
    order = [scenario.PARAMETERS[name] for name in strongest.index]
    panels = []
    for position, (quantity, title) in enumerate(
        {"electricity": "Electricity in 2030", "co2_location": "CO2 in 2030, by location"}.items()
    ):
        part = rows[rows["quantity"] == quantity][["name", "case", "correlation", "zero"]]
        axis = alt.Axis(minExtent=215, labelLimit=215, ticks=False, domain=False, grid=True, labels=position == 0)
        y = alt.Y("name:N").sort(order).scale(domain=order).title(None).axis(axis if position == 0 else None)
        x = (
            alt.X("correlation:Q")
            .title("rank correlation" if position else None)
            .scale(domain=[-1, 1], nice=False)
            .axis(values=[-1, -0.5, 0, 0.5, 1], format=".1f")
        )
        mid = part.groupby("name", as_index=False)["correlation"].median().assign(zero=0.0)
        bars = alt.Chart(mid).mark_bar(color=GREY, opacity=0.35, height=12).encode(y=y, x=x, x2="zero:Q")
        dots = _dots(part, x, y, 62, "Parameter", alt.Tooltip("correlation:Q", title="Rank correlation", format="+.2f"))
        line = alt.Chart(pd.DataFrame({"correlation": [0.0]})).mark_rule(color=MUTED).encode(x=x)
        panels.append(_panel(alt.layer(bars, line, dots).properties(width=195, height=30 * len(order)), title))
    chart = alt.hconcat(*panels, spacing=14).resolve_scale(y="shared", color="shared", shape="shared")
    return titled(
        chart,
        f"Growth of AI computing ({own.loc['g', 'min']:.2f} to {own.loc['g', 'max']:.2f}) and work per kWh "
        f"({own.loc['h', 'min']:.2f} to {own.loc['h', 'max']:.2f}) decide; PUE is a weak lever inside the range left "
        f"({own.loc['pue_end', 'min']:.2f} to {own.loc['pue_end', 'max']:.2f})".replace("-", "−"),
        "Spearman rank correlation of each parameter with the result, over the draws; bars: median of the five cases",
    )


def switches(effects: pd.DataFrame, base_year: pd.DataFrame) -> alt.HConcatChart:
    """Draw what each policy switch changes in 2030, as a share of the median.

    ``effects`` is from :func:`scenario.switches`, ``base_year`` from :func:`scenario.base_year_effect`.
    """
    other = scenario.OTHER_BASE
    rows = effects.assign(name=effects["switch"].map(scenario.switch_names()))
    exchanged = base_year[base_year["parameter"] == "e0"].assign(name=other, quantity="electricity")
    power = rows[(rows["quantity"] == "electricity") & (rows["switch"] != "green")]
    strongest = power["share"].abs().max()
    panels = []
    for quantity, title, drawn in (
        ("electricity", "Electricity", pd.concat([power, exchanged], ignore_index=True)),
        ("co2_market", "CO2 by certificates held (market-based)", rows[rows["quantity"] == "co2_market"]),
    ):
        part = drawn[drawn["quantity"] == quantity]
        part = part[part["change"] != 0].assign(
            case=part["case"].map(scenario.cases()), unit="TWh" if quantity == "electricity" else "Mt"
        )
        part = part[["name", "case", "share", "change", "unit"]].round({"share": 4, "change": 1})
        order = [*(name for name in scenario.switch_names().values() if name in set(part["name"])), other]
        order = [name for name in order if name in set(part["name"])]
        x = (
            alt.X("share:Q")
            .title("change of the median in 2030" if quantity == "co2_market" else None)
            .scale(domain=[-0.75, 0.55], nice=False)
            .axis(format="+.0%", values=[-0.6, -0.4, -0.2, 0, 0.2, 0.4])
        )
        y = (
            alt.Y("name:N")
            .sort(order)
            .title(None)
            .axis(minExtent=235, labelLimit=235, ticks=False, domain=False, grid=True)
        )
        told = (
            alt.Tooltip("share:Q", title="Change", format="+.1%"),
            alt.Tooltip("change:Q", title="in TWh or Mt", format="+,.1f"),
        )
        dots = _dots(part, x, y, 70, "Switch", *told)
        line = alt.Chart(pd.DataFrame({"share": [0.0]})).mark_rule(color=MUTED).encode(x=x)
        panels.append(_panel(alt.layer(line, dots).properties(width=395, height=34 * len(order)), title))
    chart = alt.vconcat(*panels, spacing=14).resolve_scale(
        x="independent", y="independent", color="shared", shape="shared"
    )
    low, high = exchanged["share"].min(), exchanged["share"].max()
    return titled(
        chart,
        f"No switch moves electricity by more than {strongest:.0%}; to exchange the "
        f"{settings.load().adjective} base year moves it by {low:+.0%} or {high:+.0%}".replace("-", "−"),
        "Change of the median of 2030 when one switch is on, all else on the same draws. The switches are not equal "
        "efforts",
    )


# ------------------------------------------------------------------------------------------------------------- explorer

# Parameter of the page, label, lowest, highest, step. Each shifts one parameter of the model away from its mid-range.
SLIDERS = {
    "dg": ("Growth of AI computing, factor a year, shift by ", -0.4, 0.4, 0.01),
    "dh": ("Gain in work per kWh, factor a year, shift by ", -0.15, 0.2, 0.01),
    "dp": ("PUE in 2030, shift by ", -0.2, 0.2, 0.01),
    "da": ("AI share in 2024, points, shift by ", -6, 12, 1),
    "de": ("Electricity in 2024, percent, shift by ", -40, 70, 1),
    "dd": ("Yearly decline of grid carbon, points, shift by ", -4, 4, 0.1),
}
_MODEL = {
    "load": "mid.e0 * (1 + de / 100) / mid.pue0",
    "ai": "datum.load * (mid.a0 + da / 100) * pow((mid.g + dg) / (mid.h + dh), datum.n) * (datum.n == 0 ? 1 : mid.u)",
    "conventional": "datum.load * (1 - mid.a0 - da / 100) * pow(1 + mid.gc, datum.n)",
    "electricity": "(datum.ai + datum.conventional) * (mid.pue0 + (mid.pue_end + dp - mid.pue0) * datum.n / mid.years)",
    "co2": "datum.electricity * mid.ci0 * pow(1 - mid.d - dd / 100, datum.n) / 1000",
}

# What the sliders make of the case, written into the panels.
_VALUES = {
    "electricity": "['AI computing × ' + format(mid.g + dg, '.2f') + ' a year', "
    "'work per kWh × ' + format(mid.h + dh, '.2f') + ' a year', "
    f"'PUE ' + format(mid.pue_end + dp, '.2f') + ' in {_LAST}', "
    "'AI share ' + format(mid.a0 + da / 100, '.1%') + ' at first', "
    "'base ' + format(mid.e0 * (1 + de / 100), ',.0f') + ' TWh']",
    "co2": "['grid ' + format(mid.ci0, '.0f') + ' g/kWh at first,', format(-mid.d - dd / 100, '+.1%') + ' a year']",
}


def explorer(parameters: pd.DataFrame, table: pd.DataFrame) -> alt.HConcatChart:
    """Draw the path of one case that a reader changes by sliders, over its fan and its mid-range path.

    The equations of :mod:`policybook.scenario` run in the page, on a sequence of years; every slider shifts one
    parameter away from the mid-range of the case, so that zero is the mid-range whatever the case. ``parameters`` is
    the table ``scenario_parameters``, ``table`` from :func:`scenario.fans`.
    """
    middles, bands = {}, []
    for case, label in scenario.cases().items():
        point = scenario.middle(scenario.ranges(parameters, case))
        path = scenario.run(point)
        middles[label] = {name: round(value, 6) for name, value in point.iloc[0].items()} | {
            "years": _LAST - scenario.BASE_YEAR,
            "electricity": round(float(path.electricity[0, -1]), 3),
            "co2": round(float(path.co2_location[0, -1]), 3),
        }
        for quantity, values in (("electricity", path.electricity), ("co2_location", path.co2_location)):
            rows = table[(table["case"] == case) & (table["quantity"] == quantity)][["year", "low", "high"]]
            name = "co2" if quantity == "co2_location" else quantity
            bands.append(rows.assign(region=label, quantity=name, middle=values[0]).round(2))
    band = pd.concat(bands)
    start = scenario.cases()["world"]
    params = [
        alt.param(
            name="region", value=start, bind=alt.binding_select(options=list(scenario.cases().values()), name="Case ")
        ),
        *(
            alt.param(name=name, value=0, bind=alt.binding_range(min=low, max=high, step=step, name=label))
            for name, (label, low, high, step) in SLIDERS.items()
        ),
        alt.param(name="mid", expr=f"({json.dumps(middles)})[region]"),
    ]
    # The same equations once for the last year, for the title.
    last = {}
    for name, expression in _MODEL.items():
        for before, formula in last.items():
            expression = expression.replace(f"datum.{before}", f"({formula})")
        last[name] = expression.replace("datum.n", "mid.years")
    params.append(alt.param(name="result", expr=last["electricity"]))
    panels = [
        _panel(_explored(band, "electricity", "TWh"), "Electricity, TWh a year"),
        _panel(_explored(band, "co2", "Mt"), "CO2 by location, Mt a year"),
    ]
    chart = alt.hconcat(*panels, spacing=30).resolve_scale(y="independent").add_params(*params)
    own = middles[start]
    chart = titled(
        chart,
        f"At the mid-range of every parameter the world’s data centres take {own['electricity']:,.0f} TWh in {_LAST}, "
        f"{own['electricity'] / own['e0']:.1f} times the {own['e0']:,.0f} of {scenario.BASE_YEAR}",
        f"Orange: your path; dashed: mid-range of the case; band: {_BAND} of the draws",
    )
    still = " && ".join([f"region == {json.dumps(start)}", *(f"{name} == 0" for name in SLIDERS)])
    heading = chart.title
    heading.text = alt.expr(
        f"{still} ? {json.dumps(heading.text)} : [region + ': ' + format(result, ',.0f') + ' TWh in {_LAST}, ' + "
        "format(result - mid.electricity, '+,.0f') + ' against the mid-range']"
    )
    return chart.properties(title=heading)


def _explored(band: pd.DataFrame, quantity: str, unit: str) -> alt.LayerChart:
    rows = band[band["quantity"] == quantity].drop(columns="quantity")
    x = (
        alt.X("year:Q")
        .title(None)
        .scale(domain=[scenario.BASE_YEAR, _LAST], nice=False)
        .axis(format="d", values=[2024, 2026, 2028, 2030], grid=False)
    )
    y = {"title": None, "axis": alt.Axis(tickCount=5), "scale": alt.Scale(zero=True)}
    given = alt.Chart(rows).transform_filter("datum.region == region").encode(x=x)
    own = alt.Chart(alt.sequence(0, len(scenario.YEARS), as_="n"))
    for name, expression in _MODEL.items():
        own = own.transform_calculate(**{name: expression})
    own = own.transform_calculate(year=f"{scenario.BASE_YEAR} + datum.n").encode(x=x, y=alt.Y(f"{quantity}:Q", **y))
    tooltip = [
        alt.Tooltip("year:Q", title="Year", format="d"),
        alt.Tooltip(f"{quantity}:Q", title=f"Your values, {unit}", format=",.1f"),
    ]
    end = own.transform_filter(f"datum.year == {_LAST}").transform_calculate(
        name=f"format(datum.{quantity}, ',.0f') + ' {unit}'"
    )
    # The mid-range is named once the path has left it.
    away = f"abs(datum.{quantity} - mid.{quantity}) > 0.09 * max(datum.{quantity}, mid.{quantity})"
    mid = end.transform_calculate(
        reference=f"mid.{quantity}", said=f"{away} ? format(mid.{quantity}, ',.0f') + ' mid-range' : ''"
    )
    return alt.layer(
        given.mark_area(color=BLUE, opacity=0.22).encode(y=alt.Y("low:Q", **y), y2="high:Q"),
        given.mark_line(color=MUTED, strokeDash=[5, 4], strokeWidth=1.6).encode(y=alt.Y("middle:Q", **y)),
        own.mark_line(color=ORANGE, strokeWidth=2.6),
        own.mark_point(color=ORANGE, size=34, opacity=1).encode(tooltip=tooltip),
        end.mark_text(align="left", dx=9, color=INK, fontSize=13, fontWeight=600).encode(text="name:N"),
        own.transform_filter("datum.n == 0")
        .transform_calculate(values=_VALUES[quantity])
        .mark_text(align="left", baseline="top", color=MUTED, fontSize=12, lineHeight=16)
        .encode(x=alt.value(8), y=alt.value(2), text="values:N"),
        mid.mark_text(align="left", dx=9, color=MUTED, fontSize=12).encode(y=alt.Y("reference:Q", **y), text="said:N"),
    ).properties(width=190, height=230)
